"""One customer account: its tables, its people's tokens, its day and what was selected last."""

from __future__ import annotations

import base64
import binascii
import random
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from attrs import frozen

from intervals_async.testing._fake import refusals
from intervals_async.testing._fake.limits import DayLimit
from intervals_async.testing._fake.tables import Table
from intervals_async.testing._fake.wire import Row, Value, id_of

GROUPS = ("Administrator", "Manager", "Resource", "Executive")
"""The access levels; the id of a group is its place here, from 1 (the fake's own choice)."""

_TOKEN_LENGTH = 11
_MOST_SELECTIONS = 64


@frozen
class Sizes:
    """How many records to generate from which seed."""

    notes: int
    people: int
    projects: int
    clients: int
    seed: int

    def rng(self, resource: str) -> random.Random:
        """Return the resource's own source of chance: it does not depend on the others' sizes."""
        return random.Random(f"{self.seed}:{resource}")


class Account:
    """What the account holds."""

    __slots__ = (
        "_next_numbers",
        "_selected",
        "_token",
        "_tokens",
        "day_limit",
        "now",
        "seed",
        "tables",
    )

    def __init__(
        self, seed: int, token: str | None, day_limit: DayLimit, now: Callable[[], datetime]
    ) -> None:
        self.seed = seed
        self.tables: dict[str, Table] = {}
        self.day_limit = day_limit
        self.now = now
        self._token = token
        self._next_numbers: Counter[tuple[str, Value]] = Counter()
        self._tokens: dict[str, int] = {}
        self._selected: dict[tuple[object, ...], list[int]] = {}

    def copy_from(self, other: Account) -> None:
        """Begin with the rows and the running numbers of another account, which stay its own."""
        self.tables = {name: table.copy() for name, table in other.tables.items()}
        self._next_numbers = other._next_numbers.copy()

    def table(self, name: str) -> Table:
        """Return the rows of a resource; LookupError if it has none of its own."""
        try:
            return self.tables[name]
        except KeyError:
            known = ", ".join(sorted(self.tables))
            raise LookupError(f"no rows for {name!r}; there are {known}") from None

    def related(self, name: str, identity: Value) -> Row:
        """Return the row that an id points to, or an empty one."""
        return self.table(name).get(identity) or {}

    def next_number(self, name: str, parent: Value = None) -> int:
        """Return the next number that the application shows (localid), counted per parent."""
        self._next_numbers[name, parent] += 1
        return self._next_numbers[name, parent]

    def utc_now(self) -> datetime:
        """Return the present second in UTC, for creation times."""
        return self.now().astimezone(UTC).replace(microsecond=0)

    def token_of(self, personid: int) -> str:
        """Return a person's token, always the same for the same seed."""
        first = next(iter(self.table("person").ids), None)
        if self._token is not None and personid == first:
            token = self._token
        else:
            rng = random.Random(f"{self.seed}:token:{personid}")
            letters = string.ascii_lowercase + string.digits
            token = "".join(rng.choices(letters, k=_TOKEN_LENGTH))
        self._tokens[token] = personid
        return token

    def token_for(self, group: str) -> str:
        """Return the token of the first active person in a group; LookupError if there is none."""
        for person in self.table("person"):
            if person["group"] == group and person["active"]:
                return self.token_of(id_of(person))
        raise LookupError(f"nobody active is in the group {group!r}; the groups are {GROUPS}")

    def caller(self, authorization: str) -> int | None:
        """Return the id of the person whose token an Authorization header carries, or None."""
        scheme, _, credentials = authorization.partition(" ")
        try:
            user, colon, _ = base64.b64decode(credentials, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return None
        if scheme.lower() != "basic" or not colon:
            return None
        return self._tokens.get(user.decode(errors="replace"))

    def person(self, caller: int | None) -> Row:
        """Return the caller's own record; a RefusedError if there is none that may call."""
        if caller is None:
            raise refusals.bad_credentials()
        person = self.table("person").get(caller)
        if person is None:
            raise refusals.person_not_found()
        if not person["active"]:
            raise refusals.person_not_active()
        return person

    def select(
        self, name: str, criteria: Mapping[str, str], search: Callable[[], list[int]]
    ) -> Sequence[int]:
        """Return the ids that match ``wishes``; ``find`` looks for them when nothing is kept.

        A selection is kept until any row changes, so a filtered stream is not searched once a page.
        """
        if not criteria:
            return self.table(name).ids
        version = sum(table.version for table in self.tables.values())
        key = (name, version, *sorted(criteria.items()))
        if key not in self._selected:
            if len(self._selected) >= _MOST_SELECTIONS:
                self._selected.clear()
            self._selected[key] = search()
        return self._selected[key]
