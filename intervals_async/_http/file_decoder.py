"""Pure: decodes the content of a file that was sent in an encoding, and notices a missing end."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

__all__ = ["FileDecoder", "UndecodableError"]

# The most bytes that are decoded at a time, whatever a small chunk expands to.
PIECE = 2**20


class UndecodableError(ValueError):
    """The content is in an unknown encoding, is invalid, or ends early."""


class FileDecoder:
    """Decodes a file, piece by piece.

    Args:
        encoding: The value of the ``Content-Encoding`` header.

    Raises:
        UndecodableError: The encoding is neither ``identity``, ``gzip`` nor ``deflate``.
    """

    __slots__ = ("_encoding", "_inflate")

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding.strip().lower()
        if self._encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise UndecodableError(f"expected the encoding 'identity', got {encoding!r}")
        is_plain = self._encoding in ("", "identity")
        # 32: with the header of gzip or of zlib
        self._inflate = None if is_plain else zlib.decompressobj(32 + zlib.MAX_WBITS)

    @property
    def is_plain(self) -> bool:
        """Whether the content is sent as it is."""
        return self._inflate is None

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Decode the next bytes, in pieces of limited size."""
        if self._inflate is None:
            if data:
                yield data
            return
        try:
            while data and not self._inflate.eof:
                piece = self._inflate.decompress(data, PIECE)
                data = self._inflate.unconsumed_tail
                if piece:
                    yield piece
        except zlib.error as error:
            raise UndecodableError(
                f"expected {self._encoding}, got invalid data: {error}"
            ) from None
        if data or self._inflate.unused_data:
            raise UndecodableError(f"expected the end of {self._encoding} data, got more bytes")

    def end(self) -> None:
        """Check that the content is complete."""
        if self._inflate is not None and not self._inflate.eof:
            raise UndecodableError(f"expected complete {self._encoding} data, got a part")
