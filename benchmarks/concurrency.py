"""Measure how much faster concurrent pages are with a slow server.

    python benchmarks/concurrency.py [--notes 25000] [--latency 0.1] [--rounds 5]

The server is the sandbox in a process of its own. Reading with one and with eight concurrent pages
takes turns in one run. The medians are printed, and the order of the records is checked each time.
"""

import argparse
import asyncio
import re
import statistics
import subprocess
import sys
import time

from intervals_async import IntervalsClient


async def read(intervals: IntervalsClient, concurrency: int) -> tuple[float, list[int], int]:
    """Stream all notes, and return the seconds, the ids in order, and the requests."""
    began = time.perf_counter()
    async with intervals.projectnote.list().stream(
        page_size=500, concurrency=concurrency
    ) as stream:
        ids = [note.id async for note in stream]
    return time.perf_counter() - began, ids, stream.requests


async def main(options: argparse.Namespace) -> None:
    """Measure, and print the medians and their ratio."""
    words = ["--notes", str(options.notes), "--latency", str(options.latency), "--no-limits"]
    sandbox = subprocess.Popen(  # noqa: ASYNC220  nothing else runs in the loop yet
        [sys.executable, "-m", "intervals_async._cli", "sandbox", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert sandbox.stdout is not None
    found = dict(re.findall(r"INTERVALS_(BASE_URL|TOKEN)=(\S+)", sandbox.stdout.readline()))
    seconds: dict[int, list[float]] = {1: [], 8: []}
    orders: set[tuple[int, ...]] = set()
    requests = 0
    try:
        async with IntervalsClient(found["TOKEN"], base_url=found["BASE_URL"], limits=()) as client:
            await read(client, 8)
            for _ in range(options.rounds):
                for concurrency, all_seconds in seconds.items():
                    took, ids, requests = await read(client, concurrency)
                    all_seconds.append(took)
                    orders.add(tuple(ids))
    finally:
        sandbox.terminate()
        sandbox.wait()
        sandbox.stdout.close()
    (order,) = orders
    alone, together = (statistics.median(each) for each in seconds.values())
    print(f"{len(order)} notes, each once: {len(set(order)) == len(order)}; {requests} requests")
    print(f"concurrency=1  {alone:.2f} s")
    print(
        f"concurrency=8  {together:.2f} s, {alone / together:.1f} times faster, in the same order"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=25_000, help="Number of notes [25000].")
    parser.add_argument(
        "--latency", type=float, default=0.1, help="Seconds before each response [0.1]."
    )
    parser.add_argument("--rounds", type=int, default=5, help="Number of rounds [5].")
    asyncio.run(main(parser.parse_args()))
