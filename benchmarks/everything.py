"""Check that ``intervals-async export --all`` writes each record of an account, in each format.

    python benchmarks/everything.py [--notes 100000] [--seed 1] [--only jsonl,parquet]

The command exports a random account with all resources, once in each format. The standard library,
pandas, polars and DuckDB, as far as they are installed, read each file. The result is compared with
the server's rows: each record exactly once, and each field with its value and its documented type.
The exit code is 1 if anything differs.

All commands run concurrently. Each keeps its own limit per minute, and so waits for a minute.
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

# The server's clock is stopped, so that timers have the same duration in each format.
NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)

# The resources without a table on the server.
ASKED_FOR = ("me", "quota")

# The maximum number of flaws to print for a format.
SHOWN = 10


@attrs.frozen(eq=False)
class Account:
    """The rows of the server, and the requests of the exports.

    Attributes:
        rows: The rows of each resource, as they are sent.
        requests: The number of requests of all exports.
    """

    rows: Mapping[str, Sequence[Row]]
    requests: int

    @cache  # noqa: B019  there is only one account
    def columns(self, resource: str, format: str) -> Mapping[str, Sequence[Any]]:
        """Return the expected content of the file of a resource."""
        return columns_of(self.rows[resource], fields_of(resource), format)

    def actual(self, file: File, columns: Columns) -> Mapping[str, Sequence[Any]]:
        """Return what a reader found in a file, as plain values."""
        actual = {
            field.name: found(field.kind, columns.values[field.name]) for field in file.fields
        }
        if file.resource == "quota":
            # The quota may count some requests of the exports.
            (row,) = self.rows["quota"]
            counted = range(int(row["used"]), int(row["used"]) + self.requests + 1)
            if all(used in counted for used in actual["used"]):
                actual["used"] = [int(row["used"]) for _ in actual["used"]]
        return actual


@attrs.define
class Result:
    """The result of a format.

    Attributes:
        files: The number of files.
        records: The number of records that the first reader found.
        requests: The number of requests according to the manifest.
        differing: The number of records that are lost, doubled or different.
        readers: The readers that were used.
        agreed: The readers that found the same rows and the documented types.
        flaws: Descriptions of what is wrong.
    """

    files: int
    records: int
    requests: int
    differing: int = 0
    readers: Sequence[str] = ()
    agreed: list[str] = attrs.field(factory=list[str])
    flaws: list[str] = attrs.field(factory=list[str])


async def export(fake: FakeIntervals, folder: Path, format: str) -> None:
    """Run the export command."""
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
        _, errors = await process.communicate()
    finally:
        if process.returncode is None:  # another export has failed
            process.kill()
    if process.returncode:
        raise RuntimeError(f"the export to {format} failed: {errors.decode()}")


async def asked(fake: FakeIntervals, resource: str) -> Sequence[Row]:
    """Request the rows of a resource without a table on the server."""
    authorization = b64encode(f"{fake.token}:X".encode()).decode()
    headers = {"Authorization": f"Basic {authorization}", "Accept": "application/json"}
    async with (
        ClientSession(headers=headers) as session,
        session.get(f"{fake.url}{resource}/") as response,
    ):
        actual = (await response.json())[resource]
    return actual if isinstance(actual, list) else [actual]


async def exported(folder: Path, formats: Sequence[str], notes: int, seed: int) -> Account:
    """Export an account in some formats, and return its rows and the number of requests."""
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
    """Return all rows of a table as they are sent."""
    rows = fake.wire_rows(resource)
    sent = [int(str(row["id"])) for row in rows if "id" in row]
    if len(rows) != len(fake.rows(resource)) or len({*sent}) != len(sent):
        raise RuntimeError(f"rows of {resource}: expected each row once")
    return rows


def differences(wanted: Mapping[str, Sequence[Any]], actual: Mapping[str, Sequence[Any]]) -> int:
    """Return how many rows are lost, doubled or different, in any order."""
    expected, there = (
        Counter(zip(*(columns[name] for name in wanted), strict=True))
        for columns in (wanted, actual)
    )
    return max((expected - there).total(), (there - expected).total())


def compare(account: Account, reader: Reader, file: File, format: str) -> tuple[int, int, str]:
    """Read a file, and return the numbers of rows and differences, and what is wrong."""
    columns = reader.read(file)
    actual = account.actual(file, columns)
    wanted = account.columns(file.resource, format)
    differing = differences(wanted, actual)
    complaints = list(reader.wrong_types(file, columns))
    if differing:
        names = [name for name in wanted if Counter(wanted[name]) != Counter(actual[name])]
        complaints.append(f"{differing:,} rows differ, in {', '.join(names) or 'their order'}")
    return len(next(iter(actual.values()))), differing, "; ".join(complaints)


def check(account: Account, folder: Path, format: str) -> Result:
    """Compare the files of a format with the server's rows, with each reader."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    names = {each["resource"]: each["file"]["name"] for each in manifest["exported"]}
    result = Result(
        files=len({*names.values()}),
        records=0,
        requests=manifest["further_requests"]
        + sum(each["requests"] for each in manifest["exported"]),
    )
    stated = {each["resource"]: each["records"] for each in manifest["exported"]}
    if names.keys() != account.rows.keys():
        left_out = sorted(account.rows.keys() - names.keys())
        result.flaws.append(f"left out: {', '.join(left_out)}")
        result.differing += sum(len(account.rows[name]) for name in left_out)
    more = {path.name for path in folder.iterdir()} - {"manifest.json", *names.values()}
    result.flaws += [f"{name}: unexpected file" for name in sorted(more)]
    asked = readers(format)
    result.readers = [reader.name for reader in asked]
    for reader in asked:
        flaws: list[str] = []
        for resource, name in names.items():
            file = File(folder / name, resource, fields_of(resource))
            try:
                number, differing, complaint = compare(account, reader, file, format)
            except Exception as error:  # noqa: BLE001  every error of a reader is reported
                number, differing = 0, len(account.rows[resource])
                complaint = f"cannot be read: {' '.join(str(error).split()):.200}"
            if reader is asked[0]:
                result.records += number
                result.differing += differing
                if number != stated[resource]:
                    complaint += f"; the manifest says {stated[resource]:,} records, not {number:,}"
            if complaint:
                flaws.append(f"{reader.name}: {resource}: {complaint}")
        if not flaws:
            result.agreed.append(reader.name)
        result.flaws += flaws
    return result


