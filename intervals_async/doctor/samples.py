"""One page or record of a resource, and the shapes of its fields."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import attrs

from .. import Column, Response, columns_of
from ..resources import resource_class
from .formats import format_of
from .report import FieldShape

__all__ = ["Sample", "SeenValues", "columns_by_name", "sample_of", "shapes_of"]

LIST: Final = "list"
MEMBER: Final = "member"

# Spellings that the documentation has for requests, and that public clients saw in responses.
_SPELLINGS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "personcontact": {
            "contacttypeid": "contact_type_id",
            "contactdescriptorid": "contact_descriptor_id",
        }
    }
)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST_UNKNOWN = 50


@attrs.frozen(kw_only=True)
class Sample:
    """A response that was examined.

    Attributes:
        resource: The name of the resource.
        form: ``list`` or ``member``.
        response: The response; None if none was received.
        envelope: The JSON object of the response; empty if there is none.
        rows: The rows that are objects.
        container: What holds the rows: ``list``, ``object``, ``null``, ``missing``, ``other``.
        listcount: The count in the envelope, if it is one.
        problem: Why there are no rows to examine; None if there are.
    """

    resource: str
    form: str = LIST
    response: Response | None = None
    envelope: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    rows: Sequence[Mapping[str, Any]] = ()
    container: str = "missing"
    listcount: int | None = None
    problem: str | None = None

    @property
    def status(self) -> int | None:
        """The HTTP status; None without a response."""
        return None if self.response is None else self.response.status

    @property
    def error_code(self) -> object:
        """The API's error code; None if there is none."""
        error = self.envelope.get("error")
        return error.get("code") if isinstance(error, dict) else None

    @property
    def is_success(self) -> bool:
        """Whether the response is a success with JSON."""
        return self.status == 200 and bool(self.envelope) and not self.envelope.get("error")


def sample_of(resource: str, form: str, response: Response) -> Sample:
    """Parse a response. Whatever it holds, this raises nothing."""
    try:
        envelope = response.json()
    except Exception:  # noqa: BLE001  the body may be anything
        envelope = None
    if not isinstance(envelope, dict):
        return Sample(
            resource=resource,
            form=form,
            response=response,
            problem=f"HTTP {response.status} without a JSON object",
        )
    payload = envelope.get(resource)
    container = {list: "list", dict: "object", type(None): "null"}.get(type(payload), "other")
    rows = [
        _with_usual_names(resource, each) for each in _several(payload) if isinstance(each, dict)
    ]
    sample = Sample(
        resource=resource,
        form=form,
        response=response,
        envelope=envelope,
        rows=rows,
        container=container if resource in envelope else "missing",
        listcount=_count(envelope.get("listcount")),
    )
    return attrs.evolve(sample, problem=_problem(sample))


def _problem(sample: Sample) -> str | None:
    if sample.status == 403:
        return "the owner of the token may not read it"
    if not sample.is_success:
        return f"HTTP {sample.status}"
    return None if sample.rows else "there is no record"


def _several(payload: object) -> Sequence[Any]:
    return payload if isinstance(payload, list) else [payload]


def _count(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def columns_by_name(resource: str) -> Mapping[str, Column]:
    """Return the fields that the client knows, by name."""
    record = vars(resource_class(resource))["record"]
    return {each.name: each for each in columns_of(record) if each.name != "extra"}


def _with_usual_names(resource: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    spellings = _SPELLINGS.get(resource)
    if spellings is None:
        return row
    return {spellings.get(name, name): value for name, value in row.items()}


class SeenValues:
    """The texts in all responses, to decide which unknown names may stand in a report.

    A name must look like the names of the API, and must not be a value of the account.
    """

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: set[str] = set()

    def note(self, value: object) -> None:
        """Remember all texts in a response."""
        pending = [value]
        while pending:
            each = pending.pop()
            if isinstance(each, str):
                self._values.add(each.strip().lower())
            elif isinstance(each, list):
                pending += each
            elif isinstance(each, dict):
                pending += each.values()

    def admits(self, name: str) -> bool:
        """Whether a name may stand in the report."""
        return bool(_NAME.fullmatch(name)) and name not in self._values


def shapes_of(sample: Sample, seen: SeenValues) -> Iterable[FieldShape]:
    """Yield the shape of each field in the rows of a sample, known fields first."""
    known = columns_by_name(sample.resource)
    formats: dict[str, Counter[str]] = defaultdict(Counter)
    for name in known:
        formats[name] = Counter()
    unknown = 0
    for row in sample.rows:
        for name, value in row.items():
            if name not in formats:
                if unknown >= _MOST_UNKNOWN or not seen.admits(name):
                    continue
                unknown += 1
            formats[name][format_of(value)] += 1
    for name, found in formats.items():
        yield FieldShape(
            resource=sample.resource,
            form=sample.form,
            field=name,
            known=name in known,
            rows=len(sample.rows),
            absent=len(sample.rows) - found.total(),
            formats=dict(found.most_common()),
        )
    yield from _nested(sample, formats, seen)


def _nested(sample: Sample, formats: Iterable[str], seen: SeenValues) -> Iterable[FieldShape]:
    for name in formats:
        objects = [
            each
            for row in sample.rows
            for each in _several(row.get(name))
            if isinstance(each, dict)
        ]
        inner: dict[str, Counter[str]] = defaultdict(Counter)
        for each in objects:
            for key, value in each.items():
                if seen.admits(key) and (key in inner or len(inner) < _MOST_UNKNOWN):
                    inner[key][format_of(value)] += 1
        for key, found in inner.items():
            yield FieldShape(
                resource=sample.resource,
                form=sample.form,
                field=f"{name}[].{key}",
                known=True,
                rows=len(objects),
                absent=len(objects) - found.total(),
                formats=dict(found.most_common()),
            )


def unnamed_fields(sample: Sample, seen: SeenValues) -> int:
    """Return the number of unknown fields whose names may not stand in the report."""
    known = columns_by_name(sample.resource)
    names = {name for row in sample.rows for name in row if name not in known}
    return sum(not seen.admits(name) for name in names)
