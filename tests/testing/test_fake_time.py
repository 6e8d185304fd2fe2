"""Time entries and timers: filters, shapes, permissions and rules for writes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from intervals_async.testing import FakeIntervals
from intervals_async.testing._fake.references import ids_in

from .raw_client import Response, ids, rows, send
from .servers import ALL_ROWS, NOON, Matches, Row, server_at_noon


def _project_of(row: Row, fake: FakeIntervals) -> Row:
    return next(each for each in fake.rows("project") if each["id"] == row["projectid"])


TIME: list[tuple[dict[str, str], Matches]] = [
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


@pytest.mark.parametrize(("query", "matches"), TIME)
async def test_time_is_filtered(query: dict[str, str], matches: Matches) -> None:
    """Time is filtered by ids (with -1 for none), dates, datetimes and booleans."""
    async with server_at_noon() as fake:
        expected = [row["id"] for row in fake.rows("time") if matches(row)]
        assert expected
        assert await ids(fake, "time", **query, **ALL_ROWS) == expected


async def test_ranges_include_both_ends() -> None:
    """A date range includes both ends, and ``date`` selects one day."""
    async with server_at_noon() as fake:
        day = fake.rows("time")[0]["date"]
        expected = [row["id"] for row in fake.rows("time") if row["date"] == day]
        assert await ids(fake, "time", date=str(day)) == expected
        assert await ids(fake, "time", datebegin=str(day), dateend=str(day)) == expected


async def test_time_by_client_and_activity() -> None:
    """``clientid`` compares the project's client; ``activeonly`` checks project and person."""
    async with server_at_noon() as fake:
        records = fake.rows("time")
        client = next(row["clientid"] for row in fake.rows("project") if row["clientid"])
        for query, expected_id in ((str(client), client), ("-1", None)):
            expected = [r["id"] for r in records if _project_of(r, fake)["clientid"] == expected_id]
            assert await ids(fake, "time", clientid=query, **ALL_ROWS) == expected
        person = records[0]["personid"]
        assert isinstance(person, int)
        fake.touch("person", person, active=person == 201)
        active = {row["id"] for row in fake.rows("person") if row["active"]}
        expected = [
            row["id"]
            for row in records
            if row["personid"] in active and _project_of(row, fake)["active"]
        ]
        assert await ids(fake, "time", activeonly="t", **ALL_ROWS) == expected
        assert len(expected) < len(records)


@pytest.mark.parametrize(
    ("sortfield", "column"), [("t.date", "date"), ("datemodified", "datemodified")]
)
async def test_time_is_sorted(sortfield: str, column: str) -> None:
    """Time is sorted by each sort field, including ``t.date`` with a table prefix."""
    async with server_at_noon() as fake:
        values = {row["id"]: row[column] for row in fake.rows("time")}
        order = await ids(fake, "time", sortfield=sortfield, sortdir="DESC", **ALL_ROWS)
        assert [str(values[each]) for each in order] == sorted(map(str, values.values()))[::-1]


async def test_the_two_shapes_of_time() -> None:
    """A time entry has names and two forms of the date in lists, and milestones in members."""
    async with server_at_noon() as fake:
        kept = next(row for row in fake.rows("time") if row["milestoneid"])
        listed = (await rows(fake, "time", taskid=str(kept["taskid"]), **ALL_ROWS))[0]
        member = (await send(fake, f"time/{listed['id']}/")).json["time"]
        day = date.fromisoformat(member["date"])
        assert listed["date"] == listed["dateiso"] == str(day)
        assert listed["clientid"] == (str(kept["clientid"]) if kept["clientid"] else "")
        assert member["milestoneid"] == member["ogmilestoneid"] == str(kept["milestoneid"])
        assert "milestoneid" not in listed
        assert not {"dateiso", "person", "task", "project", "client"} & member.keys()
        assert listed["person"].startswith(listed["firstname"])
        assert "approved" not in {**listed, **member}


