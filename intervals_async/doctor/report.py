"""`Report`: what an examination found, without any value of the account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Self

import attrs

__all__ = ["FieldShape", "Finding", "Report", "Status"]


class Status(Enum):
    """How the server compares with its documentation."""

    DIFFERS = "differs"
    """The server does something else."""
    NOT_TESTED = "not tested"
    """The check could not be made."""
    AS_DOCUMENTED = "as documented"
    """The server does what is documented, or what the client assumes."""


@attrs.frozen(kw_only=True)
class Finding:
    """The result of one check.

    Attributes:
        check: The name of the check, such as ``paging.cap``.
        subject: What was examined: a resource, such as ``task``, or a part of the API.
        status: How the server compares with its documentation.
        documented: What is documented, or what the client assumes.
        found: What was found; if the check was not made, the reason.
        quirks: The quirks of ``FakeIntervals`` that reproduce the difference, in the JSON form of
            ``intervals_async.testing.quirks``.
    """

    check: str
    subject: str
    status: Status
    documented: str
    found: str
    quirks: Mapping[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.frozen(kw_only=True)
class FieldShape:
    """How one field of a resource was sent.

    Attributes:
        resource: The name of the resource.
        form: ``list`` for the rows of a list, ``member`` for a single record.
        field: The name of the field; ``assignee[].personid`` is a field of a nested object.
        known: Whether the client knows the field.
        rows: The number of rows that were examined.
        absent: The number of these rows that lack the field.
        formats: How many of these rows have each format, such as ``integer as text``.
    """

    resource: str
    form: str
    field: str
    known: bool
    rows: int
    absent: int
    formats: Mapping[str, int]


@attrs.frozen(kw_only=True)
class Report:
    """What an examination found.

    It holds names of the API, types, formats and counts, but no value of the account.
    ``FakeIntervals(quirks=report)`` behaves as the examined server.

    Attributes:
        library: The version of the library that made the report.
        requests: The number of requests that were sent.
        complete: Whether no limit and no failure ended the examination early.
        findings: The results of all checks.
        fields: How each field was sent.
    """

    library: str
    requests: int
    complete: bool
    findings: tuple[Finding, ...]
    fields: tuple[FieldShape, ...]

    def counts(self) -> Mapping[Status, int]:
        """Return the number of findings by status."""
        found = Counter(each.status for each in self.findings)
        return {status: found[status] for status in Status}

    def quirks(self) -> Mapping[str, Any]:
        """Return the quirks that make ``FakeIntervals`` behave as the examined server.

        Differences for which there is no quirk, such as the headers of rate limits, are left out.
        """
        from .playback import merged  # noqa: PLC0415  rarely needed

        return merged(each.quirks for each in self.findings)

    def to_json(self) -> str:
        """Return the report as JSON, as `save` writes it."""
        from .report_file import write  # noqa: PLC0415  rarely needed

        return write(self)

    def save(self, path: Path | str, *, force: bool = False) -> None:
        """Write the report to a JSON file, which appears when it is complete.

        A device or a pipe is written into and never replaced.

        Args:
            path: The file.
            force: Whether to replace an existing file.

        Raises:
            OSError: The file cannot be written, or exists and `force` is not set.
        """
        from .._atomic_file import file_path  # noqa: PLC0415  rarely needed
        from .._device_file import writable_file  # noqa: PLC0415

        with writable_file(file_path(path), force=force) as file:
            file.write(self.to_json().encode())
            file.commit()

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read a report from a file.

        Raises:
            ArgumentError: The file holds no report, or one that this version cannot read.
            OSError: The file cannot be read.
        """
        from .report_file import load  # noqa: PLC0415  rarely needed

        return cls(**load(Path(path)))
