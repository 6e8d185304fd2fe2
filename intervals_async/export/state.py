"""How far an export has come, on the disk: what a later process goes on from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from ..errors import ArgumentError
from .manifest import plain, write_json

__all__ = ["FOLDER", "ResourceState", "RunState"]

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
        closing: Whether all is in the file, which is to be moved into place.
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
    closing: bool = False
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


@attrs.frozen
class RunState:
    """The states of all resources of an export, in a folder within its own.

    Each is written after the data that it speaks of is on the disk.
    """

    folder: Path

    @property
    def _run(self) -> Path:
        return self.folder / "export.json"

    def begin(self, asked: Mapping[str, object], now: datetime) -> datetime:
        """Begin an export, or go on with the one that is unfinished; give when it began.

        Args:
            asked: What is exported, and how.
            now: The present.

        Raises:
            ArgumentError: The one that is unfinished is another one.
            OSError: The folder cannot be written.
        """
        if not self._run.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_json(self._run, {"asked": plain(asked), "began": now.isoformat()})
            return now
        told = _read(self._run)
        other = [name for name in asked if told["asked"].get(name) != plain(asked[name])]
        if other:
            raise ArgumentError(
                f"{self.folder.parent} holds an unfinished export with other {', '.join(other)}: "
                f"finish it with the same, or remove {self.folder} to begin anew"
            )
        return datetime.fromisoformat(told["began"])

    def load(self, name: str) -> ResourceState:
        """Read how far a resource has come."""
        path = self._path(name)
        if not path.exists():
            return ResourceState()
        told = _read(path)
        for moment in ("began", "ended"):
            if told[moment] is not None:
                told[moment] = datetime.fromisoformat(told[moment])
        return ResourceState(**told)

    def save(self, name: str, state: ResourceState) -> None:
        """Write how far a resource has come."""
        write_json(self._path(name), plain(state))

    def remove(self) -> None:
        """Forget all: the export is complete."""
        shutil.rmtree(self.folder)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        raise ArgumentError(
            f"{path} is damaged; remove its folder to begin the export anew"
        ) from None
