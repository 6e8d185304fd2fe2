"""That ``intervals-async export --all`` loses nothing: each record of an account, in each format.

    python benchmarks/everything.py [--notes 100000] [--seed 1] [--only jsonl,parquet]

The real command exports a made-up account of all resources, once in each format. Then each file is
read back by the standard library, pandas, polars and DuckDB, as far as they are installed, and
held against the server's own rows: every record there exactly once, every field with its value
and of the type that the documentation says. It fails where anything differs.

All commands run at once: each keeps the limit of the minute by itself, and so waits a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import attrs
from aiohttp import ClientSession
from readers import KNOWN, Columns, File, Reader, readers
from wire_rows import Row, columns_of, fields_of, found

from intervals_async import resources
from intervals_async.testing import FakeIntervals

# The server's clock stands still, so that a timer has run as long in each format.
NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)

# These have no table on the server.
ASKED_FOR = ("me", "quota")

# Flaws that are shown of a format.
SHOWN = 10


@attrs.frozen(eq=False)
class Account:
    """What the server has, and was asked.

    Attributes:
        rows: The rows of each resource, as they are sent.
        requests: How many requests the exports have taken together.
    """

    rows: Mapping[str, Sequence[Row]]
    requests: int

    @cache  # noqa: B019  there is one account, which stays to the end
    def columns(self, resource: str, format: str) -> Mapping[str, Sequence[Any]]:
        """What a file of a resource is to hold."""
        return columns_of(self.rows[resource], fields_of(resource), format)

    def told(self, file: File, columns: Columns) -> Mapping[str, Sequence[Any]]:
        """What a reader has found in a file, in plain forms."""
        told = {field.name: found(field.kind, columns.values[field.name]) for field in file.fields}
        if file.resource == "quota":
            # it has counted some requests of the exports themselves
            (row,) = self.rows["quota"]
            counted = range(int(row["used"]), int(row["used"]) + self.requests + 1)
            if all(used in counted for used in told["used"]):
                told["used"] = [int(row["used"]) for _ in told["used"]]
        return told


@attrs.define
class Result:
    """What came of a format.

    Attributes:
        files: How many files there are.
        records: How many records the first reader found.
        requests: How many requests they took, as the manifest says.
        differing: How many records are lost, doubled or other than the server's.
        readers: The readers that were asked.
        agreed: Those that found the same rows, and the types of the documentation.
        flaws: What is wrong, in words.
    """

    files: int
    records: int
    requests: int
    differing: int = 0
    readers: Sequence[str] = ()
    agreed: list[str] = attrs.field(factory=list[str])
    flaws: list[str] = attrs.field(factory=list[str])


async def export(fake: FakeIntervals, folder: Path, format: str) -> None:
    """Run the command."""
    words = ["export", "--all", "--output", str(folder), "--format", format, "--quiet"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "intervals_async._cli",
        *words,
        env={**os.environ, "INTERVALS_TOKEN": fake.token, "INTERVALS_BASE_URL": fake.url},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:  # another one has failed
            process.kill()
    if process.returncode:
        raise RuntimeError(f"the export to {format} failed: {said.decode()}")


async def asked(fake: FakeIntervals, resource: str) -> Sequence[Row]:
    """What the server answers of a resource that has no table: one row."""
    authorization = b64encode(f"{fake.token}:X".encode()).decode()
    headers = {"Authorization": f"Basic {authorization}", "Accept": "application/json"}
    async with (
        ClientSession(headers=headers) as session,
        session.get(f"{fake.url}{resource}/") as response,
    ):
        told = (await response.json())[resource]
    return told if isinstance(told, list) else [told]


async def exported(folder: Path, formats: Sequence[str], notes: int, seed: int) -> Account:
    """Export an account in some formats; say what was in it, and how many requests came."""
    fake = FakeIntervals(notes=notes, seed=seed, per_minute=None, per_day=None, now=lambda: NOW)
    async with fake:
        rows = {name: await asked(fake, name) for name in ASKED_FOR}
        before = fake.requests
        async with asyncio.TaskGroup() as group:
            for format in formats:
                group.create_task(export(fake, folder / format, format))
        requests = fake.requests - before
        others = [name for name in resources.names() if name not in rows]
        return Account(rows | {name: of_table(fake, name) for name in others}, requests)


def of_table(fake: FakeIntervals, resource: str) -> Sequence[Row]:
    """The rows of a table as they are sent, each of them."""
    rows = fake.wire_rows(resource)
    sent = [int(str(row["id"])) for row in rows if "id" in row]
    if len(rows) != len(fake.rows(resource)) or len({*sent}) != len(sent):
        raise RuntimeError(f"the server does not send each row of {resource} once")
    return rows


def differences(wanted: Mapping[str, Sequence[Any]], told: Mapping[str, Sequence[Any]]) -> int:
    """How many rows are lost, doubled or other than they are to be, in whatever order."""
    expected, there = (
        Counter(zip(*(columns[name] for name in wanted), strict=True)) for columns in (wanted, told)
    )
    return max((expected - there).total(), (there - expected).total())


def compare(account: Account, reader: Reader, file: File, format: str) -> tuple[int, int, str]:
    """Read a file back: how many rows there are, how many differ, and what is wrong, in words."""
    columns = reader.read(file)
    told = account.told(file, columns)
    wanted = account.columns(file.resource, format)
    differing = differences(wanted, told)
    complaints = list(reader.wrong_types(file, columns))
    if differing:
        names = [name for name in wanted if Counter(wanted[name]) != Counter(told[name])]
        complaints.append(f"{differing:,} rows differ, in {', '.join(names) or 'their order'}")
    return len(next(iter(told.values()))), differing, "; ".join(complaints)


def check(account: Account, folder: Path, format: str) -> Result:
    """Hold what was written in a format against the server's rows, with each reader."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    names = {each["resource"]: each["file"]["name"] for each in manifest["exported"]}
    result = Result(
        files=len({*names.values()}),
        records=0,
        requests=manifest["further_requests"]
        + sum(each["requests"] for each in manifest["exported"]),
    )
    said = {each["resource"]: each["records"] for each in manifest["exported"]}
    if names.keys() != account.rows.keys():
        left_out = sorted(account.rows.keys() - names.keys())
        result.flaws.append(f"left out: {', '.join(left_out)}")
        result.differing += sum(len(account.rows[name]) for name in left_out)
    more = {path.name for path in folder.iterdir()} - {"manifest.json", *names.values()}
    result.flaws += [f"{name} is left behind" for name in sorted(more)]
    asked = readers(format)
    result.readers = [reader.name for reader in asked]
    for reader in asked:
        flaws: list[str] = []
        for resource, name in names.items():
            file = File(folder / name, resource, fields_of(resource))
            try:
                number, differing, complaint = compare(account, reader, file, format)
            except Exception as error:  # noqa: BLE001  whatever a reader says of a file is shown
                number, differing = 0, len(account.rows[resource])
                complaint = f"it cannot be read: {' '.join(str(error).split()):.200}"
            if reader is asked[0]:
                result.records += number
                result.differing += differing
                if number != said[resource]:
                    complaint += f"; the manifest says {said[resource]:,} records, not {number:,}"
            if complaint:
                flaws.append(f"{reader.name}: {resource}: {complaint}")
        if not flaws:
            result.agreed.append(reader.name)
        result.flaws += flaws
    return result


