"""What time it is for the account.

Its own time zone, which no answer tells, is taken to be UTC. Tasks, their notes, time, invoices and
payments are dated back from the day on which they are generated, so that there is always something
that is overdue, running or a few days old.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from intervals_async.testing._fake.account import Account


def today(account: Account) -> date:
    """Return the present day."""
    return account.utc_now().date()


def midnight(account: Account) -> datetime:
    """Return the moment at which the present day began, in UTC."""
    return datetime.combine(today(account), time(), UTC)


def local_now(account: Account) -> datetime:
    """Return the present second by the account's own clock."""
    return account.utc_now().replace(tzinfo=None)
