"""Rows become records, and a wrong row is explained."""

from __future__ import annotations

import copy
import json
import pickle
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async import PersonContact, Project, ProjectNote, Record, RecordError, to_dict
from intervals_async._schema.records import record_decoder

ROW = {
    "id": "9",
    "projectid": "3",
    "authorid": "4",
    "title": "Q&amp;A",
    "note": "<p>1 &lt; 2</p>",
    "date": "2024-05-06 07:08:09",
    "secure": "f",
    "localid": "1",
    "projectactive": "t",
    "author": "J. &quot;Jo&quot; Doe",
    "projectlocalid": "12",
    "clientlocalid": "",
    "mod_authorlocalid": None,
}


# With every key there is, as the list sends it; ROW lacks some.
WHOLE_ROW = {**ROW, "projectlabel": "", "projectlabelcolor": None, "projectlabelactive": "t"}


def decode(**changes: Any) -> ProjectNote:
    return record_decoder(ProjectNote).record({**ROW, **changes}, "$")


def decode_page(*rows: object) -> list[ProjectNote]:
    return record_decoder(ProjectNote).records(rows, "$")


def test_a_row_becomes_a_record() -> None:
    """Each field has its type; null, empty text and an absent field become None."""
    assert decode() == ProjectNote(
        id=9,
        projectid=3,
        authorid=4,
        title="Q&A",
        note="<p>1 &lt; 2</p>",
        date=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        secure=False,
        localid=1,
        projectactive=True,
        author='J. "Jo" Doe',
        projectlocalid=12,
        clientlocalid=None,
        mod_authorlocalid=None,
        projectlabel=None,
    )


def test_an_empty_required_text_stays_a_text() -> None:
    """Empty text in a required field stays empty text, and does not become None."""
    assert not decode(title="").title
    assert decode(title="").title is not None


def test_unknown_keys_are_kept() -> None:
    """Unknown keys are kept in extra, even a key with that name."""
    unknown = {"clientid": "7", "extra": {"a": 1}, "more": None}
    assert decode(**unknown).extra == unknown
    assert list(decode(**unknown).extra) == list(unknown)
    assert [note.extra for note in decode_page({**WHOLE_ROW, **unknown}, WHOLE_ROW)] == [
        unknown,
        {},
    ]
    assert decode().extra == {}


def test_an_absent_and_an_unknown_key_do_not_cancel_out() -> None:
    """With one key absent and one unknown, the absent is None and the unknown is kept."""
    row = {**WHOLE_ROW, "clientid": "7"}
    del row["projectlabelactive"]
    (note,) = decode_page(row)
    assert note.projectlabelactive is None
    assert note.extra == {"clientid": "7"}


def test_records_do_not_share_extra() -> None:
    """Each record has its own extra, even if it is empty."""
    first, second = decode_page(WHOLE_ROW, WHOLE_ROW)
    assert first.extra is not second.extra


def test_the_known_part_of_a_row_decides_equality_and_hash() -> None:
    """Records compare and hash by their known fields."""
    assert decode() == decode()
    assert decode() != decode(id="10")
    assert len({decode(), decode(), decode(more=1)}) == 2


def test_records_are_frozen_and_slotted() -> None:
    """A record cannot change, and takes no more memory than its fields."""
    note = decode()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        note.title = "other"  # type: ignore[misc]  # frozen is what is tested
    assert not hasattr(note, "__dict__")


@pytest.mark.parametrize("row", [ROW, WHOLE_ROW, {**ROW, "more": [1]}])
def test_a_decoded_record_equals_a_constructed_one(row: dict[str, object]) -> None:
    """A decoded record has the same class, is frozen and equal, and survives pickle and copy."""
    (note,) = decode_page(row)
    made = ProjectNote(**{name: getattr(note, name) for name in to_dict(note)})
    assert type(note) is type(made) is ProjectNote
    assert note == made
    assert hash(note) == hash(made)
    assert repr(note) == repr(made)
    for same in (pickle.loads(pickle.dumps(note)), copy.copy(note), copy.deepcopy(note)):
        assert same == note
        assert type(same) is ProjectNote
    for name in ("id", "note", "extra"):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(note, name, None)
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            delattr(note, name)


def test_extra_is_the_last_field() -> None:
    """Fields follow the order of the documentation, and extra comes last."""
    for record in (ProjectNote, PersonContact, Project):
        names = list(to_dict(record_decoder(record).record(SAMPLES[record], "$")))
        assert names[0] == "id"
        assert names[-1] == "extra"


SAMPLES: dict[type[Record], dict[str, Any]] = {
    ProjectNote: ROW,
    PersonContact: {
        "id": 1,
        "personid": 2,
        "contact_type_id": 3,
        "contact_descriptor_id": 4,
        "value": "x",
    },
    Project: {"id": "1"},
}


