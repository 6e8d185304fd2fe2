'''The fake's side of a resource, made of what the client's class for it states.

A resource needs nothing here to be served: its columns are the record's fields, its methods those
of ``permissions``, its filters, sorts and settable fields those of its TypedDicts, read by the
conventions of ``conventions``, and its rows are made up. What is special about it stands in a module
of its name in ``resources``, which holds one ``RESOURCE``::

    """widget: what the contract says, and what is assumed where it says nothing."""

    def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
        dice = sizes.dice("widget")
        for project in account.table("project").ids:        # projects are there already
            yield {"projectid": project, "title": "Some & more", "size": dice.random()}

    def _complete(account: Account, row: Row, caller: int) -> None:
        row.setdefault("authorid", caller)                     # new, changed and generated rows

    def _check(account: Account, write: Write) -> None:
        if write.row["size"] is None and write.row["title"] is None:
            raise not_valid([], missing=["size"])

    RESOURCE = derive(
        "widget",
        filters=[flag("overdue", _is_overdue)],    # in place of the convention, by its name
        settings=[Setting("hue", parsing.body_text(9), column="colour")],
        accepts_none=["clientid"],                         # these filters take -1
        list_only=["owners"],
        member_only=["owner"],
        hidden=columns("taskid:integer"),            # known and filtered by, never sent
        seen_by={"cost": ("Administrator",)},
        first_id=7001,
        generate=_generate,
        complete=_complete,
        check=_check,
    )

All else that may be said is in ``contract.Resource``. Ids need no care: a column that is called
after a resource points to it (``references``), so that resource is generated before, a write that
names an id which is not there is refused, and a column ``project`` beside a ``projectid`` is filled
with the project's name (``unnamed`` keeps it from that). ``fake.insert``, a POST and a generated row
go the same way: ``complete`` fills in what is missing, and what then is missing still is None.
'''

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypedDict, Unpack

from attrs import evolve

from intervals_async._schema.parameters import parameters
from intervals_async._schema.records import Record
from intervals_async.resources import resource_class
from intervals_async.testing._fake import sample_values
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import (
    ActionHandler,
    BodyField,
    Filter,
    Generate,
    Groups,
    MethodHandler,
    Resource,
    Show,
    Sort,
    Visible,
    Write,
)
from intervals_async.testing._fake.conventions import (
    SORTING,
    body_field_of,
    columns_of,
    filter_of,
    sorts_of,
)
from intervals_async.testing._fake.references import table_of
from intervals_async.testing._fake.wire import Column, Row

__all__ = ["derive"]


class Special(TypedDict, total=False):
    """What a module may say of a resource as it stands in ``contract.Resource``."""

    collection: Mapping[str, Groups]
    member: Mapping[str, Groups]
    order: tuple[str, str]
    visible_to: Mapping[str, Groups]
    after: tuple[str, ...]
    check: Callable[[Account, Write], None]
    created: Callable[[Account, Write], None]
    changed: Callable[[Account, Write], None]
    removable: Callable[[Account, Row, int], None]
    raw_json: Callable[[Account, Row], Mapping[str, str]]
    visible: Visible
    show: Show
    read: Callable[[Account, int], bytes | Sequence[bytes]]
    method_handlers: Mapping[str, MethodHandler]
    actions: Mapping[str, ActionHandler]


