"""The kinds of filters that the API has, each made from the names of the columns it looks at."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.contract import Filter, Predicate
from intervals_async.testing._fake.parsing import (
    parse_boolean,
    parse_instant,
    parse_integer,
    parse_integers,
)
from intervals_async.testing._fake.references import ids_in
from intervals_async.testing._fake.wire import Row, Value

NONE_ID = -1
"""What an id filter takes for "without one", where the resource says so."""

Compare = Callable[[str, str], bool]
AT, SINCE, UNTIL = operator.eq, operator.ge, operator.le


def ids(
    name: str, column: str | None = None, *, accepts_none: bool = False, through: str | None = None
) -> Filter:
    """Filter by a column of ids, one or several a row; with ``none``, -1 finds rows without.

    ``through`` names the table that has the column: it is that of the record which the row's own
    ``{through}id`` points to. ``ids("clientid", through="project")`` asks for the project's client.
    """
    source = column or name

    def test(account: Account, text: str) -> Predicate:
        wanted = parse_integers(text)
        return _with_ids(account, source, wanted, accepts_none=accepts_none, through=through)

    return Filter(name, test)


def one_id(
    name: str, column: str | None = None, *, required: bool = False, through: str | None = None
) -> Filter:
    """Filter by a column of ids, as ``ids`` does; a comma-separated list is refused."""
    source = column or name

    def test(account: Account, text: str) -> Predicate:
        wanted = frozenset((parse_integer(text),))
        return _with_ids(account, source, wanted, through=through)

    return Filter(name, test, required)


def linked(name: str, find: Callable[[Account, frozenset[int]], Predicate]) -> Filter:
    """Filter by a set of ids that stand in another table."""
    return Filter(name, lambda account, text: find(account, parse_integers(text)))


def flag(name: str, find: Callable[[Account, Row], object] | None = None) -> Filter:
    """Filter by a boolean column, or by what ``find`` says of a row."""

    def test(account: Account, text: str) -> Predicate:
        wanted = parse_boolean(text)
        if find is None:
            return lambda row: bool(row[name]) == wanted
        predicate = find
        return lambda row: bool(predicate(account, row)) == wanted

    return Filter(name, test)


def text(name: str, *sources: str) -> Filter:
    """Filter by text that one of the columns contains, in whatever case.

    Whether the API compares the whole text or a part of it is not known; a part is assumed.
    """

    def test(account: Account, wanted: str) -> Predicate:
        return lambda row: contains(wanted, *(row[source] for source in sources or (name,)))

    return Filter(name, test)


def dated(name: str, column: str, compare: Compare, *, with_time: bool = False) -> Filter:
    """Filter by a date or a moment in a column; a row without it never matches.

    A day is compared with the day of a moment. With ``moments`` the filter takes moments too.
    """

    def test(account: Account, text: str) -> Predicate:
        wanted = parse_instant(text, with_time=with_time)

        def matches(row: Row) -> bool:
            value = row[column]
            return isinstance(value, date) and compare(_as_text(value)[: len(wanted)], wanted)

        return matches

    return Filter(name, test)


def checked_only(name: str, check: Callable[[str], object], *, ignored: bool = False) -> Filter:
    """Take a filter that leaves out no row: it is only checked, or changes what is shown."""

    def test(account: Account, text: str) -> Predicate:
        check(text)
        return lambda row: True

    return Filter(name, test, ignored=ignored)


def contains(wanted: str, *values: Value) -> bool:
    """Tell whether one of the values contains the text, in whatever case."""
    needle = wanted.casefold()
    return any(needle in str(value).casefold() for value in values if value is not None)


def _as_text(value: date) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    return value.replace(tzinfo=None).isoformat(" ", "seconds")


def _with_ids(
    account: Account,
    column: str,
    wanted: frozenset[int],
    *,
    accepts_none: bool = False,
    through: str | None = None,
) -> Predicate:
    without = accepts_none and NONE_ID in wanted

    def matches(row: Row) -> bool:
        value = row[column]
        if value is None or value == "":
            return without
        if isinstance(value, int):
            return value in wanted
        return not wanted.isdisjoint(ids_in(value))

    if through is None:
        return matches
    fitting = {row["id"] for row in account.table(through) if matches(row)}
    return lambda row: row[f"{through}id"] in fitting
