"""Write a report as JSON, and read one from a file that may hold anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import attrs

from .. import ArgumentError, _json
from ..resources import names
from .formats import PLACEHOLDERS
from .report import FieldShape, Finding, Status
from .samples import LIST, MEMBER

if TYPE_CHECKING:
    from .report import Report

__all__ = ["load", "write"]

_FORMAT: Final = "intervals-async doctor"
_VERSION: Final = 1
_MOST_BYTES = 4 * 2**20
_LONGEST_TEXT = 20_000
_MOST_ENTRIES = 20_000
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}(\[\]\.[a-z][a-z0-9_]{0,39})?")


def write(report: Report) -> str:
    """Return a report as JSON."""
    head = {
        "format": _FORMAT,
        "version": _VERSION,
        "library": report.library,
        "requests": report.requests,
        "complete": report.complete,
    }
    lines = json.dumps(head, indent=1).removesuffix("\n}")
    findings = _lines(_plain(each) for each in report.findings)
    fields = _lines(attrs.asdict(each) for each in report.fields)
    return f'{lines},\n "findings": {findings},\n "fields": {fields}\n}}\n'


def _lines(entries: Iterable[Mapping[str, Any]]) -> str:
    """Return a JSON array with one entry on each line, so that a person can read it."""
    return "[" + ",".join(f"\n  {json.dumps(each)}" for each in entries) + "\n ]"


def _plain(finding: Finding) -> dict[str, Any]:
    plain = attrs.asdict(finding) | {"status": finding.status.value}
    if not finding.quirks:
        del plain["quirks"]
    return plain


def load(path: Path) -> dict[str, Any]:
    """Read a file, and return the arguments of `Report`.

    Raises:
        ArgumentError: The file holds no report that this version can read.
        OSError: The file cannot be read.
    """
    try:
        return _report(_json.read_file(path, most_bytes=_MOST_BYTES))
    except ValueError as error:
        raise ArgumentError(
            f"{path}: expected a report of intervals-async doctor, got {error}"
        ) from None


def _invalid(found: str) -> NoReturn:
    raise ValueError(found)


def _report(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        _invalid("other JSON")
    version = content.get("version")
    if type(version) is not int or version != _VERSION:
        _invalid("another version of the format; use the release that wrote it")
    return {
        "library": _text(content, "library"),
        "requests": _count(content, "requests"),
        "complete": _boolean(content, "complete"),
        "findings": tuple(_several(content, "findings", _finding)),
        "fields": tuple(_several(content, "fields", _field)),
    }


def _finding(entry: Mapping[str, Any]) -> Finding:
    status = entry.get("status")
    known = [each for each in Status if each.value == status]
    if not known:
        _invalid("a finding with an unknown status")
    return Finding(
        check=_text(entry, "check"),
        subject=_text(entry, "subject"),
        status=known[0],
        documented=_text(entry, "documented"),
        found=_text(entry, "found"),
        quirks=_quirks(entry.get("quirks", {})),
    )


def _quirks(quirks: object) -> dict[str, Any]:
    if not isinstance(quirks, dict):
        _invalid("quirks that are no object")
    if not quirks:
        return {}
    # imported here, because the fake server is not needed to make a report
    from ..testing import quirks as known  # noqa: PLC0415

    try:
        return {**known.to_json(known.from_json(quirks))}
    except ValueError:
        _invalid("a quirk that this version does not know")


def _field(entry: Mapping[str, Any]) -> FieldShape:
    formats = entry.get("formats")
    if not isinstance(formats, dict) or not formats.keys() <= PLACEHOLDERS.keys():
        _invalid("a field with an unknown format")
    return FieldShape(
        resource=_one_of(entry, "resource", names()),
        form=_one_of(entry, "form", (LIST, MEMBER)),
        field=_field_name(entry),
        known=_boolean(entry, "known"),
        rows=_count(entry, "rows"),
        absent=_count(entry, "absent"),
        formats={name: _count(formats, name) for name in formats},
    )


def _field_name(entry: Mapping[str, Any]) -> str:
    name = _text(entry, "field")
    return name if _FIELD.fullmatch(name) else _invalid("a field with an invalid name")


def _several(
    content: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any]], Any]
) -> Iterable[Any]:
    entries = content.get(name)
    if not isinstance(entries, list) or len(entries) > _MOST_ENTRIES:
        _invalid(f"no usable list of {name}")
    for entry in entries:
        yield read(entry if isinstance(entry, dict) else _invalid(f"no object in {name}"))


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not value.isprintable():
        _invalid(f"no usable text in {name}")
    return value


def _count(entry: Mapping[str, Any], name: str) -> int:
    value = entry.get(name)
    if type(value) is not int or not 0 <= value < 2**53:
        _invalid(f"no count in {name}")
    return value


def _boolean(entry: Mapping[str, Any], name: str) -> bool:
    value = entry.get(name)
    return value if isinstance(value, bool) else _invalid(f"no boolean in {name}")


def _one_of(entry: Mapping[str, Any], name: str, known: Iterable[str]) -> str:
    value = _text(entry, name)
    return value if value in known else _invalid(f"an unknown {name}")
