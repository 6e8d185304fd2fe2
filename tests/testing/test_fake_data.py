"""The generated data hang together, are the same each time, and are there in accounts of any size."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals
from intervals_async.testing._fake.references import ids_in
from intervals_async.testing._fake.resources import catalog

from .asking import ask

NOON = datetime(2026, 5, 6, 12, 30, 5, tzinfo=UTC)
WITH_ROWS = sorted(name for name, resource in catalog().items() if resource.read is None)
OF_WORK = [
    "milestone",
    "milestonenote",
    "task",
    "tasknote",
    "tasklistfilter",
    "time",
    "timer",
    "invoice",
    "invoiceitem",
    "invoicenote",
    "payment",
    "expense",
]


def _at(
    moment: datetime, *, people: int = 12, projects: int = 8, clients: int = 5, seed: int = 1
) -> FakeIntervals:
    return FakeIntervals(
        notes=0, people=people, projects=projects, clients=clients, seed=seed, now=lambda: moment
    )


@pytest.mark.parametrize("name", WITH_ROWS)
def test_every_id_that_is_mentioned_exists(name: str) -> None:
    """What a record points to is there."""
    fake = FakeIntervals(notes=20)
    for column, target in catalog()[name].points_to.items():
        there = {row["id"] for row in fake.rows(target)}
        for row in fake.rows(name):
            assert set(ids_in(row[column])) <= there, (column, row)


@pytest.mark.parametrize("name", OF_WORK)
def test_there_is_enough_of_everything(name: str) -> None:
    """There are more rows than the default page holds, of what people make more than ten of."""
    rows = len(FakeIntervals(notes=0).rows(name))
    assert rows > 10 or name == "tasklistfilter"


@pytest.mark.parametrize("name", OF_WORK)
@pytest.mark.parametrize(
    "sizes",
    [
        {"people": 1, "projects": 0, "clients": 0},
        {"people": 1, "projects": 1},
        {"people": 4, "projects": 3, "clients": 0},
        {"people": 40, "projects": 50, "seed": 5},
    ],
)
async def test_accounts_of_any_size(sizes: dict[str, int], name: str) -> None:
    """A small account is served like any other; without projects there is nothing to do on them."""
    async with _at(NOON, **sizes) as fake:
        rows = fake.rows(name)
        query = {"limit": "500"}
        for filtered in catalog()[name].filters:
            if filtered.required:
                query[filtered.name] = str(rows[0][filtered.name]) if rows else "1"
        assert (await ask(fake, f"{name}/", query)).status == 200
        if sizes["projects"] == 0 and name not in ("tasklistfilter", "timer"):
            assert rows == []


def test_the_day_and_the_seed_decide() -> None:
    """On one day the same seed gives the same work; another seed, or another day, gives other."""
    for name in OF_WORK:
        rows = _at(NOON, seed=3).rows(name)
        assert rows == _at(NOON, seed=3).rows(name)
        assert rows != _at(NOON, seed=4).rows(name)
    rows = _at(NOON).rows("task")
    assert rows == _at(NOON + timedelta(hours=5)).rows("task")
    assert rows != _at(NOON + timedelta(days=1)).rows("task")


def test_work_is_recent() -> None:
    """Notes reach over months up to the present day, some of them lie exactly on midnight."""
    notes = [row["date"] for row in _at(NOON).rows("tasknote")]
    moments = [each for each in notes if isinstance(each, datetime)]
    assert moments == sorted(moments)
    assert moments[0] < NOON - timedelta(days=100) < NOON - timedelta(days=7) < moments[-1] <= NOON
    assert sum(each.time() == datetime.min.time() for each in moments) > 5


def test_time_is_logged_where_it_may_be() -> None:
    """Time is of the task's project, by its people, of its work types and modules."""
    fake = FakeIntervals(notes=0)
    tasks = {row["id"]: row for row in fake.rows("task")}
    worktypes = {(row["projectid"], row["worktypeid"]) for row in fake.rows("projectworktype")}
    modules = {(row["projectid"], row["moduleid"]) for row in fake.rows("projectmodule")}
    teams = {row["projectid"]: set(ids_in(row["personid"])) for row in fake.rows("projectteam")}
    administrators = {row["id"] for row in fake.rows("person") if row["groupid"] == 1}
    general = 0
    for row in fake.rows("time"):
        general += row["taskid"] is None
        if row["taskid"] is not None:
            assert row["projectid"] == tasks[row["taskid"]]["projectid"]
        assert (row["projectid"], row["worktypeid"]) in worktypes
        assert (row["projectid"], row["moduleid"]) in modules
        assert row["personid"] in {*teams[row["projectid"]], *administrators}
    assert 0 < general < 200


def test_one_timer_a_task_and_person() -> None:
    """There are general timers and timers on tasks, running and paused, none twice."""
    rows: list[dict[str, Any]] = [{**row} for row in FakeIntervals(notes=0).rows("timer")]
    on_tasks = [(row["taskid"], row["personid"]) for row in rows if row["taskid"]]
    assert len(set(on_tasks)) == len(on_tasks) < len(rows)
    assert {row["isrunning"] for row in rows} == {True, False}


def test_what_was_made_before_is_not_changed_by_others() -> None:
    """Two servers that begin alike go their own ways."""
    one, other = _at(NOON), _at(NOON)
    identity = one.rows("task")[0]["id"]
    assert isinstance(identity, int)
    one.touch("task", identity, title="Mine", datedue=date(2020, 1, 1))
    assert other.rows("task")[0]["title"] != "Mine"
    one.remove("task", identity)
    assert other.rows("task")[0]["id"] == identity
