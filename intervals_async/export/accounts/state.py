"""How far an export has come, on the disk: what a later process goes on from."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from ..._atomic_file import naming
from ...errors import ArgumentError
from ..part_file import PartFile
from .manifest import plain, prepared_json, write_json

__all__ = ["FOLDER", "Begun", "ResourceState", "RunState"]

# The folder within the export's own that holds the states while it is not complete.
FOLDER = ".unfinished"


@attrs.define(kw_only=True)
class ResourceState:
    """How far the export of one resource has come.

    Attributes:
        bookmark: Where its stream is gone on from; None at the beginning.
        mark: What its file is gone on from; None at the beginning.
        records: How many records are in the file up to there.
        ids: The ids of these records, where other resources are listed by them.
        requests: What they took.
        drift: How often rows had moved.
        listcount: How many there are, as last heard.
        began: When it began; None where it has not.
        whole: Whether all must be read, since changes alone did not add up.
        closing: Whether all is in the file, which is to be moved into place.
        written: Whether the file is in its place.
        ended: When it ended; None where it has not.
        left_out: Why it cannot be read; None where it can.
    """

    bookmark: str | None = None
    mark: Mapping[str, Any] | None = None
    records: int = 0
    ids: list[int] = attrs.field(factory=list[int])
    requests: int = 0
    drift: int = 0
    listcount: int | None = None
    began: datetime | None = None
    whole: bool = False
    closing: bool = False
    written: bool = False
    ended: datetime | None = None
    left_out: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do for it."""
        return self.ended is not None or self.left_out is not None

    def add_ids(self, records: Sequence[Any]) -> None:
        """Take note of the ids of records; of what the documentation does not name, too."""
        found = (getattr(each, "id", None) or each.extra.get("id") for each in records)
        self.ids += [int(id) for id in found if isinstance(id, int) or str(id).isdecimal()]


@attrs.define(kw_only=True)
class Begun:
    """What is known of an export as a whole.

    Attributes:
        asked: What is exported, and how, in its plain form.
        began: When it began, in UTC.
        since: The exports it is built upon, by resource: when they began, in UTC.
        asides: Requests that were for no resource: for the day's quota.
    """

    asked: Mapping[str, Any]
    began: datetime
    since: Mapping[str, datetime]
    asides: int = 0


@attrs.frozen
class RunState:
    """The states of all resources of an export, in a folder within its own.

    Each is written after the data that it speaks of is on the disk.
    """

    folder: Path

    @property
    def _run(self) -> Path:
        return self.folder / "export.json"

    @contextmanager
    def held(self) -> Generator[None]:
        """Make the folder, and keep other processes out of it.

        Raises:
            BlockingIOError: Another export is under way.
            OSError: It cannot be made, or something else is in its place.
        """
        into = self.folder.parent
        for folder in (into, self.folder):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except FileExistsError:
                raise NotADirectoryError(
                    errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)
                ) from None
        lock = PartFile(self.folder / "lock")
        with naming(into):
            lock.open()
        try:
            yield
        finally:
            lock.suspend()

    @property
    def is_begun(self) -> bool:
        """Whether there is an export to go on with."""
        return self._run.exists()

    def clear(self) -> None:
        """Remove the states of an export that is no more."""
        for path in self.folder.glob("*.json"):
            path.unlink()

    def note(self, begun: Begun) -> None:
        """Write what is known of the export as a whole: it is begun, then.

        Raises:
            OSError: The folder cannot be written.
        """
        write_json(self._run, plain(begun))

    def go_on(self, asked: Mapping[str, object]) -> Begun:
        """Go on with the export that was begun.

        Raises:
            ArgumentError: It is another one.
        """
        with _reading(self._run) as told:
            before: Mapping[str, Any] = told["asked"]
            other = [name for name in asked if before.get(name) != plain(asked[name])]
            told["began"] = datetime.fromisoformat(told["began"])
            told["since"] = {
                name: datetime.fromisoformat(moment) for name, moment in told["since"].items()
            }
            begun = Begun(**told)
        if other:
            raise ArgumentError(
                f"{self.folder.parent} holds an unfinished export with other {', '.join(other)}: "
                f"finish it with the same, or remove {self.folder} to begin anew"
            )
        return begun

    def load(self, name: str) -> ResourceState:
        """Read how far a resource has come."""
        path = self._path(name)
        if not path.exists():
            return ResourceState()
        with _reading(path) as told:
            for moment in ("began", "ended"):
                if told[moment] is not None:
                    told[moment] = datetime.fromisoformat(told[moment])
            return ResourceState(**told)

    def save(self, name: str, state: ResourceState) -> None:
        """Write how far a resource has come."""
        write_json(self._path(name), plain(state))

    @contextmanager
    def saving(self, name: str, state: ResourceState) -> Generator[None]:
        """Write how far a resource will have come when the block has ended well.

        What takes room on the disk is done before it begins.
        """
        with prepared_json(self._path(name), plain(state)):
            yield

    def remove(self) -> None:
        """Forget all: the export is complete."""
        # First what tells of it: the rest, should a kill leave some of it, means nothing then.
        self._run.unlink(missing_ok=True)
        shutil.rmtree(self.folder)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"


@contextmanager
def _reading(path: Path) -> Generator[Any]:
    """Give what a file holds; ArgumentError where that is not what it should be."""
    try:
        yield json.loads(path.read_bytes())
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ArgumentError(
            f"{path} is damaged; remove its folder to begin the export anew"
        ) from None
