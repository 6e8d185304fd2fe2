"""Exports of an account that are killed at random moments, and gone on with until they are done.

    python benchmarks/killed.py [--kills 200] [--seed 0]

Each kill is an `os._exit` in the midst of the work, as by ``kill -9``. At the end of each export its
files are held against those of one that was not killed: byte for byte for JSON Lines and CSV, row for
row for Parquet and SQLite. It fails where one differs.
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

# Resources whose rows do not change from one second to the next.
RESOURCES = ["invoiceitem", "person", "personcontact", "projectnote", "task", "tasknote"]

NOTES = 2000


async def child(url: str, token: str, folder: str, format: str, left: int) -> None:
    """Export; die when it was told so often how far it is."""

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
    """Export in a process of its own; say whether it came to its end."""
    words = ["--child", fake.url, fake.token, str(folder), format, str(left)]
    process = await asyncio.create_subprocess_exec(sys.executable, __file__, *words)
    code = await process.wait()
    if code not in (0, 9):
        raise RuntimeError(f"an export ended with {code}")
    return code == 0


def content(folder: Path, format: str) -> Any:
    """What is in the files of an export."""
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
    """Kill and go on, and say what came of it; the exit code."""
    dice = random.Random(seed)
    killed = exports = 0
    differing: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        async with FakeIntervals(notes=NOTES, seed=seed, per_minute=None, per_day=None) as fake:
            unbroken = {format: Path(name, f"unbroken-{format}") for format in FORMATS}
            for format, folder in unbroken.items():
                assert await run(fake, folder, format, 0)
            while killed < kills:
                format = FORMATS[exports % len(FORMATS)]
                folder = Path(name, str(exports))
                while not await run(fake, folder, format, dice.randrange(1, 40)):
                    killed += 1
                exports += 1
                flaws = list(Manifest.read(folder).flaws(folder))
                leftovers = {path.name for path in folder.iterdir()} != {
                    path.name for path in unbroken[format].iterdir()
                }
                if (
                    flaws
                    or leftovers
                    or content(folder, format) != content(unbroken[format], format)
                ):
                    differing.append(f"{exports} ({format})")
    print(f"{'kills':32}{killed}")
    print(f"{'exports gone on with to the end':32}{exports}")
    print(f"{'of these not as if unbroken':32}{', '.join(differing) or 0}")
    return 1 if differing else 0


def main() -> int:
    """Read the command line."""
    if sys.argv[1:2] == ["--child"]:
        url, token, folder, format, left = sys.argv[2:]
        asyncio.run(child(url, token, folder, format, int(left)))
        return 0
    parser = argparse.ArgumentParser(description="Kill exports, and go on with them.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    return asyncio.run(measure(options.kills, options.seed))


if __name__ == "__main__":
    sys.exit(main())
