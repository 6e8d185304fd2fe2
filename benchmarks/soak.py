"""A soak: many calls over many tasks against a server that misbehaves at random.

    python benchmarks/soak.py [--calls 50000] [--tasks 64] [--faults 0.2]

Every create has a title of its own, so that what the server holds in the end can be held
against what each caller was told. It fails where a write was lost or doubled beyond what
was reported, where a call had no end, and where memory, tasks or descriptors grew.
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
    """Resident memory of this process, in MiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def descriptors() -> int:
    """How many files and sockets this process has open."""
    return len(os.listdir("/proc/self/fd"))


class Soak:
    """The callers, and what each of them was told."""

    def __init__(self, intervals: IntervalsClient, project: int, seed: int) -> None:
        self.intervals = intervals
        self.project = project
        self.chance = random.Random(seed)
        self.told: dict[str, str] = {}
        self.ends: collections.Counter[str] = collections.Counter()
        self.made: list[int] = []

    async def create(self) -> None:
        """Write a note, and remember what was said of it."""
        title = f"soak {len(self.told)}"
        self.told[title] = "no end"
        try:
            note = await self.intervals.projectnote.create(
                projectid=self.project, title=title, note="x", secure=False
            )
        except AmbiguousWriteError:
            self.told[title] = "ambiguous"
            raise
        except ResponseError:
            self.told[title] = "answer unreadable"
            raise
        except CallError:
            self.told[title] = "failed"
            raise
        self.told[title] = "written"
        if len(self.made) < 100:
            self.made.append(note.id)

    async def call(self) -> None:
        """Make one call, drawn at random, and count its end."""
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
            self.ends["answered"] += 1
        except CallError as error:
            self.ends[type(error).__name__] += 1

    async def run(self, calls: int, tasks: int) -> None:
        """Make so many calls from so many tasks."""
        numbers = iter(range(calls))

        async def worker() -> None:
            for _ in numbers:
                await self.call()

        await asyncio.gather(*(worker() for _ in range(tasks)))


async def main(options: argparse.Namespace) -> int:
    """Soak, then hold the server's notes against what was told."""
    command = [
        sys.executable,
        str(HERE / "faulty_server.py"),
        str(options.seed),
        str(options.faults),
    ]
    server = subprocess.Popen(  # noqa: ASYNC220  before anything runs in the loop
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdin is not None
    assert server.stdout is not None

    def ask(word: str) -> Any:
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
    ask("heal")
    held = collections.Counter(ask("titles"))
    server.stdin.close()
    server.stdout.close()
    server.wait()
    told = collections.Counter(soak.told.values())
    lost = [title for title, end in soak.told.items() if end == "written" and not held[title]]
    doubled = [title for title in soak.told if held[title] > 1]
    ghosts = [title for title, end in soak.told.items() if end == "failed" and held[title]]
    print(f"calls               {options.calls} over {options.tasks} tasks in {seconds:.0f} s")
    print(f"ends                {dict(soak.ends)}")
    print(f"creates             {dict(told)}")
    print(f"lost writes         {len(lost)}")
    print(f"doubled writes      {len(doubled)}")
    print(f"failed but written  {len(ghosts)}")
    print(f"memory              {warm:.1f} MiB when warm, {grown:+.1f} MiB since")
    print(f"tasks left          {tasks}")
    print(f"descriptors         {opened} when warm, {descriptors()} in the end")
    good = (
        sum(soak.ends.values()) == options.calls
        and not (lost or doubled or ghosts or told["no end"] or tasks)
        and grown < 5.0
        and descriptors() <= opened
    )
    print("all promises kept" if good else "A PROMISE WAS BROKEN")
    return 0 if good else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=50_000)
    parser.add_argument("--tasks", type=int, default=64)
    parser.add_argument("--faults", type=float, default=0.2, help="share of answers that fail")
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(asyncio.run(main(parser.parse_args())))
