"""``/module/``: the account's default modules."""

from __future__ import annotations

from typing import TypedDict, Unpack

from .._schema.record import Record, record
from .._streaming.listing import Listing
from ._base import ADMINISTRATORS, Gettable, Permissions

__all__ = ["Module", "ModuleFilters", "ModuleResource"]


@record
class Module(Record):
    """A module."""

    id: int
    """Module ID."""
    name: str
    """Module name."""
    description: str | None = None
    """Description; may be empty."""
    active: bool
    """Whether the module is active."""


class ModuleFilters(TypedDict, total=False):
    """Filters of a list of modules."""

    active: bool
    """Only active, or only inactive, modules."""


class ModuleResource(Gettable[Module]):
    """The account's default modules, readable by Administrators.

    All others read ``projectmodule``. The documentation lists settable fields, but allows
    only GET.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=module
    """

    __slots__ = ()
    name = "module"
    record = Module
    filters = ModuleFilters
    permissions: Permissions = {"list": ADMINISTRATORS, "get": ADMINISTRATORS}

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[ModuleFilters]
    ) -> Listing[Module]:
        """List the matching modules; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)
