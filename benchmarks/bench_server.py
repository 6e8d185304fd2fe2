"""A fast loopback server of notes, in a process of its own.

    python benchmarks/bench_server.py --rows 100000

It prints its URL as one line of JSON, and ends when its standard input ends. Besides
``/projectnote/?offset=&limit=`` it serves

    /set/?latency=0.15&rows=10000    wait before each response; serve only the first rows
    /set/?seed=1&setting=delete      change rows or fail; setting= ends that
    /stats/?reset=1                  requests and bytes since the last reset
    /permanent/                      the ids of rows that existed all the time
"""

import argparse
import asyncio
import json
import sys
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from changing_rows import ChangingRows, Response, envelope
from note_rows import Shelf

PIECE = 256 * 1024
REASONS = {200: b"OK", 400: b"Bad Request", 404: b"Not Found", 500: b"Internal Server Error"}


class Site:
    """The responses, and the count of requests."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._rows = len(shelf)
        self._latency = 0.0
        self._changing: ChangingRows | None = None
        self._requests = 0
        self._bytes = 0

    async def response(self, path: str, query: dict[str, str]) -> Response:
        """Return the response to a GET request."""
        match path:
            case "/projectnote/":
                return await self._notes(int(query.get("offset", 0)), int(query.get("limit", 10)))
            case "/set/":
                return self._set(query)
            case "/stats/":
                stats = {"requests": self._requests, "bytes": self._bytes}
                if "reset" in query:
                    self._requests = self._bytes = 0
                return _plain(stats)
            case "/permanent/" if self._changing is not None:
                return _plain(sorted(self._changing.permanent))
            case _:
                return Response((b"{}",), status=404)

    async def _notes(self, offset: int, limit: int) -> Response:
        if self._latency:
            await asyncio.sleep(self._latency)
        if self._changing is not None:
            response = self._changing.page(offset, limit)
        else:
            page = self._shelf.cut(offset, min(offset + limit, self._rows))
            response = Response(envelope(self._rows, page))
        self._requests += 1
        self._bytes += sum(map(len, response.pieces))
        return response

    def _set(self, query: dict[str, str]) -> Response:
        self._latency = float(query.get("latency", self._latency))
        self._rows = min(int(query.get("rows", self._rows)), len(self._shelf))
        if "setting" in query:
            setting = query["setting"]
            self._changing = ChangingRows(int(query["seed"]), setting) if setting else None
        return _plain({"latency": self._latency, "rows": self._rows})


class Connection(asyncio.Protocol):
    """An HTTP/1.1 connection for GET requests, with keep-alive."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._waiting = bytearray()
        self._room = asyncio.Event()
        self._room.set()
        self._transport: asyncio.Transport | None = None
        self._serving: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the response in progress."""
        if self._serving is not None:
            self._serving.cancel()

    def pause_writing(self) -> None:
        """Stop sending while the client is slower."""
        self._room.clear()

    def resume_writing(self) -> None:
        """Continue when the client has caught up."""
        self._room.set()

    def data_received(self, data: bytes) -> None:
        """Start to serve, unless that is in progress."""
        self._waiting += data
        if self._serving is None or self._serving.done():
            self._serving = asyncio.get_running_loop().create_task(self._serve())

    async def _serve(self) -> None:
        assert self._transport is not None
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._waiting[:end]).decode("latin-1")
            del self._waiting[: end + 4]
            target = urlsplit(head.split(" ", 2)[1])
            response = await self._site.response(target.path, dict(parse_qsl(target.query)))
            if response.cut == "before":
                break
            await self._send(response)
            if response.cut or "connection: close" in head.lower():
                break
        else:
            return
        self._transport.close()

    async def _send(self, response: Response) -> None:
        assert self._transport is not None
        size = sum(map(len, response.pieces))
        reason = REASONS[response.status]
        self._transport.write(
            b"HTTP/1.1 %d %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % (response.status, reason, size)
        )
        left = size // 2 if response.cut == "within" else size
        for piece in response.pieces:
            for start in range(0, min(len(piece), left), PIECE):
                self._transport.write(piece[start : min(start + PIECE, left)])
                await self._room.wait()
            left = max(left - len(piece), 0)


def _plain(value: object) -> Response:
    return Response((json.dumps(value).encode(),))


async def main(rows: int, seed: int) -> None:
    """Serve until the standard input ends."""
    site = Site(Shelf(rows, seed))
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(site), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"url": f"http://127.0.0.1:{port}"}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    asyncio.run(main(options.rows, options.seed))