class TimeLogger:
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

    async def log(self, **fields: object) -> Response:
        """Log one hour of general time by default; None omits a field."""
        body = {
            "projectid": self.project,
            "moduleid": self.module,
            "worktypeid": self.worktype,
            "personid": self.person,
            "date": "2026-05-05",
            "time": "1",
            "billable": "t",
        } | fields
        fields_sent = {name: value for name, value in body.items() if value is not None}
        return await send(self.fake, "time/", method="POST", body=fields_sent)


async def test_general_time_and_task_time() -> None:
    """General time needs a project and a module; a task sets both, whatever the body states."""
    async with server_at_noon() as fake:
        person = TimeLogger(fake)
        response = await person.log()
        assert response.status == 201
        assert response.json["time"]["taskid"] in (None, "")
        for name in ("projectid", "moduleid"):
            response = await person.log(**{name: None})
            assert (response.status, response.code) == (400, 18)
            assert response.verbose == [f"The following required field is missing: {name}"]
        task = fake.insert("task", projectid=person.project, moduleid=602)
        response = await person.log(taskid=task, projectid=308, moduleid=601)
        assert response.json["time"]["projectid"] == str(person.project)
        assert response.json["time"]["moduleid"] == "602"
        assert (await person.log(taskid=task, projectid=None, moduleid=None)).status == 201


async def test_person_and_work_type_belong_to_the_project() -> None:
    """Time with a work type or person of another project is refused with code 18."""
    async with server_at_noon() as fake:
        person = TimeLogger(fake)
        stranger = fake.insert("person", groupid=3)
        other = fake.insert("worktype", name="Elsewhere")
        for name, value in (("worktypeid", other), ("personid", stranger), ("worktypeid", 1)):
            response = await person.log(**{name: value})
            assert (response.status, response.code) == (400, 18)
            assert response.verbose == [
                f"Validation failed for the value ({value}) passed to the following field: {name}"
            ]
        assert (await person.log(personid=201)).status == 201


@pytest.mark.parametrize(
    ("hours", "status"), [("1.25", 201), (0.1, 201), (8, 201), ("1.255", 400), (1 / 3, 400)]
)
async def test_hours_have_two_decimal_places(hours: object, status: int) -> None:
    """Hours with more than two decimal places are refused."""
    async with server_at_noon() as fake:
        response = await TimeLogger(fake).log(time=hours)
        assert response.status == status
        if status == 400:
            assert response.verbose == ["Time is too precise."]


async def test_writing_time() -> None:
    """Time accepts JSON booleans, records its modification, and is closed to Executives."""
    async with server_at_noon() as fake:
        person = TimeLogger(fake)
        created = (await person.log(billable=False)).json["time"]
        assert (created["billable"], created["datemodified"]) == ("f", "2026-05-06 12:30:05")
        dated = (await person.log(datemodified="2026-05-01 01:02:03")).json["time"]
        assert dated["datemodified"] == "2026-05-01 01:02:03"
        path = f"time/{dated['id']}/"
        changed = (await send(fake, path, method="PUT", body={"time": 2})).json["time"]
        assert (changed["time"], changed["datemodified"]) == ("2", "2026-05-06 12:30:05")
        token = fake.token_for("Executive")
        assert (await send(fake, path, method="PUT", body={"time": 2}, token=token)).status == 403


async def _timer(fake: FakeIntervals, **fields: object) -> Response:
    return await send(fake, "timer/", method="POST", body={"personid": 201, **fields})


async def test_timers_run_and_pause() -> None:
    """A timer runs while it has a ``starttime``, and its total grows with the server's clock."""
    now = [NOON]
    async with server_at_noon(now=lambda: now[0]) as fake:
        timer = (await _timer(fake, starttime="2026-05-06T12:29:05")).json["timer"]
        path = f"timer/{timer['id']}/"
        assert timer["starttime"] == "2026-05-06 12:29:05"
        assert (timer["isrunning"], timer["timelapsed"], timer["totaltime"]) == ("t", "60", "60")
        now[0] += timedelta(seconds=30)
        grown = (await send(fake, path)).json["timer"]
        assert (grown["timelapsed"], float(grown["totaltime"])) == ("90", 90)
        body = {"starttime": None, "time": 90}
        paused = (await send(fake, path, method="PUT", body=body)).json["timer"]
        assert (paused["isrunning"], paused["timelapsed"]) == ("f", "0")
        assert float(paused["totaltime"]) == 90
        assert paused["starttime"] in (None, "")
        assert paused["lastupdate"] == "2026-05-06 12:30:35"
        body = {"time": None, "starttime": None}
        response = await send(fake, path, method="PUT", body=body)
        assert (response.status, response.code) == (400, 18)


