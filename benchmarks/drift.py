"""Read streams while other users write, and count lost and duplicate notes.

    python benchmarks/drift.py [--runs 2000] [--seed 0]

Each run creates an account, options and other users from its seed. The other users insert and
delete notes before the requests of a stream, but keep the order of the remaining notes. A note is
lost if it existed from the first request to the last and was not yielded. The exit code is 1 if a
note was lost or yielded twice, if a stream did not end, or if unchanged rows cost more requests.
2,000 runs take about 2 minutes on two cores.
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

# The maximum number of errors after which a stream is continued.
PATIENCE = 1000

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
    """

    description: str
    lost: frozenset[int]
    doubled: frozenset[int]
    failures: tuple[str, ...]
    extra: int
    requests: int

    @property
    def good(self) -> bool:
        """Whether the run kept every promise."""
        return not (self.lost or self.doubled or self.failures or self.extra)


class Others:
    """The other users, who change notes before the server handles a request."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._share = chance.choice([0.1, 0.3, 0.7, 1.0])
        self._kinds = chance.choice([("delete",), ("insert",), ("delete", "insert")])
        self._left = chance.choice([2, 20, 200])
        self.gone: set[int] = set()

    def change(self, fake: FakeIntervals, seen: SeenRequest) -> None:
        """Insert and delete some notes, or none."""
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
        print(f"{played.description}: {played}")
    print(f"runs                            {options.runs} in {time.monotonic() - begun:.0f} s")
    print(f"lost                            {lost}")
    print(f"doubled                         {doubled}")
    print(f"errors                          {errors}")
    print(f"extra requests without changes  {extra}")
    print(f"requests                        {requests}")
    print("FAILED: see the runs above" if bad else "passed: no run had a fault")
    return 1 if bad else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="Number of runs [2000].")
    parser.add_argument("--seed", type=int, default=0, help="Seed of the first run [0].")
    sys.exit(asyncio.run(main(parser.parse_args())))
