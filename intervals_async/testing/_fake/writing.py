"""POST, PUT and DELETE requests: parsing the body and changing the table.

Null and the empty text clear a field. A new record needs every required field. The contract does
not say whether a change may clear a required field; the fake allows it. An unknown id is refused
with the recorded message, which names the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeGuard

from intervals_async.testing._fake import refusals
from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.contract import Resource, Write
from intervals_async.testing._fake.log import SeenRequest
from intervals_async.testing._fake.reading import member
from intervals_async.testing._fake.references import fill_names, ids_in
from intervals_async.testing._fake.wire import Envelope, Json, Row, Value, id_of

_CLEARING: tuple[Json, ...] = (None, "")


def complete_row(account: Account, resource: Resource, row: Row, caller: int) -> None:
    """Set the missing columns of a row: the resource's values, names, and None for the rest."""
    resource.complete(account, row, caller)
    fill_names(account, row, resource.named, resource.points_to)
    for column in resource.columns:
        row.setdefault(column.name, None)


def create(account: Account, resource: Resource, request: SeenRequest, caller: Row) -> Envelope:
    """Create a record from a request body."""
    person = id_of(caller)
    body = _read_body(account, resource, request, new=True)
    table = account.table(resource.name)
    row: Row = {"id": table.next_id, **_fields(resource, body)}
    complete_row(account, resource, row, person)
    write = Write(row, person, body, quiet=_is_quiet(request))
    resource.check(account, write)
    table.add(row)
    resource.created(account, write)
    return member(account, resource, table.get(row["id"]) or row, caller, 201)


def change(
    account: Account, resource: Resource, request: SeenRequest, old: Row, caller: Row
) -> Envelope:
    """Change only those fields of a record that the request body contains."""
    person = id_of(caller)
    body = _read_body(account, resource, request, new=False)
    row: Row = {**old, **_fields(resource, body)}
    complete_row(account, resource, row, person)
    write = Write(row, person, body, old, quiet=_is_quiet(request))
    resource.check(account, write)
    account.table(resource.name).change(id_of(row), row)
    resource.changed(account, write)
    return member(account, resource, row, caller, 202)


def delete(account: Account, resource: Resource, old: Row, caller: Row) -> Envelope:
    """Delete a record. Records that refer to it stay, unless the resource removes them too."""
    resource.removable(account, old, id_of(caller))
    account.table(resource.name).remove(id_of(old))
    resource.removed(account, old)
    return Envelope(id_of(caller), resource.name, ())


def _is_quiet(request: SeenRequest) -> bool:
    return request.headers.get("x-intervals-disable-action-notes") == "t"


def _fields(resource: Resource, body: Mapping[str, Value]) -> Row:
    return {
        body_field.column: body[body_field.name]
        for body_field in resource.body_fields
        if body_field.column is not None and body_field.name in body
    }


def _stored(account: Account, value: Value) -> Value:
    """Return a value with a datetime of the account's time zone as it is stored."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value - account.utc_offset
    return value


def _read_body(
    account: Account, resource: Resource, request: SeenRequest, *, new: bool
) -> Mapping[str, Value]:
    body = request.body
    if "application/json" not in request.headers.get("content-type", ""):
        raise refusals.unreadable_body("The body is not declared as application/json")
    if not _is_flat(body):
        raise refusals.unreadable_body("The body is not a flat JSON object")
    body_fields = {body_field.name: body_field for body_field in resource.body_fields}
    unknown = [name for name in body if name not in body_fields]
    if unknown:
        raise refusals.not_recognized(unknown)
    values: dict[str, Value] = {}
    invalid: list[tuple[str, Json]] = []
    for name, value in body.items():
        try:
            parsed = None if value in _CLEARING else body_fields[name].parse(value)
            values[name] = _stored(account, parsed)
        except ValueError:
            invalid.append((name, value))
    invalid += [
        (name, body[name])
        for name, value in values.items()
        if not _exists(account, resource.points_to.get(body_fields[name].column or ""), value)
    ]
    missing = [
        name for name, each in body_fields.items() if each.required and body.get(name) in _CLEARING
    ]
    if invalid or (new and missing):
        raise refusals.not_valid(invalid, missing if new else ())
    return values


def _exists(account: Account, table: str | None, value: Value) -> bool:
    return table is None or all(account.table(table).get(each) for each in ids_in(value))


def _is_flat(body: Json) -> TypeGuard[dict[str, Json]]:
    return isinstance(body, dict) and not any(isinstance(v, dict | list) for v in body.values())
