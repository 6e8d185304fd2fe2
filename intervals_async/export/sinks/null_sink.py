"""`NullSink`: a sink for what is read but not kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .sink import Checkpoint

__all__ = ["NullSink"]


class NullSink:
    """Writes nothing; it is gone on with from anywhere."""

    __slots__ = ()

    def open(self) -> None:
        """Nothing is to be done."""

    def write(self, records: Sequence[Any]) -> None:
        """Take some records."""

    def close(self, *, whole: bool) -> None:
        """Nothing is to be done."""

    def checkpoint(self) -> Checkpoint:
        """Give a mark of nothing."""
        return {}

    def resume(self, mark: Checkpoint) -> None:
        """Nothing is to be done."""

    suspend = open
