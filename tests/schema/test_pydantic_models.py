"""Records as pydantic models, in annotations, and as JSON Schema."""

from __future__ import annotations

import importlib
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from pydantic import BaseModel, TypeAdapter

import intervals_async
from intervals_async import (
    ABSENT,
    FieldUnreadableError,
    IntervalsClient,
    Person,
    Project,
    ProjectManager,
    ProjectNote,
    Record,
    Task,
    Time,
    columns_of,
    json_schema,
    pydantic_model,
    to_dict,
)
from intervals_async.resources import descriptions
from intervals_async.testing import FakeIntervals, make, strategies

from ..odd_rows import OddRows
from ..record_classes import EVERY_RECORD_CLASS
from ..rows import ids


def same_data(value: Any) -> Any:
    """Return parsed JSON with UTC times written as `to_dict` writes them."""
    match value:
        case dict():
            return {name: same_data(each) for name, each in value.items()}
        case list():
            return [same_data(each) for each in value]
        case str() if value.endswith("Z"):
            return datetime.fromisoformat(value).isoformat()
        case _:
            return value


@EVERY_RECORD_CLASS
def test_every_record_class_has_a_model(record_class: type[Record]) -> None:
    """Each model has the fields and descriptions of its record class, and takes its records."""
    model = pydantic_model(record_class)
    assert pydantic_model(record_class) is model
    assert issubclass(model, BaseModel)
    assert [*model.model_fields] == [column.name for column in columns_of(record_class)]
    for name, words in descriptions(record_class).items():
        assert model.model_fields[name].description == words
    record = make(record_class)
    found = model.model_validate(record)
    assert same_data(json.loads(found.model_dump_json())) == json.loads(json.dumps(to_dict(record)))
    assert model.model_validate(to_dict(record)) == found
    assert model.model_validate_json(found.model_dump_json()) == found


@EVERY_RECORD_CLASS
def test_every_record_class_is_an_annotation(record_class: type[Record]) -> None:
    """Pydantic validates and serializes annotations with record classes, and keeps records."""
    adapter: TypeAdapter[Any] = TypeAdapter(list[record_class])  # type: ignore[valid-type]
    records = [make(record_class)]
    (found,) = adapter.validate_python(records)
    assert found is records[0]
    restored = adapter.validate_json(adapter.dump_json(records))
    assert restored == records
    assert type(restored[0]) is record_class
    assert (
        adapter.dump_python(records)[0]
        == pydantic_model(record_class).model_validate(records[0]).model_dump()
    )


@given(strategies.records(Task) | strategies.records(Project))
@settings(max_examples=25)
def test_json_restores_a_record(record: Record) -> None:
    """A record that pydantic writes as JSON and reads again is the same."""
    adapter: TypeAdapter[Record] = TypeAdapter(type(record))
    assert adapter.validate_json(adapter.dump_json(record)) == record


