"""``/quota/``: the use of the daily quota of requests."""

from __future__ import annotations

from .._schema.record import Record, record
from .._schema.values import UtcDatetime
from ._base import EVERYBODY, Permissions, Resource

__all__ = ["Quota", "QuotaResource"]


@record
class Quota(Record):
    """The account's daily request quota, shared by all its people and integrations."""

    quota: int
    """Requests allowed per day."""
    used: int
    """Requests already used."""
    next_reset: UtcDatetime | None = None
    """When the count is reset, in UTC. Older responses have `business_day` instead."""
    exceeded: bool
    """Whether the quota is exceeded."""
    business_day: UtcDatetime | None = None
    """The field of older responses that `next_reset` has replaced."""


class QuotaResource(Resource[Quota]):
    """The daily quota, for all groups. Reading it does not count towards the quota.

    https://www.myintervals.com/api/resource?r=quota
    """

    __slots__ = ()
    name = "quota"
    record = Quota
    permissions: Permissions = {"get": EVERYBODY}
    paginated = False

    async def get(self) -> Quota:
        """Get the quota and its use."""
        return await self._get_without_id()
