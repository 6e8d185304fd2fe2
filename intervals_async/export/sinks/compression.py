"""Compressing what a sink writes, in pieces that stand on their own."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, get_args

from ...errors import ArgumentError

__all__ = ["Compression", "Data", "Members", "compression_of"]

Compression: TypeAlias = Literal["none", "gzip", "zstd"]
"""How a file is compressed."""

Data: TypeAlias = bytes | memoryview

SUFFIXES: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}

# zlib's own default for files is the best trade there too; zstandard's is 3.
GZIP_LEVEL, ZSTD_LEVEL = 6, 3
# zlib writes the header of a gzip file then, with no time in it: the same bytes each time.
GZIP_WINDOW = 16 + zlib.MAX_WBITS


class Compressor(Protocol):
    """What zlib and zstandard have in common."""

    def compress(self, data: Data, /) -> bytes:
        """Take some bytes, and give those that are ready."""
        ...

    def flush(self) -> bytes:
        """Give the rest."""
        ...


def compression_of(path: Path) -> Compression:
    """Give the compression that the name of a file says."""
    return SUFFIXES.get(path.suffix.lower(), "none")


class Members:
    """Compresses into one or several members (frames, of zstd) that follow one another.

    Each ends where nothing was written meanwhile, so that a file which was cut there is
    whole; readers take several as one.
    """

    __slots__ = ("_make", "_member")

    def __init__(self, compression: Compression) -> None:
        if compression not in get_args(Compression):
            names = ", ".join(get_args(Compression))
            raise ArgumentError(f"compression is one of {names}, not {compression!r}")
        self._make: Callable[[], Compressor] | None = None
        if compression != "none":
            self._make = _gzip if compression == "gzip" else _zstd()
        # The one that is begun.
        self._member: Compressor | None = None

    def take(self, data: Data) -> Data:
        """Compress some bytes; give those that are ready."""
        if self._make is None or not data:
            return data
        if self._member is None:
            self._member = self._make()
        return self._member.compress(data)

    def end(self, *, at_least_one: bool = False) -> bytes:
        """End the member that is begun, if there is one; give its last bytes.

        Args:
            at_least_one: Make an empty one otherwise: no bytes at all are no compressed file.
        """
        member, self._member = self._member, None
        if member is None and at_least_one and self._make is not None:
            member = self._make()
        return b"" if member is None else member.flush()

    def forget(self) -> None:
        """Drop what is begun."""
        self._member = None


def _gzip() -> Compressor:
    return zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)


def _zstd() -> Callable[[], Compressor]:
    try:
        zstandard: Any = import_module("zstandard")
    except ImportError as error:
        raise ImportError('zstd needs zstandard: pip install "intervals_async[zst]"') from error
    make: Callable[[], Compressor] = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj
    return make
