"""Pure: decodes rows of a response as records, and converts records to plain data, with cattrs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from inspect import isclass
from typing import Any, Generic, TypeAlias, TypeVar, cast, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from ..errors import FieldUnreadableError, RecordError
from ..events import FieldUnreadable
from .record import ABSENT, Extra, Record, complaint, field_names, fields_of
from .values import DECODERS, Decode, abridged, objects, optional, text

__all__ = ["DecodedRows", "RecordDecoder", "nested_class", "record_decoder", "to_dict"]

R = TypeVar("R", bound=Record)
Structure: TypeAlias = Callable[[Any, Any], Any]

# A field's metadata may name further spellings of it on the wire.
ALIASES = "aliases"


@attrs.frozen
class DecodedRows(Generic[R]):
    """Records decoded from rows.

    Attributes:
        records: The records, in the order of the rows.
        unreadable: Each field that could not be read, with the first record of these.
        error: Why the row after the records is invalid; None if all rows were decoded.
    """

    records: list[R]
    unreadable: Collection[FieldUnreadable] = ()
    error: RecordError | None = None


class RecordDecoder(Generic[R]):
    """Decodes JSON rows as records of one class.

    Rows are decoded the fast way first. One that fails is decoded field by field, and the fields
    that cannot be read are left unset.
    """

    __slots__ = ("_absent", "_aliases", "_class", "_known", "_nested", "_readers", "_structure")

    def __init__(self, cls: type[R]) -> None:
        self._class = cls
        fields = [field for field in fields_of(cls) if field.name != "extra"]
        self._readers: dict[str, Decode] = {f.name: _reader(f.type) for f in fields}
        self._structure = _structure_function(_unfrozen(cls), self._readers)
        self._nested = [f.name for f in fields if nested_class(f.type) is not None]
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

    def decode(
        self,
        rows: Iterable[object],
        json_path: str,
        *,
        first: int = 0,
        offset: int = 0,
        strict: bool = False,
        needs_id: bool = False,
    ) -> DecodedRows[R]:
        """Decode the rows found at a JSON path, such as ``$.projectnote``, up to an invalid one.

        Args:
            rows: The rows, or a part of them.
            json_path: The path of the list of all rows.
            first: The index in that list of the first of these rows.
            offset: The offset of that list in the complete listing.
            strict: Whether a row with an unreadable field is invalid.
            needs_id: Whether a row with an unreadable id is invalid.
        """
        records: list[R] = []
        unusual: list[R] = []
        cls, structure, usual = self._class, self._structure, len(self._known)
        error: RecordError | None = None
        for row in rows:
            try:
                # The usual row has exactly the known keys.
                if len(row) != usual:  # type: ignore[arg-type]  # what has no length is explained
                    raise KeyError  # noqa: TRY301  as of a key that is not there
                record = structure(row, cls)
                record.__class__ = cls  # see `_unfrozen`
            except Exception:  # noqa: BLE001  whatever a hostile row provokes is explained below
                index = first + len(records)
                try:
                    record = self._careful(row, f"{json_path}[{index}]")
                except RecordError as no_record:
                    error = no_record
                    error.offset = offset + index
                    break
                unusual.append(record)
            records.append(record)
        unreadable = self._unreadable(records if self._nested else unusual)
        for index, record in enumerate(records if strict or needs_id else ()) if unreadable else ():
            found = self._unreadable([record])
            wrong = [each for each in found if strict or each.field == "id"]
            if wrong:
                error = _field_error(wrong[0], f"{json_path}[{first + index}]")
                error.offset = offset + first + index
                return DecodedRows(records[:index], unreadable, error)
        return DecodedRows(records, unreadable, error)

    def decode_one(
        self, row: object, json_path: str, *, strict: bool = False
    ) -> tuple[R, Collection[FieldUnreadable]]:
        """Decode a row that is in no list, and say which fields of it could not be read.

        Raises:
            RecordError: The row is not an object, or a field is unreadable and `strict` is set.
        """
        record = self._careful(row, json_path)
        unreadable = self._unreadable([record])
        if strict and unreadable:
            raise _field_error(next(iter(unreadable)), json_path)
        return record, unreadable

    def _unreadable(self, records: Iterable[R]) -> Collection[FieldUnreadable]:
        """List the unreadable fields, each with the first record in which it is unreadable."""
        fields: dict[str, FieldUnreadable] = {}
        for record in records:
            for holder, prefix in self._holders(record):
                for name, found in holder.unreadable.items():
                    field = prefix + name
                    if field not in fields:
                        fields[field] = FieldUnreadable(
                            resource=self._class.__name__.lower(),
                            field=field,
                            record_id=getattr(record, "id", None),
                            reason=complaint(type(holder), name, found),
                        )
        return fields.values()

    def _holders(self, record: R) -> Iterator[tuple[Record, str]]:
        """Yield a record and the objects within it, with the prefix of the names of their fields."""
        yield record, ""
        for field in self._nested:
            objects = getattr(record, field, None)
            if isinstance(objects, tuple):
                for one in objects:
                    yield one, f"{field}."

    def _careful(self, row: object, json_path: str) -> R:
        """Decode an unusual row, the fast way if possible."""
        if not isinstance(row, dict):
            found = f"expected an object, got {abridged(row)}"
            raise RecordError(f"{json_path}: {found}", json_path=json_path)
        known: dict[str, object] = {}
        extra: dict[str, object] = {}
        for key, value in row.items():
            (known if key in self._known else extra)[key] = value
        for alias, name in self._aliases.items():
            if alias in extra:
                known.setdefault(name, extra.pop(alias))
        try:
            record = self._structure({**self._absent, **known}, self._class)
        except Exception:  # noqa: BLE001  the fields at fault are found one by one
            return self._field_by_field(known, extra)
        record.extra = extra
        record.__class__ = self._class
        return cast("R", record)

    def _field_by_field(self, known: Mapping[str, object], extra: Mapping[str, object]) -> R:
        """Make a record of those fields that can be read."""
        odd = Extra(extra)
        values: dict[str, object] = {"extra": odd}
        unreadable: dict[str, object] = {}
        for name, read in self._readers.items():
            if name not in known:
                if name in self._absent:
                    values[name] = self._absent[name]
                else:
                    unreadable[name] = ABSENT
                continue
            try:
                values[name] = read(known[name], None)
            except Exception:  # noqa: BLE001  whatever is wrong with it, the value is kept
                unreadable[name] = known[name]
        record = object.__new__(self._class)
        odd.unreadable = unreadable
        for name, value in values.items():
            object.__setattr__(record, name, value)
        return record


def _field_error(found: FieldUnreadable, json_path: str) -> RecordError:
    """Return the error about an unreadable field."""
    path = f"{json_path}.{found.field}"
    message = f"{path}: {found.reason}"
    return RecordError(message, json_path=path, record_id=found.record_id)


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
    mapping under its own name. A field that could not be read is None.
    """
    cls: Any = type(record)
    try:
        return _unstructure_function(cls)(record)
    except FieldUnreadableError:
        plain = _plain_converter().unstructure
        return {name: plain(getattr(record, name, None)) for name in field_names(cls)}


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


