"""Which exports of a folder still stand, so that only what was changed since need be read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from .._version import __version__
from .manifest import Manifest, plain
from .order import Order, tells_changes

__all__ = ["changed_since", "stands_since"]

# The API keeps the moments of changes in the account's own time zone, which nothing tells; no zone
# is more than 12 hours behind UTC. One hour more is for clocks that differ.
BEHIND = timedelta(hours=13)


def stands_since(order: Order, folder: Path) -> Mapping[str, datetime]:
    """Give when the last export of each resource began, where it can be built upon.

    It can where the file is what the manifest tells, of the same filters, format and release, and
    where the API tells what was changed. Not where others are listed by the records, all of them.

    Raises:
        ArgumentError: The manifest cannot be read.
    """
    if not order.incremental:
        return {}
    try:
        last = Manifest.read(folder)
    except FileNotFoundError:
        return {}
    if last.library != __version__:
        return {}
    flawed = {each.file.name: each.file.flaw(folder) for each in last.exported}
    standing = {
        each.resource: each.began
        for each in last.exported
        if each.resource in order.names
        and each.format == order.format.name
        and each.filters == plain(order.filters_of(each.resource))
        and tells_changes(each.resource, each.filters)
        and flawed[each.file.name] is None
    }
    whole = {order.parent_of(name) for name in order.names if name not in standing}
    return {name: began for name, began in standing.items() if name not in whole}


def changed_since(began: datetime) -> datetime:
    """Give from when on to ask for changes, in the account's own time zone, whichever that is."""
    return (began - BEHIND).replace(tzinfo=None, microsecond=0)
