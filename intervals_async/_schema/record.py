"""Pure: the base class of all records. It copes with fields that could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, cast, dataclass_transform

import attrs

from ..errors import FieldUnreadableError
from .values import abridged, expected_value

__all__ = [
    "ABSENT",
    "Absent",
    "Extra",
    "Record",
    "column_values",
    "complaint",
    "field_names",
    "fields_of",
    "record",
    "shown_values",
]

T = TypeVar("T")


class Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = "ABSENT"

    def __repr__(self) -> str:
        """Show the name alone."""
        return "ABSENT"


ABSENT: Final = Absent.ABSENT
"""Stands in `Record.unreadable` for a field that the server did not send."""

_ALL_READABLE: Mapping[str, object] = MappingProxyType({})
_UNSET = object()


def _extra_last(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    return sorted(fields, key=lambda field: field.name == "extra")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(attrs.field,))
def record(cls: type[T]) -> type[T]:
    """Make a class a record: frozen, slotted, keyword-only, with `extra` as its last field."""
    # The methods that attrs would write read all fields, and a field may be unset.
    return attrs.frozen(
        cls,
        kw_only=True,
        field_transformer=_extra_last,
        eq=False,
        repr=False,
        getstate_setstate=False,
    )


class Extra(dict[str, object]):
    """The `extra` of a record with unreadable fields: it holds these, too.

    A slot of the record would cost every record memory, and a slow look whether it is set.
    """

    __slots__ = ("unreadable",)

    unreadable: Mapping[str, object]


@record
class Record:
    """What all records have in common.

    Records are equal if all their fields are. Their hash is that of the fields without `extra`.

    Attributes:
        extra: The unknown fields that the server sent, undecoded, by wire name.
    """

    extra: Mapping[str, object] = attrs.field(factory=dict[str, object])

    if not TYPE_CHECKING:  # type checkers report unknown attributes themselves

        def __getattr__(self, name: str) -> object:
            # Python calls this for a slot that is not set.
            if name.startswith("_") or name not in self.unreadable:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            raise FieldUnreadableError(
                complaint(type(self), name, self.unreadable[name]),
                resource=type(self).__name__.lower(),
                record_id=None if name == "id" else getattr(self, "id", None),
                field=name,
            )

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            # pydantic and FastAPI call this for an annotation such as ``-> Task``.
            from .pydantic_models import core_schema  # noqa: PLC0415  which imports pydantic

            return core_schema(cls, handler)

    @property
    def unreadable(self) -> Mapping[str, object]:
        """The fields that could not be read, with the values that the server sent.

        The value is `ABSENT` if the server did not send the field. Such a field is not set:
        reading it raises `FieldUnreadableError`.

        .. versionadded:: 0.2.0
        """
        return getattr(self.extra, "unreadable", _ALL_READABLE)

    def __eq__(self, other: object) -> bool:
        """Compare all fields, those that could not be read included."""
        if other.__class__ is not self.__class__:
            return NotImplemented
        same: Any = other
        cls: Any = self.__class__
        values = _getter(cls)
        try:
            return values(self) == values(same)
        except FieldUnreadableError:
            return _values(self) == _values(same) and self.unreadable == same.unreadable

    def __hash__(self) -> int:
        """Hash all fields but `extra`."""
        cls: Any = self.__class__
        try:
            return hash(_getter(cls)(self)[:-1])
        except FieldUnreadableError:
            return hash(_values(self)[:-1])

    def __repr__(self) -> str:
        """Show all fields by name."""
        fields = (
            f"{name}={value!r}"
            if value is not _UNSET
            else f"{name}=<unreadable: {self.unreadable[name]!r}>"
            for name, value in zip(field_names(type(self)), _values(self)[1:], strict=True)
        )
        return f"{type(self).__name__}({', '.join(fields)})"

    def _repr_html_(self) -> str:
        """Show the fields that have values as a table, in a notebook."""
        from .._html import fields_table  # noqa: PLC0415  for notebooks only

        named = [*zip(field_names(type(self)), shown_values(self), strict=True)]
        fields = [(name, value) for name, value in named if value not in (None, {})]
        empty = [name for name, value in named if value is None]
        identity = getattr(self, "id", None)
        return fields_table(
            type(self).__name__ if identity is None else f"{type(self).__name__} {identity}",
            fields,
            f"Without a value: {', '.join(empty)}." if empty else "",
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields that are set."""
        named = zip(field_names(type(self)), _values(self)[1:], strict=True)
        return {name: value for name, value in named if value is not _UNSET}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Set the fields that were set."""
        for name, value in state.items():
            object.__setattr__(self, name, value)


def fields_of(cls: type[Record]) -> tuple[attrs.Attribute[Any], ...]:
    """Return the fields of a record class, with their types resolved."""
    # `record` makes attrs classes, but type checkers know them as dataclass-like only.
    known = attrs.resolve_types(cast("type[attrs.AttrsInstance]", cls))
    return tuple(attrs.fields(known))


def field_names(cls: type[Record]) -> tuple[str, ...]:
    """Name the fields of a record class, in their order; `extra` is the last."""
    wanted: Any = cls  # a type is hashable, which `cache` cannot know
    return _field_names(wanted)


@cache
def _field_names(cls: Any) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(cls))


def complaint(cls: type[Record], field: str, found: object) -> str:
    """Say why a field could not be read: what was expected, and what was found."""
    expected = next(expected_value(each.type) for each in fields_of(cls) if each.name == field)
    shown = "no such field" if found is ABSENT else abridged(found)
    return f"expected {expected}, got {shown}"


_Values: TypeAlias = Callable[[Any], tuple[Any, ...]]


@cache
def _getter(cls: Any) -> _Values:
    return _getter_of(field_names(cls))


def _getter_of(names: Iterable[str]) -> _Values:
    # With a single name, attrgetter returns no tuple. So the class is added.
    return attrgetter("__class__", *names)


def _values(record: Record) -> tuple[Any, ...]:
    """Return the class and the values of all fields; `_UNSET` for unreadable ones."""
    names = field_names(type(record))
    return type(record), *(getattr(record, name, _UNSET) for name in names)


def shown_values(record: Record) -> list[object]:
    """Return the values of all fields for a notebook, with the reasons of unreadable ones."""
    from .._html import Unreadable  # noqa: PLC0415  for notebooks only

    cls = type(record)
    return [
        Unreadable(complaint(cls, name, record.unreadable[name])) if value is _UNSET else value
        for name, value in zip(field_names(cls), _values(record)[1:], strict=True)
    ]


def column_values(records: Iterable[Record], names: Iterable[str]) -> list[tuple[Any, ...]]:
    """Return the values of some fields, one tuple for each field; None for unreadable ones.

    Args:
        records: The records; they may be of several classes that have these fields.
        names: The names of the fields.

    .. versionadded:: 0.2.0
    """
    wanted = tuple(names)
    found = list(records)
    if not found:
        return [()] * len(wanted)
    try:
        _, *columns = zip(*map(_getter_of(wanted), found), strict=True)
    except FieldUnreadableError:
        columns = [tuple(getattr(each, name, None) for each in found) for name in wanted]
    return columns
