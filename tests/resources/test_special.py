"""Special behaviour of single resources: teams, timers, shapes, weeks, headers, rules, groups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aioresponses import aioresponses

from intervals_async import (
    ArgumentError,
    AsIs,
    IntervalsClient,
    ListingError,
    NotFoundError,
    PermissionDeniedError,
    ValidationError,
)
from intervals_async.testing import FakeIntervals

from ..rows import ids

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


# Teams


async def test_people_join_and_leave_a_team_together(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`add` and `remove` send one request for several people, with a body even for DELETE."""
    project = ids(fake, "project")[0]
    people = ids(fake, "person", group="Resource") + ids(fake, "person", group="Manager")
    await intervals.projectteam.remove(project, people)
    members = set((await intervals.projectteam.get(project)).personid)
    assert members.isdisjoint(people)
    fake.clear_log()
    await intervals.projectteam.add(project, people, securenotes=True)
    await intervals.projectteam.remove(project, people[0])
    assert [(seen.method, seen.path) for seen in fake.log] == [
        ("POST", f"/projectteam/{project}/"),
        ("DELETE", f"/projectteam/{project}/"),
    ]
    assert fake.log[0].body == [{"personid": str(id), "securenotes": "t"} for id in people]
    assert fake.log[1].body == {"personid": str(people[0])}
    team = await intervals.projectteam.list(projectid=project).first()
    assert team is not None
    assert set(team.personid) >= {*people[1:]}
    assert people[0] not in team.personid


