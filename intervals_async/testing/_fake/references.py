"""The columns that hold ids of other records, and the names of those records."""

from __future__ import annotations

from collections.abc import Mapping

from intervals_async.resources import names
from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.wire import Row, Value

_TABLE_OF_COLUMN = {
    "assigneeid": "person",
    "authorid": "person",
    "contact_descriptor_id": "contactdescriptor",
    "contact_type_id": "contacttype",
    "followerid": "person",
    "labelid": "projectlabel",
    "managerid": "person",
    "ogmilestoneid": "milestone",
    "ownerid": "person",
    "priorityid": "taskpriority",
    "projectlabelid": "projectlabel",
    "queueid": "request",
    "statusid": "taskstatus",
    "subfilterid": "tasklistfilter",
    "termid": "invoiceterm",
    "typeid": "paymenttype",
}


def table_of(column: str) -> str | None:
    """Return the resource that a column points to, as ``project`` for ``projectid``, or None."""
    if column in _TABLE_OF_COLUMN:
        return _TABLE_OF_COLUMN[column]
    plain = column.removesuffix("id")
    return plain if plain != column and plain in names() else None


def ids_in(value: Value) -> list[int]:
    """Return the ids in a column, which holds one id or a comma-separated text of ids."""
    if value is None or value == "":
        return []
    return [int(part) for part in str(value).split(",")]


def full_name(person: Row) -> str | None:
    """Return a person's full name, or None for an empty row."""
    return f"{person['firstname']} {person['lastname'] or ''}".strip() if person else None


def name_of(account: Account, table: str, identity: Value) -> str | None:
    """Return the name or the title of a record, or None if there is no such record."""
    row = account.related(table, identity)
    if table == "person":
        return full_name(row)
    name = row.get("name") or row.get("title")
    return None if name is None else str(name)


def fill_names(
    account: Account, row: Row, named: Mapping[str, str], points_to: Mapping[str, str]
) -> None:
    """Set the columns that hold the names of referenced records, separated by commas."""
    for column, source in named.items():
        found = (name_of(account, points_to[source], each) for each in ids_in(row.get(source)))
        row[column] = ", ".join(name for name in found if name) or None