def show(results: Mapping[str, Result], requests: int) -> int:
    """Print the table and the flaws, and return the exit code."""
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
            print(f"{format}: not installed, so not used: {', '.join(missing)}")
    return 1 if flaws else 0


def in_words(results: Mapping[str, Result], requests: int) -> Iterator[str]:
    """Yield the flaws, up to the maximum number for each format."""
    for format, result in results.items():
        for flaw in result.flaws[:SHOWN]:
            yield f"{format}: {flaw}"
        if len(result.flaws) > SHOWN:
            yield f"{format}: and {len(result.flaws) - SHOWN} more"
    stated = sum(result.requests for result in results.values())
    if stated != requests:
        yield f"requests: the manifests have {stated}, the server counted {requests}"


def main() -> int:
    """Export, read the files, and print the results."""
    parser = argparse.ArgumentParser(
        description="Export an account, and compare it with the server."
    )
    parser.add_argument("--notes", type=int, default=100_000, help="Number of notes [100000].")
    parser.add_argument("--seed", type=int, default=1, help="Seed of the account [1].")
    parser.add_argument("--only", default=",".join(KNOWN), help="Comma-separated formats [all].")
    options = parser.parse_args()
    formats = options.only.split(",")
    with tempfile.TemporaryDirectory() as name:
        account = asyncio.run(exported(Path(name), formats, options.notes, options.seed))
        results = {format: check(account, Path(name, format), format) for format in formats}
    return show(results, account.requests)


if __name__ == "__main__":
    sys.exit(main())
