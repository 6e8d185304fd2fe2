'''The server's description of a resource, derived from the client's resource class.

The server can serve any resource of the client without further code. Its columns are the fields of
the record, its methods come from ``permissions``, and its filters, sort fields and body fields come from
the TypedDicts, according to ``conventions``. Its rows are sample values.

A module in ``resources`` with the name of the resource adds special behaviour. It defines one
``RESOURCE``::

    """widget: the rules of the contract, and the assumptions about open points."""

    def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
        rng = sizes.rng("widget")
        for project in account.table("project").ids:  # projects are generated first
            yield {"projectid": project, "title": "Some & more", "size": rng.random()}

    def _complete(account: Account, row: Row, caller: int) -> None:
        row.setdefault("authorid", caller)  # for new, changed and generated rows

    def _check(account: Account, write: Write) -> None:
        if write.row["size"] is None and write.row["title"] is None:
            raise not_valid([], missing=["size"])

    RESOURCE = derive(
        "widget",
        filters=[flag("overdue", _is_overdue)],  # replaces the derived filter of this name
        body_fields=[BodyField("hue", parsing.body_text(9), column="colour")],
        accepts_none=["clientid"],  # these filters accept -1
        list_only=["owners"],
        member_only=["owner"],
        hidden=columns("taskid:integer"),  # stored and filtered by, but never sent
        visible_to={"cost": ("Administrator",)},
        first_id=7001,
        generate=_generate,
        complete=_complete,
        check=_check,
    )

``contract.Resource`` describes all other arguments. References need no code: a column named after a
resource points to it (see ``references``). Its resource is generated first, a write with an unknown
id is refused, and a column ``project`` beside ``projectid`` receives the project's name, unless
``unnamed`` lists it. Rows from ``fake.insert``, from a POST and from ``generate`` are all completed
in the same way: ``complete`` sets missing columns, and the remaining ones become None.
'''

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypedDict, Unpack

from attrs import evolve

from intervals_async._schema.parameters import parameters
from intervals_async._schema.record import Record
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
    Order,
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


class Overrides(TypedDict, total=False):
    """The arguments of ``contract.Resource`` that a module can set directly."""

    collection: Mapping[str, Groups]
    member: Mapping[str, Groups]
    order: Order
    visible_to: Mapping[str, Groups]
    after: tuple[str, ...]
    check: Callable[[Account, Write], None]
    created: Callable[[Account, Write], None]
    changed: Callable[[Account, Write], None]
    removable: Callable[[Account, Row, int], None]
    removed: Callable[[Account, Row], None]
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
    nulls: Collection[str] = (),
    empties: Collection[str] = (),
    filters: Iterable[Filter] = (),
    accepts_none: Collection[str] = (),
    sorts: Mapping[str, Sort] | None = None,
    body_fields: Iterable[BodyField] = (),
    points_to: Mapping[str, str | None] | None = None,
    unnamed: Collection[str] = (),
    first_id: int | None = None,
    generate: Generate | None = None,
    complete: Callable[[Account, Row, int], None] | None = None,
    **overrides: Unpack[Overrides],
) -> Resource:
    """Build the description of a resource from the client's class and these arguments.

    Args:
        name: The name of the resource.
        columns: Columns that are added to those of the record, or replace the one of the same name.
        without: The fields of the record that the server does not send.
        hidden: Columns that the server stores but never sends.
        optional: The columns that are absent from a response when empty.
        list_only: The columns that a member lacks.
        member_only: The columns that a list lacks.
        nulls: The columns whose missing values are null, as recorded.
        empties: The columns whose missing values are empty texts, as recorded.
        filters: Filters that replace the derived filters of the same name.
        accepts_none: The id filters whose value -1 selects rows in which the id is empty.
        sorts: Sort keys that replace the derived ones.
        body_fields: Body fields that replace the derived ones of the same name.
        points_to: The tables of columns that are not named after their table, or None for a column
            that is not a reference.
        unnamed: Columns whose name looks like that of a referenced record, but which hold other text.
        first_id: The id of the first row. By default it is derived from the name, so that the ids
            of different resources differ.
        generate: See ``contract.Resource``.
        complete: See ``contract.Resource``. The default sets sample values in required columns.
        overrides: Other arguments of ``contract.Resource``.

    Raises:
        TypeError: The client does not have a named filter, body field or column.
    """
    client = resource_class(name)
    table = _columns(columns_of(_record(name)), columns, without, hidden)
    table = {
        each.name: evolve(
            each,
            optional=each.optional or each.name in optional,
            list=each.list and each.name not in member_only,
            member=each.member and each.name not in list_only,
            missing="null" if each.name in nulls else '""' if each.name in empties else None,
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
    _refuse_unknown(name, [*optional, *list_only, *member_only, *nulls, *empties, *unnamed], table)
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
    return evolve(rules, **overrides)


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
    if "list" in groups:  # without a list, the collection is itself the one record
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
        raise TypeError(f"{resource}: expected only {', '.join(known)}, got {', '.join(unknown)}")
