"""The sample data of accounts of any size."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals
from intervals_async.testing._fake.references import ids_in
from intervals_async.testing._fake.resources import catalog

from .raw_client import send
from .servers import NOON

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


@pytest.mark.parametrize("name", OF_WORK)
def test_resources_have_more_rows_than_a_page(name: str) -> None:
    """Each resource of people's work has more rows than a page holds by default."""
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
    """Accounts of any size serve every resource; without projects there is no work on them."""
    async with _at(NOON, **sizes) as fake:
        rows = fake.rows(name)
        query = {"limit": "500"}
        for filtered in catalog()[name].filters:
            if filtered.required:
                query[filtered.name] = str(rows[0][filtered.name]) if rows else "1"
        assert (await send(fake, f"{name}/", query)).status == 200
        if sizes["projects"] == 0 and name not in ("tasklistfilter", "timer"):
            assert rows == []


def test_date_and_seed_determine_the_data() -> None:
    """The same seed gives the same data on one date; another seed or date gives others."""
    for name in OF_WORK:
        rows = _at(NOON, seed=3).rows(name)
        assert rows == _at(NOON, seed=3).rows(name)
        assert rows != _at(NOON, seed=4).rows(name)
    rows = _at(NOON).rows("task")
    assert rows == _at(NOON + timedelta(hours=5)).rows("task")
    assert rows != _at(NOON + timedelta(days=1)).rows("task")


def test_work_is_recent() -> None:
    """Task notes cover months up to the current day, and some have a time of exactly midnight."""
    notes = [row["date"] for row in _at(NOON).rows("tasknote")]
    moments = [each for each in notes if isinstance(each, datetime)]
    assert moments == sorted(moments, reverse=True)
    assert moments[-1] < NOON - timedelta(days=100) < NOON - timedelta(days=7) < moments[0] <= NOON
    assert sum(each.time() == datetime.min.time() for each in moments) > 5


def test_time_is_consistent_with_its_project() -> None:
    """Time refers to a project's own task, person, work type and module."""
    fake = FakeIntervals(notes=0)
    tasks = {row["id"]: row for row in fake.rows("task")}
    worktypes = {(row["projectid"], row["worktypeid"]) for row in fake.rows("projectworktype")}
    modules = {(row["projectid"], row["moduleid"]) for row in fake.rows("projectmodule")}
    teams = {row["projectid"]: set(ids_in(row["personid"])) for row in fake.rows("projectteam")}
    administrators = {row["id"] for row in fake.rows("person") if row["group"] == "Administrator"}
    general = 0
    for row in fake.rows("time"):
        general += row["taskid"] is None
        if row["taskid"] is not None:
            assert row["projectid"] == tasks[row["taskid"]]["projectid"]
        assert (row["projectid"], row["worktypeid"]) in worktypes
        assert (row["projectid"], row["moduleid"]) in modules
        assert row["personid"] in {*teams[row["projectid"]], *administrators}
    assert 0 < general < 200


def test_kinds_of_timers() -> None:
    """Timers are general or on tasks, running or paused, with one per task and person."""
    rows: list[dict[str, Any]] = [{**row} for row in FakeIntervals(notes=0).rows("timer")]
    on_tasks = [(row["taskid"], row["personid"]) for row in rows if row["taskid"]]
    assert len(set(on_tasks)) == len(on_tasks) < len(rows)
    assert {row["isrunning"] for row in rows} == {True, False}
