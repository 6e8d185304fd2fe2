"""Tasks, saved filters and action notes: filters, order, shapes and permissions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from intervals_async.testing._fake.references import ids_in

from .raw_client import ids, rows, send
from .servers import ALL_ROWS, NOON, Matches, Row, server_at_noon

TODAY = NOON.date()
QUIET = {"X-Intervals-Disable-Action-Notes": "t"}


def _closed(row: Row) -> bool:
    return row["dateclosed"] is not None or row["status"] == "Closed"


def _with(row: Row, *people: int) -> bool:
    roles = ("assigneeid", "ownerid", "followerid")
    return any(person in ids_in(row[role]) for role in roles for person in people)


TASKS: list[tuple[dict[str, str], Matches]] = [
    ({"localid": "1,5"}, lambda row: row["localid"] in (1, 5)),
    (
        {"assigneeid": "201,202,203"},
        lambda row: bool({201, 202, 203} & {*ids_in(row["assigneeid"])}),
    ),
    ({"assigneeid": "-1"}, lambda row: not row["assigneeid"]),
    ({"assigneeid": "-1,204"}, lambda row: 204 in (ids_in(row["assigneeid"]) or [204])),
    ({"followerid": "-1"}, lambda row: not row["followerid"]),
    ({"ownerid": "203,205"}, lambda row: bool({203, 205} & {*ids_in(row["ownerid"])})),
    ({"statusid": "901,903"}, lambda row: row["statusid"] in (901, 903)),
    ({"priorityid": "801"}, lambda row: row["priorityid"] == 801),
    ({"clientid": "-1"}, lambda row: row["clientid"] is None),
    ({"clientid": "101,102"}, lambda row: row["clientid"] in (101, 102)),
    ({"projectid": "301,302"}, lambda row: row["projectid"] in (301, 302)),
    ({"moduleid": "601,602"}, lambda row: row["moduleid"] in (601, 602)),
    ({"milestoneid": "-1"}, lambda row: row["milestoneid"] is None),
    ({"title": "meeting"}, lambda row: "Meeting" in row["title"]),
    ({"hasduedate": "t"}, lambda row: row["datedue"] is not None),
    ({"hasduedate": "f"}, lambda row: row["datedue"] is None),
    ({"excludeclosed": "t"}, lambda row: not _closed(row)),
    ({"excludeclosed": "f"}, lambda row: True),
    ({"overdue": "t"}, lambda r: bool(r["datedue"]) and r["datedue"] < TODAY and not _closed(r)),
    ({"hastaskrelation": "204"}, lambda row: _with(row, 204)),
    ({"assignedorownedby": "204,205"}, lambda row: _with(row, 204, 205)),
    ({"datecreatedbegin": "2026-03-01"}, lambda row: row["datecreated"] >= date(2026, 3, 1)),
    ({"datecreatedend": "2026-03-01"}, lambda row: row["datecreated"] <= date(2026, 3, 1)),
    ({"dateopenbegin": "2026-03-01"}, lambda row: row["dateopen"] >= date(2026, 3, 1)),
    ({"dateopenend": "2026-03-01"}, lambda row: row["dateopen"] <= date(2026, 3, 1)),
    (
        {"dateduebegin": "2026-04-01"},
        lambda r: bool(r["datedue"]) and r["datedue"] >= date(2026, 4, 1),
    ),
    (
        {"datedueend": "2026-04-01"},
        lambda r: bool(r["datedue"]) and r["datedue"] <= date(2026, 4, 1),
    ),
    ({"dateclosedbegin": "2026-01-01"}, lambda row: row["dateclosed"] is not None),
    ({"dateclosedend": "2026-09-01"}, lambda row: row["dateclosed"] is not None),
    (
        {"datemodifiedbegin": "2026-03-01 12:00:00"},
        lambda row: row["datemodified"] >= datetime(2026, 3, 1, 12),  # noqa: DTZ001 - the account states no time zone
    ),
    (
        {"datemodifiedend": "2026-03-01 12:00:00"},
        lambda row: row["datemodified"] <= datetime(2026, 3, 1, 12),  # noqa: DTZ001 - the account states no time zone
    ),
    (
        {"projectid": "301,302,303", "excludeclosed": "t"},
        lambda row: row["projectid"] in (301, 302, 303) and not _closed(row),
    ),
]


@pytest.mark.parametrize(("query", "matches"), TASKS)
async def test_tasks_are_filtered(query: dict[str, str], matches: Matches) -> None:
    """Tasks are filtered by ids (with -1 for none), people in any role, dates and state."""
    async with server_at_noon(people=25, projects=12) as fake:
        expected = [row["id"] for row in fake.rows("task") if matches(row)]
        assert expected
        assert await ids(fake, "task", **query, **ALL_ROWS) == expected


@pytest.mark.parametrize("name", ["datecreated", "dateopen", "datedue", "dateclosed"])
async def test_exact_days(name: str) -> None:
    """A filter named like a date field selects exactly that date."""
    async with server_at_noon(people=25, projects=12) as fake:
        records = fake.rows("task")
        day = next(row[name] for row in records if row[name])
        expected = [row["id"] for row in records if row[name] == day]
        assert await ids(fake, "task", **{name: str(day)}, **ALL_ROWS) == expected


async def test_search_looks_at_the_request_too() -> None:
    """Search covers title, summary, localid and the work request of a task."""
    async with server_at_noon(people=25, projects=12) as fake:
        asked = fake.insert("request", title="Nothing", description="<p>A needle</p>")
        found = [
            fake.insert("task", title="NEEDLE"),
            fake.insert("task", summary="a <b>needle</b>"),
            fake.insert("task", queueid=asked),
        ]
        assert await ids(fake, "task", search="needle") == found
        localid = fake.rows("task")[-1]["localid"]
        assert found[-1] in await ids(fake, "task", search=str(localid))


async def test_tasks_by_access() -> None:
    """``personid`` selects the tasks of projects to which the person has access."""
    async with server_at_noon(people=25, projects=12) as fake:
        teams = [ids_in(row["personid"]) for row in fake.rows("projectteam")]
        people = {person for team in teams for person in team}
        person = str(min(each for each in people if not all(each in team for team in teams)))
        open_to = await ids(fake, "project", personid=person, limit="100")
        expected = [row["id"] for row in fake.rows("task") if row["projectid"] in open_to]
        assert await ids(fake, "task", personid=person, **ALL_ROWS) == expected
        assert 0 < len(expected) < len(fake.rows("task"))


async def test_saved_filters() -> None:
    """A saved filter applies with its nested filter, and an unknown one is refused."""
    async with server_at_noon(people=25, projects=12) as fake:
        titles = {row["title"]: str(row["id"]) for row in fake.rows("tasklistfilter")}
        overdue = await ids(fake, "task", tasklistfilterid=titles["Overdue"], **ALL_ROWS)
        assert overdue == await ids(fake, "task", overdue="t", **ALL_ROWS)
        both = await ids(
            fake, "task", tasklistfilterid=titles["Open, without due date"], **ALL_ROWS
        )
        assert both == await ids(fake, "task", excludeclosed="t", hasduedate="f", **ALL_ROWS)
        assert "params" not in (await rows(fake, "tasklistfilter"))[0]
        response = await send(fake, "task/", {"tasklistfilterid": "999"})
        assert (response.status, response.code) == (400, 18)


async def test_restricted_users_see_their_own() -> None:
    """A restricted Resource user sees the tasks and milestones that they have a role in."""
    async with server_at_noon(people=25, projects=12) as fake:
        token = fake.token_for("Resource")
        own = [row["id"] for row in fake.rows("task") if _with(row, 203)]
        response = await send(fake, "task/", ALL_ROWS, token=token)
        assert [int(row["id"]) for row in response.json["task"]] == own
        holding = {row["milestoneid"] for row in fake.rows("task") if _with(row, 203)}
        milestones = [
            row["id"]
            for row in fake.rows("milestone")
            if row["id"] in holding or 203 in ids_in(row["ownerid"])
        ]
        response = await send(fake, "milestone/", ALL_ROWS, token=token)
        assert [int(row["id"]) for row in response.json["milestone"]] == milestones
        assert await ids(fake, "milestone", hasmilestonerelation="203", **ALL_ROWS) == milestones


async def test_the_two_shapes_of_a_task() -> None:
    """A task has texts, a rank and sums in lists, and arrays and a name in members."""
    async with server_at_noon(people=25, projects=12) as fake:
        listed = next(
            row for row in await rows(fake, "task", **ALL_ROWS) if "," in row["assigneeid"]
        )
        member = (await send(fake, f"task/{listed['id']}/")).json["task"]
        assert listed["priority"].isdigit()
        assert member["priority"] == listed["severity"]
        assert [each["personid"] for each in member["assignee"]] == listed["assigneeid"].split(",")
        assert set(member["assignee"][0]) == {
            "assignee",
            "assigneeactive",
            "personid",
            "personlocalid",
        }
        names = [each["assignee"] for each in member["assignee"]]
        assert listed["assignees"] == ", ".join(names)
        assert not {"datemodified", "actual", "owners", "projectlocalid", "timerid"} & member.keys()
        assert not {"owner", "follower", "milestonelocalid", "timerid"} & listed.keys()


async def test_the_sums_of_a_task() -> None:
    """Billable, unbillable and actual are the current sums of the hours on a task."""
    async with server_at_noon(people=25, projects=12) as fake:
        task = fake.insert("task", projectid=301)
        for hours, billable in ((0.1, True), (0.7, True), (3.5, False)):
            fake.insert("time", taskid=task, time=hours, billable=billable)
        row = (await rows(fake, "task", localid=str(fake.rows("task")[-1]["localid"])))[0]
        assert float(row["billable"]) == 0.1 + 0.7
        assert float(row["unbillable"]) == 3.5
        assert float(row["actual"]) == 0.1 + 0.7 + 3.5


async def test_timers_in_the_list_of_tasks() -> None:
    """``includetimerid`` adds that person's timer and its start to each task."""
    async with server_at_noon(people=25, projects=12) as fake:
        task = str(fake.rows("task")[0]["id"])
        started = datetime(2026, 5, 6, 11, tzinfo=UTC)
        timer = fake.insert("timer", taskid=int(task), personid=201, starttime=started)
        for row in await rows(fake, "task", includetimerid="201", **ALL_ROWS):
            if row["id"] == task:
                assert (row["timerid"], row["starttime"]) == (str(timer), "2026-05-06 11:00:00")
            else:
                assert "timerid" in row
        other = (await rows(fake, "task", includetimerid="999"))[0]
        assert other["timerid"] in (None, "")


