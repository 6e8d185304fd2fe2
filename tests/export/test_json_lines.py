"""All encoders of JSON Lines write the same bytes."""

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

from .made_up import CLASSES, some_records

Maker = Callable[[type[Record], tuple[str, ...] | None], LineEncoder]
MAKERS = pytest.mark.parametrize("make", [encoder_with_orjson, encoder_without_orjson])

# The classes are tested in so many groups, which may run at the same time.
GROUPS = 6


@pytest.mark.slow
@pytest.mark.parametrize("group", range(GROUPS))
@settings(max_examples=20)
@given(data=st.data())
def test_fast_encoders_write_the_same_bytes(group: int, data: st.DataObject) -> None:
    """With orjson and without, a line is the JSON of `to_dict`, for records of every class."""
    for cls in CLASSES[group::GROUPS]:
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
def test_values_that_the_libraries_write_differently(make: Maker, value: Any, note: Any) -> None:
    """Floats, large integers and lone surrogates are written the same with orjson and without."""
    odd = attrs.evolve(note, extra=value)
    assert make(ProjectNote, None)(odd) == encode_plainly(odd)


@MAKERS
def test_deep_nesting_is_written(make: Maker, note: Any) -> None:
    """Nesting that is too deep for orjson is written by the standard library."""
    deep: list[Any] = []
    for _ in range(150):
        deep = [deep]
    odd = attrs.evolve(note, extra={"deep": deep})
    assert make(ProjectNote, None)(odd) == encode_plainly(odd)


@MAKERS
def test_selected_fields_are_in_the_requested_order(make: Maker, note: Any) -> None:
    """A line holds the selected fields only, in the requested order."""
    names = ("title", "id", "extra")
    assert make(ProjectNote, names)(note) == encode_plainly(note, names)
    assert list(json.loads(encode_plainly(note, names))) == [*names]
    assert make(ProjectNote, ("id",))(note) == b'{"id":9}\n'


@MAKERS
def test_value_without_json_form_is_rejected(make: Maker, note: Any) -> None:
    """A value that JSON has no type for raises TypeError."""
    with pytest.raises(TypeError):
        make(ProjectNote, None)(attrs.evolve(note, title=object()))


def test_records_of_several_classes_may_be_mixed(note: ProjectNote) -> None:
    """Each line has the fields of its record's class; no records are no bytes."""
    other = ContactType(extra={"id": 1})
    assert encode_lines([note, other, note]) == b"".join(map(encode_plainly, [note, other, note]))
    assert encode_lines([]) == b""


def test_standard_library_is_used_without_orjson(
    monkeypatch: pytest.MonkeyPatch, note: ProjectNote
) -> None:
    """Without orjson, the standard library encodes the lines."""

    def missing(_: str) -> Any:
        raise ImportError

    monkeypatch.setattr(json_lines, "import_module", missing)
    names = ("title", "note")  # No other test uses these, so their encoder is not cached yet.
    assert encode_lines([note], names) == encode_plainly(note, names)
