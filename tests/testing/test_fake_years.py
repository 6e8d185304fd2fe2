"""Years before 1000, which have four digits on the wire, too."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from intervals_async import IntervalsClient, resources
from intervals_async.resources import Parameter, parameters
from intervals_async.testing import FakeIntervals

MOMENT = datetime(45, 3, 15, 8, 5, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "date": date(45, 3, 15),
    "local": MOMENT.replace(tzinfo=None),
    "utc": MOMENT,
}
UPDATABLE = [
    name
    for name in resources.names()
    if {"list", "update"} <= {*resources.resource_class(name).methods()}
]


def dates_of(typed_dict: type) -> list[Parameter]:
    return [each for each in parameters(typed_dict).values() if each.kind in VALUES]


@pytest.mark.parametrize(
    "name", [name for name in UPDATABLE if dates_of(resources.resource_class(name).updatable)]
)
async def test_early_years_are_read_as_they_were_written(name: str) -> None:
    """Each date that a client writes comes back as it was, also in a list."""
    resource_class = resources.resource_class(name)
    async with FakeIntervals(notes=5, per_minute=None) as fake:
        id: Any = fake.rows(name)[0]["id"]
        required: dict[str, Any] = {"invoiceid": fake.rows(name)[0].get("invoiceid")}
        filters: dict[str, Any] = {
            each.name: required[each.name]
            for each in parameters(resource_class.filters).values()
            if each.required
        }
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            resource = client.resource(name)
            for each in dates_of(resource_class.updatable):
                record = await resource.update(id, **{each.name: VALUES[each.kind]})
                [listed] = [one async for one in resource.list(**filters) if one.id == id]
                for found in (record, listed):
                    value = getattr(found, each.name)
                    if each.kind != "date":
                        assert value.replace(tzinfo=UTC) == MOMENT, each.name
                    else:
                        assert value.isoformat().startswith("0045-03-15"), each.name
