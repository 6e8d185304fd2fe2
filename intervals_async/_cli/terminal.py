"""Text that a terminal only shows: what it would obey is escaped or replaced."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Callable
from typing import BinaryIO

__all__ = ["TerminalStream", "clean_ascii_json", "clean_json", "clean_text"]

# Control and format characters, such as escape sequences and those that reverse the direction of
# text; surrogates, private and unassigned characters; separators of lines and paragraphs.
UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
KEPT = "\t\r\n"


class _Translation(dict[int, str]):
    """For `str.translate`: what stands for each character. It is found out once."""

    def __init__(self, replace: Callable[[str], str]) -> None:
        super().__init__()
        self._replace = replace

    def __missing__(self, code: int) -> str:
        character = chr(code)
        is_safe = character in KEPT or unicodedata.category(character) not in UNSAFE
        self[code] = character if is_safe else self._replace(character)
        return self[code]


_AS_TEXT = _Translation(lambda character: "\N{REPLACEMENT CHARACTER}")
_AS_JSON = _Translation(lambda character: json.dumps(character)[1:-1])


def clean_text(text: str) -> str:
    """Replace each character that a terminal would obey."""
    return text.translate(_AS_TEXT)


def clean_json(text: str) -> str:
    r"""Escape each character that a terminal would obey, as ``\u009b``: the JSON stays the same."""
    return text.translate(_AS_JSON)


def clean_ascii_json(text: str) -> str:
    """Clean JSON for a terminal that knows few characters: all others are escaped too."""
    return re.sub(r"[^\0-\x7f]", lambda found: json.dumps(found[0])[1:-1], clean_json(text))


class TerminalStream(io.RawIOBase):
    """A binary stream that cleans the UTF-8 text that is written, and encodes it for a terminal.

    Args:
        stream: The terminal.
        clean: Cleans text.
        encoding: The encoding of the terminal.
    """

    def __init__(
        self, stream: BinaryIO, clean: Callable[[str], str], encoding: str = "utf-8"
    ) -> None:
        super().__init__()
        self._stream = stream
        self._clean = clean
        self._encoding = encoding

    def writable(self) -> bool:
        """Return true."""
        return True

    def isatty(self) -> bool:
        """Return true: it is for terminals."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # sinks write bytes only
        """Clean and write complete text."""
        text = bytes(data).decode(errors="replace")
        self._stream.write(self._clean(text).encode(self._encoding, errors="replace"))
        return len(data)

    def flush(self) -> None:
        """Flush the terminal."""
        self._stream.flush()
