"""`NullSink`: a sink for records that are read and not kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .sink import Checkpoint

__all__ = ["NullSink"]


class NullSink:
    """Writes nothing, and can be resumed from any checkpoint."""

    __slots__ = ()

    def open(self) -> None:
        """Do nothing."""

    def write(self, records: Sequence[Any]) -> None:
        """Drop the records."""

    def close(self, *, complete: bool) -> None:
        """Do nothing."""

    def checkpoint(self) -> Checkpoint:
        """Return an empty checkpoint."""
        return {}

    def resume(self, checkpoint: Checkpoint) -> None:
        """Do nothing."""

    suspend = open