SORTS = {
    "sev.priority": lambda row: int(row["priority"]),
    "projectabel_order": lambda row: int(row["projectlabel_order"] or 99),
    "assignee": lambda row: row["assignees"].casefold(),
    "status_order": lambda row: int(row["status_order"]),
    "severity": lambda row: row["severity"].casefold(),
    "estimate": lambda row: float(row["estimate"] or 99),
    "datedue": lambda row: row["datedue"] or "9999",
}


@pytest.mark.parametrize("name", SORTS)
async def test_tasks_are_sorted(name: str) -> None:
    """Tasks are sorted by each sort field, including those that are no field of a task."""
    async with server_at_noon(people=25, projects=12) as fake:
        key: Callable[[Row], Any] = SORTS[name]
        found = list(map(key, await rows(fake, "task", sortfield=name, **ALL_ROWS)))
        assert found == sorted(found)
        assert found[0] != found[-1]


async def test_who_owns_a_task() -> None:
    """A Resource user owns new tasks and cannot change the owners; a Manager can."""
    async with server_at_noon(people=25, projects=12) as fake:
        token = fake.token_for("Resource")
        body = {
            "projectid": 301,
            "moduleid": 601,
            "statusid": 901,
            "priorityid": 801,
            "title": "New",
            "dateopen": "2026-05-06",
        }

        async def write(who: str, owner: str, path: str = "task/", method: str = "POST") -> int:
            sent = {"ownerid": owner} if method == "PUT" else {**body, "ownerid": owner}
            response = await send(fake, path, method=method, body=sent, token=who)
            return int(response.json["task"]["id"]) if response.status < 300 else response.status

        assert await write(token, "204") == 400
        created = await write(token, "203")
        assert await write(token, "203,204", f"task/{created}/", "PUT") == 400
        assert (
            await write(fake.token_for("Manager"), "203, 204", f"task/{created}/", "PUT") == created
        )
        assert fake.rows("task")[-1]["ownerid"] == "203,204"
        assert await write(fake.token_for("Executive"), "204") == 403


