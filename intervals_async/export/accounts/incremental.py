"""Which exports of a folder still stand, so that only what was changed since need be read."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path

from ..._version import __version__
from ...client import IntervalsClient
from ...errors import ArgumentError
from .manifest import Manifest, WrittenFile, plain
from .plan import CHANGED, ExportPlan, tells_changes
from .sources import listing_of

__all__ = ["changed_since", "stands_since"]

# The API keeps the moments of changes in the account's own time zone, which nothing tells; no zone
# is more than 12 hours behind UTC. One hour more is for clocks that differ.
BEHIND = timedelta(hours=13)

# Filters that look at other records, or at the clock: what they let pass changes although the
# record itself does not.
# And those of notes of tasks: one that they let pass no more is no change, and no count shows it.
OF_OTHERS: Mapping[str, set[str]] = {
    "task": {"clientid", "includetimerid", "overdue", "personid", "search", "tasklistfilterid"},
    "tasknote": {"authorid", "public", "title"},
    "time": {"activeonly", "approved", "clientid", "milestoneid"},
}


def stands_since(client: IntervalsClient, plan: ExportPlan, folder: Path) -> Mapping[str, datetime]:
    """Give when the last export began, for each resource of it that can be built upon.

    One can where its file is what the manifest tells, of the same filters, format and release, and
    where the API tells what was changed. Not where others are listed by the records, all of them,
    nor where what a filter lets pass changes by itself.

    The begin of the whole export is meant: the first page of a resource, or the parents by which
    it is listed, may have been read long before its own file was begun.

    Raises:
        ArgumentError: The manifest cannot be read.
    """
    if not plan.incremental:
        return {}
    try:
        last = Manifest.read(folder)
    except FileNotFoundError:
        return {}
    except ArgumentError as error:
        raise ArgumentError(f"{error}: export without incremental to write it anew") from None
    if last.library != __version__:
        return {}
    # SQLite has one file for all; each is read whole, so only where nothing else is against it
    flaw = cache(partial(WrittenFile.flaw, folder=folder))
    filtered = {each.resource for each in last.exported if each.filters}
    standing = [
        each.resource
        for each in last.exported
        if each.resource in plan.names
        and each.format == plan.format.name
        and each.filters == plain(plan.filters_of(each.resource))
        and tells_changes(each.resource, each.filters)
        and not OF_OTHERS.get(each.resource, set()) & each.filters.keys()
        and _is_of_all_parents(each.resource, plan, filtered)
        and _can_be_asked(client, each.resource, plan, last.began)
        and flaw(each.file) is None
    ]
    whole = {plan.parent_of(name) for name in plan.names if name not in standing}
    return {name: last.began for name in standing if name not in whole}


def _is_of_all_parents(name: str, plan: ExportPlan, filtered: Container[str]) -> bool:
    """Whether it is listed by nothing, or by all that there is: changes are not listed by it."""
    parent = plan.parent_of(name)
    return parent is None or not (parent in filtered or plan.filters_of(parent))


def _can_be_asked(client: IntervalsClient, name: str, plan: ExportPlan, began: datetime) -> bool:
    """Whether the filters allow another one: of two long ranges, the API takes but one."""
    try:
        listing_of(client, name, {**plan.filters_of(name), CHANGED: changed_since(began)})
    except ArgumentError:
        return False
    return True


def changed_since(began: datetime) -> datetime:
    """Give from when on to ask for changes, in the account's own time zone, whichever that is."""
    return (began - BEHIND).replace(tzinfo=None, microsecond=0)
