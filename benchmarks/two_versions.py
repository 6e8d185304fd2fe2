"""Compare the CPU time of two versions of the library, by turns in one run.

    python benchmarks/two_versions.py OLD NEW [--rounds 7] [--rows 50000] [--most 1.03]

OLD and NEW are wheels, or folders that hold the package. Each measurement runs in a process of
its own, after a warm-up, against one server that both share. The table shows medians of the
client's CPU seconds and their ratio. The exit code is 1 if a ratio is above ``--most``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any
from zipfile import ZipFile

HERE = Path(__file__).parent
TOKEN = "tmp1234567890"


async def _read(notes: Any, **options: Any) -> None:
    async for _ in notes.stream(**options):
        pass


async def stream_pages(client: Any, rows: int) -> None:
    """Stream in pages of 1,000."""
    await _read(client.projectnote.list(limit=rows), page_size=1000)


async def stream_defaults(client: Any, rows: int) -> None:
    """Stream without options."""
    await _read(client.projectnote.list(limit=rows))


async def stream_snapshot(client: Any, rows: int) -> None:
    """Stream one response."""
    await _read(client.projectnote.list(limit=rows), snapshot=True)


async def small_calls(client: Any, rows: int) -> None:
    """Get one record repeatedly, 16 times concurrently."""
    notes = client.projectnote.list()
    for _ in range(rows // 160):
        await asyncio.gather(*(notes.first() for _ in range(16)))


WORK: dict[str, Callable[[Any, int], Awaitable[None]]] = {
    each.__name__: each for each in (stream_pages, stream_defaults, stream_snapshot, small_calls)
}


async def measure(name: str, url: str, rows: int) -> float:
    """Return the CPU seconds of some work, in this process."""
    from intervals_async import IntervalsClient  # noqa: PLC0415  whichever version is first

    async with IntervalsClient(TOKEN, base_url=url, limits=()) as client:
        await WORK[name](client, min(rows, 1600))
        began = time.process_time()
        await WORK[name](client, rows)
        return time.process_time() - began


def child(version: str, *arguments: str) -> float:
    """Run something in a process that imports one version, and return its CPU seconds."""
    environment = {**os.environ, "PYTHONPATH": version}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout)


def folder_of(version: Path, scratch: Path) -> str:
    """Return a folder to import a version from."""
    if version.suffix != ".whl":
        return str(version.resolve())
    target = scratch / version.stem
    with ZipFile(version) as wheel:
        wheel.extractall(target)
    return str(target)


IMPORT = (
    "import time; b = time.process_time(); import intervals_async; print(time.process_time() - b)"
)


def main() -> int:
    """Measure in turns, and print the table."""
    parser = argparse.ArgumentParser(description="Compare two versions of the library.")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--most", type=float, default=1.03)
    options = parser.parse_args()
    worst = 0.0
    server = subprocess.Popen(
        [sys.executable, str(HERE / "bench_server.py"), "--rows", str(options.rows)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    url = json.loads(server.stdout.readline())["url"]
    with tempfile.TemporaryDirectory() as scratch:
        versions = [folder_of(each, Path(scratch)) for each in (options.old, options.new)]
        jobs = {name: ("--child", name, url, str(options.rows)) for name in WORK}
        print(f"{'CPU seconds':20} {'old':>8} {'new':>8} {'new/old':>8}")
        for name in (*jobs, "import"):
            command = ("-c", IMPORT) if name == "import" else (__file__, *jobs[name])
            for version in versions:
                child(version, *command)  # Warm up the bytecode.
            rounds = [
                [child(version, *command) for version in versions] for _ in range(options.rounds)
            ]
            old, new = (median(column) for column in zip(*rounds, strict=True))
            ratio = median(after / before for before, after in rounds)
            worst = max(worst, ratio)
            print(f"{name:20} {old:8.3f} {new:8.3f} {ratio:8.3f}")
    server.stdin.close()
    server.wait()
    return 0 if worst <= options.most else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(asyncio.run(measure(sys.argv[2], sys.argv[3], int(sys.argv[4]))))
    else:
        sys.exit(main())
