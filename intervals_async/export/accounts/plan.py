"""What an export of an account is asked for, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Self

import attrs

from ..._schema.parameters import parameters
from ..._version import __version__
from ...client import IntervalsClient
from ...errors import ArgumentError
from ...resources import resource_class
from .formats import Format, format_named
from .sources import can_be_exported, listing_of, parent_of

__all__ = ["CHANGED", "ExportPlan", "tells_changes"]

# The filter of resources that tell what was changed since a moment: task, time, tasknote.
CHANGED = "datemodifiedbegin"
CHANGED_UNTIL = "datemodifiedend"

# What can be gone through, but is no list of values.
NO_LIST = (str, bytes, Mapping)


@attrs.frozen(kw_only=True)
class ExportPlan:
    """What is to be exported, and how.

    Attributes:
        names: The resources, in the order of their names.
        filters: Filters, by the names of resources and then their own.
        format: The format of the files.
        incremental: Whether only changes are read where the last export stands.
    """

    names: Sequence[str]
    filters: Mapping[str, Mapping[str, object]]
    format: Format
    incremental: bool

    @classmethod
    def of(
        cls,
        client: IntervalsClient,
        *,
        resources: Sequence[str] | None,
        exclude: Sequence[str],
        filters: Mapping[str, Mapping[str, object]] | None,
        format: str,
        since: datetime | None,
        incremental: bool,
    ) -> Self:
        """Read the arguments of `export_account`.

        Raises:
            ArgumentError: One of them cannot be.
        """
        names = _chosen(resources, exclude)
        settled: Mapping[str, Mapping[str, object]] = {
            name: _settled(those) for name, those in (filters or {}).items()
        }
        for name in settled:
            if name not in names:
                raise ArgumentError(f"there are filters for {name!r}, which is not exported")
        if since is not None:
            if incremental:
                raise ArgumentError("incremental says since when by itself: leave out one of both")
            settled = _changed_since(since, names, settled)
        for name, those in settled.items():
            if those and "list" not in resource_class(name).methods():
                raise ArgumentError(f"{name} has no filters")
            if those:
                listing_of(client, name, those, [1])
        return cls(
            names=names, filters=settled, format=format_named(format), incremental=incremental
        )

    def filters_of(self, name: str) -> Mapping[str, object]:
        """The filters of a resource."""
        return self.filters.get(name, {})

    def parent_of(self, name: str) -> str | None:
        """The resource by whose records this one is listed, if by any."""
        return parent_of(name, self.filters_of(name))

    @property
    def asked(self) -> Mapping[str, object]:
        """What must be the same for an unfinished export to be gone on with."""
        return {
            "resources": self.names,
            "filters": self.filters,
            "format": self.format.name,
            "release": __version__,
            "incremental": self.incremental,
        }


def tells_changes(name: str, filters: Mapping[str, object]) -> bool:
    """Whether a resource can be asked for what was changed, beside these filters."""
    known = parameters(resource_class(name).filters)
    return CHANGED in known and not {CHANGED, CHANGED_UNTIL} & filters.keys()


def _chosen(resources: Sequence[str] | None, exclude: Sequence[str]) -> list[str]:
    known = can_be_exported()
    if isinstance(resources, str) or isinstance(exclude, str):
        raise ArgumentError("resources and exclude are lists of names, such as ['task', 'time']")
    wanted = known if resources is None else resources
    for name in (*wanted, *exclude):
        if name not in known:
            raise ArgumentError(
                f"there is no resource {name!r} to export; there are {', '.join(known)}"
            )
    return sorted({*wanted} - {*exclude})


def _settled(filters: Mapping[str, object]) -> dict[str, object]:
    """Keep what can be read but once, since filters are read again and again."""

    def settled(value: object) -> object:
        if isinstance(value, NO_LIST) or not isinstance(value, Iterable):
            return value
        # a set of texts has another order in each process
        return sorted(value, key=str) if isinstance(value, AbstractSet) else list(value)

    return {name: settled(value) for name, value in filters.items()}


def _changed_since(
    since: datetime, names: Sequence[str], filters: Mapping[str, Mapping[str, object]]
) -> dict[str, Mapping[str, object]]:
    """Add the filter to the resources that have it."""
    found = dict(filters)
    for name in names:
        those = found.get(name, {})
        if tells_changes(name, those):
            found[name] = {**those, CHANGED: since}
        elif those.keys() & {CHANGED, CHANGED_UNTIL}:
            raise ArgumentError(f"since, and a filter of {name}, both say when it was changed")
    if found == dict(filters):
        raise ArgumentError(
            f"since: of {', '.join(names)} none can be asked for what was changed since a moment"
        )
    return found
