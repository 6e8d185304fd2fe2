"""How much time was logged on what."""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.wire import Row, Value


def as_float(value: Value) -> float:
    """Return a number of a row, and 0 for none."""
    return value if isinstance(value, int | float) else 0.0


def time_entries(account: Account, column: str, identity: Value) -> Iterator[Row]:
    """Go through the time entries that point to something: ``logged(account, "taskid", 7)``."""
    return (row for row in account.table("time") if row[column] == identity)


def total_hours(
    account: Account, column: str, identity: Value, *, billable: bool | None = None
) -> float:
    """Return the sum of such hours: the billable, the unbillable or all of them.

    It is a sum of floats, with the binary noise that the API is known for.
    """
    return sum(
        as_float(row["time"])
        for row in time_entries(account, column, identity)
        if billable is None or bool(row["billable"]) is billable
    )
