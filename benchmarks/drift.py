"""Read streams while other users write, and count lost and duplicate notes.

    python benchmarks/drift.py [--runs 2000] [--seed 0] [--caps]

Each run creates an account, options and other users from its seed. The other users insert and
delete notes before the requests of a stream, but keep the order of the remaining notes. A note is
lost if it existed from the first request to the last and was not yielded. The exit code is 1 if a
note was lost or yielded twice, if a stream did not end, or if unchanged rows cost more requests.
2,000 runs take about 2 minutes on two cores.

With ``--caps``, each server returns at most 2 to 200 rows per response, and streams are interrupted
and resumed from their bookmarks. A run may not send more requests than 2.5 times the pages of all
notes that ever existed, and some for each change. A resumed stream may only raise "lost position"
if none of the notes that it knows exists. After that, the first 0 to 200 of 1,000 notes are deleted
at once; that may cost at most 2.5 times the requests of a quiet run.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import attrs

from intervals_async import (
    DriftError,
    IntervalsClient,
    IntervalsError,
    ListingError,
    RetryPolicy,
    Stream,
)
from intervals_async.testing import FakeIntervals, SeenRequest, faults

# The maximum number of errors after which a stream is continued.
PATIENCE = 1000

CAPS = range(2, 201)

# Ids that a bookmark holds: those of the last notes, and of some that were inserted near them.
REMEMBERED = 16
BESIDE = 256

# By how much more requests a burst of deletions may cost than a quiet run.
FACTOR = 2.5

AT_ONCE = RetryPolicy(wait_initial=0, wait_too_fast=0)


@attrs.frozen
class Played:
    """The result of one run.

    Attributes:
        description: The seed and the options of the run.
        lost: The ids of notes that existed all the time and were not yielded.
        doubled: The ids of notes that were yielded twice.
        failures: The unexpected errors, and a stream without an end.
        extra: The additional requests for repairs although nothing had changed.
        requests: The number of requests while other users wrote.
        allowed: The number of requests that are allowed; None for any number.
        lost_position: Whether the run ended because no known note existed any more.
    """

    description: str
    lost: frozenset[int]
    doubled: frozenset[int]
    failures: tuple[str, ...]
    extra: int
    requests: int
    allowed: int | None = None
    lost_position: bool = False

    @property
    def good(self) -> bool:
        """Whether the run kept every promise."""
        if self.allowed is not None and self.requests > self.allowed:
            return False
        return not (self.lost or self.doubled or self.failures or self.extra)


class Others:
    """The other users, who change notes before the server handles a request."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._share = chance.choice([0.1, 0.3, 0.7, 1.0])
        self._kinds = chance.choice([("delete",), ("insert",), ("delete", "insert")])
        self._left = chance.choice([2, 20, 200])
        self.gone: set[int] = set()
        self.changes = self.inserted = 0

    def change(self, fake: FakeIntervals, seen: SeenRequest) -> None:
        """Insert and delete some notes, or none."""
        chance = self._chance
        while self._left and chance.random() < self._share:
            self._left -= 1
            self.changes += 1
            there = ids(fake)
            if chance.choice(self._kinds) == "insert":
                for _ in range(chance.choice([1, 1, 1, 3, 20])):
                    self.inserted += 1
                    before = chance.choice(there) if there and chance.random() < 0.8 else None
                    fake.insert("projectnote", before=before, title="late")
            else:
                for id in chance.sample(there, min(len(there), chance.choice([1, 1, 1, 3, 20]))):
                    fake.remove("projectnote", id)
                    self.gone.add(id)
            if self._share == 1.0 and chance.random() < 0.5:
                break


def ids(fake: FakeIntervals) -> list[int]:
    """Return the ids of the notes, in the server's order."""
    return [int(str(row["id"])) for row in fake.rows("projectnote")]


