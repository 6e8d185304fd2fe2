"""`make` and `strategies`: valid records for the tests of users."""

from __future__ import annotations

import importlib
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intervals_async import (
    ArgumentError,
    Client,
    ColumnKind,
    Me,
    Person,
    Project,
    ProjectNote,
    Record,
    Task,
    TaskAssignee,
    TaskStatus,
    Time,
    columns_of,
)
from intervals_async.testing import make, strategies

from ..record_classes import EVERY_RECORD_CLASS, NESTED, RECORD_CLASSES

PYTHON_TYPES = {
    ColumnKind.INTEGER: int,
    ColumnKind.BOOLEAN: bool,
    ColumnKind.TEXT: str,
    ColumnKind.HTML: str,
    ColumnKind.DECIMAL: Decimal,
    ColumnKind.UTC_DATETIME: datetime,
    ColumnKind.LOCAL_DATETIME: datetime,
    ColumnKind.ID_LIST: tuple,
}


def check_kinds(record: Record) -> None:
    """Check that each field has a value of its kind, and that times have their time zone."""
    for column in columns_of(type(record)):
        value = getattr(record, column.name)
        if value is None:
            assert column.nullable
        elif column.kind in PYTHON_TYPES:
            assert type(value) is PYTHON_TYPES[column.kind]
        if isinstance(value, datetime):
            assert value.tzinfo is (UTC if column.kind is ColumnKind.UTC_DATETIME else None)
        if isinstance(value, tuple):
            for each in value:
                if isinstance(each, Record):
                    check_kinds(each)


@EVERY_RECORD_CLASS
def test_every_record_class_can_be_made(record_class: type[Record]) -> None:
    """`make` sets every field of every record class to a value of its type, each time the same."""
    record = make(record_class)
    assert type(record) is record_class
    check_kinds(record)
    assert record == make(record_class)
    assert not [c for c in columns_of(record_class) if getattr(record, c.name) is None]
    assert record.unreadable == {}


def test_the_list_of_record_classes_is_complete() -> None:
    """The record classes of the tests include every class of nested records."""
    nested = {
        type(each)
        for record_class in RECORD_CLASSES
        for column in columns_of(record_class)
        if isinstance(value := getattr(make(record_class), column.name), tuple)
        for each in value
        if isinstance(each, Record)
    }
    assert nested <= {*NESTED}
    assert len({*RECORD_CLASSES}) == 34 + 5


def test_fields_can_be_set() -> None:
    """`make` uses the values that a test sets, None and nested records included."""
    assignee = make(TaskAssignee, assignee="Bob")
    task = make(Task, title="x", estimate=None, assignee=(assignee,), priority="High")
    assert (task.title, task.estimate, task.assignee) == ("x", None, (assignee,))
    assert task.priority == "High"
    assert make(Task, extra={"new": 1}).extra == {"new": 1}
    assert task.project == make(Task).project


def test_related_records_match() -> None:
    """The ids and names in a record are those of the related records."""
    entry = make(Time)
    assert entry.projectid == make(Project).id == make(Task).projectid
    assert entry.project == make(Project).name
    assert entry.personid == make(Person).id == make(Me).id
    assert entry.firstname == make(Person).firstname
    assert (entry.clientid, entry.client) == (make(Client).id, make(Client).name)
    assert (entry.taskid, entry.task) == (make(Task).id, make(Task).title)
    assert (make(Task).statusid, make(Task).status) == (make(TaskStatus).id, make(TaskStatus).name)
    task = make(Task)
    assert task.datedue is not None
    assert task.dateopen < task.datedue


def test_an_unknown_field_is_refused() -> None:
    """`make` refuses a field that the class does not have, and names the nearest one."""
    with pytest.raises(ArgumentError, match="a field of Task, got 'titel'; did you mean 'title'"):
        make(Task, titel="x")
    with pytest.raises(ArgumentError, match="got 'zzz'; it has id, "):
        make(TaskStatus, zzz="x")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", 3),
        ("title", None),
        ("id", "3"),
        ("id", True),
        ("estimate", 1.5),
        ("estimate", 2),
        ("dateopen", datetime(2026, 3, 2, tzinfo=UTC)),
        ("datemodified", datetime(2026, 3, 2, tzinfo=UTC)),
        ("starttime", datetime(2026, 3, 2)),  # noqa: DTZ001  a wrong value
        ("assigneeid", [3]),
        ("assignee", "Bob"),
        ("extra", None),
    ],
)
def test_a_value_of_another_type_is_refused(field: str, value: object) -> None:
    """`make` refuses a value that the field never has, and names the field."""
    with pytest.raises(ArgumentError, match=f"^{field}: expected "):
        make(Task, **{field: value})


@pytest.mark.parametrize("record_class", [Task, Project, ProjectNote, Person])
def test_strategies_generate_valid_records(record_class: type[Record]) -> None:
    """`strategies.records` generates records whose fields have values of their types."""

    @settings(max_examples=25)
    @given(strategies.records(record_class))
    def check(record: Record) -> None:
        assert type(record) is record_class
        check_kinds(record)

    check()


@given(strategies.records(Time, time=st.just(Decimal("0.25")), taskid=st.none()))
@settings(max_examples=10)
def test_strategies_of_fields_can_be_set(entry: Time) -> None:
    """`strategies.records` takes strategies for some fields."""
    assert (entry.time, entry.taskid) == (Decimal("0.25"), None)


def test_without_hypothesis_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Hypothesis, importing the strategies says what to install."""
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, strategies.__name__)
    with pytest.raises(ImportError, match="pip install hypothesis"):
        importlib.import_module(strategies.__name__)
