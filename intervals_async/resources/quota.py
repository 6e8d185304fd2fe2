"""``/quota/``: how many of the day's requests are used."""

from __future__ import annotations

from .._schema.records import Record, record
from .._schema.values import UtcDatetime
from ._base import EVERYBODY, Permissions, Resource

__all__ = ["Quota", "QuotaResource"]


@record
class Quota(Record):
    """The account's daily request quota, shared by all its people and integrations."""

    quota: int
    """Requests allowed in the day."""
    used: int
    """Requests already used."""
    next_reset: UtcDatetime | None = None
    """When the count starts anew, in UTC. Older answers have `business_day` in its place."""
    exceeded: bool
    """Whether the quota has been passed."""
    business_day: UtcDatetime | None = None
    """What older answers send where `next_reset` stands now."""


class QuotaResource(Resource[Quota]):
    """The daily quota, for all groups. Asking does not count against the day.

    https://www.myintervals.com/api/resource?r=quota
    """

    __slots__ = ()
    name = "quota"
    record = Quota
    permissions: Permissions = {"get": EVERYBODY}
    paginated = False

    async def get(self) -> Quota:
        """Get the quota and what is used of it."""
        return await self._get_the_one()