def derive(
    name: str,
    *,
    columns: Iterable[Column] = (),
    without: Collection[str] = (),
    hidden: Iterable[Column] = (),
    optional: Collection[str] = (),
    list_only: Collection[str] = (),
    member_only: Collection[str] = (),
    filters: Iterable[Filter] = (),
    accepts_none: Collection[str] = (),
    sorts: Mapping[str, Sort] | None = None,
    body_fields: Iterable[BodyField] = (),
    points_to: Mapping[str, str | None] | None = None,
    unnamed: Collection[str] = (),
    first_id: int | None = None,
    generate: Generate | None = None,
    complete: Callable[[Account, Row, int], None] | None = None,
    **special: Unpack[Special],
) -> Resource:
    """Make a resource of the client's class, and of what is said here in its place.

    Args:
        name: The resource's name.
        columns: Columns besides those of the record, or in place of the one of the same name.
        without: The record's fields that are not sent.
        kept: Columns that are known of a row and never sent.
        optional: The columns that are left out when empty.
        list_only: The columns that a member lacks.
        member_only: The columns that a list lacks.
        filters: Filters in place of the convention's.
        none: The filters of ids that take -1 for the rows without one.
        sorts: What some values of ``sortfield`` sort by.
        settings: Settable fields in place of the convention's.
        points_to: The tables that columns point to, where the name does not tell; None is none.
        unnamed: The columns that are not what the id of their name is called.
        first_id: The id of the first row; None takes one that hardly another resource has.
        generate: See ``contract.Resource``; so all the others.
        complete: See there. Without it, missing values that must not be missing are made up.
        special: See there.

    Raises:
        TypeError: Something is said of a filter or a column that the client does not have.
    """
    client = resource_class(name)
    table = _columns(columns_of(_record(name)), columns, without, hidden)
    table = {
        each.name: evolve(
            each,
            optional=each.optional or each.name in optional,
            list=each.list and each.name not in member_only,
            member=each.member and each.name not in list_only,
        )
        for each in table.values()
    }
    pointing = _pointing(table, points_to or {})
    wanted = parameters(client.filters)
    settable = {**parameters(client.updatable), **parameters(client.creatable)}
    own_filters = {each.name: each for each in filters}
    own_settings = {each.name: each for each in body_fields}
    _refuse_unknown(name, own_filters, wanted)
    _refuse_unknown(name, own_settings, settable)
    _refuse_unknown(name, [*optional, *list_only, *member_only, *unnamed], table)
    at_project: Collection[str] = ()
    if "projectid" in table and name != "project":
        at_project = {column.name for column in columns_of(_record("project"))}
    sortfield = wanted.get("sortfield")
    groups = client.permissions
    rules = Resource(
        name=name,
        columns=tuple(table.values()),
        collection={"GET": groups["list"] if "list" in groups else groups["get"]},
        member=_member(groups),
        filters=tuple(
            evolve(own_filters[each.name], required=each.required)
            if each.name in own_filters
            else filter_of(each, table, at_project, accepts_none=each.name in accepts_none)
            for each in wanted.values()
            if each.name not in SORTING
        ),
        body_fields=tuple(
            own_settings.get(each.name) or body_field_of(each, table) for each in settable.values()
        ),
        paginated=client.paginated,
        sorts={**(sorts_of(sortfield, table) if sortfield else {}), **(sorts or {})},
        points_to=pointing,
        named={
            column: source
            for source in pointing
            if (column := source.removesuffix("id")) in table
            and table[column].kind == "string"
            and column not in unnamed
        },
        first_id=1000 + zlib.crc32(name.encode()) % 90_000 if first_id is None else first_id,
        generate=generate or _sample_generator(name, table, pointing),
        complete=complete or _completing(name, table, pointing),
    )
    return evolve(rules, **special)


def _record(name: str) -> type[Record]:
    found: type[Record] = vars(resource_class(name))["record"]
    return found


def _columns(
    own: Iterable[Column],
    more: Iterable[Column],
    without: Collection[str],
    hidden: Iterable[Column],
) -> dict[str, Column]:
    table = {column.name: column for column in own if column.name not in without}
    table |= {column.name: column for column in more}
    return table | {column.name: evolve(column, list=False, member=False) for column in hidden}


def _pointing(table: Iterable[str], stated: Mapping[str, str | None]) -> dict[str, str]:
    found = {column: stated.get(column, table_of(column)) for column in table}
    return {column: target for column, target in found.items() if target is not None}


def _member(groups: Mapping[str, Groups]) -> dict[str, Groups]:
    methods = {"create": "POST", "update": "PUT", "delete": "DELETE"}
    if "list" in groups:  # otherwise the one record stands where a collection does elsewhere
        methods["get"] = "GET"
    return {methods[name]: who for name, who in groups.items() if name in methods}


def _sample_generator(
    name: str, table: Mapping[str, Column], pointing: Mapping[str, str]
) -> Generate:
    def generate(account: Account, sizes: Sizes) -> Iterable[Row]:
        return sample_values.rows(account, sizes.rng(name), table, pointing)

    return generate


def _completing(
    name: str, table: Mapping[str, Column], pointing: Mapping[str, str]
) -> Callable[[Account, Row, int], None]:
    def complete(account: Account, row: Row, caller: int) -> None:
        rng = random.Random(f"{account.seed}:{name}:{row['id']}")
        for column in table.values():
            if column.name not in row and not column.nullable:
                row[column.name] = sample_values.value(
                    account, rng, column, pointing.get(column.name)
                )

    return complete


def _refuse_unknown(
    resource: str, names: Iterable[str], known: Collection[str] | Mapping[str, object]
) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise TypeError(f"{resource} has no {', '.join(unknown)}; it has {', '.join(known)}")
