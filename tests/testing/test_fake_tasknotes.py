"""Task notes and milestone notes: date ranges and visibility."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from .raw_client import ids, send
from .servers import ALL_ROWS, NOON, Matches, server_at_noon

NOTES: list[tuple[dict[str, str], Matches]] = [
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


@pytest.mark.parametrize(("query", "matches"), NOTES)
async def test_notes_are_filtered(query: dict[str, str], matches: Matches) -> None:
    """Task notes are filtered by task, or by a date range of at most a week."""
    async with server_at_noon(people=25, projects=12) as fake:
        expected = [row["id"] for row in fake.rows("tasknote") if matches(row)]
        assert expected or "authorid" in query
        assert await ids(fake, "tasknote", **query, **ALL_ROWS) == expected


async def test_notes_of_one_day() -> None:
    """A filter by ``date`` selects the notes of that day in UTC and needs no range."""
    async with server_at_noon(people=25, projects=12) as fake:
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
    """A range of more than a week is refused with code 18, except with ``taskid``."""
    async with server_at_noon(people=25, projects=12) as fake:
        response = await send(fake, "tasknote/", query)
        assert (response.status, response.code) == (400, 18)
        assert (await send(fake, "tasknote/", {**query, "taskid": "2001"})).status == 200


@pytest.mark.parametrize(("name", "of"), [("tasknote", "task"), ("milestonenote", "milestone")])
async def test_executives_see_only_public_notes(name: str, of: str) -> None:
    """Executives see only public notes, and their own notes are always public."""
    async with server_at_noon(people=25, projects=12) as fake:
        token = fake.token_for("Executive")
        parent = str(fake.rows(of)[0]["id"])
        hidden = fake.insert(name, **{f"{of}id": int(parent)}, public=False)
        shown = fake.insert(name, **{f"{of}id": int(parent)}, public=True)
        query = {f"{of}id": parent, **ALL_ROWS}
        found = [row["id"] for row in (await send(fake, f"{name}/", query, token=token)).json[name]]
        assert str(shown) in found
        assert str(hidden) not in found
        assert (await send(fake, f"{name}/{hidden}/", token=token)).status == 404
        assert (await send(fake, f"{name}/{hidden}/")).status == 200
        body = {f"{of}id": parent, "note": "<p>Hi</p>", "public": "f"}
        response = await send(fake, f"{name}/", method="POST", body=body, token=token)
        assert (response.status, response.json[name]["public"]) == (201, "t")
        manager = fake.token_for("Manager")
        path = f"{name}/{shown}/"
        response = await send(fake, path, method="PUT", body={"note": "x"}, token=manager)
        assert response.status == 403
