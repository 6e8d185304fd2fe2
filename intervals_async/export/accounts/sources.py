"""What an export reads of each resource: its listing, for each parent where the API wants one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..._schema.parameters import parameters
from ..._schema.records import Record
from ..._streaming.listing import Listing
from ..._streaming.page_plan import pages_of
from ..._streaming.partitioned import Partition, PartitionedListing
from ...client import IntervalsClient
from ...resources import Resource, names, resource_class

__all__ = ["can_be_exported", "listing_of", "parent_of", "requests_by", "requests_for"]

# What the API leaves out of a list unless it is told to give all.
EVERYTHING: Mapping[str, Mapping[str, object]] = {"timer": {"gettimerinfo": True}}

# Notes of so many tasks are asked for at once: an address of some 2,000 letters.
TASKS_AT_ONCE = 200


def can_be_exported() -> Sequence[str]:
    """The names of the resources that an export can read: all that have ``list`` or ``get``."""
    return [name for name in names() if {"list", "get"} & {*resource_class(name).methods()}]


def parent_of(name: str, filters: Mapping[str, object]) -> str | None:
    """The resource whose ids are needed to list this one; None where it is listed as it is.

    The API lists contact details, for one, only of a person: a required filter, ``personid``,
    names the parent. Notes of tasks are listed without one for 7 days only, so without a range
    they are read by their tasks.
    """
    if name == "tasknote" and not filters.keys() & {"taskid", "datebegin", "datemodifiedbegin"}:
        return "task"
    for parameter in parameters(resource_class(name).filters).values():
        if parameter.required and parameter.name not in filters:
            return parameter.name.removesuffix("id")
    return None


def listing_of(
    client: IntervalsClient,
    name: str,
    filters: Mapping[str, object],
    parents: Sequence[int] = (),
) -> Listing[Any]:
    """Everything of a resource that matches, of these parents where it has such.

    Raises:
        ArgumentError: A filter is not known, or its value breaks a rule.
    """
    resource: Resource[Record] = getattr(client, name)
    filters = {**EVERYTHING.get(name, {}), **filters}
    parent = parent_of(name, filters)
    if parent is None:
        listing: Any = vars(type(resource))["list"](resource, **filters)
        assert isinstance(listing, Listing)  # noqa: S101  that is what `list` gives
        return listing
    each = 1 if parent != "task" else TASKS_AT_ONCE
    wanted = [parents[first : first + each] for first in range(0, len(parents), each)]
    spans = [
        Partition(resource._source({**filters, f"{parent}id": ids[0] if each == 1 else ids}))
        for ids in wanted
    ]
    whole = spans[0].source if spans else resource._source({**filters, f"{parent}id": 1})
    return PartitionedListing(whole, lambda: spans, limit=None)


def requests_for(listing: Listing[Any], listcount: int, *, read: int, asked: int) -> int:
    """About how many requests it still takes to read a listing.

    Args:
        listing: The listing, as `listing_of` has given it.
        listcount: How many records it has.
        read: How many of them were read.
        asked: How many requests were sent for it.
    """
    if isinstance(listing, PartitionedListing):
        return max(listing.partitions - asked, 0)
    if not listing._source.paginated:
        return max(1 - asked, 0)
    # pages are small again when it is gone on with; where nothing was read, one was asked for
    return pages_of(listcount - read) if read else max(pages_of(listcount) - asked, 0)


def requests_by(parent: str, number: int) -> int:
    """About how many requests it takes to read what is listed by so many parents."""
    if parent != "task":
        return number
    return 2 * math.ceil(number / TASKS_AT_ONCE)  # a first page is small, so one more follows
