"""Notes on tasks and milestones: what is special about them on the server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

from .asking import ask, ids

Row = dict[str, Any]
Wanted = Callable[[Row], bool]

NOON = datetime(2026, 5, 6, 12, 30, 5, tzinfo=UTC)
ALL = {"limit": "1000"}


def _world() -> FakeIntervals:
    return FakeIntervals(notes=0, people=25, projects=12, now=lambda: NOON, per_minute=None)


NOTES: list[tuple[dict[str, str], Wanted]] = [
    ({"taskid": "2001,2002"}, lambda row: row["taskid"] in (2001, 2002)),
    ({}, lambda row: row["date"] >= NOON - timedelta(days=7)),
    (
        {"datebegin": "2026-02-01 00:00:00", "dateend": "2026-02-08 00:00:00"},
        lambda row: (
            date(2026, 2, 1) <= row["date"].date() < date(2026, 2, 8)
            or row["date"] == datetime(2026, 2, 8, tzinfo=UTC)
        ),
    ),
    ({"datebegin": "2026-05-01 00:00:00"}, lambda row: row["date"].date() >= date(2026, 5, 1)),
    (
        {"datemodifiedbegin": "2026-03-01 00:00:00", "datemodifiedend": "2026-03-07 00:00:00"},
        lambda r: (
            date(2026, 3, 1) <= r["datemodified"].date() < date(2026, 3, 7)
            or r["datemodified"].isoformat() == "2026-03-07T00:00:00"
        ),
    ),
    ({"public": "t", "taskid": "2001,2002,2003"}, lambda r: r["public"] and r["taskid"] <= 2003),
    (
        {"authorid": "201", "datebegin": "2026-04-10", "dateend": "2026-04-16"},
        lambda r: (
            r["authorid"] == 201 and date(2026, 4, 10) <= r["date"].date() <= date(2026, 4, 16)
        ),
    ),
    ({"title": "UPDATED"}, lambda r: "updated" in r["title"] and NOON - r["date"] < timedelta(7)),
]


@pytest.mark.parametrize(("query", "wanted"), NOTES)
async def test_notes_are_filtered(query: dict[str, str], wanted: Wanted) -> None:
    """By task whatever their age; without one, over a week at most, and the last where none is said."""
    async with _world() as fake:
        expected = [row["id"] for row in fake.rows("tasknote") if wanted(row)]
        assert expected or "authorid" in query
        assert await ids(fake, "tasknote", **query, **ALL) == expected


async def test_notes_of_one_day() -> None:
    """A date is the day of it in UTC, and needs no range."""
    async with _world() as fake:
        day = fake.rows("tasknote")[0]["date"]
        assert isinstance(day, datetime)
        expected = [r["id"] for r in fake.rows("tasknote") if str(r["date"])[:10] == str(day)[:10]]
        assert await ids(fake, "tasknote", date=f"{day:%Y-%m-%d %H:%M:%S}") == expected


@pytest.mark.parametrize(
    "query",
    [
        {"datebegin": "2026-02-01 00:00:00", "dateend": "2026-02-08 00:00:01"},
        {"datebegin": "2026-02-01 00:00:00"},
        {"dateend": "2026-05-06 00:00:00"},
        {"datemodifiedbegin": "2026-02-01", "datemodifiedend": "2026-02-20"},
    ],
)
async def test_a_week_is_the_longest_range(query: dict[str, str]) -> None:
    """Longer and open ranges are validation errors, but not for the notes of some tasks."""
    async with _world() as fake:
        reply = await ask(fake, "tasknote/", query)
        assert (reply.status, reply.code) == (400, 18)
        assert (await ask(fake, "tasknote/", {**query, "taskid": "2001"})).status == 200


@pytest.mark.parametrize(("name", "of"), [("tasknote", "task"), ("milestonenote", "milestone")])
async def test_executives_get_public_notes(name: str, of: str) -> None:
    """Other notes are neither in their list nor to be had alone; what they write is public."""
    async with _world() as fake:
        token = fake.token_for("Executive")
        parent = str(fake.rows(of)[0]["id"])
        hidden = fake.insert(name, **{f"{of}id": int(parent)}, public=False)
        shown = fake.insert(name, **{f"{of}id": int(parent)}, public=True)
        query = {f"{of}id": parent, **ALL}
        found = [row["id"] for row in (await ask(fake, f"{name}/", query, token=token)).json[name]]
        assert str(shown) in found
        assert str(hidden) not in found
        assert (await ask(fake, f"{name}/{hidden}/", token=token)).status == 404
        assert (await ask(fake, f"{name}/{hidden}/")).status == 200
        body = {f"{of}id": parent, "note": "<p>Hi</p>", "public": "f"}
        reply = await ask(fake, f"{name}/", method="POST", body=body, token=token)
        assert (reply.status, reply.json[name]["public"]) == (201, "t")
        manager = fake.token_for("Manager")
        path = f"{name}/{shown}/"
        reply = await ask(fake, path, method="PUT", body={"note": "x"}, token=manager)
        assert reply.status == 403
