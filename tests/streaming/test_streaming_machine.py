"""Other users and faults between any two requests: the stream ends complete, or raises."""

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
    IntervalsClient,
    IntervalsError,
    ProjectNote,
    RetryPolicy,
    SnapshotBrokenError,
    Stream,
)
from intervals_async.testing import FakeIntervals, SeenRequest, faults

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

# Errors of its own that a stream may raise on the way to its end, once nothing goes wrong.
LAST_ERRORS = 3

place = st.floats(0, 1, exclude_max=True)


class Streaming(RuleBasedStateMachine):
    """A stream, its server, and those who insert and delete rows there.

    Attributes:
        keeps_all: Whether all that were there all the time must be given.
        snapshot: Whether the stream is a snapshot.
    """

    keeps_all = True
    snapshot = False

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.seen: list[int] = []
        self.ended = False
        # What others do just before the next requests.
        self.pending: deque[Callable[[], None]] = deque()

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run something in the loop of this run."""
        return self.runner.run(main)

    @initialize(
        notes=st.sampled_from([0, 1, 5, 20, 45]),
        page_size=st.sampled_from([None, 1, 3, 10]),
        concurrency=st.integers(1, 4),
        block=st.booleans(),
    )
    def open(self, notes: int, page_size: int | None, concurrency: int, block: bool) -> None:
        """Begin to read."""
        # In one loop, a run can be repeated step by step.
        self.fake = FakeIntervals(notes=notes, per_minute=None, per_day=None, in_thread=False)
        self.run(self.fake.start())
        self.fake.between(self.change)
        self.client = IntervalsClient(
            self.fake.token,
            base_url=self.fake.url,
            limits=(),
            retry=RetryPolicy(wait_initial=0, wait_too_fast=0),
        )
        self.stream: Stream[ProjectNote] = self.client.projectnote.list().stream(
            page_size=page_size, concurrency=concurrency, snapshot=self.snapshot
        )
        if block:
            self.run(self.stream.__aenter__())
        # The ids that have been there all the time.
        self.lasting = {*self.ids}

    @property
    def ids(self) -> list[int]:
        """The ids of all rows, in the server's order."""
        return [int(str(row["id"])) for row in self.fake.rows("projectnote")]

    # The others

    def change(self, fake: FakeIntervals, seen: SeenRequest) -> None:
        """Let the others do the next thing before a request is met."""
        if self.pending:
            self.pending.popleft()()

    def at(self, where: float) -> int | None:
        """The id of the row so far down the rows; None where there is none."""
        ids = self.ids
        return ids[int(where * len(ids))] if ids else None

    def insert(self, where: float, rows: int) -> None:
        """Insert rows before the one so far down."""
        before = self.at(where)
        for _ in range(rows):
            self.fake.insert("projectnote", before=before, title="new")

    def delete(self, where: float, rows: int) -> None:
        """Delete rows from the one so far down on."""
        ids = self.ids
        begin = int(where * len(ids))
        for id in ids[begin : begin + rows]:
            self.fake.remove("projectnote", id)
            self.lasting.discard(id)

    @rule(where=place, rows=st.sampled_from([1, 1, 2, 12]), later=st.integers(0, 3))
    def others_insert(self, where: float, rows: int, later: int) -> None:
        """Insert rows somewhere, now or before a later request."""
        self.do(later, lambda: self.insert(where, rows))

    @rule(where=place, rows=st.sampled_from([1, 1, 2, 12]), later=st.integers(0, 3))
    def others_delete(self, where: float, rows: int, later: int) -> None:
        """Delete rows somewhere."""
        self.do(later, lambda: self.delete(where, rows))

    @rule(gone=place, new=place, later=st.integers(0, 3))
    def others_do_both(self, gone: float, new: float, later: int) -> None:
        """Delete a row and insert one, so that the count stays."""

        def both() -> None:
            self.delete(gone, 1)
            self.insert(new, 1)

        self.do(later, both)

    def do(self, later: int, change: Callable[[], None]) -> None:
        """Let others do something, now or before the request of that number from now on."""
        if later == 0:
            change()
            return
        while len(self.pending) < later:
            self.pending.append(lambda: None)
        before = self.pending[later - 1]

        def all_of_it() -> None:
            before()
            change()

        self.pending[later - 1] = all_of_it

    # What goes wrong

    @rule(fault=st.sampled_from(FAULTS), times=st.integers(1, 5), skip=st.integers(0, 2))
    def something_goes_wrong(self, fault: faults.Fault, times: int, skip: int) -> None:
        """Let some of the next requests meet a fault."""
        self.fake.inject(fault, times=times, skip=skip)

    # The reader

    @precondition(lambda self: not self.ended)
    @rule(records=st.sampled_from([1, 2, 5, 20]))
    def read(self, records: int) -> None:
        """Read a few records; only the library's own errors may come between them."""
        self.run(self.step(records))

    async def step(self, records: int) -> bool:
        """Read so many records, if nothing goes wrong."""
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
    def nothing_comes_twice(self) -> None:
        """No id is given a second time."""
        assert len(self.seen) == len({*self.seen})

    @invariant()
    def the_end_is_no_early_end(self) -> None:
        """When the stream has ended, all that were there all the time were given."""
        if self.ended and self.keeps_all:
            assert self.lasting <= {*self.seen}

    def teardown(self) -> None:
        """Read to the end, where nothing changes or goes wrong any more."""
        try:
            if hasattr(self, "stream"):
                self.fake.heal()
                self.pending.clear()
                errors = 0
                while not self.ended:
                    errors += not self.run(self.step(100))
                    assert errors <= LAST_ERRORS
                self.nothing_comes_twice()
                self.the_end_is_no_early_end()
                self.run(self.stream.aclose())
        finally:
            if hasattr(self, "client"):
                self.run(self.client.close())
            if hasattr(self, "fake"):
                self.run(self.fake.stop())
            self.runner.close()


class Reshuffling(Streaming):
    """The same with edits that move rows to the end of the order.

    A row that was given and moved then looks like the place where the reader stood. What
    stands between may be missed, so no more is held than that nothing comes twice and that the
    stream ends. Who needs more takes a snapshot.
    """

    keeps_all = False

    @rule(where=place, later=st.integers(0, 3))
    def others_edit(self, where: float, later: int) -> None:
        """Move a row to the end."""

        def edit() -> None:
            id = self.at(where)
            if id is not None:
                self.fake.touch("projectnote", id, reorder=True, title="edited")

        self.do(later, edit)


class Snapshot(Reshuffling):
    """The same edits while a snapshot is read: it holds all that were there all the time."""

    keeps_all = True
    snapshot = True


@pytest.mark.parametrize("machine", [Streaming, Reshuffling, Snapshot])
def test_a_stream_ends_complete_or_raises(machine: type[Streaming]) -> None:
    """Others write and things go wrong between any two requests; nothing is lost in silence."""
    run_state_machine_as_test(machine, settings=settings(max_examples=90, stateful_step_count=20))
