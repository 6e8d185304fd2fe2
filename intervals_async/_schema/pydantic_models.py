"""Records as pydantic models, for FastAPI. pydantic is imported when the first model is made."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

from .columns import Column, ColumnKind, columns_of
from .decoder import nested_class, to_dict
from .descriptions import descriptions
from .record import ABSENT, Extra, Record, fields_of

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["core_schema", "json_schema", "pydantic_model"]

_TYPES: Mapping[ColumnKind, Any] = {
    ColumnKind.INTEGER: int,
    ColumnKind.BOOLEAN: bool,
    ColumnKind.TEXT: str,
    ColumnKind.HTML: str,
    ColumnKind.DECIMAL: Decimal,
    ColumnKind.DATE: date,
    ColumnKind.UTC_DATETIME: datetime,
    ColumnKind.ID_LIST: tuple[int, ...],
    ColumnKind.NUMBER_OR_TEXT: int | str,
}


_WITH_TEXT = {
    ColumnKind.TEXT,
    ColumnKind.HTML,
    ColumnKind.NUMBER_OR_TEXT,
    ColumnKind.TEXT_OR_OBJECTS,
}


def pydantic_model(record_class: type[Record]) -> type[BaseModel]:
    """Return the pydantic model of a record class, such as `Task`.

        TaskModel = pydantic_model(Task)
        TaskModel.model_validate(task)  # a record, or the data of `to_dict`

    The model has the fields of the record and their descriptions. All may be None, because a field
    that could not be read is None in the model. Requires pydantic: install the extra ``pydantic``.

    FastAPI needs no model for a record class in a return annotation (``-> Task``): it finds the
    model by itself.

    Args:
        record_class: The class of the records.

    Returns:
        The model, the same in each call.

    Raises:
        ImportError: pydantic is not installed.

    .. versionadded:: 0.2.0
    """
    wanted: Any = record_class  # a type is hashable, which `cache` cannot know
    model: type[BaseModel] = _model(wanted)
    return model


@cache
def _model(record_class: Any) -> Any:
    pydantic = _pydantic()
    words = descriptions(record_class, Record)
    columns = {column.name: column for column in columns_of(record_class)}
    fields: dict[str, Any] = {}
    for field in fields_of(record_class):
        if field.name == "extra":
            continue
        kind = _type(columns[field.name], nested_class(field.type)) | None
        if columns[field.name].kind in _WITH_TEXT:
            kind = Annotated[kind, pydantic.BeforeValidator(_encodable)]
        about = pydantic.Field(default=None, description=words.get(field.name))
        fields[field.name] = (kind, about)
    about = pydantic.Field(
        default_factory=dict, description="The unknown fields that the server sent, by wire name."
    )
    kind = Annotated[dict[str, Any], pydantic.BeforeValidator(_encodable)]
    fields["extra"] = (kind, about)
    return pydantic.create_model(
        record_class.__name__,
        __config__=pydantic.ConfigDict(
            from_attributes=True,
            frozen=True,
            # A response holds every field, None included.
            json_schema_serialization_defaults_required=True,
        ),
        __doc__=inspect.getdoc(record_class),
        **fields,
    )


def _type(column: Column, nested: type[Record] | None) -> Any:
    """Return the type of a field's values."""
    if column.kind is ColumnKind.LOCAL_DATETIME:
        # The JSON Schema format "date-time" requires a time zone.
        return Annotated[datetime, _pydantic().WithJsonSchema({"type": "string"})]
    if nested is None:
        return _TYPES[column.kind]
    model: Any = pydantic_model(nested)
    objects = tuple[model, ...]
    return str | objects if column.kind is ColumnKind.TEXT_OR_OBJECTS else objects


def json_schema(record_class: type[Record]) -> dict[str, Any]:
    """Return the JSON Schema of the data that `to_dict` and JSON exports make of a record.

    Every field is present. All may be null, because a field that could not be read is null.
    Requires pydantic: install the extra ``pydantic``.

    Args:
        record_class: The class of the records, such as `Task`.

    Raises:
        ImportError: pydantic is not installed.

    .. versionadded:: 0.2.0
    """
    schema = pydantic_model(record_class).model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _encodable(value: Any) -> Any:
    """Escape lone surrogates, which pydantic refuses, as exports do."""
    match value:
        case str():
            return value.encode(errors="backslashreplace").decode()
        case Mapping():
            return {_encodable(name): _encodable(each) for name, each in value.items()}
        case list():
            return [_encodable(each) for each in value]
        case _:
            return value


def core_schema(record_class: type[Record], make_schema: Any) -> Any:
    """Return the pydantic-core schema of a record class, for annotations with it.

    Records are accepted as they are. Other data is validated by the model, and becomes a record.

    Args:
        record_class: The class of the records.
        make_schema: The handler that pydantic passes; it makes the schemas of types.
    """
    core = import_module("pydantic_core.core_schema")
    if record_class is Record:  # records of any class
        return core.is_instance_schema(
            Record,
            serialization=core.plain_serializer_function_ser_schema(
                to_dict, return_schema=core.dict_schema(core.str_schema())
            ),
        )
    model = pydantic_model(record_class)
    inner = make_schema(model)

    def validate(value: object, validate_model: Any) -> Record:
        if isinstance(value, record_class):
            return value
        return _record(record_class, validate_model(value))

    def serialize(value: Record, serialize_model: Any) -> Any:
        return serialize_model(model.model_validate(value))

    return core.no_info_wrap_validator_function(
        validate,
        inner,
        serialization=core.wrap_serializer_function_ser_schema(serialize, schema=inner),
    )


def _record(record_class: type[Record], model: BaseModel) -> Record:
    """Make a record of a model. A field that is None and must not be is unreadable."""
    values: dict[str, Any] = {}
    for field in fields_of(record_class):
        value = getattr(model, field.name)
        nested = nested_class(field.type)
        if nested is not None and isinstance(value, tuple):
            value = tuple(_record(nested, each) for each in value)
        values[field.name] = value
    unreadable: dict[str, object] = {
        column.name: None if column.name in model.model_fields_set else ABSENT
        for column in columns_of(record_class)
        if not column.nullable and values[column.name] is None
    }
    if unreadable:
        values["extra"] = odd = Extra(values["extra"])
        odd.unreadable = unreadable
    record = object.__new__(record_class)
    record.__setstate__({name: values[name] for name in values.keys() - unreadable.keys()})
    return record


def _pydantic() -> Any:
    try:
        return import_module("pydantic")
    except ImportError as error:
        raise ImportError(
            'pydantic is not installed; run: pip install "intervals_async[pydantic]"'
        ) from error
