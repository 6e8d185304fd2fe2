"""Sums of the time logged on a task or a project."""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.wire import Row, Value


def as_float(value: Value) -> float:
    """Return a number as it is, and 0 for any other value."""
    return value if isinstance(value, int | float) else 0.0


def time_entries(account: Account, column: str, identity: Value) -> Iterator[Row]:
    """Iterate over the time entries of a record, as in ``time_entries(account, "taskid", 7)``."""
    return (row for row in account.table("time") if row[column] == identity)


def total_hours(
    account: Account, column: str, identity: Value, *, billable: bool | None = None
) -> float:
    """Return the hours logged on a record: billable, unbillable or all of them.

    The sum is a float with the rounding noise that the real API also shows.
    """
    return sum(
        as_float(row["time"])
        for row in time_entries(account, column, identity)
        if billable is None or bool(row["billable"]) is billable
    )
