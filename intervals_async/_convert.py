"""Pure: rows of an answer to records, and records to plain data; cattrs does the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Generic, TypeVar, cast, dataclass_transform

import attrs
from cattrs import Converter, transform_error
from cattrs.errors import ClassValidationError
from cattrs.gen import make_dict_structure_fn, override

from ._values import DECODERS, Decode, optional
from .errors import RecordError

__all__ = ["Record", "RecordDecoder", "record", "record_decoder", "to_dict"]

R = TypeVar("R", bound="Record")
T = TypeVar("T")

# A field's metadata may name further spellings of it on the wire.
ALIASES = "aliases"


def _extra_last(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    return sorted(fields, key=lambda field: field.name == "extra")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(attrs.field,))
def record(cls: type[T]) -> type[T]:
    """Make a class a record: frozen, slotted, keyword-only, with `extra` as its last field."""
    return attrs.frozen(cls, kw_only=True, field_transformer=_extra_last)


@record
class Record:
    """What all records have in common.

    Attributes:
        extra: What the server sent beyond the known fields, undecoded, by its wire name.
    """

    extra: Mapping[str, object] = attrs.field(factory=dict[str, object], hash=False)


class RecordDecoder(Generic[R]):
    """Makes records of one class from rows as JSON gave them.

    Rows are decoded the quick way first. Only when one fails are they decoded again in
    detail, to say which field of which row was wrong, and how.
    """

    __slots__ = ("_aliases", "_class", "_explain", "_known", "_structure")

    def __init__(self, cls: type[R]) -> None:
        self._class = cls
        fields = _fields(cls)
        self._known = frozenset(field.name for field in fields) - {"extra"}
        self._aliases: dict[str, str] = {
            alias: field.name for field in fields for alias in field.metadata.get(ALIASES, ())
        }
        self._structure = _structure_function(cls, detailed=False)
        self._explain = _structure_function(cls, detailed=True)

    def records(self, rows: Sequence[object], place: str) -> list[R]:
        """Decode rows; `place` says where they stand, such as ``$.projectnote``.

        Raises:
            RecordError: A row is not a record, or a value does not fit its field.
        """
        try:
            return [self._decode(row, self._structure) for row in rows]
        except Exception:  # noqa: BLE001  whatever a hostile row provokes is explained row by row below
            return [self.record(row, f"{place}[{index}]") for index, row in enumerate(rows)]

    def record(self, row: object, place: str) -> R:
        """Decode one row; raises as `records` does."""
        try:
            return self._decode(row, self._explain)
        except ClassValidationError as error:
            complaint = transform_error(error, path=place, format_exception=_complaint)[0]
            message, _, where = complaint.rpartition(" @ ")
            raise RecordError(f"{where}: {message}", place=where) from None
        except AttributeError:
            found = f"expected an object, found {type(row).__name__}"
            raise RecordError(f"{place}: {found}", place=place) from None

    def _decode(self, row: Any, structure: Callable[[Any, type[R]], R]) -> R:
        if not row.keys() <= self._known:
            row = self._sorted_out(row)
        return structure(row, self._class)

    def _sorted_out(self, row: Mapping[str, object]) -> dict[str, object]:
        known: dict[str, object] = {}
        extra: dict[str, object] = {}
        for key, value in row.items():
            if key in self._known:
                known[key] = value
            elif key in self._aliases:
                known.setdefault(self._aliases[key], value)
            else:
                extra[key] = value
        return {**known, "extra": extra}


def record_decoder(cls: type[R]) -> RecordDecoder[R]:
    """Give the decoder of a record class; it is built once."""
    wanted: Any = cls
    decoder: RecordDecoder[R] = _built_decoder(wanted)
    return decoder


@cache
def _built_decoder(cls: Any) -> RecordDecoder[Any]:
    return RecordDecoder(cls)


def to_dict(record: Record) -> dict[str, Any]:
    """Turn a record into plain data that any JSON library writes as it stands.

    Dates and moments become ISO 8601 texts (UTC ones end in ``+00:00``, those in the
    account's own zone carry none), decimals become texts so that no digit is lost, and
    `extra` stays a mapping under its own name.
    """
    plain: dict[str, Any] = _plain_converter().unstructure(record)
    return plain


def _structure_function(cls: type[R], *, detailed: bool) -> Callable[[Any, type[R]], R]:
    # Each field is given its hook here, None included. cattrs' own would be wrong for this
    # wire without a word (bool("f") is True), and the path through a union costs more.
    hooks: dict[Any, Decode] = {kind | None: optional(read) for kind, read in DECODERS.items()}
    hooks |= DECODERS
    overrides: dict[str, Any] = {
        field.name: override(struct_hook=hooks[field.type])
        for field in _fields(cls)
        if field.name != "extra"
    }
    overrides["extra"] = override(struct_hook=lambda value, _: value)
    make: Callable[..., Callable[[Any, type[R]], R]] = make_dict_structure_fn
    return make(
        cls,
        Converter(detailed_validation=detailed),
        _cattrs_detailed_validation=detailed,
        **overrides,
    )


def _fields(cls: type[Record]) -> tuple[attrs.Attribute[Any], ...]:
    # `record` makes attrs classes, but type checkers know them as dataclass-like only.
    known = attrs.resolve_types(cast("type[attrs.AttrsInstance]", cls))
    return tuple(attrs.fields(known))


@cache
def _plain_converter() -> Converter:
    converter = Converter()
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook(Decimal, str)
    return converter


def _complaint(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return "the field is missing"
    return str(error)[:200]