async def play(seed: int) -> Played:
    """Run once, with everything derived from the seed."""
    chance = random.Random(seed)
    options: dict[str, Any] = {
        "page_size": chance.choice([None, 1, 2, 3, 7, 20, 50]),
        "concurrency": chance.randint(1, 8),
        "verify": chance.choice(["second-pass", "second-pass", True, False]),
        "on_drift": chance.choice(["repair", "repair", "repair", "raise"]),
    }
    block = chance.random() < 0.5
    if block:
        options["prefetch"] = chance.choice([None, True, False])
    notes = chance.choice([0, 1, 5, 30, 60, 120, 250])
    async with (
        # In one loop, the same seed gives the same run.
        FakeIntervals(
            notes=notes, seed=seed, per_minute=None, per_day=None, in_thread=False
        ) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE) as intervals,
    ):
        extra = 0
        if chance.random() < 0.1:
            extra = await _extra(fake, intervals, options, block=block)
        there = ids(fake)
        others = Others(chance)
        fake.clear_log()
        fake.between(others.change)
        yielded, failures = await read(intervals, options, block=block)
        requests = len(fake.log)
    return Played(
        description=f"seed {seed}: {notes} notes, block={block}, {options}",
        lost=frozenset(there) - others.gone - frozenset(yielded),
        doubled=frozenset(id for id, times in Counter(yielded).items() if times > 1),
        failures=failures,
        extra=extra,
        requests=requests,
    )


async def read(
    intervals: IntervalsClient, options: Mapping[str, Any], *, block: bool
) -> tuple[list[int], tuple[str, ...]]:
    """Read a stream to its end despite errors, and return the ids and the unexpected errors."""
    drift_is_raised = options["on_drift"] == "raise" or options["verify"] is True
    stream = intervals.projectnote.list().stream(**options)
    yielded: list[int] = []
    failures: list[str] = []
    async with stream if block else nullcontext():
        for _ in range(PATIENCE):
            try:
                async for note in stream:
                    yielded.append(note.id)  # noqa: PERF401  notes before an error count
            except IntervalsError as error:
                if not (isinstance(error, DriftError) and drift_is_raised):
                    failures.append(repr(error))
            else:
                return yielded, tuple(failures)
    return yielded, (*failures, f"no end after {PATIENCE} errors")


async def play_capped(seed: int) -> Played:
    """Run once on a server that caps pages, and resume the stream at random."""
    chance = random.Random(seed)
    cap, concurrency = chance.choice(CAPS), chance.randint(1, 8)
    page_size = chance.choice([None, None, 7, 50, 500])
    options = {"page_size": page_size, "concurrency": concurrency}
    notes = chance.choice([5, 30, 120, 300, 300, 1000])
    async with (
        FakeIntervals(
            notes=notes, seed=seed, per_minute=None, per_day=None, in_thread=False
        ) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE) as intervals,
    ):
        fake.inject(faults.Capped(cap), times=None)
        there = ids(fake)
        others = Others(chance)
        fake.between(others.change)
        reading = Interrupted(intervals, options, chance, notes)
        await reading.run()
        requests, left = len(fake.log), frozenset(ids(fake))
    lost = frozenset(there) - others.gone - frozenset(reading.yielded)
    failures = reading.failures
    if reading.lost_position:
        known = reading.known() & left
        if others.inserted <= BESIDE and known:
            failures = (*failures, f"lost position although {sorted(known)} exist")
    page = max(min(cap, page_size or cap) - 1, 1)
    rows = notes + others.inserted
    return Played(
        description=f"seed {seed}: {notes} notes, cap {cap}, {options}",
        lost=frozenset() if reading.lost_position else lost,
        doubled=frozenset(id for id, times in Counter(reading.yielded).items() if times > 1),
        failures=failures,
        extra=0,
        requests=requests,
        allowed=int(FACTOR * rows / page + 3 * concurrency * (others.changes + 8)),
        lost_position=reading.lost_position,
    )


class Interrupted:
    """A listing that is read in several streams, each resumed from the one before."""

    def __init__(
        self,
        intervals: IntervalsClient,
        options: Mapping[str, Any],
        chance: random.Random,
        notes: int,
    ) -> None:
        self._listing = intervals.projectnote.list()
        self._options = options
        self._chance = chance
        self._pause = 3 / notes
        self._begin = 0
        self.yielded: list[int] = []
        self.failures: tuple[str, ...] = ()
        self.lost_position = False

    def known(self) -> frozenset[int]:
        """Return the ids that the current stream knows."""
        return frozenset(self.yielded[max(self._begin - REMEMBERED, 0) :])

    async def run(self) -> None:
        """Read to the end."""
        bookmark = None
        for left in reversed(range(self._chance.randint(1, 4))):
            stream = self._listing.stream(resume=bookmark, **self._options)
            try:
                async with stream if self._chance.random() < 0.5 else nullcontext():
                    if await self._read(stream, pauses=left > 0):
                        return
                    bookmark = stream.bookmark
            except ListingError as error:
                self._note_error(error)
                return
            finally:
                await stream.aclose()
            self._begin = len(self.yielded)

    async def _read(self, stream: Stream[Any], *, pauses: bool) -> bool:
        """Read some notes; return whether the end was reached."""
        async for note in stream:
            self.yielded.append(note.id)
            if pauses and self._chance.random() < self._pause and _has_bookmark(stream):
                return False
        return True

    def _note_error(self, error: ListingError) -> None:
        if isinstance(error, DriftError) and "lost position" in error.message:
            self.lost_position = True
        else:
            self.failures = (repr(error),)


