"""What a resource consists of: methods by group, filters, settable fields, columns, order.

A module in ``resources`` states one resource with these parts, nothing else needs to know of it.
A test or a parser raises ValueError for a value of the wrong kind; the caller knows whose it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from attrs import Factory, field, frozen

from intervals_async.testing.account import Account, Sizes
from intervals_async.testing.wire import Column, Json, Row, Value

Predicate: TypeAlias = Callable[[Row], bool]
Groups: TypeAlias = tuple[str, ...] | None
"""Who may use a method; None is everybody, because nothing is stated."""

EVERYBODY: Groups = ("Administrator", "Manager", "Resource", "Executive")
STAFF: Groups = ("Administrator", "Manager", "Resource")
ADMINISTRATORS: Groups = ("Administrator",)


@frozen
class Filter:
    """One filter: ``test`` turns the value given into the question asked of every row."""

    name: str
    test: Callable[[Account, str], Predicate]
    required: bool = False


@frozen
class Setting:
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
class View:
    """One look at a resource: whose, with which filters, at its list or at one record alone."""

    person: Row
    query: Mapping[str, str] = field(factory=dict[str, str])
    alone: bool = False


@frozen
class Resource:
    """One resource as the API offers it.

    ``complete`` fills in what the caller of a write does not set, ``check`` and ``removable``
    refuse what may not be written or deleted, ``created`` acts after a POST, ``changed`` after a
    PUT, ``shapes`` gives the member's columns that differ from the list's, ``read`` answers for a
    resource without rows.

    What a row has to say may depend on more than the row: ``fresh`` computes what follows from
    other rows and from the time, before any filter looks at it; ``visible`` tells whether a person
    sees a row at all; ``scope`` tells which rows a list is about, or refuses filters that do not
    go together; ``shown`` gives the row as one look shows it, and a column that it leaves out is
    not sent. ``order`` holds the documented defaults of sortfield and sortdir.
    """

    name: str
    columns: tuple[Column, ...]
    collection: Mapping[str, Groups] = field(factory=dict[str, Groups])
    member: Mapping[str, Groups] = field(factory=dict[str, Groups])
    filters: tuple[Filter, ...] = ()
    settings: tuple[Setting, ...] = ()
    paginated: bool = False
    sorts: Mapping[str, Callable[[Account, Row], Value]] = field(
        factory=dict[str, Callable[[Account, Row], Value]]
    )
    generate: Callable[[Account, Sizes], None] | None = None
    complete: Callable[[Account, Row, int], None] = lambda account, row, caller: None
    check: Callable[[Account, Write], None] = lambda account, write: None
    created: Callable[[Account, Write], None] = lambda account, write: None
    changed: Callable[[Account, Write], None] = lambda account, write: None
    removable: Callable[[Account, Row, int], None] = lambda account, row, caller: None
    shapes: Callable[[Account, Row], Mapping[str, str]] | None = None
    read: Callable[[Account, int], bytes | Sequence[bytes]] | None = None
    fresh: Callable[[Account, Row], Row] | None = None
    visible: Callable[[Row, Row], bool] | None = None
    scope: Callable[[Account, View], Predicate] | None = None
    shown: Callable[[Account, Row, View], Row] | None = None
    order: tuple[str, str] | None = None

    @property
    def as_stored(self) -> bool:
        """Whether a list sends its rows to everybody just as they are kept."""
        special = (self.fresh, self.visible, self.scope, self.shown, self.order)
        return all(each is None for each in special)