def _reader(kind: Any) -> Decode:
    """Return the function that reads the values of a field of this type."""
    if kind in DECODERS:
        return DECODERS[kind]
    nested = nested_class(kind)
    if nested is not None:
        decoder, has_text = record_decoder(nested), str in get_args(kind)
        return optional(_text_or_nested(decoder) if has_text else _nested(decoder))
    return optional(DECODERS[get_args(kind)[0]])


def nested_class(kind: Any) -> type[Record] | None:
    """Return the class of the objects in a field, as in ``str | tuple[ProjectManager, ...]``."""
    tuples = (each for each in get_args(kind) if get_origin(each) is tuple)
    classes = (get_args(each)[0] for each in tuples)
    return next((each for each in classes if isclass(each) and issubclass(each, Record)), None)


def _nested(decoder: RecordDecoder[Any]) -> Decode:
    """Make a reader of objects within a record."""

    def read(value: object, _: object = None) -> tuple[Record, ...]:
        return tuple(decoder.decode(objects(value), "$").records)

    return read


def _text_or_nested(decoder: RecordDecoder[Any]) -> Decode:
    """Make a reader of objects within a record, or of the text that another form of it has."""
    read_objects = _nested(decoder)

    def read(value: object, _: object = None) -> Any:
        return read_objects(value, None) if isinstance(value, list) else text(value)

    return read


def _structure_function(cls: type[Any], readers: Mapping[str, Decode]) -> Structure:
    # Each field gets its hook here, None included. The hooks of cattrs would silently decode
    # wrong values (bool("f") is True), and its path through a union costs more.
    overrides: dict[str, Any] = {name: override(struct_hook=read) for name, read in readers.items()}
    overrides["extra"] = override(omit=True)
    make: Callable[..., Structure] = make_dict_structure_fn
    return make(
        cls,
        Converter(detailed_validation=False),
        _cattrs_detailed_validation=False,
        **overrides,
    )


@cache
def _plain_converter() -> Converter:
    converter = Converter()
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook(Decimal, str)
    converter.register_unstructure_hook_func(
        lambda cls: isclass(cls) and issubclass(cls, Record), to_dict
    )
    return converter


@cache
def _unstructure_function(cls: Any) -> Callable[[Record], dict[str, Any]]:
    make: Callable[..., Callable[[Record], dict[str, Any]]] = make_dict_unstructure_fn
    return make(cls, _plain_converter())
