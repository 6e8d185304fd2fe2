"""GET: a page of a collection by filters and order, or one member.

``limit=0`` is not documented; it is a validation error here. An empty filter is a value like any
other: no text is in every text, no number is no number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from intervals_async.testing import refusals
from intervals_async.testing.account import Account
from intervals_async.testing.contract import Predicate, Resource
from intervals_async.testing.values import whole_number
from intervals_async.testing.wire import Envelope, Json, Row, RowEncoder, Value, id_of, phrase

DEFAULT_LIMIT = 10
_PAGING = ("limit", "offset")
_SORTING = ("sortfield", "sortdir")


def find(account: Account, resource: Resource, identity: str) -> Row:
    """Return the row whose id stands in a path; a RefusedError if there is none."""
    number = int(identity) if identity.isascii() and identity.isdigit() else None
    row = account.table(resource.name).get(number)
    if row is None:
        raise refusals.not_found()
    return row


def member(
    account: Account, resource: Resource, row: Row, caller: int, code: int = 200
) -> Envelope:
    """Return one record as it looks alone."""
    shapes = resource.shapes(account, row) if resource.shapes else None
    payload = RowEncoder(resource.columns).encode(row, member=True, shapes=shapes)
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
    table = account.table(resource.name)

    def look() -> list[int]:
        rows = iter(table)
        for matches in predicates:
            rows = filter(matches, rows)
        return [id_of(row) for row in _sorted(account, resource, query, list(rows))]

    wishes = {name: value for name, value in query.items() if name not in _PAGING}
    found = account.select(resource.name, wishes, look)
    page = table.encoded(found[_extent(resource, query)])
    return Envelope(caller, resource.name, page, listcount=len(found))


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
    account: Account, resource: Resource, query: Mapping[str, str], rows: list[Row]
) -> Sequence[Row]:
    backwards = query.get("sortdir") == "DESC"
    if "sortfield" not in query:
        return rows[::-1] if backwards else rows
    key = resource.sorts[query["sortfield"]]
    return sorted(rows, key=lambda row: _rank(key(account, row)), reverse=backwards)


def _rank(value: Value) -> tuple[bool, float, str]:
    """Make values of one column comparable: the missing last, numbers by size, text by letters."""
    if isinstance(value, int | float):
        return False, value, ""
    return value is None, 0, str(value).casefold()
