"""Sample values by the kind of a column, for resources without sample data of their own."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.wire import Column, Row, Value

ROWS = 5
"""The number of rows of a resource that has no module in ``resources``."""

_EPOCH = datetime(2024, 1, 1, 8, tzinfo=UTC)


def rows(
    account: Account,
    rng: random.Random,
    columns: Mapping[str, Column],
    points_to: Mapping[str, str],
) -> list[Row]:
    """Return some rows without ids. Some of their optional values are missing."""
    return [
        {
            name: None
            if column.nullable and rng.random() < 0.3
            else value(account, rng, column, points_to.get(name))
            for name, column in columns.items()
            if name != "id"
        }
        for _ in range(ROWS)
    ]


def value(account: Account, rng: random.Random, column: Column, table: str | None) -> Value:
    """Return a sample value for a column.

    If the column points to a table, the value is an id from this table, or None for an empty table.
    """
    number = rng.randrange(1, 1000)
    if table is not None:
        ids = account.table(table).ids
        found = rng.choice(ids) if ids else None
        return str(found) if found is not None and column.kind == "ids" else found
    match column.kind:
        case "boolean":
            return rng.random() < 0.5
        case "date":
            return (_EPOCH + timedelta(days=number)).date()
        case "datetime":
            return (_EPOCH + timedelta(hours=number)).replace(tzinfo=None)
        case "utc":
            return _EPOCH + timedelta(hours=number)
        case "float":
            return number * 0.01
        case "html":
            return f"<p>{column.name} &amp; <b>{number}</b></p>"
        case "integer":
            return number
        case "ids":
            return str(number)
        case "json":
            return "[]"
        case _:
            return f"{column.name} & {number}"
