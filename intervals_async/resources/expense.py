"""``/expense/``: costs booked on projects."""

from __future__ import annotations

from typing import Annotated, Literal, Required, TypedDict, Unpack

from .._schema.parameters import AsIs, AtMost, Ids, Number
from .._schema.record import Record, record
from .._schema.values import Day, Money
from .._streaming.listing import Listing
from ._base import ADMINISTRATORS, MANAGERS, NO_RESOURCES, Deletable, Gettable, Permissions

__all__ = ["Expense", "ExpenseCreate", "ExpenseFilters", "ExpenseResource", "ExpenseUpdate"]


@record
class Expense(Record):
    """An expense."""

    id: int
    """Identifier of the expense. Inferred, not documented."""
    projectid: int | None = None
    """Project of the expense. Inferred, not documented."""
    personid: int | None = None
    """Person of the expense. Inferred, not documented."""
    date: Day | None = None
    """Day the expense was incurred. Inferred, not documented."""
    expense: Money | None = None
    """Cost to the company; not visible to executives. Inferred, not documented."""
    fee: Money | None = None
    """Amount charged to the client. Inferred, not documented."""
    note: str | None = None
    """Description. Inferred, not documented."""
    project: str | None = None
    """Project name. Inferred, not documented."""
    client: str | None = None
    """Client name. Inferred, not documented."""
    person: str | None = None
    """Person name. Inferred, not documented."""


class ExpenseFilters(TypedDict, total=False):
    """Filters and sort order of a list of expenses."""

    projectid: Ids
    """Expenses of these projects."""
    personid: Ids
    """Expenses added by these people."""
    clientid: Ids
    """Expenses on projects of these clients."""
    managerid: Ids
    """Expenses on projects managed by these people."""
    datebegin: Day
    """Dated on or after this date."""
    dateend: Day
    """Dated on or before this date."""
    date: Day
    """Dated exactly this date."""
    sortfield: (
        Literal[
            "id",
            "projectid",
            "date",
            "expense",
            "fee",
            "note",
            "personid",
            "project",
            "client",
            "person",
        ]
        | AsIs
    )
    """Field to sort by; by default date."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort; by default DESC."""


class ExpenseCreate(TypedDict, total=False):
    """The fields of a new expense."""

    projectid: Required[int]
    """Project the expense belongs to."""
    personid: int
    """Person of the expense; the caller when left out."""
    date: Required[Day]
    """Day the expense was incurred."""
    expense: Required[Number]
    """What it cost the company."""
    fee: Required[Number]
    """What the client is charged; same as expense when not marked up."""
    note: Annotated[str, AtMost(255)]
    """Description of the expense, at most 255 characters."""


class ExpenseUpdate(TypedDict, total=False):
    """The fields of an expense that may be changed; None clears one. `ExpenseCreate` describes them."""

    projectid: int
    personid: int | None
    date: Day
    expense: Number
    fee: Number
    note: Annotated[str, AtMost(255)] | None


class ExpenseResource(Gettable[Expense], Deletable[Expense]):
    """Costs booked on projects, with the fee charged for them.

    Administrators, Managers and Executives read them, Administrators and Managers write,
    Administrators delete; Resource users have no access. Executives do not see the ``expense``.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=expense
    """

    __slots__ = ()
    name = "expense"
    record = Expense
    filters = ExpenseFilters
    creatable = ExpenseCreate
    updatable = ExpenseUpdate
    permissions: Permissions = {
        "list": NO_RESOURCES,
        "get": NO_RESOURCES,
        "create": MANAGERS,
        "update": MANAGERS,
        "delete": ADMINISTRATORS,
    }
    sorts_by_id = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[ExpenseFilters]
    ) -> Listing[Expense]:
        """List the matching expenses; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[ExpenseCreate]
    ) -> Expense:
        """Create an expense and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self, id: int, /, *, send_notifications: bool | None = None, **fields: Unpack[ExpenseUpdate]
    ) -> Expense:
        """Update fields of an expense and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)
