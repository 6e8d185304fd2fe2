"""Incremental export: find the resources that can be updated by reading only changed records."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path

import attrs

from ... import IntervalsClient, Record
from ..._version import __version__
from ...errors import ArgumentError
from ...resources import resource_class
from ..unreadable import RoundedField, UnreadableField
from .json_file import plain
from .listings import listing_for
from .manifest import Manifest, WrittenFile
from .plan import MODIFIED_SINCE, ExportPlan, has_change_filter

__all__ = ["Updatable", "changed_since", "find_updatable"]

# The API keeps the times of changes in the account's time zone, which it does not state. No time
# zone is more than 12 hours behind UTC; one hour more allows for clocks that differ.
MAX_BEHIND_UTC = timedelta(hours=13)

# Filters that depend on other records or on the clock: a record can enter or leave the selection
# without a change of its own. For task notes, also filters by fields that can change: a note that
# no longer matches is not among the changes, and task notes are not counted, which would show it.
UNSTABLE_FILTERS: Mapping[str, set[str]] = {
    "task": {"clientid", "includetimerid", "overdue", "personid", "search", "tasklistfilterid"},
    "tasknote": {"authorid", "public", "title"},
    "time": {"activeonly", "approved", "clientid", "milestoneid"},
}


@attrs.frozen(kw_only=True)
class Updatable:
    """The resources of the last export that can be updated.

    Attributes:
        since: For each of them, when that export started, in UTC.
        unreadable: For each of them, the unreadable fields in its file.
        rounded: For each of them, the rounded fields in its file.
        rewritten: The resources whose file has columns of other types, and the reason.
    """

    since: Mapping[str, datetime] = attrs.field(factory=dict[str, datetime])
    unreadable: Mapping[str, Mapping[str, UnreadableField]] = attrs.field(
        factory=dict[str, Mapping[str, UnreadableField]]
    )
    rounded: Mapping[str, Mapping[str, RoundedField]] = attrs.field(
        factory=dict[str, Mapping[str, RoundedField]]
    )
    rewritten: Mapping[str, str] = attrs.field(factory=dict[str, str])


def find_updatable(client: IntervalsClient, plan: ExportPlan, folder: Path) -> Updatable:
    """Find the resources that can be updated.

    A resource can be updated if its file matches the manifest, was written by this release with the
    same filters, format and types of columns, and the API can select its changes. It cannot be updated if a child
    resource that is read completely needs the ids of all its records, or if a filter can select
    other records although no record has changed.

    The time is the start of the export, not of the resource. The first page of a resource, or the
    parents it is listed by, may have been read long before its file was created.

    Raises:
        ArgumentError: The manifest cannot be read.
    """
    if not plan.incremental:
        return Updatable()
    try:
        last = Manifest.read(folder)
    except FileNotFoundError:
        return Updatable()
    # Once for each file: it reads the complete file, which resources may share.
    flaw = cache(partial(WrittenFile.flaw, folder=folder))
    rewritten = _with_other_types(plan, folder, last, flaw)
    if last.library != __version__:
        return Updatable(rewritten=rewritten)
    filtered = {each.resource for each in last.exported if each.filters}
    updatable = {
        each.resource: each
        for each in last.exported
        if each.resource in plan.names
        and each.resource not in rewritten
        and each.format == plan.format.name
        and each.filters == plain(plan.filters_of(each.resource))
        and has_change_filter(each.resource, each.filters)
        and not UNSTABLE_FILTERS.get(each.resource, set()) & each.filters.keys()
        and _covers_all_parents(each.resource, plan, filtered)
        and _accepts_change_filter(client, each.resource, plan, last.began)
        and flaw(each.file) is None
    }
    read_all = {plan.parent_of(name) for name in plan.names if name not in updatable}
    return Updatable(
        since={name: last.began for name in updatable if name not in read_all},
        unreadable={
            name: each.unreadable for name, each in updatable.items() if name not in read_all
        },
        rounded={name: each.rounded for name, each in updatable.items() if name not in read_all},
        rewritten=rewritten,
    )


def _with_other_types(
    plan: ExportPlan, folder: Path, last: Manifest, flaw: Callable[[WrittenFile], str | None]
) -> dict[str, str]:
    """Find the resources whose undamaged file has columns of other types than this export writes."""
    reasons: dict[str, str] = {}
    for each in last.exported:
        name = each.resource
        if name not in plan.names or each.format != plan.format.name or flaw(each.file):
            continue
        record_class: type[Record] = resource_class(name).record
        path = plan.format.path(folder, name)
        if not plan.format.has_types(path, record_class, name, plan.decimals):
            reasons[name] = "its columns had other types"
    return reasons


def _covers_all_parents(name: str, plan: ExportPlan, filtered: Container[str]) -> bool:
    """Whether there is no parent, or no filter on it; the changes of all parents are read."""
    parent = plan.parent_of(name)
    return parent is None or not (parent in filtered or plan.filters_of(parent))


def _accepts_change_filter(
    client: IntervalsClient, name: str, plan: ExportPlan, began: datetime
) -> bool:
    """Whether the change filter fits the other filters; a second long date range does not fit."""
    try:
        listing_for(client, name, {**plan.filters_of(name), MODIFIED_SINCE: changed_since(began)})
    except ArgumentError:
        return False
    return True


def changed_since(began: datetime) -> datetime:
    """Convert a time in UTC into one that is not later in any account's time zone."""
    return (began - MAX_BEHIND_UTC).replace(tzinfo=None, microsecond=0)
