"""The kinds of filters that the API has, each made from the names of the columns it looks at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from intervals_async.testing.account import Account
from intervals_async.testing.contract import Filter, Predicate
from intervals_async.testing.values import day, truth, whole_number, whole_numbers
from intervals_async.testing.wire import Row, Value

NONE_ID = -1
"""What an id filter takes for "without one", where the resource says so."""


def ids(name: str, column: str | None = None, *, none: bool = False) -> Filter:
    """Filter by a column of a set of ids; with ``none``, -1 finds the rows that have no id."""
    source = column or name

    def test(account: Account, text: str) -> Predicate:
        wanted: set[Value] = {*whole_numbers(text)}
        if none and NONE_ID in wanted:
            wanted.add(None)
        return lambda row: row[source] in wanted

    return Filter(name, test)


def one_id(name: str, column: str | None = None, *, required: bool = False) -> Filter:
    """Filter by a column of one id; a comma-separated list is refused."""
    source = column or name

    def test(account: Account, text: str) -> Predicate:
        wanted = whole_number(text)
        return lambda row: row[source] == wanted

    return Filter(name, test, required)


def linked(name: str, find: Callable[[Account, frozenset[int]], Predicate]) -> Filter:
    """Filter by a set of ids that stand in another table."""
    return Filter(name, lambda account, text: find(account, whole_numbers(text)))


def flag(name: str) -> Filter:
    """Filter by a boolean column."""

    def test(account: Account, text: str) -> Predicate:
        wanted = truth(text)
        return lambda row: bool(row[name]) == wanted

    return Filter(name, test)


def text(name: str, *sources: str) -> Filter:
    """Filter by text that one of the columns contains, in whatever case.

    Whether the API compares the whole text or a part of it is not known; a part is assumed.
    """

    def test(account: Account, wanted: str) -> Predicate:
        return lambda row: contains(wanted, *(row[source] for source in sources or (name,)))

    return Filter(name, test)


def dated(name: str, column: str, compare: Callable[[date, date], bool]) -> Filter:
    """Filter by a date column; a row without the date never matches."""

    def test(account: Account, text: str) -> Predicate:
        wanted = day(text)

        def matches(row: Row) -> bool:
            value = row[column]
            return isinstance(value, date) and compare(value, wanted)

        return matches

    return Filter(name, test)


def contains(wanted: str, *values: Value) -> bool:
    """Tell whether one of the values contains the text, in whatever case."""
    needle = wanted.casefold()
    return any(needle in str(value).casefold() for value in values if value is not None)
