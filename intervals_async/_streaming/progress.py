"""Pure: notices a listing that does not come to an end because its pages repeat themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import attrs

from ..errors import IncompleteListingError
from .page_plan import PageRequest

__all__ = ["PageDigest", "Progress"]

R = TypeVar("R")

# A digest looks at the first rows of a page, and at one of so many of the others.
SAMPLED = 64
STRIDE = 16

# How often the same rows may come although the offset advances.
REPEATS = 3

# How many different pages are remembered, and how many of the first rows are watched for, if no
# ids are compared. If they are, rows are known to be no new ones, and one page is enough.
REMEMBERED = 1024
WATCHED = 64

# How many rows more than before may be read again because the listcount says that it has grown.
GROWTH_ROWS = 100_000

# How many requests in a row may bring no new record without a reason, for each page that is
# under way.
PATIENCE = 12


class PageDigest(Generic[R]):
    """What identifies the rows of a page: their number, both ends, and a sample of them.

    Attributes:
        rows: How many rows there are.
    """

    __slots__ = ("_first", "_ids_of", "_last", "_total", "rows")

    def __init__(self, ids_of: Callable[[Sequence[R]], Sequence[object]] = list) -> None:
        self.rows = 0
        self._ids_of = ids_of
        # The first and the last row; none of an empty page.
        self._first: Sequence[R] = ()
        self._last: Sequence[R] = ()
        # The sum of the hashes of the sampled ids.
        self._total = 0

    def __str__(self) -> str:
        """Name the number of rows, and the ids of the first and the last."""
        if self.rows == 0:
            return "no rows"
        (first, last) = self._ids_of([*self._first, *self._last])
        return f"{self.rows} row{'s' * (self.rows > 1)}, ids {first!r} to {last!r}"

    @property
    def key(self) -> tuple[object, ...]:
        """A value that is the same for the same rows in the same order."""
        return self.rows, *self._ids_of(self._first), *self._ids_of(self._last), self._total

    def add(self, rows: Sequence[R]) -> None:
        """Add the next rows."""
        if not rows:
            return
        if self.rows == 0:
            self._first = rows[:1]
        self._last = rows[-1:]
        # the sample depends on the places in the page, not on how the rows arrived
        begin = max(SAMPLED - self.rows, 0)
        sample = list(rows[:begin])
        sample += rows[begin + -(self.rows + begin) % STRIDE :: STRIDE]
        self._total += sum(map(hash, self._ids_of(sample)))
        self.rows += len(rows)


@attrs.define
class _Sighting:
    """When a page was seen last.

    Attributes:
        offset: The offset then.
        listcount: The listcount then.
        times: How often it was seen although the offset had advanced.
        explained: How often others may have inserted as many rows as it has.
    """

    offset: int
    listcount: int | None
    times: int = 1
    explained: int = 0


class Progress:
    """Counts the requests that bring nothing new, and the pages that repeat others.

    Others may insert as many rows as a page has, so that the next one holds the same rows. The
    listcount has grown by as many then. A step back may read rows once more, but no more than
    were yielded.
    """

    __slots__ = (
        "_barren", "_listcount", "_patience", "_remembered", "_reread", "_resighted", "_seen",
        "_watched",
    )  # fmt: skip

    def __init__(self, concurrency: int, *, compares_ids: bool) -> None:
        self._patience = PATIENCE * concurrency
        self._remembered = 1 if compares_ids else REMEMBERED
        self._seen: dict[tuple[object, ...], _Sighting] = {}
        # How many requests in a row brought nothing new without a reason.
        self._barren = 0
        # How many rows came in a row of which none was new.
        self._reread = 0
        # The listcount when a new record came last.
        self._listcount: int | None = None
        # The first rows, and how often one of them came again.
        self._watched: set[object] = set()
        self._resighted = 0

    def note_new(self, listcount: int | None) -> None:
        """Note a new record."""
        self._barren = self._reread = 0
        self._listcount = listcount

    def watch(self, ids: Sequence[object]) -> None:
        """Look out for the first rows, of a listing whose ids are not compared otherwise."""
        self._resighted += sum(map(self._watched.__contains__, ids))
        if len(self._watched) < WATCHED:
            self._watched.update(ids[:WATCHED])

    def note_page(
        self, request: PageRequest, digest: PageDigest[Any], listcount: int | None, known: int
    ) -> None:
        """Note the end of a page.

        Args:
            request: The page.
            digest: Its rows.
            listcount: The listcount of the same response.
            known: How many rows may be read again for a reason: those before the position.

        Raises:
            IncompleteListingError: The same rows came for the third time, or too many requests
                in a row brought nothing new. The next call counts from the beginning.
        """
        times = self._note_sighting(request, digest, listcount)
        growth = min(max(_growth(self._listcount, listcount), 0), GROWTH_ROWS)
        # The overlap repeats rows on purpose, and with small pages it is half of them.
        further = digest.rows - request.overlap
        self._reread += max(further, 0)
        if further <= 0 or self._reread > known + growth:
            self._barren += 1
        if times >= REPEATS:
            found = f"got the same {digest}, in {times} responses"
        elif self._resighted > REPEATS * WATCHED:
            found = f"got the first rows again and again, in the last response {digest}"
        elif self._barren > self._patience:
            found = f"got none in {self._barren} responses, in the last one {digest}"
        else:
            return
        self.restart()
        count = "no listcount" if listcount is None else f"listcount {listcount}"
        raise IncompleteListingError(
            f"expected new records at offset {request.begin}, {found}, with {count}; the server "
            "repeats pages or ignores the offset"
        )

    def restart(self) -> None:
        """Count from the beginning, because everything is read once more."""
        self._seen.clear()
        self._watched.clear()
        self._barren = self._reread = self._resighted = 0

    def _note_sighting(
        self, request: PageRequest, digest: PageDigest[Any], listcount: int | None
    ) -> int:
        """Return how often these rows came although the offset advanced."""
        if digest.rows == 0:
            return 0
        seen = self._seen.pop(digest.key, None)
        now = _Sighting(request.offset, listcount)
        if seen is not None:
            now.times, now.explained = seen.times, seen.explained
            advanced = request.offset - seen.offset
            if advanced > max(_growth(seen.listcount, listcount), 0):
                now.times += 1
            elif advanced > 0:
                now.explained += 1
        self._seen[digest.key] = now
        while len(self._seen) > self._remembered:
            del self._seen[next(iter(self._seen))]
        return REPEATS if now.explained > self._patience else now.times


def _growth(before: int | None, after: int | None) -> int:
    return 0 if before is None or after is None else after - before
