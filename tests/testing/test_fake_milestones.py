"""Milestones: what is special about them on the server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals
from intervals_async.testing._fake.references import ids_in

from .asking import ids

Row = dict[str, Any]
Wanted = Callable[[Row], bool]

NOON = datetime(2026, 5, 6, 12, 30, 5, tzinfo=UTC)
TODAY = NOON.date()
ALL = {"limit": "1000"}


def _world() -> FakeIntervals:
    return FakeIntervals(notes=0, people=25, projects=12, now=lambda: NOON, per_minute=None)


MILESTONES: list[tuple[dict[str, str], Wanted]] = [
    ({"localid": "1,2"}, lambda row: row["localid"] in (1, 2)),
    ({"complete": "t"}, lambda row: row["complete"]),
    ({"complete": "f"}, lambda row: not row["complete"]),
    ({"dateduebegin": "2026-05-01"}, lambda row: row["datedue"] >= date(2026, 5, 1)),
    ({"datedueend": "2026-05-01"}, lambda row: row["datedue"] <= date(2026, 5, 1)),
    ({"title": "meeting"}, lambda row: "Meeting" in row["title"]),
    ({"search": "meeting"}, lambda row: "Meeting" in row["title"]),
]


@pytest.mark.parametrize(("query", "wanted"), MILESTONES)
async def test_milestones_are_filtered(query: dict[str, str], wanted: Wanted) -> None:
    """Milestones are filtered by their fields."""
    async with _world() as fake:
        expected = [row["id"] for row in fake.rows("milestone") if wanted(row)]
        assert expected
        assert await ids(fake, "milestone", **query, **ALL) == expected


async def test_milestones_by_people_clients_and_notes() -> None:
    """Owners among others, clients of the project with -1 for none, and what their notes say."""
    async with _world() as fake:
        every = fake.rows("milestone")
        owner = ids_in(every[0]["ownerid"])[-1]
        expected = [row["id"] for row in every if owner in ids_in(row["ownerid"])]
        assert await ids(fake, "milestone", ownerid=str(owner), **ALL) == expected
        nobodys = {row["id"] for row in fake.rows("project") if row["clientid"] is None}
        expected = [row["id"] for row in every if row["projectid"] in nobodys]
        assert await ids(fake, "milestone", clientid="-1", **ALL) == expected
        fake.insert("milestonenote", milestoneid=every[3]["id"], note="a needle in it")
        assert await ids(fake, "milestone", search="NEEDLE") == [every[3]["id"]]


@pytest.mark.parametrize(
    "name", ["clientid", "progress", "estimate", "actual", "owner", "projectlabel"]
)
async def test_milestones_are_sorted_by_what_they_do_not_tell(name: str) -> None:
    """The order by a computed field turns round with the direction."""
    async with _world() as fake:
        order = await ids(fake, "milestone", sortfield=name, sortdir="ASC", **ALL)
        assert set(order) == {row["id"] for row in fake.rows("milestone")}
        assert order != await ids(fake, "milestone", **ALL)


async def test_milestones_are_sorted_by_progress() -> None:
    """That with more of its tasks closed comes later."""
    async with _world() as fake:
        none, half, whole = (fake.insert("milestone") for _ in range(3))
        for milestone, closed in ((none, False), (half, True), (half, False), (whole, True)):
            fake.insert("task", milestoneid=milestone, dateclosed=TODAY if closed else None)
        order = await ids(fake, "milestone", sortfield="progress", sortdir="DESC", **ALL)
        places = [order.index(each) for each in (whole, half, none)]
        assert places == sorted(places)