@pytest.mark.parametrize("people", [[], [0], ["17"], "17"])
async def test_a_team_takes_ids_of_people(
    people: Any, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`projectteam.add` refuses an empty list and values that are not ids, and sends nothing."""
    with pytest.raises(ArgumentError, match=r"projectteam\.add\(\)"):
        await intervals.projectteam.add(1, people)
    assert fake.requests == 0


async def test_the_response_of_a_team_is_ignored() -> None:
    """Writes of a team accept any successful response, because its body is not documented."""
    with aioresponses() as mocked:
        client = IntervalsClient("abc12345678", base_url="http://127.0.0.1:1/", limits=())
        for response in ({"status": 204}, {"status": 201, "payload": []}, {"status": 200}):
            mocked.post("http://127.0.0.1:1/projectteam/3/", **response)
            await client.projectteam.add(3, 17)
        mocked.delete("http://127.0.0.1:1/projectteam/3/", status=204)
        await client.projectteam.remove(3, 17)
        await client.close()


# Timers


async def test_a_timer_runs_pauses_and_resumes(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A timer adds up its seconds, and pausing or resuming it twice writes nothing."""
    person = ids(fake, "person", active=True)[0]
    timer = await intervals.timer.start(person, name="Call", at=NEW_YEAR)
    assert (timer.starttime, timer.isrunning, timer.name) == (NEW_YEAR, True, "Call")
    timer = await intervals.timer.pause(timer.id, at=NEW_YEAR + timedelta(seconds=90))
    assert (timer.starttime, timer.isrunning, timer.time) == (None, False, Decimal(90))
    fake.clear_log()
    assert await intervals.timer.pause(timer.id) == timer
    later = NEW_YEAR + timedelta(hours=1)
    timer = await intervals.timer.resume(timer.id, at=later)
    assert (timer.starttime, timer.isrunning, timer.time) == (later, True, Decimal(90))
    assert (await intervals.timer.resume(timer.id)).starttime == later
    timer = await intervals.timer.pause(timer.id, at=later + timedelta(seconds=10))
    assert timer.time == 100
    assert [seen.method for seen in fake.log] == ["GET", "GET", "PUT", "GET", "GET", "PUT"]


async def test_a_timer_takes_moments_with_a_time_zone(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A timer starts now by default, and refuses naive moments and a pause before its start."""
    person = ids(fake, "person", active=True)[0]
    timer = await intervals.timer.start(person)
    assert timer.starttime is not None
    assert abs(datetime.now(UTC) - timer.starttime) < timedelta(minutes=5)
    with pytest.raises(ArgumentError, match=r"timer\.pause\(\): at\b"):
        await intervals.timer.pause(timer.id, at=NEW_YEAR)
    with pytest.raises(ArgumentError, match=r"timer\.resume\(\): at\b"):
        await intervals.timer.resume(timer.id, at=NEW_YEAR.replace(tzinfo=None))


# Shapes


async def test_a_task_has_two_shapes(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """Fields that only the list or only a single task has are None in the other."""
    listed = await intervals.task.list(limit=1).first()
    assert listed is not None
    member = await intervals.task.get(listed.id)
    assert (listed.id, listed.title, listed.assigneeid) == (
        member.id,
        member.title,
        member.assigneeid,
    )
    assert isinstance(listed.priority, int)
    assert isinstance(member.priority, str)
    assert listed.datemodified is not None
    assert member.datemodified is None
    assert listed.assignee is None
    assert member.assignee is not None
    assert {each.personid for each in member.assignee} == {*member.assigneeid}
    assert not listed.extra
    assert not member.extra


async def test_a_task_by_its_localid(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """`get_by_localid` finds a task with one request of the list."""
    wanted = await intervals.task.list(limit=1, offset=3).first()
    assert wanted is not None
    fake.clear_log()
    assert await intervals.task.get_by_localid(wanted.localid) == wanted
    assert len(fake.log) == 1
    with pytest.raises(NotFoundError, match="987654"):
        await intervals.task.get_by_localid(987654)


async def test_a_document_is_complete(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """`document.get` returns the record of the list, and `download` saves the file."""
    listed = await intervals.document.list().first()
    assert listed is not None
    assert listed.versions
    assert await intervals.document.get(listed.id) == listed
    with pytest.raises(NotFoundError, match="987654"):
        await intervals.document.get(987654)
    size = await intervals.document.download(listed.id).save(tmp_path / "file")
    assert (tmp_path / "file").stat().st_size == size > 0
    with pytest.raises(NotFoundError):
        await intervals.document.download(987654).save(tmp_path / "none")


# Weeks


async def test_notes_of_a_long_range_are_streamed_as_one(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A range of more than 7 days is read week by week, and yields each note once."""
    dates = {
        int(str(row["id"])): moment
        for row in fake.rows("tasknote")
        if isinstance(moment := row["date"], datetime)
    }
    begin, end = min(dates.values()), max(dates.values())
    assert end - begin > timedelta(days=30)
    listing = intervals.tasknote.list(datebegin=begin, dateend=end)
    notes = await listing.collect()
    assert sorted(note.id for note in notes) == sorted(dates)
    weeks = (end - begin) / (timedelta(days=7) - timedelta(seconds=2))
    assert len(fake.log) == int(weeks) + 1
    assert await listing.first() == notes[0]
    assert await listing.count() >= len(notes)
    open_ended = await intervals.tasknote.list(datebegin=begin, limit=5).collect()
    assert open_ended == notes[:5]
    backwards = await intervals.tasknote.list(
        datebegin=begin, dateend=end, sortfield="date", sortdir="DESC"
    ).collect()
    assert sorted(note.id for note in backwards) == sorted(dates)
    assert [note.date for note in backwards] == sorted(
        (note.date for note in backwards if note.date), reverse=True
    )
    unchecked = intervals.with_options(checked=False)
    assert await unchecked.tasknote.list(datebegin=begin, dateend=end).collect() == notes
    authors = (author for author in {note.authorid for note in notes} if author)
    assert await intervals.tasknote.list(datebegin=begin, authorid=authors).collect() == notes


async def test_a_stream_of_weeks_resumes_from_its_bookmark(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A stream of weeks resumes after any note, and yields every note once."""
    dates = [moment for row in fake.rows("tasknote") if isinstance(moment := row["date"], datetime)]
    listing = intervals.tasknote.list(datebegin=min(dates), dateend=max(dates))
    expected = [note.id for note in await listing.collect()]
    stream = listing.stream(page_size=3)
    seen: list[int] = []
    async for note in stream:
        seen.append(note.id)
        if len(seen) % 13 == 1:
            assert stream.delivered == len(seen)
            resumed = listing.stream(page_size=3, resume=stream.bookmark)
            assert resumed.delivered == len(seen)
            assert seen + [each.id async for each in resumed] == expected
            assert resumed.delivered == len(expected)
    assert seen == expected
    assert stream.listcount is not None
    other = intervals.tasknote.list(datebegin=min(dates), dateend=max(dates), public=True)
    with pytest.raises(ArgumentError, match="resume"):
        other.stream(resume=stream.bookmark)


@pytest.mark.parametrize(
    "order", [{}, {"sortfield": "authorid"}, {"sortfield": "id", "sortdir": "DESC"}]
)
async def test_notes_at_the_border_of_two_weeks_come_once(
    order: dict[str, Any], fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A stream yields notes at the border of two weeks once, even if it is resumed there."""
    begin = NEW_YEAR - timedelta(days=3000)
    borders = [begin + n * (timedelta(days=7) - timedelta(seconds=2)) for n in (1, 2)]
    for border in borders:
        for seconds in (2, 1, 0, -1, 3600, 86400, 2 * 86400):
            fake.insert("tasknote", date=border + timedelta(seconds=seconds))
    listing = intervals.tasknote.list(datebegin=begin, dateend=begin + timedelta(days=20), **order)
    expected = [note.id for note in await listing.collect()]
    assert len({*expected}) == len(expected) == 14
    for taken in range(1, 14):
        stream = listing.stream(page_size=2)
        seen = [(await anext(stream)).id for _ in range(taken)]
        resumed = listing.stream(page_size=2, resume=stream.bookmark)
        assert seen + [note.id async for note in resumed] == expected
        assert resumed.delivered == len(expected)
        assert resumed.listcount is not None
        assert resumed.listcount >= len(expected)


async def test_a_listing_of_weeks_refuses_what_it_cannot_do(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A long range refuses an offset, a snapshot and a missing start, unless `taskid` is set."""
    tasknote = intervals.tasknote
    with pytest.raises(ArgumentError, match="offset"):
        tasknote.list(datebegin=NEW_YEAR, offset=5)
    with pytest.raises(ArgumentError, match="snapshot"):
        tasknote.list(datebegin=NEW_YEAR).stream(snapshot=True)
    with pytest.raises(ArgumentError, match=r"\bdatebegin\b.*\bdateend\b"):
        tasknote.list(dateend=NEW_YEAR)
    assert fake.requests == 0
    task = ids(fake, "task")[0]
    notes = await tasknote.list(taskid=task, datebegin=NEW_YEAR - timedelta(days=4000)).collect()
    assert {note.taskid for note in notes} <= {task}
    assert len(fake.log) == 1


# Headers


@pytest.mark.parametrize(
    ("client", "call", "expected"),
    [
        ({}, {}, (None, None)),
        ({}, {"send_notifications": True, "disable_action_notes": True}, ("t", "t")),
        ({"send_notifications": True, "disable_action_notes": True}, {}, ("t", "t")),
        ({"send_notifications": True}, {"send_notifications": False}, (None, None)),
        ({"disable_action_notes": True}, {"disable_action_notes": False}, (None, None)),
    ],
)
async def test_the_two_headers_of_writes(
    client: dict[str, Any],
    call: dict[str, Any],
    expected: tuple[str | None, str | None],
    fake: FakeIntervals,
    intervals: IntervalsClient,
) -> None:
    """The arguments of a call override the client's settings, and reads send neither header."""
    view = intervals.with_options(**client)
    task = ids(fake, "task")[0]
    fake.clear_log()
    await view.task.update(task, title="x", **call)
    await view.task.get(task)
    sent = [
        (
            seen.headers.get("x-intervals-send-notifications"),
            seen.headers.get("x-intervals-disable-action-notes"),
        )
        for seen in fake.log
    ]
    assert sent == [expected, (None, None)]


async def test_only_tasks_and_milestones_have_action_notes(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """Writes of other resources do not send the header for action notes."""
    view = intervals.with_options(disable_action_notes=True)
    await view.projectnote.update(ids(fake, "projectnote")[0], title="x")
    assert "x-intervals-disable-action-notes" not in fake.log[-1].headers


# Rules that spare a request


@pytest.mark.parametrize(
    ("write", "complaint"),
    [
        (
            lambda i: i.time.create(
                personid=1, worktypeid=1, date=NEW_YEAR.date(), time=1, billable=True, projectid=3
            ),
            r"time\.create\(\): expected taskid, or projectid and moduleid for general time",
        ),
        (
            lambda i: i.time.update(1, time=Decimal("1.255")),
            r"time\.update\(\): time: expected at most 2 decimal places, got 3",
        ),
        (
            lambda i: i.projectmodule.create(projectid=3, active=True),
            r"expected moduleid \(a default module\) or module \(the name of a custom one\)",
        ),
        (
            lambda i: i.projectworktype.create(projectid=3, active=True, worktype="x"),
            "expected worktypeid of a default work type, or worktype and hourlyrate",
        ),
        (
            lambda i: i.person.create(firstname="x", private=False, active=True, username="y"),
            "expected email and groupid with username",
        ),
        (
            lambda i: i.invoice.create(projectid=3, date=NEW_YEAR.date(), termid=6, title="x"),
            "expected termotherdatedue with the payment term Other",
        ),
        (
            lambda i: i.client.update(1, phone="1" * 51),
            "phone: expected at most 50 characters, got 51",
        ),
        (
            lambda i: i.task.create(title="x"),
            r"task\.create\(\): missing required field 'statusid'",
        ),
    ],
)
async def test_a_write_that_the_api_would_refuse_is_not_sent(
    write: Callable[[Any], Any], complaint: str, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A write that breaks a documented rule raises an error that names it, and sends nothing."""
    with pytest.raises(ArgumentError, match=complaint):
        await write(intervals)
    assert fake.requests == 0


async def test_unchecked_writes_are_judged_by_the_server(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """With `checked=False`, the server decides about writes."""
    view = intervals.with_options(checked=False)
    with pytest.raises(ValidationError):
        await view.client.update(ids(fake, "client")[0], phone="1" * 51)
    with pytest.raises(ValidationError):
        await view.projectmodule.create(projectid=3, active=True)
    assert fake.requests == 2


async def test_an_undocumented_sort_field_needs_as_is(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`AsIs` sends an undocumented sort field, which is refused otherwise."""
    with pytest.raises(ArgumentError, match="sortfield"):
        intervals.task.list(sortfield="projectlabel_order")  # type: ignore[arg-type]  # as a user would
    with pytest.raises(ValidationError):
        await intervals.task.list(sortfield=AsIs("no_such_field")).first()
    assert len(fake.log) == 1


# Groups


async def test_missing_permissions_are_errors(fake: FakeIntervals) -> None:
    """A Resource user gets PermissionDeniedError for invoices, and fewer fields of clients."""
    token = fake.token_for("Resource")
    async with IntervalsClient(token, base_url=fake.url, limits=()) as resource:
        for name in ("invoice", "expense", "payment", "module", "worktype"):
            with pytest.raises(PermissionDeniedError):
                await getattr(resource, name).list().first()
        client = await resource.client.list().first()
        assert client is not None
        assert client.name
        assert client.address is None


async def test_a_listing_without_pages_has_no_bookmark(intervals: IntervalsClient) -> None:
    """The stream of a listing that takes one request has no bookmark."""
    stream = intervals.group.list().stream()
    await anext(stream)
    with pytest.raises(ListingError, match="bookmark"):
        _ = stream.bookmark
