"""Reading and changing the data of an account from a test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from threading import RLock

from intervals_async.testing._fake import reading
from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.contract import ReadContext, Resource, Write
from intervals_async.testing._fake.wire import Given, Json, Row, Value, id_of
from intervals_async.testing._fake.writing import complete_row


class Records:
    """The records of an account as a test reads and changes them.

    ``lock`` keeps the server, which may run in another thread, from reading a half-made change.
    """

    __slots__ = ("_account", "_administrator", "_catalog", "_lock")

    def __init__(self, account: Account, catalog: Mapping[str, Resource], lock: RLock) -> None:
        self._account = account
        self._catalog = catalog
        self._lock = lock
        self._administrator = account.table("person").ids[0]

    def rows(self, resource: str) -> list[Row]:
        """Return copies of the rows with the current values of computed columns."""
        with self._lock:
            table = self._account.table(resource)
            rules, context = self._catalog[resource], self._context()
            found: list[Row] = []
            for row in reading.listed(self._account, rules):
                shown = rules.show(self._account, dict(row), context) if rules.show else {}
                computed = {name: value for name, value in shown.items() if row[name] is None}
                full_row = {**row, **computed}
                found.append({column.name: full_row[column.name] for column in table.columns})
            return found

    def wire_rows(self, resource: str) -> list[dict[str, Json]]:
        """Return the rows as a list shows them to an administrator."""
        with self._lock:
            self._account.table(resource)
            rules = self._catalog[resource]
            order = [id_of(row) for row in reading.listed(self._account, rules)]
            sent = reading.rows(self._account, rules, order, self._context())
            return [json.loads(row) for row in sent]

    def insert(self, resource: str, before: int | None, given: Mapping[str, Given]) -> int:
        """Add a row, at the end or before another one, and return its id."""
        with self._lock:
            table = self._account.table(resource)
            self._refuse_unknown(resource, given)
            fields = {name: _stored(value) for name, value in given.items()}
            rules = self._catalog[resource]
            row: Row = {"id": table.next_id, **fields}
            complete_row(self._account, rules, row, self._administrator)
            row |= fields
            identity = table.add(row, before)
            rules.created(self._account, Write(row, self._administrator, fields, quiet=True))
            return identity

    def remove(self, resource: str, identity: int) -> None:
        """Remove a row."""
        with self._lock:
            self._account.table(resource).remove(identity)

    def touch(
        self, resource: str, identity: int, given: Mapping[str, Given], *, reorder: bool
    ) -> None:
        """Set exactly these fields of a row; ``reorder`` moves it to the end."""
        with self._lock:
            self._refuse_unknown(resource, given)
            fields = {name: _stored(value) for name, value in given.items()}
            self._account.table(resource).change(identity, fields, reorder=reorder)

    def _context(self) -> ReadContext:
        return ReadContext(self._account.related("person", self._administrator))

    def _refuse_unknown(self, resource: str, fields: Mapping[str, Given]) -> None:
        known = {column.name for column in self._account.table(resource).columns}
        unknown = sorted(fields.keys() - known)
        if unknown:
            expected = ", ".join(sorted(known))
            raise TypeError(
                f"{resource}: expected only the fields {expected}, got {', '.join(unknown)}"
            )


def _stored(value: Given) -> Value:
    """Convert a value as records have it into a value of a column."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(str, value))
    return value
