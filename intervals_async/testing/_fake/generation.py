"""The generation of an account's sample data, in the order of the references between resources.

The data depend only on the sizes, the seed and the date. They are therefore cached: tests create
many small accounts, and most of them start with the same data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from graphlib import TopologicalSorter

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import Resource
from intervals_async.testing._fake.limits import DayLimit
from intervals_async.testing._fake.resources import catalog
from intervals_async.testing._fake.tables import Table
from intervals_async.testing._fake.writing import complete_row

_CACHED_ACCOUNTS = 8
_MAX_CACHED_NOTES = 1000
"""Accounts with more project notes than this are too large to be cached."""


def populate(account: Account, sizes: Sizes) -> None:
    """Fill an empty account with sample records."""
    generate = _generated if sizes.notes > _MAX_CACHED_NOTES else _cached
    account.copy_from(generate(tuple(catalog()), sizes, account.utc_now().date()))


def _generated(names: Sequence[str], sizes: Sizes, day: date) -> Account:
    """Return a filled account whose clock is at the start of ``day``.

    ``names`` are the names of all resources; they are part of the cache key.
    """

    def now() -> datetime:
        return datetime.combine(day, time(), UTC)

    account = Account(sizes.seed, None, DayLimit(None, now), now)
    order = _order(catalog())
    for resource in order:
        if resource.read is None:
            account.tables[resource.name] = Table(resource.columns, resource.first_id)
    for resource in order:
        if resource.read is None:
            _fill(account, resource, sizes)
    return account


_cached = lru_cache(_CACHED_ACCOUNTS)(_generated)


def _fill(account: Account, resource: Resource, sizes: Sizes) -> None:
    table = account.table(resource.name)
    column_count = len(resource.columns)
    for generated in resource.generate(account, sizes):
        row = generated
        if len(row) < column_count or "id" not in row:
            row = {"id": table.next_id, **generated}
            complete_row(account, resource, row, 0)
        table.add(row)


def _order(catalog: Mapping[str, Resource]) -> Sequence[Resource]:
    """Return the resources, each after the resources that it points to."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, resource in catalog.items():
        sorter.add(name, *({*resource.points_to.values(), *resource.after} - {name}))
    return [catalog[name] for name in sorter.static_order()]
