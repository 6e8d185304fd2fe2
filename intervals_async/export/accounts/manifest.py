"""`Manifest`: what an export has written, so that it can be verified later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import attrs

from ..._atomic_file import open_regular
from ..._version import __version__
from ..unreadable import RoundedField, UnreadableField
from .json_file import plain, read_json, write_json

__all__ = ["MANIFEST", "Exported", "Manifest", "WrittenFile"]

MANIFEST = "manifest.json"

# The version of the file format, raised when an older release could not read it.
FORMAT_VERSION = 1


def _check_name(file: WrittenFile, _: object, name: str) -> None:
    """Raise ValueError unless it is the plain name of a file in the folder itself."""
    if name != Path(name).name or not name.isprintable() or name in ("", ".", ".."):
        raise ValueError(f"name: expected the name of a file in the folder, got {name!r}")


@attrs.frozen
class WrittenFile:
    """A file of an export.

    Attributes:
        name: The name of the file in the folder.
        size: Its size in bytes.
        sha256: The SHA-256 digest of its content, in hexadecimal digits.

    .. versionadded:: 0.2.0
    """

    name: str = attrs.field(validator=_check_name)
    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Describe an existing file.

        Raises:
            OSError: It cannot be read, or is not a regular file.
        """
        with open_regular(path) as file:
            digest = hashlib.file_digest(file, "sha256")
            return cls(path.name, file.tell(), digest.hexdigest())

    def flaw(self, folder: str | Path) -> str | None:
        """Compare it with the file in a folder and describe the difference; None if they match."""
        path = Path(folder) / self.name
        try:
            found = WrittenFile.of(path)
        except OSError as error:
            return f"{path}: {error.strerror}"
        if found.size != self.size:
            return f"{path}: expected {self.size} bytes, got {found.size}"
        return None if found == self else f"{path}: its content has changed since it was written"


@attrs.frozen(kw_only=True)
class Exported:
    """What an export has written of one resource.

    Attributes:
        resource: The name of the resource.
        filters: The filters; dates and datetimes are ISO text when read back.
        format: The format of the file.
        records: The number of records written.
        listcount: The number of records according to the server; None if it was not asked.
        requests: The number of requests.
        drift: How often the position among the rows was lost, because others had changed them,
            and found again.
        began: When the export of the resource started, in UTC.
        ended: When it ended, in UTC.
        since: When the previous export started, in UTC, if only the changes since then were read
            and merged into its file; None if all records were read.
        file: The file.
        unreadable: The fields that could not be read in some of the records in the file. Those of
            objects are named like ``assignee.personid``.
        rounded: The fields whose value was rounded in some of the records in the file, because the
            numbers of the format hold fewer digits.
        rewritten: Why an incremental export has read all records and replaced the file: its columns
            had other types. None if it has not.

    .. versionadded:: 0.2.0
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
    unreadable: Mapping[str, UnreadableField] = attrs.field(factory=dict[str, UnreadableField])
    rounded: Mapping[str, RoundedField] = attrs.field(factory=dict[str, RoundedField])
    rewritten: str | None = None


@attrs.frozen(kw_only=True)
class Manifest:
    """What an export has written.

    Attributes:
        library: The version of the library.
        began: When the export started, in UTC.
        ended: When it ended, in UTC.
        exported: The resources, in alphabetical order.
        left_out: The resources that the user may not read, and why.
        failed: The resources that could not be exported because of an error, and the error. The
            export is unfinished; the same call exports them.
        kept: What earlier exports have written into the folder and this one has not replaced.
        further_requests: The number of requests for none of these resources: for the daily quota,
            and for the ids of resources that are not exported themselves.

    .. versionadded:: 0.2.0
    """

    library: str = __version__
    began: datetime
    ended: datetime
    exported: Sequence[Exported]
    left_out: Mapping[str, str] = attrs.field(factory=dict[str, str])
    failed: Mapping[str, str] = attrs.field(factory=dict[str, str])
    further_requests: int = 0
    kept: Sequence[Exported] = attrs.field(factory=list[Exported])

    @property
    def records(self) -> int:
        """The number of records written in total."""
        return sum(each.records for each in self.exported)

    @property
    def requests(self) -> int:
        """The number of requests in total."""
        return sum(each.requests for each in self.exported) + self.further_requests

    def _repr_html_(self) -> str:
        """Show the resources as a table, in a notebook."""
        from ..._html import MAX_FIELDS, rows_table  # noqa: PLC0415  for notebooks only

        kept = f"Kept from earlier exports: {', '.join(each.resource for each in self.kept)}."
        return rows_table(
            f"Export of {self.began:%Y-%m-%d %H:%M} UTC: {self.records:,} records, "
            f"{self.requests:,} requests",
            (
                "resource",
                "records",
                "listcount",
                "requests",
                "file",
                "bytes",
                "since",
                "unreadable",
            ),
            [
                (
                    *(each.resource, each.records, each.listcount, each.requests),
                    *(each.file.name, each.file.size, each.since),
                    *(tuple(each.unreadable) or None, tuple(each.rounded) or None),
                )
                for each in self.exported
            ],
            kept if self.kept else "",
            *(f"Left out: {name}: {reason}" for name, reason in self.left_out.items()),
            *(f"Failed: {name}: {reason}" for name, reason in self.failed.items()),
            most=MAX_FIELDS,
        )

    def to_dict(self) -> dict[str, Any]:
        """Convert it into plain data, as in ``manifest.json``."""
        return {"form": FORMAT_VERSION, **plain(self)}

    def write(self, folder: Path) -> None:
        """Write it to ``manifest.json`` in a folder, in one step.

        Raises:
            OSError: It cannot be written.
        """
        write_json(folder / MANIFEST, self.to_dict())

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """Read ``manifest.json`` from a folder.

        Raises:
            ArgumentError: The file is not a manifest, or another release has written it in a format
                that this one cannot read.
            OSError: There is no such file, or it cannot be read.
        """
        return read_json(
            Path(folder) / MANIFEST,
            cls,
            version=FORMAT_VERSION,
            what="the manifest of an export",
            remedy="remove it, and export again",
        )

    def flaws(self, folder: str | Path) -> Iterator[str]:
        """Compare it with the files in a folder and yield a description of each difference."""
        files = {each.file.name: each.file for each in (*self.exported, *self.kept)}
        if not files:
            yield f"{Path(folder) / MANIFEST}: it names no file, so nothing can be verified"
        for file in files.values():
            if (flaw := file.flaw(folder)) is not None:
                yield flaw
