"""GET: a page of a collection by filters and order, or one member.

``limit=0`` is not documented; it is a validation error here. An empty filter is a value like any
other: no text is in every text, no number is no number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from intervals_async.testing import refusals
from intervals_async.testing.account import Account
from intervals_async.testing.contract import Predicate, Resource, View
from intervals_async.testing.values import whole_number
from intervals_async.testing.wire import Envelope, Json, Row, Value, encoder_of, id_of, phrase

DEFAULT_LIMIT = 10
_PAGING = ("limit", "offset")
_SORTING = ("sortfield", "sortdir")


def find(account: Account, resource: Resource, identity: str, person: Row) -> Row:
    """Return the row whose id stands in a path; a RefusedError if the person sees none."""
    number = int(identity) if identity.isascii() and identity.isdigit() else None
    row = account.table(resource.name).get(number)
    if row is None or (resource.visible and not resource.visible(row, person)):
        raise refusals.not_found()
    return row


def rows(account: Account, resource: Resource) -> Iterator[Row]:
    """Go through a resource's rows as they are at this moment."""
    for row in account.table(resource.name):
        yield resource.fresh(account, row) if resource.fresh else row


def listed(
    account: Account, resource: Resource, found: Iterable[Row], view: View
) -> Sequence[bytes]:
    """Return rows as one look at the list shows them."""
    return [_encoded(account, resource, row, view) for row in found]


def member(
    account: Account, resource: Resource, row: Row, caller: int, code: int = 200
) -> Envelope:
    """Return one record as it looks alone."""
    alone = resource.fresh(account, row) if resource.fresh else row
    view = View(account.related("person", caller), alone=True)
    payload = _encoded(account, resource, alone, view)
    return Envelope(caller, resource.name, payload, code=code, status=phrase(code))


def collection(
    account: Account, resource: Resource, query: Mapping[str, str], caller: int
) -> Envelope:
    """Return the page that the query asks for, or what a resource without rows has to say."""
    predicates = _predicates(account, resource, query)
    if resource.read is not None:
        payload = resource.read(account, caller)
        count = None if isinstance(payload, bytes) else len(payload)
        return Envelope(caller, resource.name, payload, listcount=count)
    view = View(account.related("person", caller), query)
    if resource.scope is not None:
        predicates = [*predicates, resource.scope(account, view)]
    extent = _extent(resource, query)

    def look() -> Sequence[Row]:
        matching = rows(account, resource)
        for matches in predicates:
            matching = filter(matches, matching)
        return _sorted(account, resource, query, list(matching))

    if resource.as_stored:
        wishes = {name: value for name, value in query.items() if name not in _PAGING}
        kept = account.select(resource.name, wishes, lambda: [id_of(row) for row in look()])
        page: Sequence[bytes] = account.table(resource.name).encoded(kept[extent])
        return Envelope(caller, resource.name, page, listcount=len(kept))
    visible = resource.visible or (lambda row, person: True)
    found = [row for row in look() if visible(row, view.person)]
    page = listed(account, resource, found[extent], view)
    return Envelope(caller, resource.name, page, listcount=len(found))


def _encoded(account: Account, resource: Resource, row: Row, view: View) -> bytes:
    shapes = resource.shapes(account, row) if resource.shapes and view.alone else None
    shown = resource.shown(account, row, view) if resource.shown else row
    columns = tuple(column for column in resource.columns if column.name in shown)
    return encoder_of(columns).encode(shown, member=view.alone, shapes=shapes)


def _predicates(
    account: Account, resource: Resource, query: Mapping[str, str]
) -> Sequence[Predicate]:
    known = {wanted.name for wanted in resource.filters}
    known.update(_PAGING if resource.paginated else (), _SORTING if resource.sorts else ())
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
    invalid += [(name, query[name]) for name in _misused(resource, query)]
    missing = [item.name for item in resource.filters if item.required and item.name not in query]
    if invalid or missing:
        raise refusals.not_valid(invalid, missing)
    return predicates


def _misused(resource: Resource, query: Mapping[str, str]) -> Sequence[str]:
    """Return the names of the paging and sorting parameters whose values will not do."""
    wrong: list[str] = []
    for name, least in (("limit", 1), ("offset", 0)):
        try:
            if whole_number(query.get(name, "1")) < least:
                wrong.append(name)
        except ValueError:
            wrong.append(name)
    if "sortfield" in query and query["sortfield"] not in resource.sorts:
        wrong.append("sortfield")
    if query.get("sortdir", "ASC") not in ("ASC", "DESC"):
        wrong.append("sortdir")
    return wrong


def _extent(resource: Resource, query: Mapping[str, str]) -> slice:
    if not resource.paginated:
        return slice(None)
    offset = int(query.get("offset", 0))
    return slice(offset, offset + int(query.get("limit", DEFAULT_LIMIT)))


def _sorted(
    account: Account, resource: Resource, query: Mapping[str, str], found: list[Row]
) -> Sequence[Row]:
    field, direction = resource.order or (None, "ASC")
    field, backwards = query.get("sortfield", field), query.get("sortdir", direction) == "DESC"
    if field is None:
        return found[::-1] if backwards else found
    key = resource.sorts[field]
    return sorted(found, key=lambda row: _rank(key(account, row)), reverse=backwards)


def _rank(value: Value) -> tuple[bool, float, str]:
    """Make values of one column comparable: the missing last, numbers by size, text by letters."""
    if isinstance(value, int | float):
        return False, value, ""
    return value is None, 0, str(value).casefold()
