"""Measure the CPU time of exporting, compared with streaming alone, and its memory.

    python benchmarks/exporting.py [--rows 100000] [--rounds 5] [--only jsonl,parquet]
    python benchmarks/exporting.py --rows 1000000 --rounds 1

Each measurement runs in a process of its own, and the formats take turns. The table shows medians
of CPU time (user and system, all threads) and peak memory, and the ratio to streaming the same
notes alone. The exit code is 1 if a figure exceeds its limit.
"""

import argparse
import asyncio
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from statistics import median
from typing import Any

from child import memory
from contestant import TOKEN
from result import control, found, print_result

from intervals_async import IntervalsClient, ProjectNote
from intervals_async.export import CsvSink, JsonLinesSink, ParquetSink, Sink, SqliteSink, export

HERE = Path(__file__).parent

WAYS = {
    "stream": "streaming alone",
    "jsonl": "JSON Lines",
    "jsonl.gz": "JSON Lines, gzip",
    "jsonl.zst": "JSON Lines, zstd",
    "csv": "CSV",
    "parquet": "Parquet",
    "sqlite": "SQLite, a new file",
    "sqlite-again": "SQLite, refreshed",
    "arrow": "arrow_batches()",
}

# The maximum ratio of CPU time to streaming alone, and the maximum memory in MiB for all formats.
PROMISED = {"jsonl": 1.5, "parquet": 2.0}
MEMORY = 150.0

WARM_UP = 10


def sink_of(way: str, folder: Path) -> Sink:
    """Return the sink for a format, which replaces an existing file."""
    path = folder / f"notes.{way}"
    match way:
        case "csv":
            return CsvSink(path, ProjectNote, force=True)
        case "parquet":
            return ParquetSink(path, ProjectNote, force=True)
        case "sqlite" | "sqlite-again":
            return SqliteSink(folder / "notes.sqlite", ProjectNote)
        case _:
            return JsonLinesSink(path, force=True)


def reading(way: str, url: str, folder: Path) -> Callable[[], Coroutine[Any, Any, int]]:
    """Return a function that reads all notes in one way, and returns their number."""

    async def read() -> int:
        async with IntervalsClient(TOKEN, base_url=url, limits=()) as intervals:
            notes = intervals.projectnote.list()
            number = 0
            if way == "stream":
                async for _ in notes:
                    number += 1
            elif way == "arrow":
                async for batch in notes.arrow_batches():
                    number += batch.num_rows
            else:
                number = await export(notes, sink_of(way, folder))
            return number

    return read


def measured(way: str, url: str, rows: int, folder: Path) -> dict[str, float]:
    """Warm up with a few rows, then measure reading all rows."""
    read = reading(way, url, folder)
    control(url, "/set/", rows=WARM_UP)
    asyncio.run(read())
    control(url, "/set/", rows=rows)
    if way == "sqlite-again":
        asyncio.run(read())
    elif way == "sqlite":
        (folder / "notes.sqlite").unlink()
    gc.collect()
    # This resets the peak memory of the process.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    number = asyncio.run(read())
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    if number != rows:
        raise RuntimeError(f"records: expected {rows}, got {number}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": cpu, "wall": wall, "peak": memory("VmHWM")}


def child(way: str, url: str, rows: int) -> dict[str, float]:
    """Measure one way in a new process."""
    words = [way, "--url", url, "--rows", str(rows)]
    ended = subprocess.run(
        [sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True, check=True
    )
    result: dict[str, float] = found(ended.stdout)
    return result


def main(options: argparse.Namespace) -> int:
    """Measure all ways in turns, print the table, and return the exit code."""
    ways = ["stream", *(way for way in options.only.split(",") if way != "stream")]
    with subprocess.Popen(
        [sys.executable, str(HERE / "bench_server.py"), "--rows", str(options.rows)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        figures: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
        for _ in range(options.rounds):
            for way in ways:
                figures[way].append(child(way, url, options.rows))
    return show(figures, options.rows)


def show(figures: dict[str, list[dict[str, float]]], rows: int) -> int:
    """Print the table, and return the exit code."""
    alone = median(one["cpu"] for one in figures["stream"])
    broken = 0
    print(f"{rows:,} notes; medians of {len(figures['stream'])}")
    print(f"{'':24} {'CPU':>8} {'ratio':>6} {'wall':>8} {'peak memory':>14}")
    for way, runs in figures.items():
        cpu, wall, peak = (median(one[what] for one in runs) for what in ("cpu", "wall", "peak"))
        most = PROMISED.get(way, float("inf"))
        kept = cpu / alone <= most and peak <= MEMORY
        broken += not kept
        print(
            f"{WAYS[way]:24} {cpu:6.2f} s {cpu / alone:6.2f} {wall:6.2f} s {peak:10.0f} MiB"
            f"{'' if kept else '  above the limit'}"
        )
    return 1 if broken else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure the export of notes in all formats.")
    parser.add_argument(
        "way", nargs="?", choices=WAYS, help="Measure this way alone, in this process."
    )
    parser.add_argument("--url", help="URL of the server, for one way alone.")
    parser.add_argument("--rows", type=int, default=100_000, help="Number of notes [100000].")
    parser.add_argument("--rounds", type=int, default=5, help="Number of rounds [5].")
    parser.add_argument(
        "--only", default=",".join(WAYS), help="Comma-separated ways to measure [all]."
    )
    chosen: Any = parser.parse_args()
    if chosen.way is None:
        sys.exit(main(chosen))
    with tempfile.TemporaryDirectory() as temporary:
        here = Path(temporary)
        print_result(measured(chosen.way, chosen.url, chosen.rows, here))
