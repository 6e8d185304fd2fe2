"""Time entries and timers: what is special about them on the server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals
from intervals_async.testing._fake.references import ids_in

from .asking import Reply, ask, ids, rows

Row = dict[str, Any]
Wanted = Callable[[Row], bool]

NOON = datetime(2026, 5, 6, 12, 30, 5, tzinfo=UTC)
ALL = {"limit": "1000"}


def _world(now: Callable[[], datetime] = lambda: NOON) -> FakeIntervals:
    return FakeIntervals(notes=0, people=12, projects=8, now=now, per_minute=None)


def _project_of(row: Row, fake: FakeIntervals) -> Row:
    return next(each for each in fake.rows("project") if each["id"] == row["projectid"])


TIME: list[tuple[dict[str, str], Wanted]] = [
    ({"moduleid": "601,602"}, lambda row: row["moduleid"] in (601, 602)),
    ({"taskid": "2001,2002,2003"}, lambda row: row["taskid"] in (2001, 2002, 2003)),
    ({"worktypeid": "701,702"}, lambda row: row["worktypeid"] in (701, 702)),
    ({"personid": "201,203"}, lambda row: row["personid"] in (201, 203)),
    ({"projectid": "301,302"}, lambda row: row["projectid"] in (301, 302)),
    ({"milestoneid": "-1"}, lambda row: row["milestoneid"] is None),
    ({"milestoneid": "-1,401,402"}, lambda row: row["milestoneid"] in (None, 401, 402)),
    ({"datebegin": "2026-04-01"}, lambda row: row["date"] >= date(2026, 4, 1)),
    ({"dateend": "2026-04-01"}, lambda row: row["date"] <= date(2026, 4, 1)),
    (
        {"datemodifiedbegin": "2026-04-20 00:00:00"},
        lambda row: row["datemodified"].date() >= date(2026, 4, 20),
    ),
    (
        {"datemodifiedend": "2026-04-20 00:00:00"},
        lambda row: row["datemodified"].date() < date(2026, 4, 20),
    ),
    ({"billable": "t"}, lambda row: row["billable"]),
    ({"billable": "f"}, lambda row: not row["billable"]),
    ({"approved": "t"}, lambda row: row["approved"]),
    ({"approved": "f"}, lambda row: not row["approved"]),
    ({"activeonly": "f"}, lambda row: True),
]


@pytest.mark.parametrize(("query", "wanted"), TIME)
async def test_time_is_filtered(query: dict[str, str], wanted: Wanted) -> None:
    """Time is filtered by ids (-1 is none), days, moments and flags."""
    async with _world() as fake:
        expected = [row["id"] for row in fake.rows("time") if wanted(row)]
        assert expected
        assert await ids(fake, "time", **query, **ALL) == expected


async def test_one_day_is_a_range() -> None:
    """Both ends belong to a range; a date alone is that day."""
    async with _world() as fake:
        day = fake.rows("time")[0]["date"]
        expected = [row["id"] for row in fake.rows("time") if row["date"] == day]
        assert await ids(fake, "time", date=str(day)) == expected
        assert await ids(fake, "time", datebegin=str(day), dateend=str(day)) == expected


async def test_time_by_what_it_belongs_to() -> None:
    """The client is that of the project, -1 is none; activeonly looks at project and person."""
    async with _world() as fake:
        every = fake.rows("time")
        client = next(row["clientid"] for row in fake.rows("project") if row["clientid"])
        for query, wanted in ((str(client), client), ("-1", None)):
            expected = [r["id"] for r in every if _project_of(r, fake)["clientid"] == wanted]
            assert await ids(fake, "time", clientid=query, **ALL) == expected
        person = every[0]["personid"]
        assert isinstance(person, int)
        fake.touch("person", person, active=person == 201)
        active = {row["id"] for row in fake.rows("person") if row["active"]}
        expected = [
            row["id"]
            for row in every
            if row["personid"] in active and _project_of(row, fake)["active"]
        ]
        assert await ids(fake, "time", activeonly="t", **ALL) == expected
        assert len(expected) < len(every)


@pytest.mark.parametrize(
    ("sortfield", "column"), [("t.date", "date"), ("datemodified", "datemodified")]
)
async def test_time_is_sorted(sortfield: str, column: str) -> None:
    """The day is sorted by under a name of its own."""
    async with _world() as fake:
        values = {row["id"]: row[column] for row in fake.rows("time")}
        order = await ids(fake, "time", sortfield=sortfield, sortdir="DESC", **ALL)
        assert [str(values[each]) for each in order] == sorted(map(str, values.values()))[::-1]


async def test_the_two_shapes_of_time() -> None:
    """The list has names and the day twice, in two forms; the member has milestones."""
    async with _world() as fake:
        kept = next(row for row in fake.rows("time") if row["milestoneid"])
        listed = (await rows(fake, "time", taskid=str(kept["taskid"]), **ALL))[0]
        alone = (await ask(fake, f"time/{listed['id']}/")).json["time"]
        day = date.fromisoformat(alone["date"])
        assert (listed["date"], listed["dateiso"]) == (f"{day:%m/%d/%Y}", f"{day}")
        assert alone["milestoneid"] == alone["ogmilestoneid"] == str(kept["milestoneid"])
        assert "milestoneid" not in listed
        assert not {"dateiso", "person", "task", "project", "client"} & alone.keys()
        assert listed["person"].startswith(listed["firstname"])
        assert "approved" not in {**listed, **alone}


class Logging:
    """Somebody who logs time on a project of the fake's."""

    def __init__(self, fake: FakeIntervals) -> None:
        self.fake = fake
        team = next(row for row in fake.rows("projectteam") if row["personid"])
        self.project = team["projectid"]
        self.person = ids_in(team["personid"])[0]
        self.worktype = self._first("projectworktype", "worktypeid")
        self.module = self._first("projectmodule", "moduleid")

    def _first(self, table: str, column: str, *, same: bool = True) -> object:
        found = self.fake.rows(table)
        return next(row[column] for row in found if (row["projectid"] == self.project) == same)

    async def log(self, **fields: object) -> Reply:
        """Log time, by default an hour of general time; None leaves out a field."""
        body = {
            "projectid": self.project,
            "moduleid": self.module,
            "worktypeid": self.worktype,
            "personid": self.person,
            "date": "2026-05-05",
            "time": "1",
            "billable": "t",
        } | fields
        given = {name: value for name, value in body.items() if value is not None}
        return await ask(self.fake, "time/", method="POST", body=given)


