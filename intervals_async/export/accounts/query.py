"""`ResourceQuery`: what an export reads of one resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

import attrs

from ... import IntervalsClient, Listing, Record
from ...resources import resource_class
from .incremental import changed_since
from .listings import listing_for, parent_of
from .plan import MODIFIED_SINCE

__all__ = ["ResourceQuery"]


@attrs.frozen(kw_only=True)
class ResourceQuery:
    """What an export reads of one resource: all that matches, or the changes alone.

    Attributes:
        client: The client.
        name: The name of the resource.
        filters: The filters of the export.
        since: When the previous export started, in UTC, if only the changes since then are read;
            None to read everything.
    """

    client: IntervalsClient
    name: str
    filters: Mapping[str, object]
    since: datetime | None

    def without_since(self) -> Self:
        """Return the query that reads everything."""
        return attrs.evolve(self, since=None)

    @property
    def parent(self) -> str | None:
        """The resource whose ids are needed to list what is read; None if none are needed."""
        return parent_of(self.name, self._filters)

    @property
    def is_listed(self) -> bool:
        """Whether the API lists the resource; otherwise it is one record."""
        return "list" in resource_class(self.name).methods()

    @property
    def is_countable(self) -> bool:
        """Whether one request returns the number of all records that match."""
        return (
            parent_of(self.name, self.filters) is None
            and self.without_since().listing().partitions == 1
        )

    @property
    def record_class(self) -> type[Record]:
        """The class of the records."""
        return self.client.resource(self.name).record

    def listing(self, parents: Sequence[int] = ()) -> Listing[Any]:
        """Return the listing of what is read, of these parents if it needs some."""
        return listing_for(self.client, self.name, self._filters, parents)

    async def get(self) -> Record:
        """Request the one record of a resource that is not listed."""
        return await self.client.resource(self.name).get()

    @property
    def _filters(self) -> Mapping[str, object]:
        if self.since is None:
            return self.filters
        return {**self.filters, MODIFIED_SINCE: changed_since(self.since)}
