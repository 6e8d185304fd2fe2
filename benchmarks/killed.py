"""Kill exports of an account at random moments, and resume them until they are complete.

    python benchmarks/killed.py [--kills 200] [--seed 0]

Each kill is an `os._exit` during the work, like ``kill -9``. The files of each export are compared
with those of an uninterrupted export: byte by byte for JSON Lines and CSV, row by row for Parquet and
SQLite. The exit code is 1 if any export differs. 200 kills take about 8 minutes on two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import sys
import tempfile
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

from intervals_async import IntervalsClient
from intervals_async.export import AccountProgress, Manifest, export_account
from intervals_async.testing import FakeIntervals

FORMATS = ("jsonl", "csv", "parquet", "sqlite")

# Resources whose rows do not change while the server runs.
RESOURCES = ["invoiceitem", "person", "personcontact", "projectnote", "task", "tasknote"]

NOTES = 2000


async def child(url: str, token: str, folder: str, format: str, left: int) -> None:
    """Export an account, and kill this process at progress report number `left`; 0 kills nothing."""

    def progress(_: AccountProgress) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            import_module("os")._exit(9)

    async with IntervalsClient(token, base_url=url, limits=()) as client:
        await export_account(
            client,
            folder,
            resources=RESOURCES,
            format=format,
            checkpoint_every=0,
            on_progress=progress,
        )


async def run(fake: FakeIntervals, folder: Path, format: str, left: int) -> bool:
    """Export in a new process, and return whether it was completed; `left` is as in `child`."""
    words = ["--child", fake.url, fake.token, str(folder), format, str(left)]
    process = await asyncio.create_subprocess_exec(sys.executable, __file__, *words)
    code = await process.wait()
    if code not in (0, 9):
        raise RuntimeError(f"export: expected exit code 0 or 9, got {code}")
    return code == 0


def content(folder: Path, format: str) -> Any:
    """Return the content of the files of an export."""
    if format == "sqlite":
        with closing(sqlite3.connect(folder / "account.sqlite")) as database:
            return [
                list(database.execute(f"SELECT * FROM {name} ORDER BY 1")) for name in RESOURCES
            ]
    paths = [folder / f"{name}.{format}" for name in RESOURCES]
    if format == "parquet":
        parquet: Any = import_module("pyarrow.parquet")
        return [parquet.read_table(path).to_pylist() for path in paths]
    return [path.read_bytes() for path in paths]


async def measure(kills: int, seed: int) -> int:
    """Kill and resume exports, print the results, and return the exit code."""
    dice = random.Random(seed)
    killed = exports = 0
    differing: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        async with FakeIntervals(notes=NOTES, seed=seed, per_minute=None, per_day=None) as fake:
            uninterrupted = {format: Path(name, f"uninterrupted-{format}") for format in FORMATS}
            for format, folder in uninterrupted.items():
                assert await run(fake, folder, format, 0)
            while killed < kills:
                format = FORMATS[exports % len(FORMATS)]
                folder = Path(name, str(exports))
                while not await run(fake, folder, format, dice.randrange(1, 40)):
                    killed += 1
                exports += 1
                flaws = list(Manifest.read(folder).flaws(folder))
                leftovers = {path.name for path in folder.iterdir()} != {
                    path.name for path in uninterrupted[format].iterdir()
                }
                if (
                    flaws
                    or leftovers
                    or content(folder, format) != content(uninterrupted[format], format)
                ):
                    differing.append(f"{exports} ({format})")
    print(f"{'kills':32}{killed}")
    print(f"{'exports completed after kills':32}{exports}")
    print(f"{'of these with differences':32}{', '.join(differing) or 0}")
    return 1 if differing else 0


def main() -> int:
    """Parse the command line and run."""
    if sys.argv[1:2] == ["--child"]:
        url, token, folder, format, left = sys.argv[2:]
        asyncio.run(child(url, token, folder, format, int(left)))
        return 0
    parser = argparse.ArgumentParser(description="Kill exports, and resume them.")
    parser.add_argument("--kills", type=int, default=200, help="Number of kills [200].")
    parser.add_argument("--seed", type=int, default=0, help="Seed of the kills [0].")
    options = parser.parse_args()
    return asyncio.run(measure(options.kills, options.seed))


if __name__ == "__main__":
    sys.exit(main())