async def test_general_time_and_task_time() -> None:
    """General time needs project and module; a task brings its own, whatever is said."""
    async with _world() as fake:
        person = Logging(fake)
        reply = await person.log()
        assert reply.status == 201
        assert reply.json["time"]["taskid"] in (None, "")
        for name in ("projectid", "moduleid"):
            reply = await person.log(**{name: None})
            assert (reply.status, reply.code) == (400, 18)
            assert reply.verbose == [f"The following required field is missing: {name}"]
        task = fake.insert("task", projectid=person.project, moduleid=602)
        reply = await person.log(taskid=task, projectid=308, moduleid=601)
        assert reply.json["time"]["projectid"] == str(person.project)
        assert reply.json["time"]["moduleid"] == "602"
        assert (await person.log(taskid=task, projectid=None, moduleid=None)).status == 201


async def test_who_and_what_belongs_to_the_project() -> None:
    """A work type or a person of another project is refused with the recorded words."""
    async with _world() as fake:
        person = Logging(fake)
        stranger = fake.insert("person", groupid=3)
        other = fake.insert("worktype", name="Elsewhere")
        for name, value in (("worktypeid", other), ("personid", stranger), ("worktypeid", 1)):
            reply = await person.log(**{name: value})
            assert (reply.status, reply.code) == (400, 18)
            assert reply.verbose == [
                f"Validation failed for the value ({value}) passed to the following field: {name}"
            ]
        assert (await person.log(personid=201)).status == 201


@pytest.mark.parametrize(
    ("hours", "status"), [("1.25", 201), (0.1, 201), (8, 201), ("1.255", 400), (1 / 3, 400)]
)
async def test_hours_have_two_places(hours: object, status: int) -> None:
    """More precise hours are refused."""
    async with _world() as fake:
        reply = await Logging(fake).log(time=hours)
        assert reply.status == status
        if status == 400:
            assert reply.verbose == ["Time is too precise."]


async def test_writing_time() -> None:
    """JSON booleans are taken, a change is dated, Executives cannot log time."""
    async with _world() as fake:
        person = Logging(fake)
        made = (await person.log(billable=False)).json["time"]
        assert (made["billable"], made["datemodified"]) == ("f", "2026-05-06 12:30:05")
        given = (await person.log(datemodified="2026-05-01 01:02:03")).json["time"]
        assert given["datemodified"] == "2026-05-01 01:02:03"
        path = f"time/{given['id']}/"
        changed = (await ask(fake, path, method="PUT", body={"time": 2})).json["time"]
        assert (changed["time"], changed["datemodified"]) == ("2.0", "2026-05-06 12:30:05")
        token = fake.token_for("Executive")
        assert (await ask(fake, path, method="PUT", body={"time": 2}, token=token)).status == 403


