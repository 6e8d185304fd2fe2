"""The description of a resource: methods by group, filters, body fields, columns and order.

``derive`` builds a ``Resource`` from the client's resource class. A module in ``resources`` adds
the behaviour that the client's class does not describe. The ``test`` of a filter and the ``parse`` of a body
field raise ValueError for an invalid value; the caller adds the name of the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from attrs import Factory, field, frozen

from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.log import SeenRequest
from intervals_async.testing._fake.wire import Column, Envelope, Json, Response, Row, Value, id_of

Predicate: TypeAlias = Callable[[Row], bool]
Groups: TypeAlias = tuple[str, ...] | None
"""The groups that may use a method. None means everybody: the API states no restriction."""


@frozen
class Filter:
    """A filter of a collection.

    Attributes:
        name: The name of the query parameter.
        test: Parses the value and returns a predicate for rows.
        required: Whether the collection requires this filter.
        ignored: Whether the value is only validated, because no column corresponds to the filter.
    """

    name: str
    test: Callable[[Account, str], Predicate]
    required: bool = False
    ignored: bool = False


@frozen
class BodyField:
    """A field of a request body.

    Attributes:
        name: The name of the field.
        parse: Returns the logical value of a JSON value.
        column: The column that stores the value, by default the one of the same name. With None the
            value is only validated, and the resource's ``created`` can use it.
        required: Whether a new record requires this field.
    """

    name: str
    parse: Callable[[Json], Value]
    column: str | None = Factory(lambda self: self.name, takes_self=True)
    required: bool = False


@frozen
class Write:
    """A POST or PUT in progress.

    Attributes:
        row: The new values of the row.
        caller: The id of the person who makes the request.
        body: The parsed fields of the request body.
        old: The row before the change, or None for a new record.
        quiet: Whether the write leaves no action note.
    """

    row: Row
    caller: int
    body: Mapping[str, Value]
    old: Row | None = None
    quiet: bool = False


@frozen
class ReadContext:
    """A GET in progress.

    Attributes:
        person: The caller's own record.
        query: The query parameters.
        member: Whether the request reads one record instead of a collection.
    """

    person: Row
    query: Mapping[str, str] = field(factory=dict[str, str])
    member: bool = False

    @property
    def caller(self) -> int:
        """The caller's id."""
        return id_of(self.person)

    @property
    def group(self) -> str:
        """The caller's group."""
        return str(self.person["group"])


Sort: TypeAlias = Callable[[Account, Row], Value]
Generate: TypeAlias = Callable[[Account, Sizes], Iterable[Row]]
Visible: TypeAlias = Callable[[Account, ReadContext], Predicate | None]
Show: TypeAlias = Callable[[Account, Row, ReadContext], Row]


@frozen
class Order:
    """An order of rows by several keys; without keys it is the order of the table."""

    keys: tuple[Sort, ...] = ()
    descending: bool = False


MethodHandler: TypeAlias = Callable[[Account, SeenRequest, Row, int], Envelope]
ActionHandler: TypeAlias = Callable[[Account, Row, int], Response]


@frozen
class Resource:
    """One resource as the API offers it.

    Args:
        name: The name of the resource.
        columns: The response fields, and columns that the server stores but never sends.
        collection: The groups that may use each HTTP method on the collection.
        member: The groups that may use each HTTP method on a member. POST and PUT here also state
            who may create a member, although that request goes to the collection.
        filters: The query parameters of the collection besides paging and sorting.
        body_fields: The fields of a request body.
        paginated: Whether the collection takes ``limit`` and ``offset``.
        default_limit: The number of rows of a page without ``limit``; None is all.
        sorts: The sort key of each value of ``sortfield``.
        order: The default order of a list; None is the order of the ids, or of the insertion.
        points_to: The table that each column of ids refers to. A column may hold several ids.
        named: The columns that hold the name of a referenced record, each with the column of that
            record's id, as in ``{"project": "projectid"}``. The server fills in the names.
        visible_to: The groups that receive a restricted column. All groups receive the others.
        first_id: The id of the first generated row.
        generate: Yields the sample rows. The server adds missing columns: ``id``, the values that
            ``complete`` sets, names, and None for the rest. A row with all columns is stored
            unchanged, which is faster.
        after: The resources to generate first, besides those in ``points_to``.
        complete: Sets those columns of a new or changed row that a request does not set.
        check: Raises an error if a write is invalid. The server has already checked types and
            references.
        created: Called after a row was created.
        changed: Called after a row was changed.
        removable: Raises an error if a record must not be deleted.
        removed: Called after a request has deleted a row.
        raw_json: Returns the JSON of those columns that a member shows in another form than their
            `Column.kind`, by the name of the column.
        visible: Returns a predicate for the rows that the caller may see, or None for all rows.
        show: Returns the row as the caller sees it. A column removed from it is not sent.
        read: Returns the payload of a GET on a collection that has no table.
        method_handlers: Replaces the default handling of an HTTP method on a member.
        actions: The handlers of the paths below a member, as in ``/document/7/download/``.
            Everybody who may read the member may use them.
    """

    name: str
    columns: tuple[Column, ...]
    collection: Mapping[str, Groups] = field(factory=dict[str, Groups])
    member: Mapping[str, Groups] = field(factory=dict[str, Groups])
    filters: tuple[Filter, ...] = ()
    body_fields: tuple[BodyField, ...] = ()
    paginated: bool = False
    default_limit: int | None = 10
    sorts: Mapping[str, Sort] = field(factory=dict[str, Sort])
    order: Order | None = None
    points_to: Mapping[str, str] = field(factory=dict[str, str])
    named: Mapping[str, str] = field(factory=dict[str, str])
    visible_to: Mapping[str, Groups] = field(factory=dict[str, Groups])
    first_id: int = 1
    generate: Generate = lambda account, sizes: ()
    after: tuple[str, ...] = ()
    complete: Callable[[Account, Row, int], None] = lambda account, row, caller: None
    check: Callable[[Account, Write], None] = lambda account, write: None
    created: Callable[[Account, Write], None] = lambda account, write: None
    changed: Callable[[Account, Write], None] = lambda account, write: None
    removable: Callable[[Account, Row, int], None] = lambda account, row, caller: None
    removed: Callable[[Account, Row], None] = lambda account, row: None
    raw_json: Callable[[Account, Row], Mapping[str, str]] | None = None
    visible: Visible | None = None
    show: Show | None = None
    read: Callable[[Account, int], bytes | Sequence[bytes]] | None = None
    method_handlers: Mapping[str, MethodHandler] = field(factory=dict[str, MethodHandler])
    actions: Mapping[str, ActionHandler] = field(factory=dict[str, ActionHandler])
