"""The public API for programs built on the client: resources by name, limits, listings, columns."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from intervals_async import (
    ArgumentError,
    Column,
    ColumnKind,
    IntervalsClient,
    Limit,
    Listing,
    Task,
    TaskNote,
    columns_of,
)
from intervals_async.resources import (
    TaskFilters,
    TimerFilters,
    descriptions,
    names,
    parameters,
    resource_class,
)
from intervals_async.testing import FakeIntervals

from .rows import ids


async def test_resource_returns_the_attribute_of_that_name(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`resource(name)` returns the same object as the attribute, and describes the resource."""
    for name in names():
        assert intervals.resource(name) is getattr(intervals, name)
        assert intervals.resource(name).name == name
        assert intervals.resource(name).record is vars(resource_class(name))["record"]
    task = intervals.resource("task")
    assert {"list", "get", "create"} <= {*task.methods()}
    assert task.permissions["delete"] == ("Administrator", "Manager")
    listing = task.list(limit=2, title="a")
    assert [each.extra for each in await listing.collect()] == [{}, {}]
    assert await intervals.resource("me").get() == await intervals.me.get()
    with pytest.raises(AttributeError, match="the API allows list, get"):
        await intervals.resource("worktype").create(name="x")


@pytest.mark.parametrize(
    ("name", "near"),
    [("taks", "task"), ("project_note", "projectnote"), ("__init__", "the API has")],
)
def test_an_unknown_resource_is_named(name: str, near: str) -> None:
    """The error for an unknown resource suggests similar names, or else lists all of them."""
    with pytest.raises(ArgumentError, match=f"got '{name}'.*{near}"):
        IntervalsClient("abc12345678").resource(name)


async def test_limit_use_sends_no_request(fake: FakeIntervals) -> None:
    """`limit_use` returns the used and the remaining requests without sending one."""
    limits = (Limit(100, per=60.0), Limit(5, per=1.0))
    async with IntervalsClient(fake.token, base_url=fake.url, limits=limits) as client:
        assert client.limits == limits
        assert [use.used for use in await client.limit_use()] == [0, 0]
        await client.me.get()
        assert [use.left for use in await client.limit_use()] == [99, 4]
        assert fake.requests == 1
        assert (await client.budget()).limits[0].used == 2


def test_a_listing_describes_itself(intervals: IntervalsClient) -> None:
    """A listing shows its resource, filters, order, slice, partitions and estimated requests."""
    listing = intervals.task.list(projectid=[3, 5], overdue=True, offset=2, limit=9)
    assert listing.resource == "task"
    assert listing.filters == {
        "projectid": "3,5",
        "overdue": "t",
        "sortfield": "id",
        "sortdir": "ASC",
    }
    assert listing.record_class is Task
    assert (listing.offset, listing.limit, listing.paginated) == (2, 9, True)
    assert (listing.partitions, listing.first_page_size) == (1, 100)
    assert [listing.estimate_requests(rows) for rows in (0, 100, 101, 10_000)] == [0, 1, 2, 4]
    contacts = intervals.personcontact.list(personid=1)
    assert not contacts.paginated
    assert contacts.estimate_requests(10_000) == 1


