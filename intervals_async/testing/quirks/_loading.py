"""Quirks as plain JSON, and the check of their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias, cast, get_args, runtime_checkable

from intervals_async.errors import ArgumentError
from intervals_async.testing._fake.wire import Json
from intervals_async.testing.quirks import _fields, _lists, _responses, _values
from intervals_async.testing.quirks._base import Quirk, nearest, unexpected

QuirkName: TypeAlias = Literal[
    "absent_when_missing",
    "business_day",
    "capped_limit",
    "compressed",
    "empty_delete",
    "empty_for_null",
    "error_verbose",
    "exact_text",
    "exclusive_dates",
    "field_values",
    "forbidden",
    "fractional_seconds",
    "id_order",
    "iso_timestamps",
    "json_numbers",
    "listcount_last",
    "lookup_members",
    "me_object",
    "missing_fields",
    "missing_key",
    "no_listcount",
    "null_for_empty",
    "object_for_one",
    "paged_lookups",
    "string_envelopes",
    "task_rows_2025",
    "unencoded_text",
    "unknown_fields",
    "us_dates",
    "utc_offset",
]
"""The name of a quirk."""

NAMES: tuple[QuirkName, ...] = get_args(QuirkName)
"""The names of all quirks."""


@runtime_checkable
class HasQuirks(Protocol):
    """An object that knows quirks, such as the report of ``intervals-async doctor``."""

    def quirks(self) -> Mapping[str, Any]:
        """Return the quirks in their JSON form."""
        raise NotImplementedError


Quirks: TypeAlias = Iterable[Quirk | str] | Mapping[str, Json] | HasQuirks
"""Quirks and names of quirks that need no parameter, the JSON form that ``to_json`` returns, or an
object with such quirks."""

# In the order in which they apply: each sees what those before it have made of a response.
_CLASSES: tuple[type[Quirk], ...] = (
    _fields.Forbidden,
    _lists.LookupMembers,
    _lists.PagedLookups,
    _lists.CappedLimit,
    _lists.ExclusiveDates,
    _lists.ExactText,
    _lists.IdOrder,
    _values.UtcOffset,
    _values.UsDates,
    _values.TaskRows2025,
    _values.BusinessDay,
    _values.FractionalSeconds,
    _values.IsoTimestamps,
    _values.UnencodedText,
    _values.JsonNumbers,
    _values.EmptyForNull,
    _values.NullForEmpty,
    _values.AbsentWhenMissing,
    _fields.FieldValues,
    _fields.UnknownFields,
    _fields.MissingFields,
    _responses.StringEnvelopes,
    _responses.ListcountLast,
    _responses.MissingKey,
    _responses.ObjectForOne,
    _responses.MeObject,
    _responses.NoListcount,
    _responses.EmptyDelete,
    _responses.ErrorVerbose,
    _responses.Compressed,
)
_BY_NAME: Mapping[str, type[Quirk]] = MappingProxyType({each.name: each for each in _CLASSES})
_RANKS: Mapping[str, int] = MappingProxyType({name: rank for rank, name in enumerate(_BY_NAME)})


def from_json(data: Mapping[str, Json]) -> tuple[Quirk, ...]:
    """Return the quirks that plain JSON describes, in the order in which they apply.

    Args:
        data: The parameter of each quirk by its name, as in
            ``{"no_listcount": true, "capped_limit": 50}``. A quirk without a parameter has
            ``true``, and ``false`` leaves a quirk out.

    Raises:
        ArgumentError: A name is unknown, or a parameter does not fit. The error names the most
            similar quirk.
    """
    if not isinstance(cast("object", data), Mapping):
        raise unexpected("quirks", "an object", data)
    return load(
        _class_of(name).from_parameter(value) for name, value in data.items() if value is not False
    )


def to_json(quirks: Quirks) -> dict[str, Json]:
    """Return quirks as plain JSON for ``from_json``, sorted by name.

    Raises:
        ArgumentError: A name is unknown, or a quirk appears twice.
    """
    found = {each.name: each.parameter() for each in load(quirks)}
    return dict(sorted(found.items()))


def load(quirks: Quirks) -> tuple[Quirk, ...]:
    """Return the quirks of any form that ``FakeIntervals`` takes, in the order of application.

    Raises:
        ArgumentError: A name is unknown, lacks its parameter, or appears twice.
    """
    if isinstance(quirks, HasQuirks):
        return from_json(quirks.quirks())
    if isinstance(quirks, Mapping):
        return from_json(cast("Mapping[str, Json]", quirks))  # not an iterable of names
    found: dict[str, Quirk] = {}
    for each in [quirks] if isinstance(quirks, str) else quirks:
        quirk = each if isinstance(each, Quirk) else _class_of(each).from_parameter(True)
        if quirk.name in found:
            raise ArgumentError(f"quirks: expected {quirk.name!r} once, got it twice")
        found[quirk.name] = quirk
    return tuple(sorted(found.values(), key=lambda each: _RANKS.get(each.name, len(_RANKS))))


def _class_of(name: str) -> type[Quirk]:
    if name not in _BY_NAME:
        raise nearest("quirks", name, _BY_NAME)
    return _BY_NAME[name]
