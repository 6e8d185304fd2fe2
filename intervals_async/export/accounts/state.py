"""The saved progress of an export, from which a later process resumes it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import attrs

from ..._atomic_file import AtomicFile, name_in_errors
from ...errors import ArgumentError
from ..sinks.sink import Checkpoint
from ..unreadable import FieldCount, RoundedField, UnreadableField
from .json_file import plain, prepare_json, read_json, seal_of, write_json

__all__ = [
    "FOLDER",
    "DamagedStateError",
    "LastExport",
    "ResourceState",
    "RunInfo",
    "StateFolder",
    "ids_of",
    "is_unfinished",
]

T = TypeVar("T")

# The version of the format of all files in the folder.
FORMAT_VERSION = 1

# The folder of the states, within the folder of the export, until that is complete.
FOLDER = ".unfinished"


class DamagedStateError(ArgumentError):
    """The saved progress cannot be continued; the message says what to remove."""


@attrs.define(kw_only=True)
class ResourceState:
    """The progress of the export of one resource. Aliases are the keys of its file.

    Attributes:
        bookmark: The bookmark of its stream; None at the beginning.
        checkpoint: The checkpoint of its file; None at the beginning.
        records: The number of records in the file at the checkpoint.
        ids: The ids of these records, if other resources are listed by them, or if they are
            changes.
        unreadable: The fields that could not be read in these records.
        rounded: The fields whose value was rounded in these records.
        requests: The number of requests.
        drift: How often the position among the rows was lost and found again.
        listcount: The number of records according to the server, when last asked.
        began: When the export of the resource started; None before.
        read_all: Whether all records must be read, because merging the changes failed.
        closing: Whether the file holds all records, so that only the move to its name is left.
        written: Whether the file has its name.
        digest: The digest of that file; None if the process ended right after the move.
        merged: The digest of the file into which the changes are merged; None before.
        ended: When the export of the resource ended; None before.
        left_out: Why the resource cannot be read; None if it can.
    """

    bookmark: str | None = None
    checkpoint: Checkpoint | None = attrs.field(default=None, alias="mark")
    records: int = 0
    ids: list[int] = attrs.field(factory=list[int])
    unreadable: dict[str, FieldCount] = attrs.field(factory=dict[str, FieldCount])
    rounded: dict[str, FieldCount] = attrs.field(factory=dict[str, FieldCount])
    requests: int = 0
    drift: int = 0
    listcount: int | None = None
    began: datetime | None = None
    read_all: bool = attrs.field(default=False, alias="whole")
    closing: bool = False
    written: bool = False
    digest: str | None = None
    merged: str | None = None
    ended: datetime | None = None
    left_out: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.ended is not None or self.left_out is not None

    @property
    def is_consistent(self) -> bool:
        """Whether the position of the stream and that of the file belong to each other."""
        if self.closing or self.written:  # then the stream has ended, maybe without a bookmark
            return self.checkpoint is not None
        if self.is_done:
            return True
        return (self.bookmark is None) == (self.checkpoint is None) == (self.records == 0)

    def add_ids(self, records: Sequence[Any]) -> None:
        """Remember the ids of records."""
        self.ids += ids_of(records)


@attrs.frozen(kw_only=True)
class LastExport:
    """What the last export has written of a resource of which only changes are read now.

    Attributes:
        began: When that export started, in UTC.
        digest: The digest of what it has written.
        unreadable: The unreadable fields in its file.
        rounded: The rounded fields in its file.
    """

    began: datetime
    digest: str
    unreadable: Mapping[str, UnreadableField]
    rounded: Mapping[str, RoundedField]


@attrs.define(kw_only=True)
class RunInfo:
    """What is saved about an export, apart from its resources. Aliases are the keys of its file.

    Attributes:
        identity: The `ExportPlan.identity`, in its plain form.
        began: When the export started, in UTC.
        last: What the last export has written of the resources of which only changes are read.
        rewritten: The resources whose file has columns of other types, and why all is read.
        overhead_requests: The number of requests for no resource: for the daily quota.
    """

    identity: Mapping[str, Any] = attrs.field(alias="asked")
    began: datetime
    last: Mapping[str, LastExport] = attrs.field(factory=dict[str, LastExport])
    rewritten: Mapping[str, str] = attrs.field(factory=dict[str, str])
    overhead_requests: int = attrs.field(default=0, alias="asides")


def ids_of(records: Sequence[Any]) -> Sequence[int]:
    """Return the ids of records, also of those whose id is not documented."""
    found = (getattr(each, "id", None) or each.extra.get("id") for each in records)
    return [int(id) for id in found if isinstance(id, int) or str(id).isdecimal()]


@attrs.frozen
class StateFolder:
    """The states of all resources of an export, in a hidden folder within its own.

    A state is written after the data that it describes has been flushed to the disk.
    """

    path: Path

    @contextmanager
    def locked(self) -> Generator[None]:
        """Create the folder and keep other processes out of it.

        Raises:
            BlockingIOError: Another export is running in it.
            OSError: It cannot be created.
        """
        target = self.path.parent
        for folder in (target, self.path):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except FileExistsError:
                raise NotADirectoryError(
                    errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)
                ) from None
        lock = AtomicFile(self.path / "lock")
        with name_in_errors(target):
            lock.open()
        try:
            yield
        finally:
            lock.suspend()

    @property
    def has_run(self) -> bool:
        """Whether it holds an unfinished export."""
        return self._run.exists()

    def clear(self) -> None:
        """Remove the states of an earlier export."""
        for path in self.path.glob("*.json"):
            path.unlink()

    def save_run(self, run: RunInfo) -> None:
        """Write what is saved about the export. From then on it can be resumed.

        Raises:
            OSError: The folder cannot be written.
        """
        write_json(self._run, _sealed(run), private=True)

    def resume_run(self, identity: Mapping[str, object]) -> RunInfo:
        """Read what was saved about the export.

        Raises:
            ArgumentError: It is another export.
        """
        run = self._read(self._run, RunInfo, f"remove {self.path} to start again")
        other = [name for name in identity if run.identity.get(name) != plain(identity[name])]
        if other:
            raise ArgumentError(
                f"{self.path.parent} holds an unfinished export with different "
                f"{', '.join(other)}; repeat that export to finish it, or remove {self.path} to "
                "start again"
            )
        run.identity = plain(identity)
        return run

    def load(self, name: str) -> ResourceState:
        """Read the state of a resource; a new one if there is none.

        Raises:
            ArgumentError: It is damaged, or belongs to another release.
        """
        path = self._file(name)
        if not path.exists():
            return ResourceState()
        state = self._read(path, ResourceState, f"remove it to export {name} again")
        if not state.is_consistent:
            raise self.refusal(name, "expected a bookmark and its checkpoint, got one of them")
        return state

    def refusal(self, name: str, reason: str) -> DamagedStateError:
        """Return the error that the state of a resource cannot be continued."""
        return DamagedStateError(f"{self._file(name)}: {reason}; remove it to export {name} again")

    def save(self, name: str, state: ResourceState) -> None:
        """Write the state of a resource."""
        write_json(self._file(name), _sealed(state), private=True)

    @contextmanager
    def saving(self, name: str, state: ResourceState) -> Generator[None]:
        """Write the state that a resource will have if the block succeeds.

        All space on the disk is taken before the block begins.
        """
        with prepare_json(self._file(name), _sealed(state), private=True):
            yield

    def remove(self) -> None:
        """Remove all states: the export is complete."""
        # This file first: without it, what a kill may leave of the others is ignored.
        self._run.unlink(missing_ok=True)
        shutil.rmtree(self.path)

    def _read(self, path: Path, kind: type[T], remedy: str) -> T:
        what = "the saved progress of an export"
        return read_json(path, kind, version=FORMAT_VERSION, what=what, remedy=remedy, sealed=True)

    @property
    def _run(self) -> Path:
        return self.path / "export.json"

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.json"


def is_unfinished(folder: str | Path) -> bool:
    """Whether a folder holds an unfinished export, some of whose files may be complete.

    .. versionadded:: 0.2.0
    """
    return (Path(folder) / FOLDER).exists()


def _sealed(value: object) -> dict[str, Any]:
    content = plain(value)
    return {"form": FORMAT_VERSION, "seal": seal_of(content), **content}
