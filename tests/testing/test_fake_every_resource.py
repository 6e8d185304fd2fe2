"""Rules for every resource of the client, including one without a server module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from intervals_async import resources
from intervals_async._schema.decoder import record_decoder
from intervals_async._schema.record import Record
from intervals_async.resources import _registry, names, resource_class
from intervals_async.testing import FakeIntervals
from intervals_async.testing._fake.account import GROUPS
from intervals_async.testing._fake.conventions import unsorted
from intervals_async.testing._fake.references import ids_in
from intervals_async.testing._fake.resources import catalog

from .raw_client import send

WITH_ROWS = [name for name in names() if catalog()[name].read is None]

# Fields that the client does not know, or need not know: the contract does not state them, or calls
# them inferred.
ASSUMED_FIELDS = {
    "contactdescriptor": {"id", "contacttypeid", "contactdescriptor"},
    "contacttype": {"id", "contacttype"},
    "document": {"notes"},
    "paymenttype": {"name"},
    "time": {"clientid"},
}


def _required_filters(name: str, fake: FakeIntervals) -> dict[str, str]:
    """Return the required filters of a list, with the ids of existing records."""
    rules = catalog()[name]
    return {
        filter_.name: str(fake.rows(name)[0][filter_.name])
        for filter_ in rules.filters
        if filter_.required
    }


@pytest.mark.parametrize("name", WITH_ROWS)
def test_references_are_valid(name: str) -> None:
    """Every id in a generated record refers to an existing record."""
    fake = FakeIntervals()
    existing = {each: {row.get("id") for row in fake.rows(each)} for each in WITH_ROWS}
    existing["projectteam"] = existing["project"]
    pointing = catalog()[name].points_to
    for row in fake.rows(name):
        for column, table in pointing.items():
            assert set(ids_in(row[column])) <= existing[table], (column, row)


@pytest.mark.parametrize("name", WITH_ROWS)
def test_id_columns_are_references(name: str) -> None:
    """Every column of ids is a reference, except for visible numbers and a known few."""
    others = {"id", "datepaid", "filtertypeid", "mod_authorlocalid", "timerid"}
    rules = catalog()[name]
    for column in rules.columns:
        if column.name.endswith("id") and column.name not in rules.points_to:
            assert column.name.endswith("localid") or column.name in others, column.name


@pytest.mark.parametrize("name", WITH_ROWS)
async def test_the_client_reads_every_record(name: str) -> None:
    """The client parses every record, listed or read alone, without unknown fields."""
    client = resource_class(name)
    record: type[Record] = vars(client)["record"]
    async with FakeIntervals(notes=20, per_minute=None) as fake:
        wire = fake.wire_rows(name)
        found = record_decoder(record).decode(wire, name).records
        assert len(found) == len(wire) > 0
        assert {key for each in found for key in each.extra} <= ASSUMED_FIELDS.get(name, set())
        if "get" in client.permissions and client.permissions["list"]:
            identity = fake._account.table(name).ids[0]
            response = await send(fake, f"{name}/{identity}/")
            read = record_decoder(record).decode_one(response.json[name], name)[0]
            assert read.extra.keys() <= ASSUMED_FIELDS.get(name, set())


@pytest.mark.parametrize("name", WITH_ROWS)
@pytest.mark.parametrize("group", GROUPS)
async def test_groups_that_may_list(name: str, group: str) -> None:
    """A list is refused with 403 for a group that the client's class does not name."""
    allowed = resource_class(name).permissions["list"]
    async with FakeIntervals(notes=3) as fake:
        response = await send(
            fake, f"{name}/", _required_filters(name, fake), token=fake.token_for(group)
        )
        assert response.status == (200 if allowed is None or group in allowed else 403)


def test_no_filter_or_sort_field_is_ignored() -> None:
    """Each filter of each resource filters, and each sort field sorts."""
    for name in WITH_ROWS:
        rules = catalog()[name]
        assert [filter_.name for filter_ in rules.filters if filter_.ignored] == [], name
        assert [field for field, key in rules.sorts.items() if key is unsorted] == [], name


@pytest.mark.parametrize("seed", [1, 2])
def test_the_seed_determines_the_data(seed: int) -> None:
    """Accounts with the same seed have equal data, and other seeds give other data."""
    noon = datetime(2026, 5, 6, 12, tzinfo=UTC)  # the elapsed time of a timer depends on the clock
    first, second, other = (
        FakeIntervals(notes=2000, seed=each, now=lambda: noon) for each in (seed, seed, seed + 1)
    )
    assert [first.rows(name) for name in WITH_ROWS] == [second.rows(name) for name in WITH_ROWS]
    assert first.rows("project") != other.rows("project")


def test_accounts_are_independent() -> None:
    """A change in one account does not affect an account with the same sizes and seed."""
    first, second = FakeIntervals(notes=1), FakeIntervals(notes=1)
    fake_id = first.insert("client", name="new")
    first.touch("project", 301, name="changed")
    first.remove("person", 205)
    third = FakeIntervals(notes=1)
    for fake in (second, third):
        assert fake_id not in [row["id"] for row in fake.rows("client")]
        assert "Website 1" in [row["name"] for row in fake.rows("project")]
        assert 205 in [row["id"] for row in fake.rows("person")]
        assert fake.insert("client") == fake_id


