"""`make`: a record for a test, with sample values in all fields that the test does not set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar

from intervals_async._schema.columns import Column, ColumnKind, columns_of
from intervals_async._schema.decoder import nested_class
from intervals_async._schema.record import Record, fields_of
from intervals_async._schema.values import abridged
from intervals_async.errors import ArgumentError
from intervals_async.resources import names
from intervals_async.testing._fake.references import table_of

__all__ = ["check_value", "make", "sample_id"]

R = TypeVar("R", bound=Record)

_PERSON = "Ada Lovelace"

_TEXTS = {
    "color": "3366cc",
    "email": "ada@example.com",
    "firstname": "Ada",
    "lastname": "Lovelace",
    "localid": "00007",
    "phone": "555-0100",
    "projectlabelcolor": "3366cc",
    "timezone": "Etc/UTC",
    "timezone_offset": "UTC",
    "username": "ada",
    "website": "https://example.com/",
} | dict.fromkeys(
    (
        *("assignee", "assignees", "author", "follower", "followers"),
        *("manager", "owner", "owners", "person"),
    ),
    _PERSON,
)

_INTEGERS = {"editordisabled": 0, "quota": 6000, "used": 17}

# Dates that do not come before the others.
_LATER = ("dateclosed", "datedue", "dateend", "datepaid", "termotherdatedue")

_KINDS: Mapping[ColumnKind, tuple[tuple[type, ...], str]] = {
    ColumnKind.INTEGER: ((int,), "an int"),
    ColumnKind.BOOLEAN: ((bool,), "a bool"),
    ColumnKind.TEXT: ((str,), "a str"),
    ColumnKind.HTML: ((str,), "a str"),
    ColumnKind.DECIMAL: ((Decimal,), "a Decimal"),
    ColumnKind.DATE: ((date,), "a date"),
    ColumnKind.UTC_DATETIME: ((datetime,), "a datetime in UTC"),
    ColumnKind.LOCAL_DATETIME: ((datetime,), "a datetime without a time zone"),
    ColumnKind.ID_LIST: ((tuple,), "a tuple of int"),
    ColumnKind.NUMBER_OR_TEXT: ((int, str), "an int or a str"),
    ColumnKind.TEXT_OR_OBJECTS: ((str, tuple), "a str or a tuple of records"),
    ColumnKind.OBJECTS: ((tuple, Mapping), "a tuple of records, or a mapping"),
}
"""The Python types of each kind of values, and how an error names them."""


def make(record_class: type[R], /, **fields: object) -> R:
    """Make a valid record with sample values, for tests.

        task = make(Task, title="Call the client", estimate=None)

    All fields that you do not set have a value of their type, the same in each call. Related
    records match: ``make(Task).projectid`` is ``make(Project).id``, and ``make(Task).project`` is
    ``make(Project).name``. The sample values may differ in the next release, so set the fields
    that your test depends on.

    Args:
        record_class: The class of the record, such as `Task`.
        fields: The values of some fields.

    Raises:
        ArgumentError: The class has no such field, or a value is not of the field's type.

    .. versionadded:: 0.2.0
    """
    columns = {column.name: column for column in columns_of(record_class)}
    for name, value in fields.items():
        if name not in columns:
            similar = get_close_matches(name, columns, 1)
            hint = f"did you mean {similar[0]!r}?" if similar else f"it has {', '.join(columns)}"
            raise ArgumentError(
                f"make: expected a field of {record_class.__name__}, got {name!r}; {hint}"
            )
        check_value(columns[name], value)
    values: dict[str, Any] = {
        field.name: _sample(record_class, columns[field.name], nested_class(field.type))
        for field in fields_of(record_class)
        if field.name not in {"extra", *fields}
    }
    values |= fields
    return record_class(**values)


def check_value(column: Column, value: object) -> None:
    """Check that a value is of the kind of a column.

    Raises:
        ArgumentError: It is not.
    """
    if value is None and column.nullable and column.name != "extra":
        return
    types, expected = _KINDS[column.kind]
    match value:
        case bool():
            fits = bool in types
        case datetime():
            fits = datetime in types and column.kind is (
                ColumnKind.LOCAL_DATETIME if value.tzinfo is None else ColumnKind.UTC_DATETIME
            )
        case _:
            fits = isinstance(value, types)
    if not fits:
        expected += " or None" if column.nullable else ""
        raise ArgumentError(f"{column.name}: expected {expected}, got {abridged(value)}")


@cache
def sample_id(resource: str) -> int:
    """Return the id of the sample record of a resource; `Me` is the `Person`."""
    if resource == "me":
        return sample_id("person")
    return 101 + 100 * names().index(resource)


def _sample(record_class: type[Record], column: Column, nested: type[Record] | None) -> Any:
    """Return the sample value of a field."""
    resource = record_class.__name__.lower()
    name = column.name
    related = resource if name == "id" and resource in names() else table_of(name)
    match column.kind:
        case ColumnKind.INTEGER if related is not None:
            return sample_id(related)
        case ColumnKind.INTEGER:
            return _INTEGERS.get(name, 7)
        case ColumnKind.ID_LIST:
            return (sample_id(related or "person"),)
        case ColumnKind.BOOLEAN:
            return name.endswith("active") or name == "billable"
        case ColumnKind.TEXT | ColumnKind.TEXT_OR_OBJECTS:
            named = resource if name in ("name", "title") else table_of(f"{name}id") or name
            return _TEXTS.get(name, f"Some {named}")
        case ColumnKind.HTML:
            return f"<p>Some {name}</p>"
        case ColumnKind.DECIMAL:
            return Decimal("1.5")
        case ColumnKind.DATE:
            return date(2026, 3, 6 if name in _LATER else 2)
        case ColumnKind.UTC_DATETIME:
            return datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
        case ColumnKind.LOCAL_DATETIME:
            return datetime(2026, 3, 2, 9, 30)  # noqa: DTZ001  the account's own time zone
        case ColumnKind.NUMBER_OR_TEXT:
            return 3
        case _:
            return () if nested is None else (make(nested),)
