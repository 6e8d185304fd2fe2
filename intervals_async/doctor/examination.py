"""`Examination`: the requests and samples that all checks of one run share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from .. import BudgetError, Response
from ..resources import names as resource_names
from ..resources import parameters, resource_class
from .budget import NotTestedError, RequestBudget
from .samples import LIST, MEMBER, Sample, SeenValues, sample_of

__all__ = ["SAMPLE_ROWS", "Examination", "whole_number"]

SAMPLE_ROWS: Final = 100
"""The number of rows of a sampled page."""

# Lists that require an id: the filter, and the resource that provides the id.
_PARENTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "contactdescriptor": ("contacttypeid", "contacttype"),
        "invoiceitem": ("invoiceid", "invoice"),
        "invoicenote": ("invoiceid", "invoice"),
        "milestonenote": ("milestoneid", "milestone"),
        "personcontact": ("personid", "me"),
        "projectteam": ("projectid", "project"),
    }
)
_SINGLE = ("me", "quota")

NO_PARAMS: Mapping[str, object] = MappingProxyType({})


class Examination:
    """The requests and samples that all checks of one run share.

    A request that was sent before is answered from memory.

    Attributes:
        budget: Sends the requests.
        lists: A page of each resource, by name. Those of ``me`` and ``quota`` are single records.
        members: A single record of some resources, by name.
        responses: All responses.
        seen: The texts in all responses.
    """

    __slots__ = ("_sent", "budget", "lists", "members", "seen")

    def __init__(self, budget: RequestBudget) -> None:
        self.budget: RequestBudget = budget
        self.lists: dict[str, Sample] = {}
        self.members: dict[str, Sample] = {}
        self.seen: SeenValues = SeenValues()
        self._sent: dict[tuple[str, ...], Response] = {}

    @property
    def responses(self) -> Sequence[Response]:
        """All responses."""
        return tuple(self._sent.values())

    async def get(
        self, path: str, params: Mapping[str, object] = NO_PARAMS, *, raise_errors: bool = False
    ) -> Response:
        """Send a request, or return the response to the same request before.

        Raises:
            NotTestedError: The request cannot be sent, or has no response.
            CallError: The request failed, and `raise_errors` is set.
        """
        key = (path, *(f"{name}={value}" for name, value in params.items()))
        if key not in self._sent:
            response = await self.budget.get(path, params, raise_errors=raise_errors)
            self._sent[key] = response
            self.seen.note(sample_of("", LIST, response).envelope)
        return self._sent[key]

    async def page(self, resource: str, **params: object) -> Sample:
        """Request a page of a list.

        Raises:
            NotTestedError: As for `get`.
        """
        return sample_of(resource, LIST, await self.get(f"/{resource}/", params))

    async def member(self, resource: str) -> Sample:
        """Request a single record of a resource, the first one of its sample.

        Raises:
            NotTestedError: As for `get`, or there is no record.
        """
        if resource not in self.members:
            id = self.first_id(resource)
            response = await self.get(f"/{resource}/{id}/")
            self.members[resource] = sample_of(resource, MEMBER, response)
        return self.members[resource]

    def rows(self, resource: str, at_least: int = 1) -> Sequence[Mapping[str, Any]]:
        """Return the sampled rows of a resource.

        Raises:
            NotTestedError: There are fewer rows.
        """
        sample = self.lists[resource]
        if sample.problem is not None:
            raise NotTestedError(sample.problem)
        if len(sample.rows) < at_least:
            raise NotTestedError(f"there are fewer than {at_least} records")
        return sample.rows

    def first_id(self, resource: str) -> int:
        """Return the id of the first sampled row.

        Raises:
            NotTestedError: There is none.
        """
        for row in self.rows(resource):
            id = whole_number(row.get("id"))
            if id is not None:
                return id
        raise NotTestedError("no record has an id")

    def largest(self, *, at_least: int, sortable: bool = False) -> Sequence[str]:
        """Name the paginated resources with at least so many sampled rows, the largest first."""
        fitting = [
            name
            for name, sample in self.lists.items()
            if len(sample.rows) >= at_least
            and resource_class(name).paginated
            and (resource_class(name).sorts_by_id or not sortable)
            and name not in _PARENTS
        ]
        return sorted(fitting, key=lambda name: -self._size(name))

    def _size(self, name: str) -> int:
        sample = self.lists[name]
        return sample.listcount or len(sample.rows)

    # Samples

    async def sample_everything(self, requests: int) -> None:
        """Request a page of every resource.

        Raises:
            BudgetError: The daily quota does not allow so many requests.
            CallError: The first request failed.
        """
        response = await self.get("/me/", raise_errors=True)
        self.lists["me"] = sample_of("me", MEMBER, response)
        await self._sample("quota")
        self._check_daily_quota(requests)
        for name in sorted(resource_names(), key=lambda name: name in _PARENTS):
            if name not in _SINGLE:
                await self._sample(name)

    async def _sample(self, name: str) -> None:
        try:
            response = await self.get(f"/{name}/", self.list_params(name))
            form = MEMBER if name in _SINGLE else LIST
            self.lists[name] = sample_of(name, form, response)
        except NotTestedError as error:
            self.lists[name] = Sample(resource=name, problem=str(error))

    def list_params(self, name: str) -> Mapping[str, object]:
        """Return the query of the sample of a resource.

        Raises:
            NotTestedError: A required id is not known.
        """
        params: dict[str, object] = {}
        if name in _PARENTS:
            filter, parent = _PARENTS[name]
            try:
                params[filter] = self.first_id(parent)
            except NotTestedError as error:
                raise NotTestedError(f"it needs an id of {parent}, but {error}") from None
        if resource_class(name).paginated:
            params["limit"] = SAMPLE_ROWS
        return params

    def _check_daily_quota(self, requests: int) -> None:
        row = next(iter(self.lists["quota"].rows), {})
        quota, used = whole_number(row.get("quota")), whole_number(row.get("used"))
        if quota is not None and used is not None and quota - used < requests:
            error = BudgetError(
                f"today's quota is too small: expected {requests} requests left, "
                f"got {max(quota - used, 0)}"
            )
            error.requests, error.daily_left = requests, max(quota - used, 0)
            raise error

    def documented_groups(self, name: str) -> Sequence[str] | None:
        """Return the groups that may list a resource; None if that is not documented."""
        permissions = resource_class(name).permissions
        return permissions["list" if "list" in permissions else "get"]

    def has_filter(self, name: str, filter: str) -> bool:
        """Whether a list documents a filter."""
        return filter in parameters(resource_class(name).filters)


def whole_number(value: object) -> int | None:
    """Return an integer that a response holds as text or as a number; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