@pytest.mark.parametrize("spelling", ["contact_type_id", "contacttypeid"])
def test_both_spellings_of_a_contact_type_are_read(spelling: str) -> None:
    """Both spellings that the API uses for a contact type are read."""
    row = {
        "id": "1",
        "personid": "2",
        spelling: "3",
        "contactdescriptorid": "4",
        "value": "a@b",
        "codename": "?",
    }
    contact = record_decoder(PersonContact).record(row, "$")
    assert (contact.contact_type_id, contact.contact_descriptor_id) == (3, 4)
    assert contact.extra == {"codename": "?"}


def test_the_documented_spelling_wins() -> None:
    """If a row has both spellings, the documented one is used."""
    row = {**SAMPLES[PersonContact], "contacttypeid": "99"}
    assert record_decoder(PersonContact).record(row, "$").contact_type_id == 3


@pytest.mark.parametrize(
    ("manager", "expected"),
    [("Ann &amp; Bob", "Ann & Bob"), ([{"id": "4"}], ({"id": "4"},)), ("", None), (None, None)],
)
def test_a_project_keeps_both_shapes_of_its_manager(manager: object, expected: object) -> None:
    """A project's manager is text in a list and objects in a single record; both are kept."""
    row = {"id": "1", "localid": "00069", "manager": manager, "managerid": "3,5", "budget": "9.90"}
    project = record_decoder(Project).record(row, "$")
    assert project.manager == expected
    assert project.managerid == (3, 5)
    assert project.localid == "00069"
    assert project.budget == Decimal("9.90")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**ROW, "date": "soon, perhaps"}, "$.projectnote[1].date: "),
        ({**ROW, "secure": "maybe"}, "$.projectnote[1].secure: expected"),
        ({**ROW, "id": None}, "$.projectnote[1].id: expected an integer, got None"),
        (
            {key: value for key, value in ROW.items() if key != "title"},
            "$.projectnote[1].title: missing required field",
        ),
        ("text", "$.projectnote[1]: expected an object, got str"),
        (None, "$.projectnote[1]: expected an object, got NoneType"),
        ([], "$.projectnote[1]: expected an object, got list"),
        ({}, "$.projectnote[1]."),
    ],
)
def test_a_wrong_row_is_named(row: object, message: str) -> None:
    """The error names the row and field that are wrong, and what they contain."""
    with pytest.raises(RecordError) as caught:
        record_decoder(ProjectNote).records([ROW, row], "$.projectnote")
    assert caught.value.message.startswith(message)
    assert caught.value.message.startswith(caught.value.json_path)


def test_the_records_before_a_wrong_row_are_returned() -> None:
    """Records before a wrong row come with the error, which names the row's index in the page."""
    wrong = {**WHOLE_ROW, "secure": "maybe"}
    rows = [WHOLE_ROW, ROW, wrong, WHOLE_ROW]
    decoder = record_decoder(ProjectNote)
    records, error = decoder.some_records(rows, "$.projectnote", first=40)
    assert records == decode_page(WHOLE_ROW, ROW)
    assert error is not None
    assert error.json_path == "$.projectnote[42].secure"
    assert decoder.some_records(rows[:2], "$.projectnote") == (records, None)
    with pytest.raises(RecordError) as caught:
        decoder.records(rows, "$.projectnote", 40)
    assert caught.value.message == error.message


@given(
    st.dictionaries(
        st.sampled_from([*WHOLE_ROW, "other"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2)
            ),
            max_leaves=4,
        ),
    ),
    st.sets(st.sampled_from([*WHOLE_ROW])),
)
def test_decoding_raises_only_record_errors(changes: dict[str, Any], absent: set[str]) -> None:
    """Decoding any JSON returns a record or raises RecordError.

    The fast decoding of pages returns the same record as the detailed decoding of one row.
    """
    row = {key: value for key, value in {**WHOLE_ROW, **changes}.items() if key not in absent}
    decoder = record_decoder(ProjectNote)
    (*notes,), error = decoder.some_records([row], "$")
    if error is not None:
        assert error.json_path.startswith("$[0]")
        with pytest.raises(RecordError, match=re.escape(error.message)):
            decoder.record(row, "$[0]")
    else:
        assert repr(notes) == repr([decoder.record(row, "$[0]")])  # NaN is not equal to itself


def test_to_dict_is_plain_data() -> None:
    """Any JSON library can write the result of to_dict, without losing digits or time zones."""
    project = Project(id=1, datestart=date(2024, 1, 2), budget=Decimal("0.10"), extra={"a": [1]})
    plain = to_dict(project)
    assert plain["datestart"] == "2024-01-02"
    assert plain["budget"] == "0.10"
    assert plain["managerid"] is None
    assert plain["extra"] == {"a": [1]}
    assert to_dict(decode())["date"] == "2024-05-06T07:08:09+00:00"
    assert json.loads(json.dumps(to_dict(decode())))["title"] == "Q&A"
    assert json.loads(json.dumps(to_dict(Project(id=1, managerid=(3, 5)))))["managerid"] == [3, 5]
    assert to_dict(Project(id=1, manager=({"id": "4"},)))["manager"] in (
        [{"id": "4"}],
        ({"id": "4"},),
    )
