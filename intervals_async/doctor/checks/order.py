"""Checks of the order of lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import unescape
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from ...resources import names, resource_class
from ..budget import NotTestedError
from ..examination import Examination, whole_number
from ..report import Status
from ._base import Check, Outcome, check

__all__ = ["CHECKS"]

# Fewer rows say little about an order.
_ROWS = 4
_MOST_SORTED = 2
_SORTED_ROWS = 25

# The default orders that recordings or the documentation show: fields, and whether they descend.
_ORDERS: Mapping[str, tuple[tuple[str, ...], bool]] = MappingProxyType(
    {
        "expense": (("date",), True),
        "person": (("firstname",), False),
        "project": (("name",), False),
        "projectworktype": (("worktype", "id"), False),
        "tasknote": (("date",), True),
    }
)


@check("order.default", "lists", "no order is stated")
async def default(examination: Examination) -> Iterable[Outcome]:
    """Examine the order of each sampled page."""
    return [_order_of(examination, name) for name in names() if resource_class(name).paginated]


def _order_of(examination: Examination, name: str) -> Outcome:
    fields, descending = _ORDERS.get(name, ((), False))
    documented = None
    if fields:
        documented = f"by {', then '.join(fields)}{', the latest first' if descending else ''}"
    try:
        rows = examination.rows(name, at_least=_ROWS)
    except NotTestedError as error:
        return Outcome(
            found=str(error), status=Status.NOT_TESTED, subject=name, documented=documented
        )
    direction = _direction(rows)
    words = f"ids are {direction or 'in no order'}"
    if not fields:
        return Outcome(found=words, subject=name)
    fits = _is_sorted(rows, fields, descending=descending)
    return Outcome.of(
        f"{'' if fits else 'not '}{documented}; {words}",
        differs=not fits,
        subject=name,
        documented=documented,
        quirks={"id_order": direction} if direction else {},
    )


def _direction(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Return whether ids are ascending or descending; None for neither."""
    ids = [id for id in (whole_number(row.get("id")) for row in rows) if id is not None]
    if len(ids) < 2:
        return None
    if all(one < other for one, other in pairwise(ids)):
        return "ascending"
    if all(one > other for one, other in pairwise(ids)):
        return "descending"
    return None


def _is_sorted(
    rows: Sequence[Mapping[str, Any]], fields: Sequence[str], *, descending: bool
) -> bool:
    # Databases compare texts in several ways. Two of them are tried.
    for letters_only in (False, True):
        keys = [
            [_key(row.get(field), letters_only=letters_only) for field in fields] for row in rows
        ]
        if descending:
            keys.reverse()
        if all(one <= other for one, other in pairwise(keys)):
            return True
    return False


def _key(value: object, *, letters_only: bool) -> tuple[bool, int, str]:
    number = whole_number(value)
    if number is not None:
        return False, number, ""
    text = unescape(value).casefold() if isinstance(value, str) else ""
    if letters_only:
        text = "".join(each for each in text if each.isalnum())
    return value is None, 0, text


@check("order.sortfield", "lists", "sortfield=id sorts by id")
async def sortfield(examination: Examination) -> Iterable[Outcome]:
    """Request some lists sorted by id, against their default order."""
    outcomes = [
        await _sorted_by_id(examination, name)
        for name in examination.largest(at_least=_ROWS, sortable=True)[:_MOST_SORTED]
    ]
    if not outcomes:
        raise NotTestedError(f"no sortable list has {_ROWS} records")
    return outcomes


async def _sorted_by_id(examination: Examination, name: str) -> Outcome:
    before = _direction(examination.rows(name))
    wanted = "descending" if before == "ascending" else "ascending"
    sortdir = "DESC" if wanted == "descending" else "ASC"
    try:
        page = await examination.page(name, sortfield="id", sortdir=sortdir, limit=_SORTED_ROWS)
    except NotTestedError as error:
        return Outcome(found=str(error), status=Status.NOT_TESTED, subject=name)
    if len(page.rows) < 2:
        reason = page.problem or "too few records came"
        return Outcome(found=reason, status=Status.NOT_TESTED, subject=name)
    found = _direction(page.rows)
    return Outcome.of(
        f"ids are {found or 'in no order'}, {wanted} requested",
        differs=found != wanted,
        subject=name,
    )


CHECKS: tuple[Check, ...] = (default, sortfield)
