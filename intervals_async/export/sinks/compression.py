"""Compression of what a sink writes, in members that can be read on their own."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, get_args

from ...errors import ArgumentError

__all__ = ["Compression", "Data", "MemberCompressor", "compression_of"]

Compression: TypeAlias = Literal["none", "gzip", "zstd"]
"""How a file is compressed."""

Data: TypeAlias = bytes | memoryview

SUFFIXES: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}

# The defaults of zlib and zstandard: the best trade between size and time here, too.
GZIP_LEVEL, ZSTD_LEVEL = 6, 3
# Makes zlib write the header of a gzip file, without a time: the same bytes each time.
GZIP_WINDOW = 16 + zlib.MAX_WBITS


class Compressor(Protocol):
    """The common interface of zlib and zstandard."""

    def compress(self, data: Data, /) -> bytes:
        """Compress some bytes and return what is ready."""
        ...

    def flush(self) -> bytes:
        """Return the rest."""
        ...


def compression_of(path: Path) -> Compression:
    """Return the compression for the suffix of a file name."""
    return SUFFIXES.get(path.suffix.lower(), "none")


class MemberCompressor:
    """Compresses into one or several consecutive members (gzip) or frames (zstd).

    A file that is truncated at the end of a member is a valid file, and readers treat several
    members as one.
    """

    __slots__ = ("_make", "_member")

    def __init__(self, compression: Compression) -> None:
        if compression not in get_args(Compression):
            names = ", ".join(get_args(Compression))
            raise ArgumentError(f"compression: expected one of {names}, got {compression!r}")
        self._make: Callable[[], Compressor] | None = None
        if compression != "none":
            self._make = _gzip if compression == "gzip" else _zstd()
        # The unfinished member.
        self._member: Compressor | None = None

    def compress(self, data: Data) -> Data:
        """Compress some bytes and return what is ready."""
        if self._make is None or not data:
            return data
        if self._member is None:
            self._member = self._make()
        return self._member.compress(data)

    def finish(self, *, at_least_one: bool = False) -> bytes:
        """Finish the current member, if there is one, and return its last bytes.

        Args:
            at_least_one: Write an empty member if there is none, because an empty file is not a
                valid compressed file.
        """
        member, self._member = self._member, None
        if member is None and at_least_one and self._make is not None:
            member = self._make()
        return b"" if member is None else member.flush()

    def reset(self) -> None:
        """Drop the current member."""
        self._member = None


def _gzip() -> Compressor:
    return zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)


def _zstd() -> Callable[[], Compressor]:
    try:
        zstandard: Any = import_module("zstandard")
    except ImportError as error:
        raise ImportError(
            'zstandard is not installed; run: pip install "intervals_async[zst]"'
        ) from error
    make: Callable[[], Compressor] = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj
    return make
