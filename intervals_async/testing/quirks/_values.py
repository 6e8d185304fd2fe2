"""Quirks of the values in a row: missing values, numbers, text and timestamps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import ClassVar, Self

from attrs import field, frozen, validators

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.wire import Json
from intervals_async.testing.quirks._base import Quirk, Shape, unexpected

_FRACTION = ".123456"


@frozen
class EmptyForNull(Quirk):
    """A missing value is an empty text in every field, never null."""

    name: ClassVar[str] = "empty_for_null"

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row with empty texts instead of null."""
        return {name: "" if value is None else value for name, value in row.items()}


@frozen
class NullForEmpty(Quirk):
    """A missing value is null in every field, never an empty text."""

    name: ClassVar[str] = "null_for_empty"

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row with null instead of empty texts."""
        return {name: None if value == "" else value for name, value in row.items()}


@frozen
class AbsentWhenMissing(Quirk):
    """A field without a value is absent, instead of null or an empty text."""

    name: ClassVar[str] = "absent_when_missing"

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row without its missing values."""
        return {name: value for name, value in row.items() if value is not None and value != ""}


@frozen
class JsonNumbers(Quirk):
    """Ids, integers and decimals are JSON numbers instead of texts."""

    name: ClassVar[str] = "json_numbers"

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row with numbers."""
        numbers = {
            name: _number(row[name])
            for name in shape.names_of("integer", "float", "array")
            if name in row
        }
        return {**row, **numbers}


def _number(value: Json) -> Json:
    if isinstance(value, list):
        return [_number(each) for each in value]
    if not isinstance(value, str) or value == "":
        return value
    return float(value) if "." in value else int(value)


@frozen
class UnencodedText(Quirk):
    """Plain text has no HTML entities: ``A & B`` instead of ``A &amp; B``."""

    name: ClassVar[str] = "unencoded_text"

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row with decoded text, also in nested objects."""
        html = {*shape.names_of("html")}
        return {name: value if name in html else _decoded(value) for name, value in row.items()}


def _decoded(value: Json) -> Json:
    if isinstance(value, list):
        return [_decoded(each) for each in value]
    if isinstance(value, dict):
        return {name: _decoded(each) for name, each in value.items()}
    return unescape(value) if isinstance(value, str) else value


@frozen
class FractionalSeconds(Quirk):
    """Every timestamp has a fraction of a second, as ``lastlogin`` has been recorded."""

    name: ClassVar[str] = "fractional_seconds"

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row with fractions."""
        return _with_timestamps(row, shape, lambda text: text.partition(".")[0] + _FRACTION)


@frozen
class IsoTimestamps(Quirk):
    """Timestamps have a ``T`` between date and time, as a public client sends them."""

    name: ClassVar[str] = "iso_timestamps"

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row with a ``T`` in its timestamps."""
        return _with_timestamps(row, shape, lambda text: text.replace(" ", "T"))


def _with_timestamps(
    row: dict[str, Json], shape: Shape, change: Callable[[str], str]
) -> dict[str, Json]:
    changed: dict[str, Json] = {}
    for name in shape.names_of("datetime", "utc"):
        value = row.get(name)
        if isinstance(value, str) and value:
            changed[name] = change(value)
    return {**row, **changed}


@frozen
class UtcOffset(Quirk):
    """The account's time zone differs from UTC, which it is by default.

    Timestamps that the documentation does not call UTC are shifted, except for ``lastlogin``, which
    is very likely UTC.

    Args:
        minutes: The difference from UTC in minutes, negative in the west: -480 for UTC-08:00.
    """

    name: ClassVar[str] = "utc_offset"

    minutes: int = field(validator=[validators.ge(-24 * 60), validators.le(24 * 60)])

    @classmethod
    def from_parameter(cls, value: Json) -> Self:
        """Return the quirk for a number of minutes."""
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 24 * 60:
            raise unexpected(cls.name, "minutes within a day", value)
        return cls(value)

    def parameter(self) -> Json:
        """Return the number of minutes."""
        return self.minutes

    def prepare(self, account: Account) -> None:
        """Set the account's time zone."""
        account.utc_offset = timedelta(minutes=self.minutes)

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row with shifted timestamps."""
        shifted: dict[str, Json] = {}
        for name in shape.names_of("datetime"):
            value = row.get(name)
            if name != "lastlogin" and isinstance(value, str) and value:
                moment = datetime.fromisoformat(value) + timedelta(minutes=self.minutes)
                shifted[name] = moment.isoformat(" ")
        return {**row, **shifted}


@frozen
class UsDates(Quirk):
    """The ``date`` in time lists is MM/DD/YYYY beside ``dateiso``, as a client of 2017 had it."""

    name: ClassVar[str] = "us_dates"

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row of a time list with the other form of its date."""
        value = row.get("date")
        if shape.resource.name != "time" or shape.member or not isinstance(value, str):
            return row
        year, month, day = value.split("-")
        return {**row, "date": f"{month}/{day}/{year}"}


@frozen
class TaskRows2025(Quirk):
    """Task lists lack ``datecreated``, as a client of 2025 names 39 other fields of their rows."""

    name: ClassVar[str] = "task_rows_2025"

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row of a task list without the field."""
        if shape.resource.name != "task" or shape.member:
            return row
        return {name: value for name, value in row.items() if name != "datecreated"}


@frozen
class BusinessDay(Quirk):
    """``/quota/`` has ``business_day`` instead of ``next_reset``, as in a sample of 2022."""

    name: ClassVar[str] = "business_day"

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the quota with the older name."""
        if shape.resource.name != "quota":
            return row
        return {"business_day" if name == "next_reset" else name: row[name] for name in row}
