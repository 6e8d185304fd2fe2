"""Checks of the envelopes around records, and of the responses as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ...resources import resource_class
from ..budget import NotTestedError
from ..examination import Examination
from ..formats import FROM_NUMBERS, FROM_TEXTS, format_of
from ..samples import LIST, Sample
from ._base import Check, Outcome, check, counted

__all__ = ["CHECKS"]

_ENVELOPE = ("personid", "status", "code", "listcount")


def _successes(examination: Examination) -> Sequence[Sample]:
    found = [each for each in examination.lists.values() if each.is_success]
    if not found:
        raise NotTestedError("no list could be read")
    return found


def _paginated(examination: Examination) -> Sequence[Sample]:
    return [each for each in _successes(examination) if resource_class(each.resource).paginated]


@check("envelope.numbers", "lists", "personid, code and listcount are JSON numbers")
async def numbers(examination: Examination) -> Outcome:
    """Examine the types of the numbers in envelopes."""
    formats = Counter(
        format_of(each.envelope[name])
        for each in _successes(examination)
        for name in ("personid", "code", "listcount")
        if name in each.envelope
    )
    texts = sum(formats[each] for each in FROM_TEXTS)
    numbers = sum(formats[each] for each in FROM_NUMBERS)
    return Outcome.of(
        f"{counted(numbers, 'JSON number')}, {counted(texts, 'number')} as text",
        differs=bool(texts),
        quirks={} if numbers else {"string_envelopes": True},
    )


@check("envelope.listcount", "lists", "every paginated list has a listcount")
async def listcount(examination: Examination) -> Outcome:
    """Examine which lists have a count."""
    lists = _paginated(examination)
    without = [each.resource for each in lists if each.listcount is None]
    return Outcome.of(
        f"in {len(lists) - len(without)} of {counted(len(lists), 'list')}",
        differs=bool(without),
        quirks={"no_listcount": True} if len(without) == len(lists) else {},
    )


@check("envelope.listcount_value", "lists", "listcount counts all matching records")
async def listcount_value(examination: Examination) -> Outcome:
    """Compare the counts with the rows that came."""
    lists = [each for each in _paginated(examination) if each.listcount is not None]
    if not lists:
        raise NotTestedError("no list has a listcount")
    low = [each for each in lists if (each.listcount or 0) < len(each.rows)]
    return Outcome.of(
        f"below the number of rows in {len(low)} of {counted(len(lists), 'list')}",
        differs=bool(low),
    )


@check("envelope.order", "lists", "listcount comes before the records")
async def order(examination: Examination) -> Outcome:
    """Examine where the count stands."""
    after = before = 0
    for each in _successes(examination):
        keys = [*each.envelope]
        if "listcount" in keys and each.resource in keys:
            if keys.index("listcount") > keys.index(each.resource):
                after += 1
            else:
                before += 1
    if not after + before:
        raise NotTestedError("no list has a listcount")
    return Outcome.of(
        f"before in {counted(before, 'list')}, after in {after}",
        differs=bool(after),
        quirks={} if before else {"listcount_last": True},
    )


@check("envelope.keys", "lists", "personid, status, code, listcount and the resource's name")
async def keys(examination: Examination) -> Outcome:
    """Look for unknown keys, and for the key of each resource."""
    unknown: set[str] = set()
    unnamed = 0
    for each in _successes(examination):
        others = {*each.envelope} - {*_ENVELOPE, each.resource}
        named = {key for key in others if examination.seen.admits(key)}
        unknown |= named
        unnamed += len(others - named)
    words = f"also {', '.join(sorted(unknown))}" if unknown else "these keys only"
    if unnamed:
        words += f"; {counted(unnamed, 'key')} whose names are left out"
    return Outcome.of(words, differs=bool(unknown or unnamed))


@check("envelope.rows", "lists", "the records are a list under the resource's name")
async def rows(examination: Examination) -> Iterable[Outcome]:
    """Examine what holds the rows."""
    lists = [
        each
        for each in _successes(examination)
        if each.form == LIST and (each.container != "list" or each.listcount)
    ]
    wrong = [
        Outcome.of(f"{each.container} instead of a list", differs=True, subject=each.resource)
        for each in lists
        if each.container != "list" and not (each.container == "object" and len(each.rows) == 1)
    ]
    return wrong or [Outcome(found=f"in {counted(len(lists), 'list')}")]


@check("envelope.one_record", "lists", "a list with a single record is still a list")
async def one_record(examination: Examination) -> Outcome:
    """Request a page of one record."""
    for name in examination.largest(at_least=2):
        page = await examination.page(name, limit=1, offset=1)
        if len(page.rows) == 1:
            return Outcome.of(
                f"{page.container} ({name})",
                differs=page.container != "list",
                quirks={"object_for_one": True} if page.container == "object" else {},
            )
        raise NotTestedError("no page of one record came")
    raise NotTestedError("no list has two records")


@check("envelope.no_record", "task", "the key is there, with an empty list")
async def no_record(examination: Examination) -> Outcome:
    """Request a list that matches nothing."""
    page = await examination.page("task", localid=2**31 - 1)
    if not page.is_success:
        raise NotTestedError(page.problem or "no list came")
    if page.rows:
        raise NotTestedError("a record matches")
    return Outcome.of(
        "an empty list" if page.container == "list" else page.container,
        differs=page.container != "list",
        quirks={"missing_key": True} if page.container == "missing" else {},
    )


@check("envelope.me", "me", "a list of one object")
async def me(examination: Examination) -> Outcome:
    """Examine what holds the caller's own record."""
    sample = examination.lists["me"]
    if not sample.is_success:
        raise NotTestedError(sample.problem or "it could not be read")
    return Outcome.of(
        f"{sample.container} with {counted(len(sample.rows), 'record')}",
        differs=sample.container != "list" or len(sample.rows) != 1,
        quirks={"me_object": True} if sample.container == "object" else {},
    )


@check("envelope.quota", "quota", "one object, with next_reset")
async def quota(examination: Examination) -> Outcome:
    """Examine the daily quota."""
    sample = examination.lists["quota"]
    if not sample.rows:
        raise NotTestedError(sample.problem or "it could not be read")
    names = [each for each in ("next_reset", "business_day") if each in sample.rows[0]]
    return Outcome.of(
        f"{sample.container} with {' and '.join(names) or 'neither next_reset nor business_day'}",
        differs=sample.container != "object" or names != ["next_reset"],
        quirks={"business_day": True} if names == ["business_day"] else {},
    )


CHECKS: tuple[Check, ...] = (
    numbers,
    listcount,
    listcount_value,
    order,
    keys,
    rows,
    one_record,
    no_record,
    me,
    quota,
)
