"""Read rows that do not keep to the documentation, and check that none of them is lost.

    python benchmarks/odd_rows.py [--rows 100000] [--seed 0]

A server sends rows of all resources, in which fields are missing, null, empty or of another type.
Each row that has an id must be yielded once. Each of its fields must hold the value of the sound
row, or must be unset with the sent value in `Record.unreadable`. The exit code is 1 otherwise.
100,000 rows take about 10 seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
from aiohttp import web

from intervals_async import ABSENT, IntervalsClient, Record, columns_of
from intervals_async.resources import names, resource_class
from intervals_async.testing import FakeIntervals

Row = Mapping[str, Any]

ODD_VALUES: Sequence[Any] = (
    None, "", "x", "2024-05-06 24:00:00", "2024-13-01", -1, 1.5, 2**70, True, [], {}, [[1]],
    {"a": None}, ["a"], "\ud83d", "a&b=1&copy=2", "1e400", " 7", "0",
)  # fmt: skip

# The parent by whose id a resource is listed.
PARENTS: Mapping[str, str] = {
    "contactdescriptor": "contacttype",
    "invoiceitem": "invoice",
    "invoicenote": "invoice",
    "milestonenote": "milestone",
    "personcontact": "person",
    "projectteam": "project",
    "tasknote": "task",
}


@attrs.define
class Tally:
    """What was seen.

    Attributes:
        rows: The number of rows that were sent.
        lost: The rows that were not yielded, or were yielded twice.
        wrong: The fields that hold neither the sound value nor the sent one.
        unset: The number of fields that could not be read.
        errors: The errors that were raised.
    """

    rows: int = 0
    lost: int = 0
    wrong: list[str] = attrs.field(factory=list[str])
    unset: int = 0
    errors: list[str] = attrs.field(factory=list[str])


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    begun = time.perf_counter()
    tally = asyncio.run(check(options.rows, options.seed))
    print(
        f"{tally.rows} rows of {len(names())} resources in {time.perf_counter() - begun:.0f} s: "
        f"{tally.lost} lost or doubled, {len(tally.wrong)} wrong values, "
        f"{len(tally.errors)} errors; {tally.unset} fields unset"
    )
    for line in (*tally.wrong[:10], *tally.errors[:10]):
        print(line)
    return 1 if tally.lost or tally.wrong or tally.errors else 0


async def check(rows: int, seed: int) -> Tally:
    """Read so many odd rows of all resources."""
    chance = random.Random(seed)
    sound = await sound_rows()
    tally = Tally()
    for name, samples in sound.items():
        if samples:
            await check_resource(name, samples, -(-rows // len(names())), chance, tally)
    return tally


async def sound_rows() -> Mapping[str, Sequence[Row]]:
    """Return rows of each resource as lists have them, and some as single records have them."""
    found: dict[str, Sequence[Row]] = {}
    async with FakeIntervals() as fake, IntervalsClient(fake.token, base_url=fake.url) as client:
        for name in names():
            singles = ["/me/"] if name == "me" else ["/quota/"] if name == "quota" else []
            rows = [] if singles else [*fake.wire_rows(name)]
            if name in ("task", "project", "document"):
                singles = [f"/{name}/{row['id']}/" for row in rows[:9]]
            for path in singles:
                response = await client.raw_request("GET", path)
                body: Any = json.loads(response.body)
                rows += body[name] if isinstance(body[name], list) else [body[name]]
            found[name] = rows
    return found


async def check_resource(
    name: str, samples: Sequence[Row], number: int, chance: random.Random, tally: Tally
) -> None:
    """Read odd rows of one resource."""
    cls: Any = vars(resource_class(name))["record"]
    has_ids = any(column.name == "id" for column in columns_of(cls))
    sent: list[dict[str, Any]] = []
    for index in range(number):
        row = dict(chance.choice(samples))
        if has_ids:
            row["id"] = str(index + 1)
        sent.append(make_odd(row, chance))
    tally.rows += number
    try:
        found = await read(name, sent)
    except Exception as error:  # noqa: BLE001  any error is counted
        tally.errors.append(f"{name}: {type(error).__name__}: {error}")
        return
    if has_ids:
        counts = Counter(record.id for record in found)
        tally.lost += sum(counts[int(row["id"])] != 1 for row in sent)
    tally.lost += abs(len(found) - len(sent))
    for row, record in zip(sent, found, strict=False):
        tally.unset += len(record.unreadable)
        tally.wrong += differences(name, row, record)


def make_odd(row: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Remove, empty or retype some fields of a row, but not its id."""
    for field in [field for field in row if field != "id" and chance.random() < 0.15]:
        if chance.random() < 0.3:
            del row[field]
        else:
            row[field] = chance.choice(ODD_VALUES)
    if chance.random() < 0.1:
        row["unknown"] = chance.choice(ODD_VALUES)
    return row


def differences(name: str, row: Row, record: Record) -> Iterator[str]:
    """Yield the fields of which neither the value nor what was sent is there."""
    known = {column.name for column in columns_of(type(record))} - {"extra"}
    for field in known:
        sent = row.get(field, ABSENT)
        if field in record.unreadable:
            kept = record.unreadable[field]
            if kept is not sent and kept != json.loads(as_json(sent)):
                yield f"{name}.{field}: sent {sent!r}, kept {kept!r}"
        elif getattr(record, field) is None and sent not in (None, "", ABSENT):
            yield f"{name}.{field}: sent {sent!r}, read None"
    if "unknown" in row and "unknown" not in record.extra:
        yield f"{name}: an unknown field is missing in extra"


def as_json(value: object) -> str:
    """Return the JSON of a sent value, as the server wrote it."""
    return json.dumps(value).replace("\\ud83d", "\\ufffd")


async def read(name: str, rows: Sequence[Row]) -> list[Any]:
    """Read the rows from a server of their own."""
    listed = "list" in resource_class(name).methods()
    left = iter(rows)

    async def respond(request: web.Request) -> web.Response:
        if not listed:
            return web.json_response({"personid": 1, "status": "OK", "code": 200, name: next(left)})
        offset = int(request.query.get("offset", 0))
        part = rows[offset : offset + int(request.query.get("limit", len(rows)))]
        return web.json_response(
            {"personid": 1, "status": "OK", "code": 200, "listcount": len(rows), name: part}
        )

    app = web.Application()
    app.router.add_get(f"/{name}/", respond)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with IntervalsClient("odd", base_url=url, limits=()) as client:
            resource: Any = client.resource(name)
            if not listed:
                return [await resource.get() for _ in rows]
            filters = {f"{PARENTS[name]}id": 1} if name in PARENTS else {}
            return [record async for record in resource.list(**filters)]
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
