"""Filling an empty account: which resource comes first, and what its rows still lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter

from intervals_async.testing.account import Account, Sizes
from intervals_async.testing.contract import Resource
from intervals_async.testing.tables import Table
from intervals_async.testing.writing import finish


def furnish(account: Account, catalog: Mapping[str, Resource], sizes: Sizes) -> None:
    """Fill an empty account with generated records, those that others point to first."""
    order = _order(catalog)
    for resource in order:
        if resource.read is None:
            account.tables[resource.name] = Table(resource.columns, resource.first_id)
    for resource in order:
        if resource.read is None:
            _fill(account, resource, sizes)


def _fill(account: Account, resource: Resource, sizes: Sizes) -> None:
    table = account.table(resource.name)
    whole = len(resource.columns)
    for given in resource.generate(account, sizes):
        row = given
        if len(row) < whole or "id" not in row:
            row = {"id": table.next_id, **given}
            finish(account, resource, row, 0)
        table.add(row)


def _order(catalog: Mapping[str, Resource]) -> Sequence[Resource]:
    """Return the resources so that none stands before one that it points to."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, resource in catalog.items():
        sorter.add(name, *({*resource.points_to.values(), *resource.after} - {name}))
    return [catalog[name] for name in sorter.static_order()]
