"""`ExportPlan`: what an export writes and how, checked before any request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Self, get_args

import attrs

from ... import Decimals, IntervalsClient
from ..._version import __version__
from ...errors import ArgumentError
from ...resources import parameters, resource_class
from .formats import Format, get_format
from .listings import exportable_resources, listing_for, parent_of

__all__ = ["MODIFIED_SINCE", "ExportPlan", "has_change_filter"]

# The filters of task, time and tasknote that select changes.
MODIFIED_SINCE = "datemodifiedbegin"
MODIFIED_UNTIL = "datemodifiedend"

# Iterables that are not lists of values.
NOT_A_LIST = (str, bytes, Mapping)


@attrs.frozen(kw_only=True)
class ExportPlan:
    """What an export writes, and how.

    Attributes:
        names: The names of the resources, in alphabetical order.
        filters: The filters of each resource.
        format: The format of the files.
        decimals: The type of decimals, if the format has two.
        incremental: Whether only changes are read if the last export can be updated.
    """

    names: Sequence[str]
    filters: Mapping[str, Mapping[str, object]]
    format: Format
    decimals: Decimals
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
        decimals: Decimals,
        since: datetime | None,
        incremental: bool,
    ) -> Self:
        """Read the arguments of `export_account`.

        Raises:
            ArgumentError: One of them is invalid.
        """
        names = _selected(resources, exclude)
        written = get_format(format)
        if decimals not in get_args(Decimals):
            raise ArgumentError(f"decimals: expected 'float' or 'decimal', got {decimals!r}")
        if decimals != "float" and not written.has_decimals:
            raise ArgumentError(
                f"decimals: expected 'float' for the format {format}, got {decimals!r}; only "
                "parquet has both types"
            )
        reusable: Mapping[str, Mapping[str, object]] = {
            name: _reusable(each) for name, each in (filters or {}).items()
        }
        for name in reusable:
            if name not in names:
                raise ArgumentError(f"filters: expected exported resources, got {name!r}")
        if since is not None:
            if incremental:
                raise ArgumentError("since and incremental cannot be combined")
            reusable = _with_since(since, names, reusable)
        for name, each in reusable.items():
            if each and "list" not in resource_class(name).methods():
                raise ArgumentError(f"filters: expected none for {name}, got {', '.join(each)}")
            if each:
                listing_for(client, name, each, [1])  # raises if a filter is invalid
        return cls(
            names=names,
            filters=reusable,
            format=written,
            decimals=decimals,
            incremental=incremental,
        )

    def filters_of(self, name: str) -> Mapping[str, object]:
        """Return the filters of a resource."""
        return self.filters.get(name, {})

    def parent_of(self, name: str) -> str | None:
        """Return the resource whose ids are needed to list this one; None if none are needed."""
        return parent_of(name, self.filters_of(name))

    @property
    def identity(self) -> Mapping[str, object]:
        """What must be the same for an unfinished export to be resumed."""
        return {
            "resources": self.names,
            "filters": self.filters,
            "format": self.format.name,
            "decimals": self.decimals,
            "release": __version__,
            "incremental": self.incremental,
        }


def has_change_filter(name: str, filters: Mapping[str, object]) -> bool:
    """Whether the changes of a resource can be selected in addition to these filters."""
    known = parameters(resource_class(name).filters)
    return MODIFIED_SINCE in known and not {MODIFIED_SINCE, MODIFIED_UNTIL} & filters.keys()


def _selected(resources: Sequence[str] | None, exclude: Sequence[str]) -> list[str]:
    known = exportable_resources()
    wanted = known if resources is None else resources
    for argument, some in (("resources", wanted), ("exclude", exclude)):
        if isinstance(some, str):
            raise ArgumentError(f"{argument}: expected a list of names, got the string {some!r}")
        for name in some:
            if name not in known:
                raise ArgumentError(f"{argument}: expected one of {', '.join(known)}, got {name!r}")
    return sorted({*wanted} - {*exclude})


def _reusable(filters: Mapping[str, object]) -> dict[str, object]:
    """Copy iterables that can be read only once: filters are read several times."""

    def reusable(value: object) -> object:
        if isinstance(value, NOT_A_LIST) or not isinstance(value, Iterable):
            return value
        # the order of a set of strings differs between processes
        return sorted(value, key=str) if isinstance(value, AbstractSet) else list(value)

    return {name: reusable(value) for name, value in filters.items()}


def _with_since(
    since: datetime, names: Sequence[str], filters: Mapping[str, Mapping[str, object]]
) -> dict[str, Mapping[str, object]]:
    """Add the filter for changes to the resources that have it."""
    added = dict(filters)
    for name in names:
        each = added.get(name, {})
        if has_change_filter(name, each):
            added[name] = {**each, MODIFIED_SINCE: since}
        elif used := sorted(each.keys() & {MODIFIED_SINCE, MODIFIED_UNTIL}):
            raise ArgumentError(f"since cannot be combined with the filter {used[0]} of {name}")
    if added == dict(filters):
        known = [name for name in exportable_resources() if has_change_filter(name, {})]
        raise ArgumentError(
            f"since: expected at least one of {', '.join(known)}, got {', '.join(names)}"
        )
    return added
