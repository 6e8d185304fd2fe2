"""Documents: filters, order, shapes and downloads."""

from __future__ import annotations

from typing import Any

import pytest

from intervals_async import IntervalsClient, NotFoundError
from intervals_async.testing import FakeIntervals

from .raw_client import ids, member, rows, send


def _server() -> FakeIntervals:
    return FakeIntervals(notes=0, per_minute=None)


FILTERS: list[tuple[str, str]] = [
    ("projectid", "projectid"),
    ("taskid", "taskid"),
    ("milestoneid", "milestoneid"),
    ("moduleid", "moduleid"),
    ("queueid", "queueid"),
    ("personid", "personid"),
]


@pytest.mark.parametrize(("name", "column"), FILTERS)
async def test_filters_by_ids(name: str, column: str) -> None:
    """Documents are filtered by their owner and by the project, milestone and module of it."""
    async with _server() as fake:
        records = fake.rows("document")
        existing = sorted({int(str(row[column])) for row in records if row[column] is not None})[:2]
        assert existing
        expected = [row["id"] for row in records if row[column] in existing]
        assert await ids(fake, "document", **{name: ",".join(map(str, existing))}) == expected
        assert await ids(fake, "document", **{name: "999999"}) == []


async def test_filters_by_client_and_people() -> None:
    """Documents are filtered by the project's client and by the people of their task."""
    async with _server() as fake:
        tasks = {row["id"]: row for row in fake.rows("task")}
        document = next(row for row in fake.rows("document") if row["taskid"])
        task = tasks[document["taskid"]]
        assert document["projectid"] == task["projectid"]
        assert document["id"] in await ids(fake, "document", projectid=str(task["projectid"]))
        projects = {row["id"]: row for row in fake.rows("project")}
        client = projects[task["projectid"]]["clientid"] or -1
        for row in await rows(fake, "document", clientid=str(client)):
            found = next(each for each in fake.rows("document") if each["id"] == int(row["id"]))
            assert projects[found["projectid"]]["clientid"] == client
        owners = str(task["ownerid"]).split(",")
        assert document["id"] in await ids(fake, "document", taskassignedorownedby=owners[0])
        without = await ids(fake, "document", taskassignedorownedby="999999")
        assert without == [row["id"] for row in fake.rows("document") if row["taskid"] is None]


async def test_filters_by_text_and_day() -> None:
    """Search covers title, notes, file name and tags; ``tag`` compares complete tags."""
    async with _server() as fake:
        records = fake.rows("document")
        cases: list[tuple[dict[str, str], list[Any]]] = [
            ({"search": "client's <DESK>"}, [r["id"] for r in records if r["notes"]]),
            ({"search": "Zürich.jpg"}, [r["id"] for r in records if "Zürich" in str(r["title"])]),
            ({"tag": "signed"}, [r["id"] for r in records if "signed" in str(r["tags"])]),
            ({"tag": "sign"}, []),
            ({"public": "t"}, [r["id"] for r in records if r["public"]]),
            (
                {"datebegin": "2025-03-06", "dateend": "2025-03-08"},
                [r["id"] for r in records if "2025-03-06" <= str(r["date"]) <= "2025-03-08"],
            ),
            ({"id": str(records[3]["id"])}, [records[3]["id"]]),
        ]
        for query, expected in cases:
            assert await ids(fake, "document", **query) == expected, query
        active = {row["id"] for row in fake.rows("project") if row["active"]}
        for flag in ("t", "f"):
            found = await ids(fake, "document", projectactive=flag)
            expected = [r["id"] for r in records if (r["projectid"] in active) == (flag == "t")]
            assert found == expected


@pytest.mark.parametrize("name", ["id", "personid", "title", "public", "datemodified", "active"])
async def test_sorting(name: str) -> None:
    """Each documented sort field sorts documents in both directions."""
    async with _server() as fake:
        records = {row["id"]: row[name] for row in fake.rows("document")}
        key: Any = str.casefold if name == "title" else None
        for direction in ("ASC", "DESC"):
            found = await ids(fake, "document", sortfield=name, sortdir=direction)
            values: list[Any] = [records[each] for each in found]
            assert values == sorted(values, key=key, reverse=direction == "DESC")
            assert len(values) == len(records)


async def test_lists_contain_versions() -> None:
    """Lists of documents contain the versions, also for one document; members do not."""
    async with _server() as fake:
        listed = await rows(fake, "document", id="9001")
        assert {"versionid", "filename"} <= listed[0]["versions"][0].keys()
        single = await member(fake, "document", 9001)
        assert "versions" not in single
        assert {*listed[0]} > {*single}
        assert listed[0]["filesize"] == "400000"


async def test_executives_see_only_public_documents() -> None:
    """Executives neither read nor download documents that are not public."""
    async with _server() as fake:
        token = fake.token_for("Executive")
        records = fake.rows("document")
        public = [row["id"] for row in records if row["public"]]
        assert await ids(fake, "document", token=token) == public
        private = next(row["id"] for row in records if not row["public"])
        for path in (f"document/{private}/", f"document/{private}/download/"):
            assert (await send(fake, path, token=token)).code == 14
        assert (await send(fake, f"document/{public[0]}/download/", token=token)).status == 200


async def test_downloads() -> None:
    """The client downloads a file of 400 kB, with the same bytes each time."""
    async with _server() as fake:
        sizes = {row["id"]: row["size"] for row in fake.rows("document")}
        async with IntervalsClient(fake.token, base_url=fake.url) as intervals:
            found: list[bytes] = []
            for _ in range(2):
                async with intervals.document.download(9001).open() as pieces:
                    found.append(b"".join([piece async for piece in pieces]))
            assert found[0] == found[1]
            assert len(found[0]) == sizes[9001] == 400_000
            with pytest.raises(NotFoundError):
                async with intervals.document.download(1).open():
                    pass
            document = await intervals.document.get(9001)
            assert document.versions is not None
            assert document.versions[-1].extra["size"] == "400000"


async def test_invalid_actions_are_refused() -> None:
    """A download with another method, path or filter is refused."""
    async with _server() as fake:
        for method, path, code in (
            ("POST", "document/9001/download/", 16),
            ("GET", "document/9001/upload/", 15),
            ("GET", "document/9001/download/again/", 15),
            ("GET", "document/9001/download/?x=1", 17),
            ("GET", "client/101/download/", 15),
        ):
            assert (await send(fake, path, method=method)).code == code, path
