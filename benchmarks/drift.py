"""Streams read while other users write: what is lost, what comes twice, what it costs.

    python benchmarks/drift.py [--runs 2000] [--seed 0]

Each run makes an account, options and other users up from its seed. These insert and delete
notes before the requests of a stream, and nothing reshuffles the order. What counts as lost is
a note that was there from the first request to the last and was not given. It fails where one
was lost, or given twice, or where a stream did not come to its end.
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

from intervals_async import DriftError, IntervalsClient, IntervalsError, RetryPolicy
from intervals_async.testing import FakeIntervals, SeenRequest

# Errors after which a stream is stepped on, at most.
PATIENCE = 1000

AT_ONCE = RetryPolicy(wait_initial=0, wait_too_fast=0)


@attrs.frozen
class Played:
    """What came of one run.

    Attributes:
        told: The options of the run, in words.
        lost: The ids that were there all the time and were not given.
        doubled: The ids that were given twice.
        failures: What was raised although it need not, or ended the stream.
        extra: The requests that repairing cost where nobody had changed anything.
        requests: All that were made while others wrote.
    """

    told: str
    lost: frozenset[int]
    doubled: frozenset[int]
    failures: tuple[str, ...]
    extra: int
    requests: int

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.doubled or self.failures or self.extra)


class Others:
    """The other users: some changes each time before a request is met."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._share = chance.choice([0.1, 0.3, 0.7, 1.0])
        self._kinds = chance.choice([("delete",), ("insert",), ("delete", "insert")])
        self._left = chance.choice([2, 20, 200])
        self.gone: set[int] = set()

    def change(self, fake: FakeIntervals, seen: SeenRequest) -> None:
        """Change some notes, or none."""
        chance = self._chance
        while self._left and chance.random() < self._share:
            self._left -= 1
            there = ids(fake)
            if chance.choice(self._kinds) == "insert":
                for _ in range(chance.choice([1, 1, 1, 3, 20])):
                    before = chance.choice(there) if there and chance.random() < 0.8 else None
                    fake.insert("projectnote", before=before, title="late")
            else:
                for id in chance.sample(there, min(len(there), chance.choice([1, 1, 1, 3, 20]))):
                    fake.remove("projectnote", id)
                    self.gone.add(id)
            if self._share == 1.0 and chance.random() < 0.5:
                break


def ids(fake: FakeIntervals) -> list[int]:
    """The ids of the notes, in the server's order."""
    return [int(str(row["id"])) for row in fake.rows("projectnote")]


async def play(seed: int) -> Played:
    """Make one run."""
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
        FakeIntervals(notes=notes, seed=seed, per_minute=None, per_day=None) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE) as intervals,
    ):
        extra = 0
        if chance.random() < 0.1:
            extra = await _extra(fake, intervals, options, block=block)
        there = ids(fake)
        others = Others(chance)
        fake.clear_log()
        fake.between(others.change)
        given, failures = await read(intervals, options, block=block)
        requests = len(fake.log)
    return Played(
        told=f"seed {seed}: {notes} notes, block={block}, {options}",
        lost=frozenset(there) - others.gone - frozenset(given),
        doubled=frozenset(id for id, times in Counter(given).items() if times > 1),
        failures=failures,
        extra=extra,
        requests=requests,
    )


async def read(
    intervals: IntervalsClient, options: Mapping[str, Any], *, block: bool
) -> tuple[list[int], tuple[str, ...]]:
    """Read a stream to its end, stepping on after each error; give those that need not be."""
    drift_is_told = options["on_drift"] == "raise" or options["verify"] is True
    stream = intervals.projectnote.list().stream(**options)
    given: list[int] = []
    failures: list[str] = []
    async with stream if block else nullcontext():
        for _ in range(PATIENCE):
            try:
                async for note in stream:
                    given.append(note.id)  # noqa: PERF401  what comes before an error counts
            except IntervalsError as error:
                if not (isinstance(error, DriftError) and drift_is_told):
                    failures.append(repr(error))
            else:
                return given, tuple(failures)
    return given, (*failures, f"no end after {PATIENCE} errors")


async def _extra(
    fake: FakeIntervals, intervals: IntervalsClient, options: Mapping[str, Any], *, block: bool
) -> int:
    """How many more requests it takes to repair drift where there is none."""
    begun = fake.requests
    await read(intervals, {**options, "on_drift": "ignore"}, block=block)
    plain = fake.requests - begun
    await read(intervals, options, block=block)
    return fake.requests - begun - 2 * plain


async def main(options: argparse.Namespace) -> int:
    """Make all runs, and print what came of them."""
    begun = time.monotonic()
    bad: list[Played] = []
    lost = doubled = errors = extra = requests = 0
    for seed in range(options.seed, options.seed + options.runs):
        played = await play(seed)
        lost += len(played.lost)
        doubled += len(played.doubled)
        errors += len(played.failures)
        extra += played.extra
        requests += played.requests
        if not played.good:
            bad.append(played)
    for played in bad[:20]:
        print(f"{played.told}: {played}")
    print(f"runs                            {options.runs} in {time.monotonic() - begun:.0f} s")
    print(f"lost                            {lost}")
    print(f"doubled                         {doubled}")
    print(f"errors                          {errors}")
    print(f"extra requests without changes  {extra}")
    print(f"requests                        {requests}")
    print("A PROMISE WAS BROKEN" if bad else "all promises kept")
    return 1 if bad else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    sys.exit(asyncio.run(main(parser.parse_args())))