async def test_changes_set_the_modification_time() -> None:
    """A changed task is found by the time of its change."""
    async with server_at_noon(people=25, projects=12) as fake:
        first = fake.rows("task")[0]["id"]
        await send(fake, f"task/{first}/", method="PUT", body={"title": "Changed"})
        query = {"datemodifiedbegin": "2026-05-06 12:30:05"}
        assert await ids(fake, "task", **query) == [first]


@pytest.mark.parametrize(("name", "title"), [("task", "Task"), ("milestone", "Milestone")])
async def test_action_notes(name: str, title: str) -> None:
    """A change adds a note by the system, unless a header suppresses it."""
    async with server_at_noon(people=25, projects=12) as fake:
        identity = fake.rows(name)[0]["id"]
        before = len(fake.rows(f"{name}note"))
        change = {"title": "Other"}
        await send(fake, f"{name}/{identity}/", method="PUT", body=change, headers=QUIET)
        assert len(fake.rows(f"{name}note")) == before
        await send(fake, f"{name}/{identity}/", method="PUT", body=change)
        note = max(fake.rows(f"{name}note"), key=lambda row: int(str(row["id"])))
        assert (note[f"{name}id"], note["title"]) == (identity, f"{title} updated")
        assert (note["authorid"], note["note"], note["date"]) == (201, None, NOON)
