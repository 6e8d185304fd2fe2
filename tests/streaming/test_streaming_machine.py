"""Changes and faults between any two requests: a stream ends complete, or raises."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from intervals_async import (
    IntervalsError,
    ProjectNote,
    SnapshotBrokenError,
    Stream,
)
from intervals_async.testing import FakeIntervals, SeenRequest, faults

from ..rows import ids
from .acting import client_of, insert

pytestmark = pytest.mark.slow

T = TypeVar("T")

FAULTS = [
    faults.DropBefore(),
    faults.DropInBody(0.3),
    faults.DropInBody(0.9),
    faults.DropAfter(),
    faults.Status(500),
    faults.TooFast(),
    faults.Capped(2),
    faults.Capped(7),
    faults.EmptyPage(),
    faults.NullPage(),
    faults.MissingKey(),
    faults.ErrorInside200(),
    faults.Truncated(0.4),
    faults.Truncated(0.95),
]

# The number of errors that a stream may raise on the way to its end after the last fault.
LAST_ERRORS = 3

position = st.floats(0, 1, exclude_max=True)


class Streaming(RuleBasedStateMachine):
    """A stream and its server, with inserts and deletions of rows.

    Attributes:
        keeps_all: Whether the stream must yield all rows that existed all the time.
        snapshot: Whether the stream is a snapshot.
    """

    keeps_all = True
    snapshot = False

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.seen: list[int] = []
        self.ended = False
        # The changes to make just before the next requests.
        self.pending: deque[Callable[[], None]] = deque()

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop of this run."""
        return self.runner.run(main)

    @initialize(
        notes=st.sampled_from([0, 1, 5, 20, 45]),
        page_size=st.sampled_from([None, 1, 3, 10]),
        concurrency=st.integers(1, 4),
        block=st.booleans(),
    )
    def open(self, notes: int, page_size: int | None, concurrency: int, block: bool) -> None:
        """Start a server and open a stream."""
        # In one loop, a run can be repeated step by step.
        self.fake = FakeIntervals(notes=notes, per_minute=None, per_day=None, in_thread=False)
        self.run(self.fake.start())
        self.fake.between(self.change)
        self.client = client_of(self.fake)
        self.stream: Stream[ProjectNote] = self.client.projectnote.list().stream(
            page_size=page_size, concurrency=concurrency, snapshot=self.snapshot
        )
        if block:
            self.run(self.stream.__aenter__())
        # The ids that have existed all the time.
        self.lasting = {*self.ids}

    @property
    def ids(self) -> list[int]:
        """The ids of all rows, in the server's order."""
        return ids(self.fake)

    # Changes

    def change(self, fake: FakeIntervals, seen: SeenRequest) -> None:
        """Make the next pending change before a request."""
        if self.pending:
            self.pending.popleft()()

    def id_at(self, where: float) -> int | None:
        """The id of the row at this fraction of the rows; None without rows."""
        rows = self.ids
        return rows[int(where * len(rows))] if rows else None

    def insert(self, where: float, rows: int) -> None:
        """Insert rows before the row at this fraction of the rows."""
        insert(self.fake, rows, before=self.id_at(where))

    def delete(self, where: float, rows: int) -> None:
        """Delete rows from this fraction of the rows on."""
        begin = int(where * len(self.ids))
        for id in self.ids[begin : begin + rows]:
            self.fake.remove("projectnote", id)
            self.lasting.discard(id)

    @rule(where=position, rows=st.sampled_from([1, 1, 2, 12]), later=st.integers(0, 3))
    def insert_rows(self, where: float, rows: int, later: int) -> None:
        """Insert rows, now or before a later request."""
        self.schedule(later, lambda: self.insert(where, rows))

    @rule(where=position, rows=st.sampled_from([1, 1, 2, 12]), later=st.integers(0, 3))
    def delete_rows(self, where: float, rows: int, later: int) -> None:
        """Delete rows, now or before a later request."""
        self.schedule(later, lambda: self.delete(where, rows))

    @rule(gone=position, new=position, later=st.integers(0, 3))
    def replace_a_row(self, gone: float, new: float, later: int) -> None:
        """Delete a row and insert one, so that the count stays the same."""

        def both() -> None:
            self.delete(gone, 1)
            self.insert(new, 1)

        self.schedule(later, both)

    def schedule(self, later: int, change: Callable[[], None]) -> None:
        """Make a change now, or before the request with this number from now on."""
        if later == 0:
            change()
            return
        while len(self.pending) < later:
            self.pending.append(lambda: None)
        before = self.pending[later - 1]

        def both() -> None:
            before()
            change()

        self.pending[later - 1] = both

    # Faults

    @rule(fault=st.sampled_from(FAULTS), times=st.integers(1, 5), skip=st.integers(0, 2))
    def inject_a_fault(self, fault: faults.Fault, times: int, skip: int) -> None:
        """Make some of the next requests meet a fault."""
        self.fake.inject(fault, times=times, skip=skip)

    # Reading

    @precondition(lambda self: not self.ended)
    @rule(records=st.sampled_from([1, 2, 5, 20]))
    def read(self, records: int) -> None:
        """Read a few records; only errors of the library may occur."""
        self.run(self.step(records))

    async def step(self, records: int) -> bool:
        """Read this number of records, and return whether that succeeded."""
        try:
            for _ in range(records):
                self.seen.append((await anext(self.stream)).id)
        except StopAsyncIteration:
            self.ended = True
        except SnapshotBrokenError:
            self.seen.clear()
            return False
        except IntervalsError:
            return False
        return True

    @invariant()
    def no_record_is_repeated(self) -> None:
        """No id is yielded twice."""
        assert len(self.seen) == len({*self.seen})

    @invariant()
    def the_end_is_complete(self) -> None:
        """A stream that has ended has yielded all rows that existed all the time."""
        if self.ended and self.keeps_all:
            assert self.lasting <= {*self.seen}

    def teardown(self) -> None:
        """Read to the end without further changes and faults."""
        try:
            if hasattr(self, "stream"):
                self.fake.heal()
                self.pending.clear()
                errors = 0
                while not self.ended:
                    errors += not self.run(self.step(100))
                    assert errors <= LAST_ERRORS
                self.no_record_is_repeated()
                self.the_end_is_complete()
                self.run(self.stream.aclose())
        finally:
            if hasattr(self, "client"):
                self.run(self.client.close())
            if hasattr(self, "fake"):
                self.run(self.fake.stop())
            self.runner.close()


class Reshuffling(Streaming):
    """The same with edits that move rows to the end of the order.

    A yielded row that moved looks like the position of the reader, so rows before it may be
    missed. The machine therefore checks only that the stream ends and repeats no record. A
    snapshot has no such limits.
    """

    keeps_all = False

    @rule(where=position, later=st.integers(0, 3))
    def move_a_row_to_the_end(self, where: float, later: int) -> None:
        """Move a row to the end, as an edit does."""

        def edit() -> None:
            id = self.id_at(where)
            if id is not None:
                self.fake.touch("projectnote", id, reorder=True, title="edited")

        self.schedule(later, edit)


class Snapshot(Reshuffling):
    """The same edits while a snapshot is read, which has all rows that existed all the time."""

    keeps_all = True
    snapshot = True


@pytest.mark.parametrize("machine", [Streaming, Reshuffling, Snapshot])
def test_a_stream_ends_complete_or_raises(machine: type[Streaming]) -> None:
    """With changes and faults between any two requests, a stream ends complete or raises."""
    run_state_machine_as_test(machine, settings=settings(max_examples=90, stateful_step_count=20))
