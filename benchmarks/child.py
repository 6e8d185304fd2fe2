"""One measurement in a process of its own; run.py starts it and reads its last line.

python benchmarks/child.py read CONTESTANT --url URL --rows N --page-size N --latency S
python benchmarks/child.py first --url URL --rows N --latency S --times N
python benchmarks/child.py loss CONTESTANT --url URL --setting S --page-size N --runs N
python benchmarks/child.py decode --times N
"""

import argparse
import asyncio
import collections
import gc
import resource
import signal
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import attrs
from contestant import Contestant, Items, Reading
from contestants import CONTESTANTS
from note_rows import FIRST_ID
from result import control, print_result

WARM_UP = 10
# A reading takes well under a second; after this many seconds it is considered endless.
LONGEST = 20


def memory(what: str) -> float:
    """Return a value of the process's status, in MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith(f"{what}:"))
    return int(line.split()[1]) / 1024


async def take(items: Items) -> tuple[int, float, Any]:
    """Read all records; return their number, the time of the first one, and the last one."""
    number, first, last = 0, 0.0, None
    if isinstance(items, Iterator):
        for item in items:
            if not number:
                first = time.perf_counter()
            number += 1
            last = item
    else:
        async for item in items:
            if not number:
                first = time.perf_counter()
            number += 1
            last = item
    return number, first, last


async def read(contestant: Contestant, reading: Reading) -> tuple[int, float, Any]:
    """Open a contestant and read all records."""
    async with contestant.open(reading) as items:
        return await take(items)


def identity(record: Any) -> int:
    """Return the id of a record of any contestant."""
    return int(record["id"] if isinstance(record, dict) else record.id)


def measure(contestant: Contestant, reading: Reading, latency: float) -> dict[str, Any]:
    """Warm up with a few rows, then measure reading all rows."""
    control(reading.url, "/set/", latency=0, rows=WARM_UP)
    asyncio.run(read(contestant, attrs.evolve(reading, rows=WARM_UP)))
    control(reading.url, "/set/", latency=latency, rows=reading.rows)
    control(reading.url, "/stats/", reset=1)
    gc.collect()
    # This resets the peak memory of the process.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    memory_before = memory("VmRSS")
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    number, first, last = asyncio.run(read(contestant, reading))
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    if contestant.yields == "records":
        oldest = identity(last) - reading.rows + 1
        if number != reading.rows or oldest != FIRST_ID:
            raise RuntimeError(f"{number} records came of {reading.rows}")
    stats = control(reading.url, "/stats/")
    return {
        "wall": wall,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "memory": memory("VmHWM") - memory_before,
        "first": first - began,
        "requests": stats["requests"],
        "bytes": stats["bytes"],
    }


class NoEndError(Exception):
    """A reading did not end."""


def _sleep_less(seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
    sleep(min(seconds, 0.001))


@contextmanager
def impatience() -> Generator[None]:
    """Shorten all waits of the peers, and end readings that take too long."""

    def stop(*_: object) -> None:
        raise NoEndError

    with patch("time.sleep", _sleep_less):
        signal.signal(signal.SIGALRM, stop)
        signal.alarm(LONGEST)
        try:
            yield
        finally:
            signal.alarm(0)


def lose(contestant: Contestant, reading: Reading, setting: str, seed: int) -> dict[str, Any]:
    """Read while rows change or requests fail, and compare with the rows that existed all the time."""
    control(reading.url, "/set/", latency=0, seed=seed, setting=setting)
    control(reading.url, "/stats/", reset=1)
    came: collections.Counter[int] = collections.Counter()
    error = ""

    async def collect() -> None:
        async with contestant.open(reading) as items:
            if isinstance(items, Iterator):
                for item in items:
                    came[identity(item)] += 1
            else:
                async for item in items:
                    came[identity(item)] += 1

    try:
        with impatience():
            asyncio.run(collect())
    except Exception as raised:  # noqa: BLE001  every error is counted
        error = type(raised).__name__
    permanent: list[int] = control(reading.url, "/permanent/")
    return {
        "lost": sum(1 for one in permanent if not came[one]),
        "doubled": sum(1 for times in came.values() if times > 1),
        "error": error,
        "requests": control(reading.url, "/stats/")["requests"],
    }


def main(options: argparse.Namespace) -> object:
    """Run the measurement of the command line."""
    contestant = CONTESTANTS[options.contestant]
    reading = Reading(url=options.url, page_size=options.page_size, rows=options.rows)
    if options.what == "read":
        return measure(contestant, reading, options.latency)
    hurried = attrs.evolve(reading, hurry=True)
    return [lose(contestant, hurried, options.setting, seed) for seed in range(options.runs)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("read", "loss"))
    parser.add_argument("contestant", choices=CONTESTANTS)
    parser.add_argument("--url", required=True)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--page-size", type=int, default=1_000)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--setting", default="calm")
    parser.add_argument("--runs", type=int, default=30)
    print_result(main(parser.parse_args()))