async def test_a_new_timer() -> None:
    """A new timer starts at once, also with a ``time``, unless its ``starttime`` is empty."""
    async with server_at_noon() as fake:
        started = (await _timer(fake, name="Now")).json["timer"]
        assert (started["isrunning"], started["starttime"]) == ("t", "2026-05-06 12:30:05")
        running = (await _timer(fake, time=5)).json["timer"]
        assert (running["isrunning"], running["starttime"]) == ("t", "2026-05-06 12:30:05")
        fields = {"time": 5, "starttime": "", "timelapsed": 700, "lastupdate": "2026-05-01"}
        paused = (await _timer(fake, **fields)).json["timer"]
        assert (paused["isrunning"], float(paused["totaltime"])) == ("f", 5)
        assert paused["lastupdate"] == "2026-05-01 00:00:00"
        dated = (await _timer(fake, time=5, lastupdate="2026-05-01 10:00:00")).json["timer"]
        assert dated["lastupdate"] == "2026-05-01 10:00:00"


async def test_one_timer_per_task_and_person() -> None:
    """A second timer of a person on one task is refused; general timers are not limited."""
    async with server_at_noon() as fake:
        task = fake.insert("task")
        first = await _timer(fake, taskid=task, time=1)
        assert first.status == 201
        response = await _timer(fake, taskid=task, time=1)
        assert (response.status, response.code) == (400, 18)
        assert (await _timer(fake, taskid=task, time=1, personid=202)).status == 201
        assert (await _timer(fake, time=1)).status == (await _timer(fake, time=1)).status == 201
        path = f"timer/{first.json['timer']['id']}/"
        assert (await send(fake, path, method="PUT", body={"name": "x"})).status == 202


async def test_executives_have_no_timers() -> None:
    """Executives may not list timers, and nobody can create a timer for them."""
    async with server_at_noon() as fake:
        assert (await send(fake, "timer/", token=fake.token_for("Executive"))).status == 403
        assert (await _timer(fake, personid=204, time=1)).code == 18


async def test_which_timers_are_listed() -> None:
    """A list contains timers on tasks, general timers or both, by task, person or project."""
    async with server_at_noon() as fake:
        records = fake.rows("timer")
        task_of = {row["id"]: row for row in fake.rows("task")}
        on_tasks = [row for row in records if row["taskid"]]
        for query, expected in (
            ({}, on_tasks),
            ({"generaltimers": "f"}, on_tasks),
            ({"generaltimers": "t"}, [row for row in records if not row["taskid"]]),
            ({"gettimerinfo": "t"}, records),
        ):
            found = await ids(fake, "timer", **query, **ALL_ROWS)
            assert found == [row["id"] for row in expected] != []
        row = next(row for row in on_tasks if task_of[row["taskid"]]["clientid"])
        for name in ("taskid", "personid"):
            assert row["id"] in await ids(fake, "timer", **{name: str(row[name])})
            assert await ids(fake, "timer", **{name: "999"}) == []
        for name in ("projectid", "clientid"):
            expected_id = task_of[row["taskid"]][name]
            expected = [each for each in on_tasks if task_of[each["taskid"]][name] == expected_id]
            found = await ids(fake, "timer", **{name: str(expected_id)})
            assert found == [each["id"] for each in expected]
        updated = {row["id"]: row["lastupdate"] for row in on_tasks}
        order = await ids(fake, "timer", sortfield="lastupdate")
        assert [str(updated[each]) for each in order] == sorted(map(str, updated.values()))