async def _timer(fake: FakeIntervals, **fields: object) -> Reply:
    return await ask(fake, "timer/", method="POST", body={"personid": 201, **fields})


async def test_timers_run_and_pause() -> None:
    """A timer runs while it has a starttime; what it shows grows with the server's clock."""
    now = [NOON]
    async with _world(lambda: now[0]) as fake:
        timer = (await _timer(fake, starttime="2026-05-06T12:29:05")).json["timer"]
        path = f"timer/{timer['id']}/"
        assert timer["starttime"] == "2026-05-06 12:29:05"
        assert (timer["isrunning"], timer["timelapsed"], timer["totaltime"]) == ("t", "60", "60")
        now[0] += timedelta(seconds=30)
        grown = (await ask(fake, path)).json["timer"]
        assert (grown["timelapsed"], float(grown["totaltime"])) == ("90", 90)
        body = {"starttime": None, "time": 90}
        paused = (await ask(fake, path, method="PUT", body=body)).json["timer"]
        assert (paused["isrunning"], paused["timelapsed"]) == ("f", "0")
        assert float(paused["totaltime"]) == 90
        assert paused["starttime"] in (None, "")
        assert paused["lastupdate"] == "2026-05-06 12:30:35"
        body = {"time": None, "starttime": None}
        reply = await ask(fake, path, method="PUT", body=body)
        assert (reply.status, reply.code) == (400, 18)


async def test_a_new_timer() -> None:
    """Without starttime and time it starts at once, with time alone it is paused."""
    async with _world() as fake:
        started = (await _timer(fake, name="Now")).json["timer"]
        assert (started["isrunning"], started["starttime"]) == ("t", "2026-05-06 12:30:05")
        paused = (await _timer(fake, time=5, timelapsed=700, lastupdate="2026-05-01")).json["timer"]
        assert (paused["isrunning"], float(paused["totaltime"])) == ("f", 5)
        assert paused["lastupdate"] == "2026-05-01 00:00:00"
        given = (await _timer(fake, time=5, lastupdate="2026-05-01 10:00:00")).json["timer"]
        assert given["lastupdate"] == "2026-05-01 10:00:00"


async def test_one_timer_a_task_and_person() -> None:
    """A second one on the same task is refused; general timers are not counted."""
    async with _world() as fake:
        task = fake.insert("task")
        first = await _timer(fake, taskid=task, time=1)
        assert first.status == 201
        reply = await _timer(fake, taskid=task, time=1)
        assert (reply.status, reply.code) == (400, 18)
        assert (await _timer(fake, taskid=task, time=1, personid=202)).status == 201
        assert (await _timer(fake, time=1)).status == (await _timer(fake, time=1)).status == 201
        path = f"timer/{first.json['timer']['id']}/"
        assert (await ask(fake, path, method="PUT", body={"name": "x"})).status == 202


async def test_executives_have_no_timers() -> None:
    """They may not look at them, and nobody can give them one."""
    async with _world() as fake:
        assert (await ask(fake, "timer/", token=fake.token_for("Executive"))).status == 403
        assert (await _timer(fake, personid=204, time=1)).code == 18


async def test_which_timers_are_listed() -> None:
    """Those on tasks, or the general ones, or both; of a task, person, project or client."""
    async with _world() as fake:
        every = fake.rows("timer")
        task_of = {row["id"]: row for row in fake.rows("task")}
        on_tasks = [row for row in every if row["taskid"]]
        for query, expected in (
            ({}, on_tasks),
            ({"generaltimers": "f"}, on_tasks),
            ({"generaltimers": "t"}, [row for row in every if not row["taskid"]]),
            ({"gettimerinfo": "t"}, every),
        ):
            found = await ids(fake, "timer", **query, **ALL)
            assert found == [row["id"] for row in expected] != []
        row = next(row for row in on_tasks if task_of[row["taskid"]]["clientid"])
        for name in ("taskid", "personid"):
            assert row["id"] in await ids(fake, "timer", **{name: str(row[name])})
            assert await ids(fake, "timer", **{name: "999"}) == []
        for name in ("projectid", "clientid"):
            wanted = task_of[row["taskid"]][name]
            expected = [each for each in on_tasks if task_of[each["taskid"]][name] == wanted]
            found = await ids(fake, "timer", **{name: str(wanted)})
            assert found == [each["id"] for each in expected]
        updated = {row["id"]: row["lastupdate"] for row in on_tasks}
        order = await ids(fake, "timer", sortfield="lastupdate")
        assert [str(updated[each]) for each in order] == sorted(map(str, updated.values()))