async def test_unreadable_fields_become_none(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A field that could not be read is None in the model, and unset in a record made from it."""
    first = ids(fake)[0]
    fake.inject(OddRows({first: {"date": "soon", "title": ABSENT, "new": 1}}), times=None)
    note = await intervals.projectnote.get(first)
    assert note.unreadable == {"date": "soon", "title": ABSENT}
    plain = pydantic_model(ProjectNote).model_validate(note).model_dump()
    assert (plain["date"], plain["title"], plain["extra"]) == (None, None, {"new": 1})
    assert plain["id"] == first
    adapter = TypeAdapter(ProjectNote)
    restored = adapter.validate_json(adapter.dump_json(note))
    assert restored.unreadable == {"date": None, "title": None}
    with pytest.raises(FieldUnreadableError):
        _ = restored.title
    assert (restored.id, restored.extra) == (first, {"new": 1})
    assert adapter.validate_python({"id": 3}).unreadable["title"] is ABSENT


def test_nested_records_and_their_text_form() -> None:
    """A field of nested records is a field of models; text stays text."""
    model = pydantic_model(Project)
    for manager in ("Ada", (make(ProjectManager),), (), None):
        project = make(Project, manager=manager)
        assert (
            TypeAdapter(Project).validate_json(TypeAdapter(Project).dump_json(project)) == project
        )
        found: Any = model.model_validate(project)
        assert (found.manager is None) == (manager is None)
    nested: Any = model.model_validate(make(Project, manager=(make(ProjectManager),)))
    assert type(nested.manager[0]) is pydantic_model(ProjectManager)


def test_text_that_utf8_cannot_encode_is_escaped() -> None:
    """A lone surrogate in a text, which pydantic refuses, becomes its escape, as in exports."""
    odd = "a\udc80"
    task = make(Task, title=odd, priority=odd, summary=odd, extra={odd: [{odd: odd}, 1]})
    data = json.loads(TypeAdapter(Task).dump_json(task))
    escaped = "a\\udc80"
    assert {data["title"], data["priority"], data["summary"]} == {escaped}
    assert data["extra"] == {escaped: [{escaped: escaped}, 1]}


def test_models_cannot_be_changed() -> None:
    """A model is frozen, like the record."""
    found: Any = pydantic_model(Person).model_validate(make(Person))
    with pytest.raises(ValueError, match="frozen"):
        found.firstname = "Bob"


def test_fastapi_takes_record_classes_as_return_types() -> None:
    """An endpoint that returns `Time`, a list, a stream or any record is part of the OpenAPI."""
    app = FastAPI()

    @app.get("/one")
    async def one() -> Time:
        raise NotImplementedError

    model: Any = pydantic_model(Time)

    @app.get("/several", response_model=list[model])
    async def several() -> list[Time]:
        raise NotImplementedError

    @app.get("/stream")
    async def stream() -> AsyncIterator[Time]:
        yield make(Time)

    @app.get("/any")
    async def any_record() -> Record:
        raise NotImplementedError

    schema = app.openapi()
    (time,) = [each for each in schema["components"]["schemas"].values() if each["title"] == "Time"]
    assert time["properties"]["worktypeid"]["description"] == "Work type id."
    content = schema["paths"]["/one"]["get"]["responses"]["200"]["content"]
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/Time"}


def test_any_record_is_serialized_with_all_its_fields() -> None:
    """The annotation `Record` takes records of every class, and writes all their fields."""
    adapter: TypeAdapter[Record] = TypeAdapter(Record)
    entry = make(Time)
    assert json.loads(adapter.dump_json(entry)) == to_dict(entry)
    assert adapter.validate_python(entry) is entry
    with pytest.raises(ValueError, match="instance of Record"):
        adapter.validate_python({"id": 3})


@EVERY_RECORD_CLASS
def test_every_record_class_has_a_json_schema(record_class: type[Record]) -> None:
    """The JSON Schema has every field, with its description; no field is missing in the data."""
    schema = json_schema(record_class)
    assert schema["title"] == record_class.__name__
    assert {*schema["properties"]} == {*schema["required"]} == {*to_dict(make(record_class))}
    for name, words in descriptions(record_class).items():
        assert schema["properties"][name]["description"] == words
    json.dumps(schema)


@pytest.mark.parametrize("record_class", [Task, Time, Project])
def test_records_match_their_json_schema(record_class: type[Record]) -> None:
    """The data of `to_dict` is valid according to the JSON Schema, whatever the record holds."""
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema(record_class))

    @given(strategies.records(record_class))
    @settings(max_examples=25)
    def check(record: Record) -> None:
        validator.validate(json.loads(json.dumps(to_dict(record))))

    check()
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(to_dict(make(record_class)) | {"id": "3"})


def test_the_json_schema_gives_formats() -> None:
    """Dates and times in UTC have a format; a time without a time zone has none."""
    fields = json_schema(Task)["properties"]
    assert fields["dateopen"]["anyOf"][0] == {"type": "string", "format": "date"}
    assert fields["starttime"]["anyOf"][0] == {"type": "string", "format": "date-time"}
    assert fields["datemodified"]["anyOf"][0] == {"type": "string"}
    assert fields["estimate"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert fields["priority"]["anyOf"] == [
        {"type": "integer"},
        {"type": "string"},
        {"type": "null"},
    ]


def test_without_pydantic_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pydantic, `pydantic_model` says what to install."""
    real = importlib.import_module

    def without_pydantic(name: str, package: str | None = None) -> Any:
        if name == "pydantic":
            raise ImportError(name)
        return real(name, package)

    module = real("intervals_async._schema.pydantic_models")
    monkeypatch.setattr(module, "import_module", without_pydantic)

    class Unknown(Record):
        """A class without a model."""

    with pytest.raises(ImportError, match=r"intervals_async\[pydantic\]"):
        intervals_async.pydantic_model(Unknown)
