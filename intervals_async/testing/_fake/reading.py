"""GET requests: a page of a collection with filters and order, or one member.

The documentation does not mention ``limit=0``; the fake refuses it with a validation error. An
empty filter value is not ignored: it matches every text, and it is not a valid number.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from attrs import evolve

from intervals_async.testing._fake import refusals
from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.contract import Order, Predicate, ReadContext, Resource
from intervals_async.testing._fake.conventions import SORTING
from intervals_async.testing._fake.parsing import parse_integer
from intervals_async.testing._fake.wire import (
    Column,
    Envelope,
    Json,
    Row,
    Value,
    encoder,
    id_of,
    reason_phrase,
)

_PAGING = ("limit", "offset")


def find(account: Account, resource: Resource, identity: str, caller: Row) -> Row:
    """Return the row with the id in the path.

    Raises:
        RefusedError: There is no such row, or the caller may not see it.
    """
    number = int(identity) if identity.isascii() and identity.isdigit() else None
    row = account.table(resource.name).get(number) if resource.read is None else None
    if row is None or not all(
        is_visible(row)
        for is_visible in _visible(account, resource, ReadContext(caller, member=True))
    ):
        raise refusals.not_found()
    return row


def member(
    account: Account, resource: Resource, row: Row, caller: Row, code: int = 200
) -> Envelope:
    """Return the envelope of one member."""
    context = ReadContext(caller, member=True)
    columns = tuple(each for each in _columns(resource, context) if each.member)
    payload = _encoded(account, resource, row, columns, context)
    return Envelope(context.caller, resource.name, payload, code=code, status=reason_phrase(code))


def collection(
    account: Account, resource: Resource, query: Mapping[str, str], caller: Row
) -> Envelope:
    """Return the requested page, or the payload of a resource without a table."""
    context = ReadContext(caller, query)
    predicates = _predicates(account, resource, query)
    if resource.read is not None:
        payload = resource.read(account, context.caller)
        count = None if isinstance(payload, bytes) else len(payload)
        return Envelope(context.caller, resource.name, payload, listcount=count)
    visible = _visible(account, resource, context)
    order = _order(resource, query)

    def search() -> list[int]:
        matching = iter(account.table(resource.name))
        for predicate in (*visible, *predicates):
            matching = filter(predicate, matching)
        return [id_of(row) for row in _sorted(account, order, list(matching))]

    criteria = {name: value for name, value in query.items() if name not in _PAGING}
    if order is not None:
        criteria["order"] = "stated" if "sortfield" in query else "default"
    if visible:
        criteria["caller"] = str(context.caller)
    if resource.visible or resource.show:
        # The rows of such a resource may depend on the current time, so the selection may too.
        criteria["now"] = str(account.utc_now())
    found = account.select(resource.name, criteria, search)
    page = rows(account, resource, found[_page_slice(resource, query)], context)
    return Envelope(context.caller, resource.name, page, listcount=len(found))


def rows(
    account: Account, resource: Resource, identities: Sequence[int], context: ReadContext
) -> Sequence[bytes]:
    """Return records in the form that a list shows."""
    table = account.table(resource.name)
    columns = _columns(resource, context)
    if resource.show is None and columns is resource.columns:
        return table.encoded(identities)
    sent = tuple(each for each in columns if each.list)
    found = filter(None, map(table.get, identities))
    return [_encoded(account, resource, row, sent, context) for row in found]


def _encoded(
    account: Account,
    resource: Resource,
    row: Row,
    columns: tuple[Column, ...],
    context: ReadContext,
) -> bytes:
    raw_json = resource.raw_json(account, row) if resource.raw_json and context.member else None
    if resource.show is not None:
        row = resource.show(account, dict(row), context)
        columns = tuple(column for column in columns if column.name in row)
    return encoder(columns).encode(row, member=context.member, raw_json=raw_json)


def _columns(resource: Resource, context: ReadContext) -> tuple[Column, ...]:
    """Return the columns that are visible to the caller's group."""
    unseen = {
        name
        for name, groups in resource.visible_to.items()
        if groups is not None and context.group not in groups
    }
    if not unseen:
        return resource.columns
    return tuple(column for column in resource.columns if column.name not in unseen)


def _visible(account: Account, resource: Resource, context: ReadContext) -> Sequence[Predicate]:
    visible = resource.visible(account, context) if resource.visible else None
    return () if visible is None else (visible,)


def _predicates(
    account: Account, resource: Resource, query: Mapping[str, str]
) -> Sequence[Predicate]:
    known = known_parameters(resource)
    unknown = [name for name in query if name not in known]
    if unknown:
        raise refusals.not_recognized(unknown)
    predicates: list[Predicate] = []
    invalid: list[tuple[str, Json]] = []
    for wanted in resource.filters:
        if wanted.name in query:
            try:
                predicates.append(wanted.test(account, query[wanted.name]))
            except ValueError:
                invalid.append((wanted.name, query[wanted.name]))
    invalid += [(name, query[name]) for name in _invalid_paging(resource, query)]
    missing = [item.name for item in resource.filters if item.required and item.name not in query]
    if invalid or missing:
        raise refusals.not_valid(invalid, missing)
    return predicates


def known_parameters(resource: Resource) -> Collection[str]:
    """Return the names of the query parameters that a resource documents."""
    return {
        *(wanted.name for wanted in resource.filters),
        *(_PAGING if resource.paginated else ()),
        *(SORTING if resource.sorts else ()),
    }


def _invalid_paging(resource: Resource, query: Mapping[str, str]) -> Sequence[str]:
    """Return the names of the paging and sorting parameters whose values are invalid."""
    invalid: list[str] = []
    for name, minimum in (("limit", 1), ("offset", 0)):
        try:
            if parse_integer(query.get(name, "1")) < minimum:
                invalid.append(name)
        except ValueError:
            invalid.append(name)
    if "sortfield" in query and query["sortfield"] not in resource.sorts:
        invalid.append("sortfield")
    if query.get("sortdir", "ASC").upper() not in ("ASC", "DESC"):
        invalid.append("sortdir")
    return invalid


def _page_slice(resource: Resource, query: Mapping[str, str]) -> slice:
    if not resource.paginated:
        return slice(None)
    offset = int(query.get("offset", 0))
    limit = int(query["limit"]) if "limit" in query else resource.default_limit
    return slice(offset, None if limit is None else offset + limit)


def _order(resource: Resource, query: Mapping[str, str]) -> Order | None:
    """Return the requested order, the default one, or None for the order of the table."""
    stated = query.get("sortfield")
    order = Order((resource.sorts[stated],)) if stated else resource.order
    if "sortdir" not in query:
        return order
    return evolve(order or Order(), descending=query["sortdir"].upper() == "DESC")


def _sorted(account: Account, order: Order | None, found: list[Row]) -> Sequence[Row]:
    if order is None:
        return found
    if not order.keys:
        return found[::-1] if order.descending else found
    return sorted(
        found,
        key=lambda row: [_sort_key(key(account, row)) for key in order.keys],
        reverse=order.descending,
    )


def listed(account: Account, resource: Resource) -> Sequence[Row]:
    """Return all rows in the default order of a list."""
    return _sorted(account, resource.order, list(account.table(resource.name)))


def _sort_key(value: Value) -> tuple[bool, float, str]:
    """Return a sort key: missing values come last, numbers by size and text without case."""
    if isinstance(value, int | float):
        return False, value, ""
    return value is None, 0, str(value).casefold()
