"""Rows become records, whatever they hold."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intervals_async import (
    ABSENT,
    Document,
    DocumentVersion,
    FieldUnreadableError,
    PersonContact,
    Project,
    ProjectManager,
    ProjectNote,
    Record,
    RecordError,
    Task,
    TaskAssignee,
    to_dict,
)
from intervals_async._schema.decoder import record_decoder
from intervals_async._schema.record import field_names
from intervals_async.resources import names, resource_class

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
    return record_decoder(ProjectNote).decode_one({**ROW, **changes}, "$")[0]


def decode_page(*rows: object) -> list[ProjectNote]:
    return record_decoder(ProjectNote).decode(rows, "$").records


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
        names = list(to_dict(record_decoder(record).decode_one(SAMPLES[record], "$")[0]))
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
    contact = record_decoder(PersonContact).decode_one(row, "$")[0]
    assert (contact.contact_type_id, contact.contact_descriptor_id) == (3, 4)
    assert contact.extra == {"codename": "?"}


def test_the_documented_spelling_wins() -> None:
    """If a row has both spellings, the documented one is used."""
    row = {**SAMPLES[PersonContact], "contacttypeid": "99"}
    assert record_decoder(PersonContact).decode_one(row, "$")[0].contact_type_id == 3


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        ("Ann &amp; Bob", "Ann & Bob"),
        ([{"managerid": "4"}], (ProjectManager(managerid=4),)),
        ("", None),
        (None, None),
    ],
)
def test_a_project_keeps_both_shapes_of_its_manager(manager: object, expected: object) -> None:
    """A project's manager is text in a list and objects in a single record; both are kept."""
    row = {"id": "1", "localid": "00069", "manager": manager, "managerid": "3,5", "budget": "9.90"}
    project = record_decoder(Project).decode_one(row, "$")[0]
    assert project.manager == expected
    assert project.managerid == (3, 5)
    assert project.localid == "00069"
    assert project.budget == Decimal("9.90")


NO_DATE = "expected a timestamp, YYYY-MM-DD HH:MM:SS, got 'soon' (str)"
WITHOUT_TITLE = {key: value for key, value in WHOLE_ROW.items() if key != "title"}


@pytest.mark.parametrize(
    ("row", "field", "found", "reason"),
    [
        ({**WHOLE_ROW, "date": "soon"}, "date", "soon", NO_DATE),
        ({**ROW, "date": "soon"}, "date", "soon", NO_DATE),
        ({**ROW, "date": "2024-05-06 24:00:01"}, "date", "2024-05-06 24:00:01", None),
        ({**ROW, "secure": None}, "secure", None, 'expected "t" or "f", got null'),
        ({**ROW, "id": []}, "id", [], "expected an integer, got a list"),
        ({**ROW, "id": ""}, "id", "", "expected an integer, got '' (str)"),
        ({**ROW, "clientlocalid": "x"}, "clientlocalid", "x", None),
        (WITHOUT_TITLE, "title", ABSENT, "expected text, got no such field"),
    ],
)
def test_a_field_that_cannot_be_read_is_unset(
    row: dict[str, object], field: str, found: object, reason: str | None
) -> None:
    """Such a field is named by the error, and its raw value is kept; all other fields are read."""
    (note,) = decode_page({**row, "more": 1})
    assert note.unreadable == {field: found}
    with pytest.raises(FieldUnreadableError) as caught:
        getattr(note, field)
    assert isinstance(caught.value, AttributeError)
    assert (caught.value.resource, caught.value.field) == ("projectnote", field)
    assert caught.value.record_id == (None if field == "id" else 9)
    assert reason in (None, caught.value.reason)
    assert getattr(note, field, None) is None
    assert not hasattr(note, field)
    readable = decode_page({**WHOLE_ROW, "more": 1})[0]
    others = [name for name in row if name != field]
    assert [getattr(note, name) for name in others] == [getattr(readable, name) for name in others]
    assert note.extra == {"more": 1}
    assert to_dict(note)[field] is None
    assert f"{field}=<unreadable: {found!r}>" in repr(note)


def test_a_readable_record_has_nothing_unreadable() -> None:
    """`unreadable` is empty, and an unknown attribute is a plain AttributeError."""
    assert decode().unreadable == {}
    with pytest.raises(AttributeError) as caught:
        decode().titel  # type: ignore[attr-defined]  # noqa: B018  the error is what is tested
    assert not isinstance(caught.value, FieldUnreadableError)


def test_records_with_unreadable_fields_behave_as_others() -> None:
    """They compare by what was sent, hash, and survive pickle and copy."""
    wrong = {**WHOLE_ROW, "date": {"a": [1]}, "id": None}
    record, same, other = decode_page(wrong, wrong, {**wrong, "date": "x"})
    assert record == same
    assert hash(record) == hash(same)
    assert record != other
    assert record != decode()
    assert len({record, same, other, decode()}) == 3
    without = decode_page({**WITHOUT_TITLE, "projectid": "x"})[0]
    for each in (record, without):
        for again in (pickle.loads(pickle.dumps(each)), copy.copy(each), copy.deepcopy(each)):
            assert again == each
            assert repr(again) == repr(each)
            assert again.unreadable == each.unreadable
    assert copy.deepcopy(without).unreadable["title"] is ABSENT
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        record.title = "other"  # type: ignore[misc]  # frozen is what is tested


def test_the_error_of_a_field_survives_pickle_and_copy() -> None:
    """`FieldUnreadableError` keeps its attributes, and its line names the record."""
    with pytest.raises(FieldUnreadableError) as caught:
        decode(title=None).title  # noqa: B018  the error is what is tested
    for error in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert (error.resource, error.field, error.record_id) == ("projectnote", "title", 9)
        assert str(error) == "projectnote 9: title: expected text, got null"


