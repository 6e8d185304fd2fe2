"""Soak test: many calls from many tasks against a server that fails at random.

    python benchmarks/soak.py [--calls 50000] [--tasks 64] [--faults 0.2]

Every created note has a unique title. At the end, the notes on the server are compared with the
results of the calls. The exit code is 1 if a write was lost or duplicated, if a failed
write was carried out, if a call did not end, or if memory, tasks or file descriptors were left behind.
50,000 calls take about half a minute on two cores.
"""

import argparse
import asyncio
import collections
import gc
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from intervals_async import (
    AmbiguousWriteError,
    CallError,
    IntervalsClient,
    ResponseError,
    RetryPolicy,
)

HERE = Path(__file__).parent


def memory() -> float:
    """Return the resident memory of this process, in MiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def descriptors() -> int:
    """Return the number of open files and sockets of this process."""
    return len(os.listdir("/proc/self/fd"))


class Soak:
    """The calls, and the result of each of them."""

    def __init__(self, intervals: IntervalsClient, project: int, seed: int) -> None:
        self.intervals = intervals
        self.project = project
        self.chance = random.Random(seed)
        self.results: dict[str, str] = {}
        self.ends: collections.Counter[str] = collections.Counter()
        self.made: list[int] = []

    async def create(self) -> None:
        """Create a note, and record the result of the call by its title."""
        title = f"soak {len(self.results)}"
        self.results[title] = "no end"
        try:
            note = await self.intervals.projectnote.create(
                projectid=self.project, title=title, note="x", secure=False
            )
        except AmbiguousWriteError:
            self.results[title] = "ambiguous"
            raise
        except ResponseError:
            self.results[title] = "response invalid"
            raise
        except CallError:
            self.results[title] = "failed"
            raise
        self.results[title] = "written"
        if len(self.made) < 100:
            self.made.append(note.id)

    async def call(self) -> None:
        """Make one random call, and count its result."""
        kind = self.chance.choices(["get", "list", "create", "update"], [50, 15, 25, 10])[0]
        notes = self.intervals.projectnote
        try:
            if kind == "create" or not self.made:
                await self.create()
            elif kind == "update":
                await notes.update(self.chance.choice(self.made), note=f"<p>{time.time()}</p>")
            elif kind == "get":
                await notes.get(self.chance.choice(self.made))
            else:
                await notes.list(limit=40).stream(page_size=10, concurrency=2).__anext__()
            self.ends["succeeded"] += 1
        except CallError as error:
            self.ends[type(error).__name__] += 1

    async def run(self, calls: int, tasks: int) -> None:
        """Make a number of calls from a number of tasks."""
        numbers = iter(range(calls))

        async def worker() -> None:
            for _ in numbers:
                await self.call()

        await asyncio.gather(*(worker() for _ in range(tasks)))


async def main(options: argparse.Namespace) -> int:
    """Run the soak test, then compare the server's notes with the results of the calls."""
    command = [
        sys.executable,
        str(HERE / "faulty_server.py"),
        str(options.seed),
        str(options.faults),
    ]
    server = subprocess.Popen(  # noqa: ASYNC220  nothing else runs in the loop yet
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdin is not None
    assert server.stdout is not None

    def request(word: str) -> Any:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(f"{word}\n")
        server.stdin.flush()
        return json.loads(server.stdout.readline())

    address = json.loads(server.stdout.readline())
    client = IntervalsClient(
        address["token"],
        base_url=address["url"],
        limits=(),
        retry=RetryPolicy(wait_initial=0.001, wait_max=0.01, wait_too_fast=0.001),
        max_response_bytes=2**20,
        timeout=20,
    )
    patient = client.with_options(retry=RetryPolicy(attempts=50, wait_initial=0))
    project = None
    while project is None:
        try:
            project = await patient.project.list().first()
        except CallError:
            continue
    soak = Soak(client, project.id, options.seed)
    await soak.run(options.calls // 5, options.tasks)
    warm, opened = memory(), descriptors()
    began = time.monotonic()
    await soak.run(options.calls - options.calls // 5, options.tasks)
    seconds = time.monotonic() - began
    grown = memory() - warm
    await client.close()
    for _ in range(3):
        await asyncio.sleep(0)
    tasks = len(asyncio.all_tasks()) - 1
    request("heal")
    held = collections.Counter(request("titles"))
    server.stdin.close()
    server.stdout.close()
    server.wait()
    results = collections.Counter(soak.results.values())
    lost = [title for title, end in soak.results.items() if end == "written" and not held[title]]
    duplicated = [title for title in soak.results if held[title] > 1]
    ghosts = [title for title, end in soak.results.items() if end == "failed" and held[title]]
    print(f"calls               {options.calls} from {options.tasks} tasks in {seconds:.0f} s")
    print(f"results of calls    {dict(soak.ends)}")
    print(f"results of creates  {dict(results)}")
    print(f"lost writes         {len(lost)}")
    print(f"duplicated writes   {len(duplicated)}")
    print(f"failed but written  {len(ghosts)}")
    print(f"memory              {warm:.1f} MiB after the warm-up, {grown:+.1f} MiB since then")
    print(f"tasks left          {tasks}")
    print(f"descriptors         {opened} after the warm-up, {descriptors()} at the end")
    good = (
        sum(soak.ends.values()) == options.calls
        and not (lost or duplicated or ghosts or results["no end"] or tasks)
        and grown < 5.0
        and descriptors() <= opened
    )
    print(
        "passed: nothing lost, duplicated or left over" if good else "FAILED: see the lines above"
    )
    return 0 if good else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=50_000, help="Number of calls [50000].")
    parser.add_argument("--tasks", type=int, default=64, help="Number of concurrent tasks [64].")
    parser.add_argument(
        "--faults", type=float, default=0.2, help="Share of responses that fail [0.2]."
    )
    parser.add_argument("--seed", type=int, default=1, help="Seed of the calls and faults [1].")
    sys.exit(asyncio.run(main(parser.parse_args())))
