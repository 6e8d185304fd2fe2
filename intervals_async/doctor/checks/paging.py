"""Checks of ``limit`` and ``offset``."""

from __future__ import annotations

from ...resources import resource_class
from ..budget import NotTestedError
from ..examination import SAMPLE_ROWS, Examination
from ..report import Status
from ._base import Check, Outcome, check, counted, shown_code

__all__ = ["CHECKS"]

_DEFAULT_ROWS = 10
_LARGE_PAGE = 1000


@check("paging.offset", "lists", "offset skips records, and limit is obeyed")
async def offset(examination: Examination) -> Outcome:
    """Request the second record alone."""
    for name in examination.largest(at_least=3):
        first, second, *_ = (row.get("id") for row in examination.rows(name))
        page = await examination.page(name, limit=1, offset=1)
        if not page.rows:
            raise NotTestedError(page.problem or "no record came")
        id = page.rows[0].get("id")
        words = "another record came"
        if id in (first, second):
            words = "the second record came" if id == second else "offset is ignored"
        if len(page.rows) > 1:
            words += f"; limit=1 gave {counted(len(page.rows), 'record')}"
        return Outcome.of(f"{words} ({name})", differs=id != second or len(page.rows) > 1)
    raise NotTestedError("no list has three records")


@check("paging.default", "lists", "without limit, a page has 10 records")
async def default(examination: Examination) -> Outcome:
    """Request a page without a limit."""
    for name in examination.largest(at_least=_DEFAULT_ROWS + 1):
        page = await examination.page(name)
        if not page.is_success:
            raise NotTestedError(page.problem or "no page came")
        number = len(page.rows)
        return Outcome.of(f"{counted(number, 'record')} ({name})", differs=number != _DEFAULT_ROWS)
    raise NotTestedError("no list has more than 10 records")


@check("paging.cap", "lists", "limit has no cap")
async def cap(examination: Examination) -> Outcome:
    """Look for pages that are shorter than their limit although more records follow."""
    for name in examination.largest(at_least=1)[:1]:
        sample = examination.lists[name]
        rows, limit = len(sample.rows), SAMPLE_ROWS
        if rows == limit and sample.listcount != rows:
            page = await examination.page(name, limit=_LARGE_PAGE)
            rows, limit = len(page.rows), _LARGE_PAGE
        if 0 < rows < limit and sample.listcount != rows:
            after = await examination.page(name, limit=1, offset=rows)
            if after.rows:
                return Outcome.of(
                    f"at most {counted(rows, 'record')}, {limit} requested ({name})",
                    differs=True,
                    quirks={"capped_limit": rows},
                )
        return Outcome(found=f"none up to {counted(rows, 'record')} ({name})")
    raise NotTestedError("no list has a record")


@check("paging.lookups", "lookup lists", "offset and limit are refused")
async def lookups(examination: Examination) -> Outcome:
    """Send a limit to a list whose documentation names none."""
    fitting = [
        name
        for name, sample in examination.lists.items()
        if not resource_class(name).paginated
        and len(sample.rows) >= 2
        and not examination.list_params(name)
    ]
    for name in fitting:
        sample = examination.lists[name]
        page = await examination.page(name, limit=1)
        if not page.is_success:
            return Outcome.of(
                f"refused with HTTP {page.status}, code {shown_code(page)} ({name})",
                differs=shown_code(page) != "17",
            )
        if len(page.rows) != 1:
            return Outcome.of(f"limit is ignored ({name})", differs=True)
        cut = sample.listcount is not None and sample.listcount > len(sample.rows)
        return Outcome.of(
            f"limit is obeyed ({name})",
            differs=True,
            quirks={"paged_lookups": _default_limit(len(sample.rows), is_cut=cut)},
        )
    raise NotTestedError("no lookup list has two records")


def _default_limit(rows: int, *, is_cut: bool) -> int | None:
    """Return how many rows a list without a limit has; None for all."""
    if is_cut:
        return rows
    return _DEFAULT_ROWS if rows <= _DEFAULT_ROWS else None


@check("paging.lookups_complete", "lookup lists", "a list without paging has all records")
async def lookups_complete(examination: Examination) -> Outcome:
    """Compare the rows of lists without paging with their counts."""
    short = [
        name
        for name, sample in examination.lists.items()
        if not resource_class(name).paginated and (sample.listcount or 0) > len(sample.rows)
    ]
    complete = Outcome(found="all have as many records as their listcount")
    if not short:
        return complete
    return Outcome(found=f"fewer records than listcount: {', '.join(short)}", status=Status.DIFFERS)


CHECKS: tuple[Check, ...] = (offset, default, cap, lookups, lookups_complete)
