"""The listing of each resource in an export: one for each parent where the API requires a parent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ... import IntervalsClient, Listing
from ...resources import names, parameters, resource_class

__all__ = [
    "exportable_resources",
    "listing_for",
    "parent_of",
    "requests_for_parents",
    "requests_left",
]

# Filters that make the API list everything.
COMPLETE: Mapping[str, Mapping[str, object]] = {"timer": {"gettimerinfo": True}}

# How many tasks' notes are listed in one request: its URL then has some 2,000 characters.
TASKS_PER_REQUEST = 200


def exportable_resources() -> Sequence[str]:
    """List the names of the resources that an export can read: all that have ``list`` or ``get``."""
    return [name for name in names() if {"list", "get"} & {*resource_class(name).methods()}]


def parent_of(name: str, filters: Mapping[str, object]) -> str | None:
    """Return the resource whose ids are needed to list this one; None if none are needed.

    A required filter names the parent: the API lists contact details, for example, of one person
    only, by ``personid``. Without a range it lists notes of tasks of the last 7 days only, so
    these are listed by their tasks.
    """
    if name == "tasknote" and not filters.keys() & {"taskid", "datebegin", "datemodifiedbegin"}:
        return "task"
    for parameter in parameters(resource_class(name).filters).values():
        if parameter.required and parameter.name not in filters:
            return parameter.name.removesuffix("id")
    return None


def listing_for(
    client: IntervalsClient,
    name: str,
    filters: Mapping[str, object],
    parents: Sequence[int] = (),
) -> Listing[Any]:
    """Return a listing of all matching records of a resource, of these parents if it needs some.

    Raises:
        ArgumentError: A filter is not known, or its value is invalid.
    """
    resource = client.resource(name)
    known: dict[str, Any] = {**COMPLETE.get(name, {}), **filters}
    parent = parent_of(name, known)
    if parent is None:
        return resource.list(**known)

    def of(ids: int | Sequence[int]) -> Listing[Any]:
        with_parent: dict[str, Any] = {**known, f"{parent}id": ids}
        return resource.list(**with_parent)

    if parent != "task":
        return Listing.chain(map(of, parents), like=of(1), disjoint=True)
    groups = range(0, len(parents), TASKS_PER_REQUEST)
    listings = (of(parents[first : first + TASKS_PER_REQUEST]) for first in groups)
    return Listing.chain(listings, like=of(1), disjoint=True)


def requests_left(listing: Listing[Any], listcount: int, *, read: int, sent: int) -> int:
    """Estimate how many requests it still takes to read a listing.

    Args:
        listing: The listing.
        listcount: The number of its records.
        read: The number of records that were read.
        sent: The number of requests that were sent for it.
    """
    if read and listing.paginated and listing.partitions == 1:
        return listing.estimate_requests(listcount - read)  # pages are small again after a resume
    return max(listing.estimate_requests(listcount) - sent, 0)


def requests_for_parents(parent: str, number: int) -> int:
    """Estimate how many requests it takes to read the children of a number of parents."""
    if parent != "task":
        return number
    return 2 * math.ceil(number / TASKS_PER_REQUEST)  # the first page is small, so another follows
