"""Damage responses on their way, and check that the client raises its own errors only.

    python benchmarks/wire_fuzz.py [--runs 5000] [--seed 0]

A server on a socket sends responses of 1 byte to 1 MB in every encoding and framing. Each response
is cut, changed, or has a broken chunk. Every verb, a stream, a download and a raw request must end
with a result or an `IntervalsError` within its timeout. A write whose response was lost must raise
`AmbiguousWriteError`. The exit code is 1 otherwise. 5,000 runs take about two minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import importlib
import json
import random
import sys
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from intervals_async import ConnectionLostError, IntervalsClient, IntervalsError, RetryPolicy

Encode: TypeAlias = Callable[[bytes], bytes]
Act: TypeAlias = Callable[[IntervalsClient], Awaitable[object]]

FRAMINGS = ("length", "chunked", "close")
DAMAGES = ("none", "cut", "change", "insert", "chunk")
SIZES = (1, 700, 5_000, 200_000, 1_000_000)

# The longest that a run may take; the client's own timeout is shorter.
PATIENCE = 20.0


def encodings() -> Mapping[str, Encode]:
    """Return the encodings that aiohttp decodes here, and an encoding that is only claimed."""
    found: dict[str, Encode] = {"gzip": gzip.compress, "deflate": zlib.compress}
    for name, module in (("br", "brotli"), ("zstd", "backports.zstd")):
        try:
            found[name] = importlib.import_module(module).compress
        except ImportError:
            print(f"{module} is not installed: {name} is left out")
    return found


def make_body(size: int) -> bytes:
    """Return a body of about this size."""
    row = {
        "id": "1", "projectid": "1", "authorid": "1", "title": "t", "note": "x" * 500,
        "date": "2024-01-01 00:00:00", "secure": "f", "localid": "1", "projectactive": "t",
        "author": "a", "projectlocalid": "1",
    }  # fmt: skip
    if size == 1:
        return b"1"
    rows = [{**row, "id": str(id)} for id in range(1, size // 650 + 1)]
    return json.dumps({"listcount": len(rows), "projectnote": rows}).encode()


def make_response(body: bytes, encoding: str, framing: str, chance: random.Random) -> bytes:
    """Return a complete response."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    if encoding:
        head += b"Content-Encoding: %s\r\n" % encoding.encode()
    if framing == "length":
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    if framing == "close":
        return head + b"Connection: close\r\n\r\n" + body
    chunks = [head + b"Transfer-Encoding: chunked\r\n\r\n"]
    while body:
        size = chance.randint(1, 40_000)
        chunks.append(b"%x\r\n%s\r\n" % (len(body[:size]), body[:size]))
        body = body[size:]
    return b"".join([*chunks, b"0\r\n\r\n"])


def damage(response: bytes, how: str, chance: random.Random) -> bytes:
    """Damage a response."""
    data = bytearray(response)
    position = chance.randrange(len(data))
    match how:
        case "cut":
            del data[position:]
        case "change":
            data[position] ^= 1 << chance.randrange(8)
        case "insert":
            data[position:position] = chance.randbytes(3)
        case "chunk":
            data[-5:-4] = b"zz"  # the size of the last chunk, if there are chunks
        case _:
            pass
    return bytes(data)


async def download(client: IntervalsClient) -> None:
    """Read a download to its end."""
    async with client.document.download(1).open() as chunks:
        async for _ in chunks:
            pass


ACTS: Mapping[str, Act] = {
    "get": lambda client: client.projectnote.get(1),
    "list": lambda client: client.projectnote.list().collect(),
    "create": lambda client: client.projectnote.create(
        projectid=1, title="a", note="b", secure=False
    ),
    "update": lambda client: client.projectnote.update(1, title="a"),
    "delete": lambda client: client.projectnote.delete(1),
    "download": download,
    "raw request": lambda client: client.raw_request("GET", "/projectnote/"),
}


class Server:
    """Responds to every request with the same bytes."""

    def __init__(self) -> None:
        self.response = b""
        self.keeps_alive = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                _, _, length = head.partition(b"content-length:")
                if length:
                    await reader.readexactly(int(length.partition(b"\r\n")[0]))
                writer.write(self.response)
                await writer.drain()
                if not self.keeps_alive:
                    return
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


async def run(runs: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Return how the runs ended, and the descriptions of those that broke a promise."""
    chance = random.Random(seed)
    known = encodings()
    ends: Counter[str] = Counter()
    broken: list[str] = []
    server = Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    client = IntervalsClient(
        "token", base_url=f"http://127.0.0.1:{port}/", limits=(), timeout=0.25, call_timeout=1.0,
        retry=RetryPolicy(attempts=1),
    )  # fmt: skip
    async with listener, client:
        for number in range(runs):
            encoding = chance.choice(["", *known])
            is_real = chance.random() < 0.9
            body = make_body(chance.choice(SIZES))
            if encoding and is_real:
                body = known[encoding](body)
            framing, how = chance.choice(FRAMINGS), chance.choice(DAMAGES)
            server.response = damage(make_response(body, encoding, framing, chance), how, chance)
            server.keeps_alive = how != "cut" and chance.random() < 0.4
            name = chance.choice([*ACTS])
            about = f"run {number}: {name}, {encoding or 'identity'}, {framing}, {how}"
            ends[await one_run(ACTS[name], client, name, about, broken)] += 1
    return ends, broken


async def one_run(
    act: Act, client: IntervalsClient, name: str, about: str, broken: list[str]
) -> str:
    """Make one call, and return how it ended."""
    try:
        async with asyncio.timeout(PATIENCE):
            await act(client)
    except IntervalsError as error:
        if name == "create" and isinstance(error, ConnectionLostError):
            broken.append(f"{about}: {error!r} instead of AmbiguousWriteError")
        if "\n" in str(error):
            broken.append(f"{about}: an error of several lines: {error}")
        return type(error).__name__
    except Exception as error:  # noqa: BLE001  any other error is what is looked for
        broken.append(f"{about}: {error!r}")
        return type(error).__name__
    return "result"


def main() -> int:
    """Run the fuzzer; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    ends, broken = asyncio.run(run(options.runs, options.seed))
    print(f"{options.runs} damaged responses: {len(broken)} broken promises")
    print(", ".join(f"{name} {count}" for name, count in ends.most_common()))
    for line in broken[:20]:
        print(line)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
