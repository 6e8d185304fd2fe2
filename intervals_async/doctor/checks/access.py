"""Checks of what the group of the token's owner may read, and of doubtful paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...resources import names
from ..budget import NotTestedError
from ..examination import Examination
from ..report import Status
from ..samples import MEMBER, Sample, sample_of
from ._base import Check, Outcome, check

__all__ = ["CHECKS"]

_GROUPS = ("Administrator", "Manager", "Resource", "Executive")


def _group(examination: Examination) -> str | None:
    """Return the group of the token's owner if it is a documented one."""
    for row in examination.lists["me"].rows:
        for group in _GROUPS:
            if row.get("group") == group:
                return group
    return None


@check("access.list", "lists", "not stated")
async def lists(examination: Examination) -> Iterable[Outcome]:
    """Compare what may be read with the documented groups."""
    group = _group(examination)
    return [_access(examination, name, group) for name in names()]


def _access(examination: Examination, name: str, group: str | None) -> Outcome:
    sample = examination.lists[name]
    groups = examination.documented_groups(name)
    documented = _documented(groups)
    refused = sample.status == 403
    if not refused and not sample.is_success:
        return Outcome(
            found=sample.problem or "no response",
            status=Status.NOT_TESTED,
            subject=name,
            documented=documented,
        )
    who = group or "this group"
    expected = not refused if groups is None or group is None else group in groups
    return Outcome.of(
        f"{who} may {'not ' if refused else ''}read it",
        differs=expected == refused,
        subject=name,
        documented=documented,
        quirks={"forbidden": [name]} if refused else {},
    )


def _documented(groups: Sequence[str] | None) -> str | None:
    if groups is None:
        return None
    return "for all groups" if len(groups) == len(_GROUPS) else f"for {', '.join(groups)}"


@check("access.no_slash", "me", "a path without a trailing slash works")
async def no_slash(examination: Examination) -> Outcome:
    """Request ``/me``."""
    sample = sample_of("me", MEMBER, await examination.get("/me"))
    words = "it works" if sample.is_success else f"HTTP {sample.status}"
    return Outcome.of(words, differs=not sample.is_success)


async def _doubtful(examination: Examination, name: str) -> Sample:
    id = examination.first_id(name)
    return sample_of(name, MEMBER, await examination.get(f"/{name}/{id}/"))


async def _undocumented_member(examination: Examination, name: str) -> Outcome:
    sample = await _doubtful(examination, name)
    if sample.is_success:
        return Outcome.of("it can be read", differs=True, quirks={"lookup_members": True})
    return Outcome(found=f"HTTP {sample.status}")


@check("access.group_member", "group", "/group/{id}/ does not exist")
async def group_member(examination: Examination) -> Outcome:
    """Request a single group."""
    return await _undocumented_member(examination, "group")


@check("access.invoiceterm_member", "invoiceterm", "/invoiceterm/{id}/ does not exist")
async def invoiceterm_member(examination: Examination) -> Outcome:
    """Request a single payment term."""
    return await _undocumented_member(examination, "invoiceterm")


@check("access.paymenttype_member", "paymenttype", "/paymenttype/{id}/ exists")
async def paymenttype_member(examination: Examination) -> Outcome:
    """Request a single payment type."""
    sample = await _doubtful(examination, "paymenttype")
    if sample.status == 403:
        raise NotTestedError(sample.problem or "")
    words = "it can be read" if sample.is_success else f"HTTP {sample.status}"
    return Outcome.of(words, differs=not sample.is_success)


@check("access.me_member", "me", "/me/{id}/ does not exist")
async def me_member(examination: Examination) -> Outcome:
    """Request the caller's own record by its id."""
    sample = await _doubtful(examination, "me")
    words = "it can be read" if sample.is_success else f"HTTP {sample.status}"
    return Outcome.of(words, differs=sample.is_success)


CHECKS: tuple[Check, ...] = (
    lists,
    no_slash,
    group_member,
    invoiceterm_member,
    paymenttype_member,
    me_member,
)
