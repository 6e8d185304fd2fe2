"""`SavedState`: the current state of one resource, and its file."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import attrs

from ..._in_thread import run_in_thread
from .state import DamagedStateError, ResourceState, StateFolder

__all__ = ["SavedState"]


class SavedState:
    """The current state of one resource, and its file.

    Attributes:
        name: The name of the resource.
        current: The state.
    """

    __slots__ = ("_folder", "current", "name")

    def __init__(self, folder: StateFolder, name: str) -> None:
        self._folder = folder
        self.name: str = name
        self.current: ResourceState = folder.load(name)

    async def save(self) -> None:
        """Write the current state."""
        await run_in_thread(self._folder.save, self.name, self.current)

    def save_now(self, **changes: Any) -> None:
        """Change some attributes of the current state, and write it."""
        self.current = attrs.evolve(self.current, **changes)
        self._folder.save(self.name, self.current)

    async def reload(self) -> None:
        """Go back to the state that was saved last."""
        self.current = await run_in_thread(self._folder.load, self.name)

    def refusal(self, reason: str) -> DamagedStateError:
        """Return the error that it cannot be continued."""
        return self._folder.refusal(self.name, reason)

    def reset(self, *, read_all: bool | None = None, began: datetime | None = None) -> None:
        """Start again from nothing; the number of requests is kept, and what was merged.

        Args:
            read_all: Whether all records must be read [default: as before].
            began: When it started.
        """
        old = self.current
        self.current = ResourceState(
            whole=old.read_all if read_all is None else read_all,
            requests=old.requests,
            merged=old.merged,
            began=began,
        )

    @contextmanager
    def writing_file(self) -> Generator[None]:
        """Save that the file is written, if the block, which moves it to its name, succeeds.

        Neither a cancellation nor a full disk can come between the two.
        """
        written = attrs.evolve(self.current, written=True)
        with self._folder.saving(self.name, written):
            yield
        self.current = written
