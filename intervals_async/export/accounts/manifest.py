"""`Manifest`: what an export has written, so that it can be checked later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import attrs

from ..._atomic_file import naming
from ..._version import __version__
from ...errors import ArgumentError
from ..part_file import PartFile

__all__ = ["MANIFEST", "Exported", "Manifest", "WrittenFile", "prepared_json", "write_json"]

MANIFEST = "manifest.json"

# The form of the file; another number where an older release could not read it.
FORM = 1


@attrs.frozen
class WrittenFile:
    """A file of an export.

    Attributes:
        name: Its name in the folder.
        size: Its size in bytes.
        sha256: The SHA-256 of its content, in hexadecimal digits.
    """

    name: str
    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read a file, and take note of it.

        Raises:
            OSError: It cannot be read.
        """
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            return cls(path.name, file.tell(), digest.hexdigest())

    def flaw(self, folder: str | Path) -> str | None:
        """Hold the file in a folder against it, and say what is wrong; None where nothing is."""
        path = Path(folder) / self.name
        try:
            found = WrittenFile.of(path)
        except OSError as error:
            return f"{path}: {error.strerror}"
        if found.size != self.size:
            return f"{path}: {found.size} bytes, where {self.size} were written"
        return None if found == self else f"{path}: its content is not what was written"


@attrs.frozen(kw_only=True)
class Exported:
    """What was written of one resource.

    Attributes:
        resource: Its name.
        filters: The filters; dates and moments as ISO texts when read back.
        format: The format of its file.
        records: How many records were written.
        listcount: How many there were as the server counted last; None where it did not.
        requests: How many requests they took.
        drift: How often rows had moved while they were read, and were found again.
        began: When it began, in UTC.
        ended: When it ended, in UTC.
        since: When the export before it began, in UTC, if only what was changed since then was
            read and put into its file; None where all was read.
        file: What was written.
    """

    resource: str
    filters: Mapping[str, object]
    format: str
    records: int
    listcount: int | None
    requests: int
    drift: int
    began: datetime
    ended: datetime
    since: datetime | None = None
    file: WrittenFile


@attrs.frozen(kw_only=True)
class Manifest:
    """What an export has written.

    Attributes:
        library: The version of the library.
        began: When it began, in UTC.
        ended: When it ended, in UTC.
        exported: Each resource, in the order of their names.
        left_out: Resources that could not be read, and why.
        kept: What earlier exports have left in the folder, and this one has not written anew.
        further_requests: How many requests were for none of them: for the day's quota, and for
            the ids of resources that are not exported themselves.
    """

    library: str = __version__
    began: datetime
    ended: datetime
    exported: Sequence[Exported]
    left_out: Mapping[str, str] = attrs.field(factory=dict[str, str])
    further_requests: int = 0
    kept: Sequence[Exported] = attrs.field(factory=list[Exported])

    @property
    def records(self) -> int:
        """How many records were written in all."""
        return sum(each.records for each in self.exported)

    @property
    def requests(self) -> int:
        """How many requests the export took in all."""
        return sum(each.requests for each in self.exported) + self.further_requests

    def write(self, folder: Path) -> None:
        """Write it into a folder, whole or not at all.

        Raises:
            OSError: It cannot be written.
        """
        write_json(folder / MANIFEST, {"form": FORM, **plain(self)})

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """Read the one in a folder.

        Raises:
            ArgumentError: It is none, or of a newer form.
            OSError: It cannot be read.
        """
        path = Path(folder) / MANIFEST
        try:
            told = json.loads(path.read_bytes())
            if told.pop("form") != FORM:
                raise ArgumentError(f"{path} was written by a newer release")
            told["began"], told["ended"] = moments(told)
            for name in ("exported", "kept"):
                told[name] = [exported_of(each) for each in told[name]]
            return cls(**told)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ArgumentError(f"{path} is no manifest of an export") from None

    def flaws(self, folder: str | Path) -> Iterator[str]:
        """Hold the files in a folder against it, and say of each what is wrong with it."""
        files = {each.file.name: each.file for each in (*self.exported, *self.kept)}
        for file in files.values():
            if (flaw := file.flaw(folder)) is not None:
                yield flaw


def plain(told: Any) -> Any:
    """Turn it into what JSON can hold."""
    match told:
        case date():  # a moment, too
            return told.isoformat()
        case Decimal():
            return str(told)
        case Mapping():
            return {name: plain(value) for name, value in told.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(value) for value in told]
        case _ if attrs.has(type(told)):
            return {each.name: plain(getattr(told, each.name)) for each in attrs.fields(type(told))}
        case _:
            return told


def exported_of(told: Mapping[str, Any]) -> Exported:
    """Read what was written of a resource out of its plain form."""
    began, ended = moments(told)
    since = told["since"] and datetime.fromisoformat(told["since"])
    file = WrittenFile(**told["file"])
    changed: dict[str, Any] = {"began": began, "ended": ended, "since": since, "file": file}
    return Exported(**{**told, **changed})


def moments(told: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Read when something began and ended."""
    return datetime.fromisoformat(told["began"]), datetime.fromisoformat(told["ended"])


def write_json(path: Path, told: object) -> None:
    """Write a small file so that it is whole at any moment, also after a power cut.

    Raises:
        OSError: It cannot be written.
    """
    with prepared_json(path, told):
        pass


@contextmanager
def prepared_json(path: Path, told: object) -> Generator[None]:
    """Bring a small file to the disk, and give it its name when the block has ended well.

    Raises:
        OSError: It cannot be written; before the block begins, unless the move fails.
    """
    part = PartFile(path, force=True)
    content = json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n"
    with ExitStack() as stack:
        with naming(path):
            stack.enter_context(part.opened()).write(content)
            part.sync()
        yield
        with naming(path):
            part.commit()