WIDGET = """
from __future__ import annotations
from typing import Annotated, Literal, Required, TypedDict, Unpack
from intervals_async._schema.record import Record, record
from intervals_async._schema.parameters import AsIs, AtMost, Ids
from intervals_async._schema.values import Day, Html, IdList, LocalDatetime, Quantity, UtcDatetime
from intervals_async._streaming.listing import Listing
from intervals_async.resources._base import ADMINISTRATORS, EVERYBODY, Permissions, Resource

__all__ = ["Widget", "WidgetResource"]

@record
class WidgetPart(Record):
    name: str | None = None

@record
class Widget(Record):
    id: int
    projectid: int
    project: str | None = None
    ownerid: IdList
    title: str
    body: Html | None = None
    size: Quantity | None = None
    count: int | None = None
    active: bool
    made: UtcDatetime
    changed: LocalDatetime | None = None
    due: Day
    parts: tuple[WidgetPart, ...] | None = None
    codes: IdList
    hue: str

class WidgetFilters(TypedDict, total=False):
    projectid: Ids
    title: str
    duebegin: Day
    clientid: Ids
    mystery: str
    hue: Literal["red", "blue"]
    sortfield: Literal["id", "title", "whim"] | AsIs
    sortdir: Literal["ASC", "DESC"]

class WidgetCreate(TypedDict, total=False):
    projectid: Required[int]
    title: Required[Annotated[str, AtMost(9)]]

class WidgetResource(Resource[Widget]):
    __slots__ = ()
    name = "widget"
    record = Widget
    filters = WidgetFilters
    creatable = WidgetCreate
    updatable = WidgetCreate
    permissions: Permissions = {
        "list": EVERYBODY,
        "get": EVERYBODY,
        "create": ADMINISTRATORS,
        "delete": ADMINISTRATORS,
    }
    sorts_by_id = True

    def list(self, **filters: Unpack[WidgetFilters]) -> Listing[Widget]:
        return self._list(filters)
"""


@pytest.fixture
def widget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Record]]:
    """Add a resource to the client that has no module on the server."""
    (tmp_path / "widget.py").write_text(WIDGET)
    monkeypatch.setattr(resources, "__path__", [*resources.__path__, str(tmp_path)])
    monkeypatch.setitem(_registry.RESOURCES, "widget", ("WidgetResource", "Widget"))
    yield vars(resource_class("widget"))["record"]
    del sys.modules["intervals_async.resources.widget"]


async def test_a_resource_without_a_module(widget: type[Record]) -> None:
    """The client's class alone gives rows, filters, order, pages, writes and permissions."""
    async with FakeIntervals(notes=0, per_minute=None) as fake:
        widgets = fake.rows("widget")
        assert len(widgets) == 5
        assert len(record_decoder(widget).decode(fake.wire_rows("widget"), "widget").records) == 5
        projects = {row["id"]: row for row in fake.rows("project")}
        assert all(projects[row["projectid"]]["name"] == row["project"] for row in widgets)

        async def found(**query: str) -> list[int]:
            response = await send(fake, "widget/", query)
            assert response.status == 200, response.text
            return [int(row["id"]) for row in response.json["widget"]]

        first = widgets[0]
        same_project = [row["id"] for row in widgets if row["projectid"] == first["projectid"]]
        assert await found(projectid=str(first["projectid"])) == same_project
        assert await found(title=str(first["title"]).upper()) == [first["id"]]
        day = sorted(str(row["due"]) for row in widgets)[2]
        assert await found(duebegin=day) == [row["id"] for row in widgets if str(row["due"]) >= day]
        client = projects[first["projectid"]]["clientid"]
        assert first["id"] in await found(clientid=str(client))
        assert len(await found(mystery="anything")) == 5
        by_title = sorted(widgets, key=lambda row: str(row["title"]).casefold(), reverse=True)
        assert await found(sortfield="title", sortdir="DESC") == [row["id"] for row in by_title]
        assert await found(sortfield="whim") == [row["id"] for row in widgets]
        fake.touch("widget", int(str(widgets[2]["id"])), hue="red")
        assert await found(hue="red") == [widgets[2]["id"]]
        assert await found(limit="2", offset="4") == [widgets[4]["id"]]

        body = {"projectid": 301, "title": "new"}
        response = await send(fake, "widget/", method="POST", body=body)
        assert (response.status, response.json["widget"]["project"]) == (201, projects[301]["name"])
        record_decoder(widget).decode_one(response.json["widget"], "widget")[0]
        for wrong in ({"projectid": 1, "title": "x"}, {"projectid": 301, "title": "x" * 10}):
            assert (await send(fake, "widget/", method="POST", body=wrong)).code == 18
        token = fake.token_for("Manager")
        path = f"widget/{first['id']}/"
        assert (await send(fake, path, method="DELETE", token=token)).status == 403
        assert (await send(fake, path, method="PUT", body=body)).code == 16
        assert (await send(fake, path, method="DELETE")).status == 200
        assert fake.insert("widget") == fake.rows("widget")[-1]["id"]
