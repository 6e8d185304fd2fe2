"""However a line of JSON is written, its bytes are the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intervals_async import ContactType, ProjectNote, Record, to_dict
from intervals_async.export.sinks import json_lines
from intervals_async.export.sinks.json_lines import (
    LineEncoder,
    encode_lines,
    encode_plainly,
    encoder_with_orjson,
    encoder_without_orjson,
)

from .made_up import CLASSES, alike, some_records

Maker = Callable[[type[Record], tuple[str, ...] | None], LineEncoder]
MAKERS = pytest.mark.parametrize("make", [encoder_with_orjson, encoder_without_orjson])


@pytest.mark.parametrize("cls", CLASSES, ids=alike)
@settings(max_examples=20)
@given(data=st.data())
def test_the_quick_ways_write_what_the_slow_one_does(
    cls: type[Record], data: st.DataObject
) -> None:
    """With orjson and without, a line is the JSON of `to_dict`, of every record."""
    for record in data.draw(some_records(cls)):
        line = encode_plainly(record)
        assert json.loads(line) == to_dict(record)
        assert encoder_with_orjson(cls)(record) == line
        assert encoder_without_orjson(cls)(record) == line


@MAKERS
@pytest.mark.parametrize(
    "value",
    [
        {"float": 1e16}, {"small": 1e-7}, {"whole": 5.0}, {"long": 2**64}, {"below": -(2**63) - 1},
        {"half": "\ud83d"}, {"\ud83d": 1}, {"deep": [{"deeper": [None, True, 0.5]}]},
        {"none": [], "nothing": {}}, MappingProxyType({"a": 1}),
    ],
)  # fmt: skip
def test_what_the_libraries_write_differently_is_written_the_same(
    make: Maker, value: Any, note: Any
) -> None:
    """Floats, long numbers and halves of surrogate pairs look as they did."""
    odd = attrs.evolve(note, extra=value)
    assert make(ProjectNote, None)(odd) == encode_plainly(odd)


@MAKERS
def test_nesting_without_end_is_left_to_the_careful_way(make: Maker, note: Any) -> None:
    """What orjson does not follow is written all the same."""
    deep: list[Any] = []
    for _ in range(150):
        deep = [deep]
    odd = attrs.evolve(note, extra={"deep": deep})
    assert make(ProjectNote, None)(odd) == encode_plainly(odd)


@MAKERS
def test_some_fields_stand_in_the_order_asked_for(make: Maker, note: Any) -> None:
    """A line may have some of the fields only."""
    names = ("title", "id", "extra")
    assert make(ProjectNote, names)(note) == encode_plainly(note, names)
    assert list(json.loads(encode_plainly(note, names))) == [*names]
    assert make(ProjectNote, ("id",))(note) == b'{"id":9}\n'


@MAKERS
def test_what_no_json_has_is_refused(make: Maker, note: Any) -> None:
    """A value that no record has is an error, not a guess."""
    with pytest.raises(TypeError):
        make(ProjectNote, None)(attrs.evolve(note, title=object()))


def test_records_of_several_classes_may_be_mixed(note: ProjectNote) -> None:
    """Each line is of its own record's class; no records are no bytes."""
    other = ContactType(extra={"id": 1})
    assert encode_lines([note, other, note]) == b"".join(map(encode_plainly, [note, other, note]))
    assert encode_lines([]) == b""


def test_without_orjson_the_standard_library_does_it(
    monkeypatch: pytest.MonkeyPatch, note: ProjectNote
) -> None:
    """Orjson is no requirement."""

    def missing(_: str) -> Any:
        raise ImportError

    monkeypatch.setattr(json_lines, "import_module", missing)
    names = ("title", "note")  # no other test asks for these
    assert encode_lines([note], names) == encode_plainly(note, names)
