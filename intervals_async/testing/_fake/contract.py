"""What a resource consists of: methods by group, filters, settable fields, columns, order.

``derive`` makes one of what the client's class states; a module in ``resources`` adds what is
special about it, nothing else needs to know of it. A test or a parser raises ValueError for a value
of the wrong kind; the caller knows whose it was.
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
"""Who may use a method; None is everybody, because nothing is stated."""


@frozen
class Filter:
    """One filter: ``test`` turns the value given into the question asked of every row.

    An ``idle`` one is only checked: nothing that the server knows of a row stands for it.
    """

    name: str
    test: Callable[[Account, str], Predicate]
    required: bool = False
    ignored: bool = False


@frozen
class BodyField:
    """One field of a body: ``parse`` gives the logical value, which goes to ``column``.

    The column is of the same name unless said otherwise; without one (None) the value is checked
    and then left to the resource's ``created``.
    """

    name: str
    parse: Callable[[Json], Value]
    column: str | None = Factory(lambda self: self.name, takes_self=True)
    required: bool = False


@frozen
class Write:
    """What a POST or PUT is about to make of a row: by whom, from what, out of which body.

    ``quiet`` says that it is to leave no action note.
    """

    row: Row
    caller: int
    body: Mapping[str, Value]
    old: Row | None = None
    quiet: bool = False


@frozen
class ReadContext:
    """Who reads what: the caller's own record, the query, and whether it is a member."""

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
MethodHandler: TypeAlias = Callable[[Account, SeenRequest, Row, int], Envelope]
ActionHandler: TypeAlias = Callable[[Account, Row, int], Response]


@frozen
class Resource:
    """One resource as the API offers it.

    Args:
        name: Its name.
        columns: Its response fields, and what the server knows of a row besides.
        collection: Who may use which HTTP method on the collection.
        member: Who may use which HTTP method on a member; a POST without an id is looked up here.
        filters: What the query of the collection takes besides paging and sorting.
        settings: What a body takes.
        paginated: Whether there are limit and offset.
        sorts: What the values of ``sortfield`` sort by.
        order: The sortfield and sortdir where the query names none.
        points_to: The tables that columns of ids, or of texts of ids, point to.
        named: The columns that hold the name of what another one points to: ``project`` of
            ``projectid``. They are filled in by themselves.
        seen_by: The groups that are sent a column, where not all are.
        first_id: The id of the first generated row.
        generate: Gives the rows to begin with. What a row lacks is filled in: ``id``, what
            ``complete`` knows, the names, and None for the rest. A row that has all its columns is
            taken as it stands, which is quick.
        after: The resources to be generated before, besides those that ``points_to`` names.
        complete: Fills in what the caller of a write does not set.
        check: Refuses a write; that ids exist, and values are of their kind, is seen to before.
        created: Acts after a new row is there.
        changed: Acts after a PUT.
        removable: Refuses a DELETE.
        shapes: Ready JSON for the member's columns that are not what their kind says.
        visible: Which rows a caller is given at all; None is every row.
        show: What a caller is shown of a row; a column taken out of it is not sent.
        read: Answers the GET of a collection that has no rows.
        acts: What a method does to a member in place of the usual.
        actions: What follows the id in a path, ``/document/7/download/``; for all who may read.
    """

    name: str
    columns: tuple[Column, ...]
    collection: Mapping[str, Groups] = field(factory=dict[str, Groups])
    member: Mapping[str, Groups] = field(factory=dict[str, Groups])
    filters: tuple[Filter, ...] = ()
    body_fields: tuple[BodyField, ...] = ()
    paginated: bool = False
    sorts: Mapping[str, Sort] = field(factory=dict[str, Sort])
    order: tuple[str, str] | None = None
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
    raw_json: Callable[[Account, Row], Mapping[str, str]] | None = None
    visible: Visible | None = None
    show: Show | None = None
    read: Callable[[Account, int], bytes | Sequence[bytes]] | None = None
    method_handlers: Mapping[str, MethodHandler] = field(factory=dict[str, MethodHandler])
    actions: Mapping[str, ActionHandler] = field(factory=dict[str, ActionHandler])