def show(results: Mapping[str, Result], requests: int) -> int:
    """Print the table, and what is wrong; give the exit code."""
    print(
        f"{'format':10} {'files':>5} {'records':>9} {'requests':>8} {'differing':>9}  readers agreed"
    )
    for format, result in results.items():
        agreed = f"{len(result.agreed)} of {len(result.readers)}: {', '.join(result.agreed)}"
        print(
            f"{format:10} {result.files:5} {result.records:9,} {result.requests:8} "
            f"{result.differing:9,}  {agreed}"
        )
    flaws = list(in_words(results, requests))
    print(*flaws, sep="\n", end="\n" if flaws else "")
    for format, result in results.items():
        missing = [each.name for each in KNOWN[format] if each.name not in result.readers]
        if missing:
            print(f"{format}: not installed, so not asked: {', '.join(missing)}")
    return 1 if flaws else 0


def in_words(results: Mapping[str, Result], requests: int) -> Iterator[str]:
    """Say what is wrong, at some length."""
    for format, result in results.items():
        for flaw in result.flaws[:SHOWN]:
            yield f"{format}: {flaw}"
        if len(result.flaws) > SHOWN:
            yield f"{format}: and {len(result.flaws) - SHOWN} more"
    said = sum(result.requests for result in results.values())
    if said != requests:
        yield f"the manifests say {said} requests, and {requests} came"


def main() -> int:
    """Export, read back, and show what came of it."""
    parser = argparse.ArgumentParser(description="Export an account, and hold it against itself.")
    parser.add_argument("--notes", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(KNOWN), help="some of the formats")
    options = parser.parse_args()
    formats = options.only.split(",")
    with tempfile.TemporaryDirectory() as name:
        account = asyncio.run(exported(Path(name), formats, options.notes, options.seed))
        results = {format: check(account, Path(name, format), format) for format in formats}
    return show(results, account.requests)


if __name__ == "__main__":
    sys.exit(main())
