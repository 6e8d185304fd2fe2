"""Which resources of the last export in a folder can be updated by reading only their changes."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path

import attrs

from ... import IntervalsClient
from ..._version import __version__
from ...errors import ArgumentError
from ..unreadable import UnreadableField
from .json_file import plain
from .listings import listing_for
from .manifest import Manifest, WrittenFile
from .plan import MODIFIED_SINCE, ExportPlan, has_change_filter

__all__ = ["Updatable", "changed_since", "find_updatable"]

# The API keeps the times of changes in the account's time zone, which it does not state. No time
# zone is more than 12 hours behind UTC; one hour more allows for clocks that differ.
MAX_BEHIND_UTC = timedelta(hours=13)

# Filters that depend on other records or on the clock: a record can enter or leave the selection
# without a change of its own. For notes of tasks, also filters by fields that can change: a note
# that has left the selection is not among the changes, and notes are not counted.
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
    """

    since: Mapping[str, datetime] = attrs.field(factory=dict[str, datetime])
    unreadable: Mapping[str, Mapping[str, UnreadableField]] = attrs.field(
        factory=dict[str, Mapping[str, UnreadableField]]
    )


def find_updatable(client: IntervalsClient, plan: ExportPlan, folder: Path) -> Updatable:
    """Find the resources that can be updated.

    A resource can be updated if its file matches the manifest, was written by this release with the
    same filters and format, and the API can select its changes. It cannot if other resources are
    listed by all of its records, or if the records that a filter selects change by themselves.

    The time is the start of the export, not of the resource: the first page of a resource, or the
    parents it is listed by, may have been read long before its file was started.

    Raises:
        ArgumentError: The manifest cannot be read.
    """
    if not plan.incremental:
        return Updatable()
    try:
        last = Manifest.read(folder)
    except FileNotFoundError:
        return Updatable()
    except ArgumentError as error:
        raise ArgumentError(f"{error}; export without incremental to replace it") from None
    if last.library != __version__:
        return Updatable()
    # Checked last, and once for each file: it reads the complete file, which resources may share.
    flaw = cache(partial(WrittenFile.flaw, folder=folder))
    filtered = {each.resource for each in last.exported if each.filters}
    updatable = {
        each.resource: each
        for each in last.exported
        if each.resource in plan.names
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
    )


def _covers_all_parents(name: str, plan: ExportPlan, filtered: Container[str]) -> bool:
    """Whether it needs no parents, or all parents are selected: changes are of all parents."""
    parent = plan.parent_of(name)
    return parent is None or not (parent in filtered or plan.filters_of(parent))


def _accepts_change_filter(
    client: IntervalsClient, name: str, plan: ExportPlan, began: datetime
) -> bool:
    """Whether the change filter can be combined with the others; another long range forbids it."""
    try:
        listing_for(client, name, {**plan.filters_of(name), MODIFIED_SINCE: changed_since(began)})
    except ArgumentError:
        return False
    return True


def changed_since(began: datetime) -> datetime:
    """Convert a time in UTC into one that is not later in any account's time zone."""
    return (began - MAX_BEHIND_UTC).replace(tzinfo=None, microsecond=0)