def _has_bookmark(stream: Stream[Any]) -> bool:
    """Return whether the stream can be resumed: not during a second pass."""
    try:
        return bool(stream.bookmark)
    except ListingError:
        return False


async def burst(fake: FakeIntervals, intervals: IntervalsClient, deleted: int) -> int:
    """Read all notes while the first ones are deleted at once; return the number of requests."""
    there = ids(fake)
    fake.clear_log()

    def delete(_: FakeIntervals, seen: SeenRequest) -> None:
        if len(fake.log) == 3 and seen is fake.log[2]:
            for id in there[:deleted]:
                fake.remove("projectnote", id)

    forget = fake.between(delete)
    seen = [note.id async for note in intervals.projectnote.list()]
    forget()
    if len(seen) != len({*seen}) or not {*there[deleted:]} <= {*seen}:
        raise AssertionError(f"{deleted} deletions: notes were lost or yielded twice")
    return len(fake.log)


async def bursts(step: int) -> float:
    """Delete 0 to 200 of 1,000 notes on servers with all caps; return the largest factor."""
    largest = 0.0
    for cap in [*CAPS[::step], CAPS[-1]]:
        quiet = 0
        for deleted in range(0, 201, step):
            async with (
                FakeIntervals(
                    notes=1000, seed=cap, per_minute=None, per_day=None, in_thread=False
                ) as fake,
                IntervalsClient(fake.token, base_url=fake.url, limits=()) as intervals,
            ):
                fake.inject(faults.Capped(cap), times=None)
                requests = await burst(fake, intervals, deleted)
            quiet = quiet or requests
            largest = max(largest, requests / quiet)
    return largest


async def _extra(
    fake: FakeIntervals, intervals: IntervalsClient, options: Mapping[str, Any], *, block: bool
) -> int:
    """Return how many more requests repairing takes if nothing has changed."""
    begun = fake.requests
    await read(intervals, {**options, "on_drift": "ignore"}, block=block)
    plain = fake.requests - begun
    await read(intervals, options, block=block)
    return fake.requests - begun - 2 * plain


async def main(options: argparse.Namespace) -> int:
    """Run all seeds, and print the results."""
    begun = time.monotonic()
    run = play_capped if options.caps else play
    all_played = [await run(seed) for seed in range(options.seed, options.seed + options.runs)]
    bad = [played for played in all_played if not played.good]
    for played in bad[:20]:
        print(f"{played.description}: {played}")
    print(f"runs                            {options.runs} in {time.monotonic() - begun:.0f} s")
    print(f"lost                            {sum(len(each.lost) for each in all_played)}")
    print(f"doubled                         {sum(len(each.doubled) for each in all_played)}")
    print(f"errors                          {sum(len(each.failures) for each in all_played)}")
    print(f"extra requests without changes  {sum(each.extra for each in all_played)}")
    print(f"requests                        {sum(each.requests for each in all_played)}")
    failed = bool(bad)
    if options.caps:
        allowed = [each for each in all_played if each.requests > (each.allowed or 0)]
        print(f"runs with too many requests     {len(allowed)}")
        print(f"ended by a lost position        {sum(each.lost_position for each in all_played)}")
        factor = await bursts(options.step)
        print(f"most requests after a burst     {factor:.2f} times those of a quiet run")
        failed = failed or factor > FACTOR
    print("FAILED: see the runs above" if failed else "passed: no run had a fault")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="Number of runs [2000].")
    parser.add_argument("--seed", type=int, default=0, help="Seed of the first run [0].")
    parser.add_argument("--caps", action="store_true", help="Cap pages, and resume streams.")
    parser.add_argument(
        "--step", type=int, default=20, help="Distance of the caps and bursts that are tested [20]."
    )
    sys.exit(asyncio.run(main(parser.parse_args())))
