"""The current time of the account.

The real time zone of the account is the one in its settings, which the API does not send; the fake
uses UTC. Datetimes in this time zone have no ``tzinfo``. They are stored as UTC, and the quirk
``utc_offset`` shifts them where they are sent or compared. Generated tasks, task notes, time
entries, invoices and payments are dated back from the day on which they are generated, so that some
of them are always overdue, running or a few days old.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from intervals_async.testing._fake.account import Account


def today(account: Account) -> date:
    """Return the current date in the account's time zone."""
    return (account.utc_now() + account.utc_offset).date()


def midnight(account: Account) -> datetime:
    """Return the start of the current day in UTC."""
    return datetime.combine(today(account), time(), UTC)


def local_now(account: Account) -> datetime:
    """Return the current time without ``tzinfo``, as it is stored."""
    return account.utc_now().replace(tzinfo=None)
