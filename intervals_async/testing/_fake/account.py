"""The state of one customer account: tables, API tokens, daily quota and cached selections."""

from __future__ import annotations

import base64
import binascii
import random
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from attrs import frozen

from intervals_async.testing._fake import refusals
from intervals_async.testing._fake.limits import DayLimit
from intervals_async.testing._fake.tables import Table
from intervals_async.testing._fake.wire import Row, Value, id_of

GROUPS = ("Administrator", "Manager", "Resource", "Executive")
"""The access levels."""

FIRST_GROUP = 2
"""The id of the first group. The ids 2, 3 and 4 are recorded; the 5 of Executive is inferred."""

_TOKEN_LENGTH = 11
_MAX_SELECTIONS = 64


@frozen
class Sizes:
    """The numbers of records to generate, and the random seed."""

    notes: int
    people: int
    projects: int
    clients: int
    seed: int

    def rng(self, resource: str) -> random.Random:
        """Return a random generator for one resource, independent of the sizes of the others."""
        return random.Random(f"{self.seed}:{resource}")


class Account:
    """The tables, tokens and daily quota of an account.

    ``exact_text`` and ``exclusive_dates`` are two settings of filters, and ``utc_offset`` is the
    account's time zone. Quirks change them.
    """

    __slots__ = (
        "_next_numbers",
        "_selected",
        "_token",
        "_tokens",
        "day_limit",
        "exact_text",
        "exclusive_dates",
        "now",
        "seed",
        "tables",
        "utc_offset",
    )

    def __init__(
        self, seed: int, token: str | None, day_limit: DayLimit, now: Callable[[], datetime]
    ) -> None:
        self.seed: int = seed
        self.exact_text: bool = False
        self.exclusive_dates: bool = False
        self.utc_offset: timedelta = timedelta()
        self.tables: dict[str, Table] = {}
        self.day_limit: DayLimit = day_limit
        self.now: Callable[[], datetime] = now
        self._token = token
        self._next_numbers: Counter[tuple[str, Value]] = Counter()
        self._tokens: dict[str, int] = {}
        self._selected: dict[tuple[object, ...], list[int]] = {}

    def copy_from(self, other: Account) -> None:
        """Copy the rows and the running numbers of another account, which stays unchanged."""
        self.tables = {name: table.copy() for name, table in other.tables.items()}
        self._next_numbers = other._next_numbers.copy()

    def table(self, name: str) -> Table:
        """Return the table of a resource.

        Raises:
            LookupError: The resource has no table.
        """
        try:
            return self.tables[name]
        except KeyError:
            known = ", ".join(sorted(self.tables))
            raise LookupError(f"resource: expected one of {known}, got {name!r}") from None

    def related(self, name: str, identity: Value) -> Row:
        """Return the row with this id, or an empty row."""
        return self.table(name).get(identity) or {}

    def next_number(self, name: str, parent: Value = None) -> int:
        """Return the next ``localid``, the number that the application shows, for this parent."""
        self._next_numbers[name, parent] += 1
        return self._next_numbers[name, parent]

    def utc_now(self) -> datetime:
        """Return the current time in UTC, in whole seconds."""
        return self.now().astimezone(UTC).replace(microsecond=0)

    def token_of(self, personid: int) -> str:
        """Return the token of a person. The same seed always gives the same token."""
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
        """Return the token of the first active person in a group.

        Raises:
            LookupError: The group has no active person.
        """
        for person in self.table("person"):
            if person["group"] == group and person["active"]:
                return self.token_of(id_of(person))
        groups = ", ".join(GROUPS)
        raise LookupError(f"group: expected one of {groups} with an active person, got {group!r}")

    def caller(self, authorization: str) -> int | None:
        """Return the id of the person whose token is in the Authorization header, or None."""
        scheme, _, credentials = authorization.partition(" ")
        try:
            user, colon, _ = base64.b64decode(credentials, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return None
        if scheme.lower() != "basic" or not colon:
            return None
        return self._tokens.get(user.decode(errors="replace"))

    def person(self, caller: int | None) -> Row:
        """Return the caller's own record.

        Raises:
            RefusedError: The caller is unknown, deleted or inactive.
        """
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
        """Return the ids of the rows that match ``criteria``.

        ``search`` finds them when no cached selection is valid. A selection is cached until any row
        changes, so that the pages of a filtered list share one search.
        """
        if not criteria:
            return self.table(name).ids
        version = sum(table.version for table in self.tables.values())
        key = (name, version, *sorted(criteria.items()))
        if key not in self._selected:
            if len(self._selected) >= _MAX_SELECTIONS:
                self._selected.clear()
            self._selected[key] = search()
        return self._selected[key]
