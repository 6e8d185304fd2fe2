"""The current time of the account.

The API does not send the account's time zone; the fake uses UTC. Generated tasks, task notes, time
entries, invoices and payments are dated back from the day on which they are generated, so that some
of them are always overdue, running or a few days old.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from intervals_async.testing._fake.account import Account


def today(account: Account) -> date:
    """Return the current date."""
    return account.utc_now().date()


def midnight(account: Account) -> datetime:
    """Return the start of the current day in UTC."""
    return datetime.combine(today(account), time(), UTC)


def local_now(account: Account) -> datetime:
    """Return the current time in the account's time zone, without ``tzinfo``."""
    return account.utc_now().replace(tzinfo=None)
