"""Milestones: filters and computed sort fields."""

from __future__ import annotations

from datetime import date

import pytest

from intervals_async.testing._fake.references import ids_in

from .raw_client import ids
from .servers import ALL_ROWS, NOON, Matches, server_at_noon

TODAY = NOON.date()


MILESTONES: list[tuple[dict[str, str], Matches]] = [
    ({"localid": "1,2"}, lambda row: row["localid"] in (1, 2)),
    ({"complete": "t"}, lambda row: row["complete"]),
    ({"complete": "f"}, lambda row: not row["complete"]),
    ({"dateduebegin": "2026-05-01"}, lambda row: row["datedue"] >= date(2026, 5, 1)),
    ({"datedueend": "2026-05-01"}, lambda row: row["datedue"] <= date(2026, 5, 1)),
    ({"title": "meeting"}, lambda row: "Meeting" in row["title"]),
    ({"search": "meeting"}, lambda row: "Meeting" in row["title"]),
]


@pytest.mark.parametrize(("query", "matches"), MILESTONES)
async def test_milestones_are_filtered(query: dict[str, str], matches: Matches) -> None:
    """Milestones are filtered by their fields."""
    async with server_at_noon(people=25, projects=12) as fake:
        expected = [row["id"] for row in fake.rows("milestone") if matches(row)]
        assert expected
        assert await ids(fake, "milestone", **query, **ALL_ROWS) == expected


async def test_milestones_by_people_clients_and_notes() -> None:
    """Milestones are filtered by one of several owners, by client and by the text of a note."""
    async with server_at_noon(people=25, projects=12) as fake:
        records = fake.rows("milestone")
        owner = ids_in(records[0]["ownerid"])[-1]
        expected = [row["id"] for row in records if owner in ids_in(row["ownerid"])]
        assert await ids(fake, "milestone", ownerid=str(owner), **ALL_ROWS) == expected
        without_client = {row["id"] for row in fake.rows("project") if row["clientid"] is None}
        expected = [row["id"] for row in records if row["projectid"] in without_client]
        assert await ids(fake, "milestone", clientid="-1", **ALL_ROWS) == expected
        fake.insert("milestonenote", milestoneid=records[3]["id"], note="a needle in it")
        assert await ids(fake, "milestone", search="NEEDLE") == [records[3]["id"]]


@pytest.mark.parametrize(
    "name", ["clientid", "progress", "estimate", "actual", "owner", "projectlabel"]
)
async def test_milestones_are_sorted_by_computed_fields(name: str) -> None:
    """Sorting by a computed field returns all milestones in another order."""
    async with server_at_noon(people=25, projects=12) as fake:
        order = await ids(fake, "milestone", sortfield=name, sortdir="ASC", **ALL_ROWS)
        assert set(order) == {row["id"] for row in fake.rows("milestone")}
        assert order != await ids(fake, "milestone", **ALL_ROWS)


async def test_milestones_are_sorted_by_progress() -> None:
    """Sorting by ``progress`` orders milestones by the fraction of closed tasks."""
    async with server_at_noon(people=25, projects=12) as fake:
        empty, half, full = (fake.insert("milestone") for _ in range(3))
        for milestone, closed in ((empty, False), (half, True), (half, False), (full, True)):
            fake.insert("task", milestoneid=milestone, dateclosed=TODAY if closed else None)
        order = await ids(fake, "milestone", sortfield="progress", sortdir="DESC", **ALL_ROWS)
        positions = [order.index(each) for each in (full, half, empty)]
        assert positions == sorted(positions)