async def test_a_chain_yields_shared_records_once(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A chain yields a record once, even if two of its listings hold it."""
    tasks = ids(fake, "task")[:4]
    every = intervals.tasknote.list(taskid=tasks)
    parts = [intervals.tasknote.list(taskid=some) for some in (tasks[:2], tasks[1:3], tasks[3])]
    chain = Listing.chain(parts)
    expected = {note.id for note in await every.collect()}
    assert sorted([note.id async for note in chain]) == sorted(expected)
    assert expected
    assert (chain.partitions, chain.estimate_requests(10_000)) == (3, 3)
    assert (chain.resource, chain.record_class) == ("tasknote", TaskNote)
    async with chain.stream() as stream:
        await anext(stream)
        bookmark = stream.bookmark
    with pytest.raises(ArgumentError, match="disjoint=True"):
        chain.stream(resume=bookmark)


async def test_a_chain_of_disjoint_listings_is_resumed(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A chain of disjoint listings resumes after any record; other bookmarks are refused."""
    tasks = ids(fake, "task")
    parts = [intervals.tasknote.list(taskid=some) for some in (tasks[:2], tasks[2:3], tasks[3:])]
    chain = Listing.chain(parts, disjoint=True)
    expected = [note.id for note in await chain.collect()]
    assert len({*expected}) == len(expected) > 3
    async with chain.stream() as stream:
        bookmarks = [stream.bookmark async for _ in stream]
    for taken, bookmark in enumerate(bookmarks, 1):
        assert [note.id async for note in chain.stream(resume=bookmark)] == expected[taken:]
    async with parts[0].stream() as stream:
        await anext(stream)
        foreign = stream.bookmark
    other = Listing.chain([parts[0], parts[2]], disjoint=True)
    for listing, bookmark in ((chain, foreign), (other, bookmarks[0]), (parts[0], bookmarks[0])):
        with pytest.raises(ArgumentError):
            listing.stream(resume=bookmark)


async def test_a_chain_of_partitioned_listings(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A chain has the partitions of all its listings, including the weeks of a long range."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    range = intervals.tasknote.list(datebegin=begin, dateend=begin.replace(day=22))
    assert range.partitions == 4
    assert Listing.chain([range, range]).partitions == 8


async def test_an_empty_chain_requires_like(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A chain of no listings requires `like`, yields nothing and sends no request."""
    like = intervals.personcontact.list(personid=1)
    assert await Listing.chain([], like=like).collect() == []
    assert fake.requests == 0
    with pytest.raises(ArgumentError, match="like="):
        Listing.chain([])


def test_a_chain_takes_complete_listings_of_one_resource(intervals: IntervalsClient) -> None:
    """A chain refuses listings of different resources, and listings with offset or limit."""
    task: Listing[Any] = intervals.task.list()
    client: Listing[Any] = intervals.client.list()
    with pytest.raises(ArgumentError, match="task and client"):
        Listing.chain([task, client])
    for part in (intervals.task.list(limit=2), intervals.task.list(offset=2)):
        with pytest.raises(ArgumentError, match="offset and limit"):
            Listing.chain([part])


def test_the_columns_of_a_record_class() -> None:
    """`columns_of` returns one column per field, in order, and `extra` last."""
    columns = columns_of(Task)
    assert [column.name for column in columns[:3]] == ["id", "localid", "queueid"]
    assert columns[-1] == Column("extra", ColumnKind.OBJECTS, nullable=True)
    kinds = {column.name: column.kind for column in columns}
    assert kinds["summary"] is ColumnKind.HTML
    assert kinds["priority"] is ColumnKind.NUMBER_OR_TEXT
    assert kinds["assignee"] is ColumnKind.OBJECTS
    assert [column.nullable for column in columns[:3]] == [False, False, True]


@pytest.mark.parametrize(
    ("kind", "value", "plain"),
    [
        (ColumnKind.INTEGER, 7, 7),
        (ColumnKind.BOOLEAN, True, True),
        (ColumnKind.HTML, "<p>", "<p>"),
        (ColumnKind.DECIMAL, Decimal("12.50"), "12.50"),
        (ColumnKind.DATE, date(2026, 1, 2), "2026-01-02"),
        (ColumnKind.UTC_DATETIME, datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (ColumnKind.LOCAL_DATETIME, datetime(2026, 1, 2), "2026-01-02T00:00:00"),  # noqa: DTZ001
        (ColumnKind.ID_LIST, (3, 5), "[3,5]"),
        (ColumnKind.NUMBER_OR_TEXT, 3, "3"),
        (ColumnKind.TEXT_OR_OBJECTS, ({"a": "\udc80"},), '[{"a":"\\udc80"}]'),
        (ColumnKind.OBJECTS, ({"a": 1},), '[{"a":1}]'),
        (ColumnKind.OBJECTS, {}, None),
    ],
)
def test_plain_values(kind: ColumnKind, value: object, plain: object) -> None:
    """`Column.plain` returns integers and text only, and keeps None."""
    assert [*Column("x", kind, nullable=True).plain([value, None])] == [plain, None]


def test_text_that_utf8_cannot_encode() -> None:
    """`Column.encodable` replaces a lone surrogate with its escape sequence."""
    assert Column.encodable(["a\udc80", 3, None]) == ["a\\udc80", 3, None]


def test_parameters_and_their_descriptions() -> None:
    """`parameters` and `descriptions` return the names, types and descriptions of filters."""
    assert parameters(TimerFilters)["sortdir"].choices == ("ASC", "DESC")
    assert descriptions(TaskFilters).keys() == parameters(TaskFilters).keys()
    assert descriptions(TaskFilters)["projectid"] == "Only tasks in these projects."
    assert descriptions(Task)["title"] == "Title."
    assert "extra" not in descriptions(TaskFilters)
