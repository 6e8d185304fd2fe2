"""Pure: convert rows of a response to records, and records to plain data, with cattrs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Generic, TypeAlias, TypeVar, cast, dataclass_transform

import attrs
from cattrs import Converter, transform_error
from cattrs.errors import ClassValidationError
from cattrs.gen import make_dict_structure_fn, override

from ..errors import RecordError
from .values import DECODERS, Decode, optional

__all__ = ["Record", "RecordDecoder", "fields_of", "record", "record_decoder", "to_dict"]

R = TypeVar("R", bound="Record")
T = TypeVar("T")
Structure: TypeAlias = Callable[[Any, Any], Any]

# A field's metadata may name further spellings of it on the wire.
ALIASES = "aliases"


def _arranged(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    # objects have no hash; the other fields distinguish records well enough
    hashed = [
        field.evolve(hash=False) if "Objects" in str(field.type) else field for field in fields
    ]
    return sorted(hashed, key=lambda field: field.name == "extra")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(attrs.field,))
def record(cls: type[T]) -> type[T]:
    """Make a class a record: frozen, slotted, keyword-only, with `extra` as its last field."""
    return attrs.frozen(cls, kw_only=True, field_transformer=_arranged)


@record
class Record:
    """What all records have in common.

    Attributes:
        extra: The unknown fields that the server sent, undecoded, by wire name.
    """

    extra: Mapping[str, object] = attrs.field(factory=dict[str, object], hash=False)


class RecordDecoder(Generic[R]):
    """Decodes JSON rows as records of one class.

    Rows are decoded the fast way first. A row that fails is decoded again in detail, to report
    which field is wrong, and why.
    """

    __slots__ = ("_absent", "_aliases", "_class", "_explain", "_known", "_structure")

    def __init__(self, cls: type[R]) -> None:
        self._class = cls
        unfrozen = _unfrozen(cls)
        self._structure = _structure_function(unfrozen, detailed=False)
        self._explain = _structure_function(unfrozen, detailed=True)
        fields = [field for field in fields_of(cls) if field.name != "extra"]
        self._known = frozenset(field.name for field in fields)
        self._absent = {f.name: f.default for f in fields if f.default is not attrs.NOTHING}
        self._aliases: dict[str, str] = {
            alias: field.name for field in fields for alias in field.metadata.get(ALIASES, ())
        }

    @property
    def record_class(self) -> type[R]:
        """The class of the records."""
        return self._class

    def knows(self, name: str) -> bool:
        """Whether the records have a field of this name."""
        return name in self._known

    def records(self, rows: Iterable[object], json_path: str, first: int = 0) -> list[R]:
        """Decode the rows found at a JSON path, such as ``$.projectnote``.

        Args:
            rows: The rows, or a part of them.
            json_path: The JSON path of the list of rows.
            first: The index of the first of these rows in that list.

        Raises:
            RecordError: A row is not a record, or a value does not fit its field.
        """
        records, error = self.some_records(rows, json_path, first)
        if error is not None:
            raise error
        return records

    def some_records(
        self, rows: Iterable[object], json_path: str, first: int = 0
    ) -> tuple[list[R], RecordError | None]:
        """Decode rows up to the first invalid one; return the records and its error."""
        records: list[R] = []
        cls, structure, usual = self._class, self._structure, len(self._known)
        for row in rows:
            try:
                # The usual row has exactly the known keys.
                if len(row) != usual:  # type: ignore[arg-type]  # what has no length is explained
                    raise KeyError  # noqa: TRY301  as of a key that is not there
                record = structure(row, cls)
                record.__class__ = cls  # see `_unfrozen`
            except Exception:  # noqa: BLE001  whatever a hostile row provokes is explained below
                try:
                    record = self._careful(row, f"{json_path}[{first + len(records)}]")
                except RecordError as error:
                    return records, error
            records.append(record)
        return records, None

    def record(self, row: object, json_path: str) -> R:
        """Decode one row; raises as `records` does."""
        if not isinstance(row, dict):
            found = f"expected an object, got {type(row).__name__}"
            raise RecordError(f"{json_path}: {found}", json_path=json_path)
        try:
            return self._sorted_out(row, self._explain)
        except ClassValidationError as error:
            complaint = transform_error(error, path=json_path, format_exception=_check_create)[0]
            message, _, where = complaint.rpartition(" @ ")
            raise RecordError(f"{where}: {message}", json_path=where) from None

    def _careful(self, row: object, json_path: str) -> R:
        """Decode an unusual row, the fast way if possible."""
        if isinstance(row, dict):
            try:
                return self._sorted_out(row, self._structure)
            except Exception:  # noqa: BLE001, S110  explained below
                pass
        return self.record(row, json_path)

    def _sorted_out(self, row: dict[str, object], structure: Structure) -> R:
        extra = {key: value for key, value in row.items() if key not in self._known}
        spelled = {
            name: extra.pop(alias) for alias, name in self._aliases.items() if alias in extra
        }
        record = structure({**self._absent, **spelled, **row}, self._class)
        record.extra = extra
        record.__class__ = self._class
        return cast("R", record)


def record_decoder(cls: type[R]) -> RecordDecoder[R]:
    """Return the decoder of a record class; it is built once."""
    wanted: Any = cls
    decoder: RecordDecoder[R] = _built_decoder(wanted)
    return decoder


@cache
def _built_decoder(cls: Any) -> RecordDecoder[Any]:
    return RecordDecoder(cls)


def to_dict(record: Record) -> dict[str, Any]:
    """Convert a record into plain data that any JSON library can write.

    Dates and datetimes become ISO 8601 text. In UTC it ends in ``+00:00``; in the account's
    own time zone it has no offset. Decimals become text, so no digit is lost. `extra` stays a
    mapping under its own name.
    """
    plain: dict[str, Any] = _plain_converter().unstructure(record)
    return plain


def _unfrozen(cls: type[R]) -> type[Any]:
    """Make a subclass whose instances are filled quickly and then made instances of `cls`.

    A frozen class sets its fields through ``object.__setattr__``, and keyword-only arguments
    are matched one by one: together three quarters of the time that making a record takes.
    The subclass does neither. As it adds no field, Python lets its instances change their
    class, and the decoder changes it before it returns them.
    """

    def required(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
        # Without defaults, cattrs does not check which keys exist. The decoder fills in the missing
        # ones.
        return [
            field.evolve(kw_only=False, default=attrs.NOTHING)
            if field.name != "extra"
            else field.evolve(kw_only=False, default=attrs.Factory(dict))
            for field in fields
        ]

    return attrs.make_class(
        cls.__name__,
        {},
        bases=(cls,),
        class_body={"__setattr__": object.__setattr__, "__delattr__": object.__delattr__},
        field_transformer=required,
        slots=True,
        eq=False,
        repr=False,
    )


def _structure_function(cls: type[Any], *, detailed: bool) -> Structure:
    # Each field gets its hook here, None included. The hooks of cattrs would silently decode
    # wrong values (bool("f") is True), and its path through a union costs more.
    hooks: dict[Any, Decode] = {kind | None: optional(read) for kind, read in DECODERS.items()}
    hooks |= DECODERS
    overrides: dict[str, Any] = {
        field.name: override(struct_hook=hooks[field.type])
        for field in fields_of(cls)
        if field.name != "extra"
    }
    overrides["extra"] = override(omit=True)
    make: Callable[..., Structure] = make_dict_structure_fn
    return make(
        cls,
        Converter(detailed_validation=detailed),
        _cattrs_detailed_validation=detailed,
        **overrides,
    )


def fields_of(cls: type[Record]) -> tuple[attrs.Attribute[Any], ...]:
    """Return the fields of a record class, with their types resolved."""
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


def _check_create(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return "missing required field"
    return str(error)[:200]