def test_each_unreadable_field_of_a_page_is_reported_once() -> None:
    """The report of a field is about the first record in which it could not be read."""
    rows = [{**ROW, "id": str(id), "secure": "x", "date": None} for id in (4, 5)]
    decoded = record_decoder(ProjectNote).decode(rows, "$")
    assert [(each.field, each.record_id) for each in decoded.unreadable] == [
        ("date", 4),
        ("secure", 4),
    ]


def test_a_strict_decoder_names_the_row_and_the_field() -> None:
    """With `strict`, the error names path, offset and id; the records before it are returned."""
    rows = [WHOLE_ROW, ROW, {**WHOLE_ROW, "secure": "maybe"}, WHOLE_ROW]
    decoder = record_decoder(ProjectNote)
    decoded = decoder.decode(rows, "$.projectnote", first=40, offset=1000, strict=True)
    assert decoded.records == decode_page(WHOLE_ROW, ROW)
    error = decoded.error
    assert error is not None
    assert error.json_path == "$.projectnote[42].secure"
    assert (error.offset, error.record_id) == (1042, 9)
    with pytest.raises(RecordError) as caught:
        decoder.decode_one(rows[2], "$.projectnote", strict=True)
    assert (caught.value.json_path, caught.value.offset) == ("$.projectnote.secure", None)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("row", ["text", None, [], 7, [[]] * len(WHOLE_ROW)])
def test_a_row_that_is_no_object_is_an_error(row: object, strict: bool) -> None:
    """The error names its path and offset."""
    decoded = record_decoder(ProjectNote).decode([ROW, row, ROW], "$.projectnote", strict=strict)
    assert len(decoded.records) == 1
    assert decoded.error is not None
    assert (decoded.error.json_path, decoded.error.offset) == ("$.projectnote[1]", 1)


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
def test_every_object_becomes_a_record(changes: dict[str, Any], absent: set[str]) -> None:
    """Any JSON object is decoded, and each of its values is read, kept as unreadable or extra.

    The fast decoding of pages returns the same record as the careful decoding of one row.
    """
    row = {key: value for key, value in {**WHOLE_ROW, **changes}.items() if key not in absent}
    decoder = record_decoder(ProjectNote)
    ((note,), error) = decoder.decode([row], "$").records, decoder.decode([row], "$").error
    assert error is None
    assert repr(note) == repr(decoder.decode_one(row, "$")[0])  # NaN is not equal to itself
    plain = to_dict(note)
    for name in WHOLE_ROW:
        sent = row.get(name, ABSENT)
        if name in note.unreadable:
            assert note.unreadable[name] is sent
            assert plain[name] is None
        else:
            assert hasattr(note, name)
            assert sent not in (None, ABSENT, "") or plain[name] in (None, "")
    assert note.extra == {key: value for key, value in row.items() if key not in WHOLE_ROW}


@pytest.mark.parametrize("resource", names())
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_resource_takes_any_value(resource: str, data: st.DataObject) -> None:
    """In each resource, any value of any field is read, or kept as unreadable."""
    found: Any = resource_class(resource)
    decoder = record_decoder(found.record)
    fields = [field for field in field_names(found.record) if field != "extra"]
    values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([{"a": 1}])
    row = data.draw(st.dictionaries(st.sampled_from([*fields, "other"]), values))
    (record,), error = decoder.decode([row], "$").records, decoder.decode([row], "$").error
    assert error is None
    assert all(record.unreadable[name] == row.get(name, ABSENT) for name in record.unreadable)
    assert pickle.loads(pickle.dumps(record)) == record
    assert json.dumps(to_dict(record))


TASK_ROW = {
    "id": "7",
    "assignee": [{"assignee": "D&#039;Arcy", "assigneeactive": "t", "personid": "203"}],
}


def test_objects_within_a_record_are_decoded_like_records() -> None:
    """Their texts, booleans and numbers are converted, and unknown keys are kept in extra."""
    task, _ = record_decoder(Task).decode_one(TASK_ROW, "$")
    assert task.assignee == (TaskAssignee(assignee="D'Arcy", assigneeactive=True, personid=203),)
    managers = [{"managerid": "4", "manager": "A &amp; B", "colour": "red"}]
    project, _ = record_decoder(Project).decode_one({"id": "1", "manager": managers}, "$")
    (manager,) = cast("tuple[ProjectManager, ...]", project.manager)
    assert (manager.managerid, manager.manager) == (4, "A & B")
    assert manager.extra == {"colour": "red"}
    version = {"versionid": "1", "filename": "a&amp;b.txt"}
    document, _ = record_decoder(Document).decode_one({"id": "1", "versions": version}, "$")
    assert document.versions == (DocumentVersion(versionid=1, filename="a&b.txt"),)


def test_an_unreadable_value_within_an_object_is_unset_there() -> None:
    """The object names the value, and the report names the field of the record, too."""
    row = {**TASK_ROW, "assignee": [{"personid": "x"}], "owner": ["Ann"]}
    task, unreadable = record_decoder(Task).decode_one(row, "$")
    assert task.assignee is not None
    assert task.assignee[0].unreadable == {"personid": "x"}
    assert task.unreadable["owner"] == ["Ann"]
    assert {"assignee.personid", "owner"} <= {each.field for each in unreadable}


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
    managed = Project(id=1, manager=(ProjectManager(managerid=4),))
    assert to_dict(managed)["manager"][0]["managerid"] == 4
