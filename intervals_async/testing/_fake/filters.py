"""The kinds of filters that the API has, each built from the names of the columns it compares."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType

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
"""The value of an id filter that selects the rows without an id, if the filter accepts it."""

Compare = Callable[[str, str], bool]
AT, SINCE, UNTIL = operator.eq, operator.ge, operator.le
_EXCLUSIVE: Mapping[Compare, Compare] = MappingProxyType(
    {operator.ge: operator.gt, operator.le: operator.lt}
)


def ids(
    name: str, column: str | None = None, *, accepts_none: bool = False, through: str | None = None
) -> Filter:
    """Filter by a column that holds one id or several.

    Args:
        name: The name of the filter.
        column: The column to compare; by default the one of the same name.
        accepts_none: Whether -1 selects the rows without an id.
        through: The table that has the column, if it is not the row's own. The row's column
            ``{through}id`` points to a record of this table. For example,
            ``ids("clientid", through="project")`` compares the client of the row's project.
    """
    source = column or name

    def test(account: Account, text: str) -> Predicate:
        wanted = parse_integers(text)
        return _with_ids(account, source, wanted, accepts_none=accepts_none, through=through)

    return Filter(name, test)


def one_id(
    name: str, column: str | None = None, *, required: bool = False, through: str | None = None
) -> Filter:
    """Filter by a column of ids like ``ids``, but refuse a comma-separated list."""
    source = column or name

    def test(account: Account, text: str) -> Predicate:
        wanted = frozenset((parse_integer(text),))
        return _with_ids(account, source, wanted, through=through)

    return Filter(name, test, required)


def linked(name: str, find: Callable[[Account, frozenset[int]], Predicate]) -> Filter:
    """Filter by ids of records in another table."""
    return Filter(name, lambda account, text: find(account, parse_integers(text)))


def flag(name: str, compute: Callable[[Account, Row], object] | None = None) -> Filter:
    """Filter by a boolean column, or by the truth value that ``compute`` returns for a row."""

    def test(account: Account, text: str) -> Predicate:
        wanted = parse_boolean(text)
        if compute is None:
            return lambda row: bool(row[name]) == wanted
        value_of = compute
        return lambda row: bool(value_of(account, row)) == wanted

    return Filter(name, test)


def text(name: str, *sources: str) -> Filter:
    """Filter by a text that one of the columns contains, ignoring case.

    It is unknown whether the API compares the complete text or a part of it. The fake compares a
    part, and with ``exact_text`` of the account the complete text.
    """

    def test(account: Account, wanted: str) -> Predicate:
        if account.exact_text and not sources:
            return lambda row: str(row[name] or "").casefold() == wanted.casefold()
        return lambda row: contains(wanted, *(row[source] for source in sources or (name,)))

    return Filter(name, test)


def dated(name: str, column: str, compare: Compare, *, with_time: bool = False) -> Filter:
    """Filter by a column of dates or datetimes. A row without a value never matches.

    A date is compared with the date part of a datetime. With ``with_time`` the filter also accepts
    datetimes. With ``exclusive_dates`` of the account a range excludes its ends.
    """

    def test(account: Account, text: str) -> Predicate:
        wanted = parse_instant(text, with_time=with_time)
        fits = _EXCLUSIVE.get(compare, compare) if account.exclusive_dates else compare

        def matches(row: Row) -> bool:
            value = row[column]
            return isinstance(value, date) and fits(_as_text(account, value)[: len(wanted)], wanted)

        return matches

    return Filter(name, test)


def checked_only(name: str, check: Callable[[str], object], *, ignored: bool = False) -> Filter:
    """Accept a filter that matches every row.

    Its value is only validated, or affects what the response shows.
    """

    def test(account: Account, text: str) -> Predicate:
        check(text)
        return lambda row: True

    return Filter(name, test, ignored=ignored)


def contains(wanted: str, *values: Value) -> bool:
    """Return whether one of the values contains the text, ignoring case."""
    needle = wanted.casefold()
    return any(needle in str(value).casefold() for value in values if value is not None)


def _as_text(account: Account, value: date) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is None:
        value += account.utc_offset
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
