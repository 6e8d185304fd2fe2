"""Files are downloaded chunk by chunk, completely or not at all, over a real socket."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from intervals_async import (
    ArgumentError,
    ConnectionLostError,
    Event,
    IntervalsClient,
    NotFoundError,
    PermissionDeniedError,
    RequestFailed,
    ResponseError,
)

from ..conftest import AT_ONCE
from ..pipes import pipe_at

SIZE = 3_000_000
CONTENT = bytes(range(256)) * (SIZE // 256)


class Files:
    """A server of one file, or of errors instead.

    Attributes:
        wrongs: What the next requests get instead of the file.
        requests: The requests that were received.
        custom: The next responses, before all others.
        version: The headers that identify the file, if the server accepts ranges of it.
        sent: The bytes of the file that were sent.
    """

    def __init__(self) -> None:
        self.wrongs: list[str] = []
        self.requests: list[web.Request] = []
        self.custom: list[web.Response] = []
        self.version: dict[str, str] = {}
        self.sent = 0

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Respond to one request."""
        self.requests.append(request)
        if self.custom:
            return self.custom.pop(0)
        start = 0
        headers = {**self.version, "Accept-Ranges": "bytes"} if self.version else {}
        if "Range" in request.headers and request.headers["If-Range"] in self.version.values():
            start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
        content, status = CONTENT[start:], 206 if start else 200
        match self.wrongs.pop(0) if self.wrongs else "":
            case "missing":
                error = {"code": 14, "message": "Resource does not exist", "verbose": []}
                return web.json_response({"code": 404, "error": error}, status=404)
            case "refused":
                error = {"code": 10, "message": "No permission", "verbose": []}
                return web.json_response({"code": 403, "status": "Forbidden", "error": error})
            case "json":
                return web.json_response({"name": "a JSON file", "pages": [1, 2]})
            case "busy":
                return web.Response(status=503)
            case "moved":
                return web.Response(status=302, headers={"Location": "/elsewhere/"})
            case "broken":
                length = {"Content-Length": str(len(content))}
                response = web.StreamResponse(headers=headers | length, status=status)
                await response.prepare(request)
                await response.write(content[: len(content) // 2])
                self.sent += len(content) // 2
                assert request.transport is not None
                request.transport.close()
                return response
            case "changed":
                return web.Response(body=CONTENT[::-1])
            case "another part":
                headers["Content-Range"] = f"bytes 5-{SIZE - 1}/{SIZE}"
                return web.Response(body=CONTENT[5:], status=206, headers=headers)
            case _:
                self.sent += len(content)
                return web.Response(
                    body=content, status=status, headers=headers, content_type="application/pdf"
                )


@asynccontextmanager
async def account(
    on_event: Callable[[Event], None] | None = None,
) -> AsyncGenerator[tuple[Files, IntervalsClient]]:
    """Yield such a server, and a client of it."""
    files = Files()
    app = web.Application()
    app.router.add_get("/{path:.*}", files.respond)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port, *_ = runner.addresses[0]
    try:
        async with IntervalsClient(
            "abc12345678",
            base_url=f"http://{host}:{port}/",
            limits=(),
            retry=AT_ONCE,
            on_event=on_event,
        ) as client:
            yield files, client
    finally:
        await runner.cleanup()


def names(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return [each.name for each in folder.iterdir()]


async def read(
    client: IntervalsClient, received: list[bytes], max_bytes: int | None = None
) -> None:
    """Read the file chunk by chunk."""
    async with client.document.download(7).open(max_bytes=max_bytes) as chunks:
        async for chunk in chunks:
            received.append(chunk)  # noqa: PERF401  the chunks before an error count


async def test_a_complete_file_is_saved(tmp_path: Path) -> None:
    """A complete file is saved under its name, and no other file is left."""
    async with account() as (files, client):
        assert await client.document.download(7).save(tmp_path / "offer.pdf") == len(CONTENT)
    assert (tmp_path / "offer.pdf").read_bytes() == CONTENT
    assert names(tmp_path) == ["offer.pdf"]
    assert [request.path for request in files.requests] == ["/document/7/download/"]


async def test_two_downloads_to_one_path_do_not_conflict(tmp_path: Path) -> None:
    """Two downloads to one path both write a complete file, and the last one stays."""
    async with account() as (_, client):
        download = client.document.download(7)
        path = tmp_path / "offer.pdf"
        sizes = await asyncio.gather(*(download.save(path, force=True) for _ in range(2)))
    assert sizes == [len(CONTENT)] * 2
    assert path.read_bytes() == CONTENT
    assert names(tmp_path) == ["offer.pdf"]


async def test_a_file_is_read_in_small_chunks() -> None:
    """A file can be read in chunks, none of which is large."""
    received: list[bytes] = []
    async with account() as (_, client):
        await read(client, received)
    assert b"".join(received) == CONTENT
    assert len(received) > 4
    assert max(map(len, received)) <= 512 * 1024


async def test_leaving_the_block_closes_the_connection() -> None:
    """Leaving the block early closes the connection, and is reported."""
    events: list[Event] = []
    async with account(events.append) as (_, client):
        async with client.document.download(7).open() as chunks:
            assert await anext(chunks)
        assert isinstance(events[-1], RequestFailed)
        assert len(asyncio.all_tasks()) <= 3  # those of the test and of the server


async def test_a_file_that_ends_early_is_requested_again(tmp_path: Path) -> None:
    """A file that ends early is requested again, and replaces the incomplete bytes."""
    async with account() as (files, client):
        files.wrongs = ["busy", "broken"]
        await client.document.download(7).save(tmp_path / "offer.pdf")
    assert (tmp_path / "offer.pdf").read_bytes() == CONTENT
    assert names(tmp_path) == ["offer.pdf"]
    assert len(files.requests) == 3


async def test_chunks_of_a_file_that_ends_early_are_an_error() -> None:
    """Reading chunks of a file that ends early raises ConnectionLostError."""
    received: list[bytes] = []
    async with account() as (files, client):
        files.wrongs = ["broken"]
        with pytest.raises(ConnectionLostError) as caught:
            await read(client, received)
    assert 0 < len(b"".join(received)) < len(CONTENT)
    assert caught.value.path == "/document/7/download/"


async def test_a_download_is_retried_as_the_policy_says(tmp_path: Path) -> None:
    """After the last attempt, the error is raised and no file is left."""
    async with account() as (files, client):
        files.wrongs = ["broken"] * 50
        with pytest.raises(ConnectionLostError):
            await client.document.download(7).save(tmp_path / "offer.pdf")
    assert 1 < len(files.requests) < 50
    assert not names(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ("missing", NotFoundError),
        ("moved", ResponseError),
        ("refused", PermissionDeniedError),
    ],
)
async def test_an_error_is_not_saved_as_the_file(
    wrong: str, error: type[Exception], tmp_path: Path
) -> None:
    """An error of the API or a redirect is raised, and not saved as the file."""
    async with account() as (files, client):
        files.wrongs = [wrong]
        with pytest.raises(error):
            await client.document.download(7).save(tmp_path / "offer.pdf")
    assert len(files.requests) == 1
    assert not names(tmp_path)


async def test_a_file_may_be_json(tmp_path: Path) -> None:
    """A JSON file is saved, unless it is an envelope with an error."""
    async with account() as (files, client):
        files.wrongs = ["json"]
        await client.document.download(7).save(tmp_path / "file.json")
    assert (tmp_path / "file.json").read_text() == '{"name": "a JSON file", "pages": [1, 2]}'


async def test_reading_after_the_block_is_an_error() -> None:
    """Reading after the end of the block raises an error, instead of ending the file."""
    async with account() as (_, client):
        async with client.document.download(7).open() as chunks:
            await anext(chunks)
        with pytest.raises(ConnectionLostError):
            await anext(chunks)


async def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    """An existing file is overwritten with force=True only; otherwise no request is sent."""
    target = tmp_path / "offer.pdf"
    target.write_text("mine")
    async with account() as (files, client):
        with pytest.raises(FileExistsError, match=r"offer\.pdf"):
            await client.document.download(7).save(target)
        assert not files.requests
        assert target.read_text() == "mine"
        await client.document.download(7).save(target, force=True)
    assert target.read_bytes() == CONTENT


async def test_a_cancelled_download_leaves_no_file(tmp_path: Path) -> None:
    """A cancelled download leaves no file, nor a part of it."""
    async with account() as (_, client):
        task = asyncio.create_task(client.document.download(7).save(tmp_path / "offer.pdf"))
        while not names(tmp_path):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not names(tmp_path)


def test_the_repr_shows_the_path() -> None:
    """The repr of a download shows its path, and not the token."""
    client = IntervalsClient("abc12345678", base_url="http://127.0.0.1:1/")
    assert repr(client.document.download(7)) == "<Download /document/7/download/>"


# Whole files only


def respond_with(files: Files, body: bytes, status: int = 200, **headers: str) -> None:
    """Respond to the next request with this."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    files.custom.append(web.Response(body=body, status=status, headers=named))


def encoded(encoding: str) -> bytes:
    """Return the file in an encoding."""
    return gzip.compress(CONTENT) if encoding == "gzip" else zlib.compress(CONTENT)


async def test_a_file_is_requested_without_encoding(tmp_path: Path) -> None:
    """Nobody would notice the missing end of an encoded file."""
    async with account() as (files, client):
        await client.document.download(7).save(tmp_path / "a")
    assert files.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_an_encoded_file_is_decoded(tmp_path: Path, encoding: str) -> None:
    """A server that encodes all the same is understood, and the end is checked."""
    async with account() as (files, client):
        whole = encoded(encoding)
        respond_with(files, whole[: len(whole) // 2], Content_Encoding=encoding)
        respond_with(files, whole[:-1], Content_Encoding=encoding)
        respond_with(files, whole, Content_Encoding=encoding)
        assert await client.document.download(7).save(tmp_path / "a") == len(CONTENT)
        assert len(files.requests) == 3
        respond_with(files, whole[:-1], Content_Encoding=encoding)
        with pytest.raises(ConnectionLostError):
            await read(client, [])
        respond_with(files, whole + b"more", Content_Encoding=encoding)
        with pytest.raises(ConnectionLostError):
            await read(client, [])
    assert (tmp_path / "a").read_bytes() == CONTENT


@pytest.mark.parametrize("encoding", ["br", "zstd", "secret"])
async def test_an_unknown_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    """A file whose end cannot be checked is not saved."""
    async with account() as (files, client):
        respond_with(files, CONTENT, Content_Encoding=encoding)
        with pytest.raises(ResponseError, match=encoding):
            await client.document.download(7).save(tmp_path / "a")
    assert names(tmp_path) == []


async def test_a_file_larger_than_max_bytes_is_refused(tmp_path: Path) -> None:
    """A small response that expands to much is refused while it is decoded."""
    bomb = gzip.compress(bytes(50_000_000))
    async with account() as (files, client):
        cases: list[tuple[bytes, dict[str, Any]]] = [
            (bomb, {"Content_Encoding": "gzip"}),
            (CONTENT, {}),
        ]
        for body, headers in cases:
            respond_with(files, body, **headers)
            with pytest.raises(ResponseError, match="max_bytes"):
                await client.document.download(7).save(tmp_path / "a", max_bytes=1_000_000)
            respond_with(files, body, **headers)
            received: list[bytes] = []
            with pytest.raises(ResponseError, match="max_bytes"):
                await read(client, received, 1_000_000)
            assert sum(map(len, received)) <= 1_000_000
        assert await client.document.download(7).save(tmp_path / "b", max_bytes=len(CONTENT))
        with pytest.raises(ArgumentError, match="max_bytes"):
            await client.document.download(7).save(tmp_path / "c", max_bytes=-1)
    assert names(tmp_path) == ["b"]


ERROR = b' {"error":{"code":10,"message":"No permission"}}'


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        ({"body": b"", "status": 204}, ResponseError),
        ({"body": b"<html>Sorry</html>", "Content_Type": "text/html"}, ResponseError),
        ({"body": ERROR, "Content_Type": "text/plain"}, PermissionDeniedError),
        ({"body": ERROR, "Content_Type": "application/octet-stream"}, PermissionDeniedError),
    ],
)
async def test_what_is_no_file_is_not_saved(
    tmp_path: Path, response: dict[str, Any], kind: type[Exception]
) -> None:
    """No content, an HTML page and an error of any media type are no file."""
    async with account() as (files, client):
        respond_with(files, **response)
        with pytest.raises(kind):
            await client.document.download(7).save(tmp_path / "a")
        respond_with(files, **response)
        with pytest.raises(kind):
            await read(client, [])
    assert names(tmp_path) == []


async def test_a_file_may_be_html(tmp_path: Path) -> None:
    """HTML that is marked as a file is saved, and any HTML if the caller expects it."""
    page: dict[str, Any] = {"body": b"<html>Offer</html>", "Content_Type": "text/html"}
    async with account() as (files, client):
        respond_with(files, **page, Content_Disposition='attachment; filename="a.html"')
        await client.document.download(7).save(tmp_path / "a")
        respond_with(files, **page)
        await client.document.download(7).save(tmp_path / "b", accept_html=True)
    assert sorted(names(tmp_path)) == ["a", "b"]


@pytest.mark.parametrize(
    "version", [{"ETag": '"v1"'}, {"Last_Modified": "Wed, 01 May 2024 09:30:00 GMT"}]
)
async def test_a_broken_download_continues_where_it_broke(
    tmp_path: Path, version: dict[str, str]
) -> None:
    """If the server accepts ranges, only the rest is requested, of the same version."""
    async with account() as (files, client):
        files.version = {name.replace("_", "-"): value for name, value in version.items()}
        files.wrongs = ["broken", "broken"]
        assert await client.document.download(7).save(tmp_path / "a") == len(CONTENT)
    assert (tmp_path / "a").read_bytes() == CONTENT
    starts = [request.headers.get("Range") for request in files.requests]
    assert starts[0] is None
    assert all(str(start).startswith("bytes=") for start in starts[1:])
    assert len(starts) == 3
    assert all(request.headers["If-Range"] in version.values() for request in files.requests[1:])
    assert files.sent < 2 * len(CONTENT)


async def test_a_changed_file_starts_again(tmp_path: Path) -> None:
    """A response with the complete file replaces what was written."""
    async with account() as (files, client):
        files.version = {"ETag": '"v1"'}
        files.wrongs = ["broken", "changed"]
        assert await client.document.download(7).save(tmp_path / "a") == len(CONTENT)
    assert (tmp_path / "a").read_bytes() == CONTENT[::-1]


async def test_another_part_is_an_error(tmp_path: Path) -> None:
    """A part that does not begin where the file broke off is not appended."""
    async with account() as (files, client):
        files.version = {"ETag": '"v1"'}
        files.wrongs = ["broken", "another part"]
        with pytest.raises(ResponseError, match="part"):
            await client.document.download(7).save(tmp_path / "a")
    assert names(tmp_path) == []


# Devices and pipes


async def test_a_pipe_receives_the_file_and_is_kept(tmp_path: Path) -> None:
    """A pipe receives the bytes of the file, and is not replaced, even with force."""
    async with account() as (_, client):
        with pipe_at(tmp_path / "pipe") as received:
            size = await client.document.download(7).save(tmp_path / "pipe", force=True)
    assert received == [CONTENT]
    assert size == len(CONTENT)
    assert names(tmp_path) == ["pipe"]


async def test_a_broken_download_into_a_pipe_is_an_error(tmp_path: Path) -> None:
    """A pipe never receives a byte twice: a response that ends early is an error."""
    async with account() as (files, client):
        files.wrongs = ["busy", "broken"]
        with pipe_at(tmp_path / "pipe") as received, pytest.raises(ConnectionLostError):
            await client.document.download(7).save(tmp_path / "pipe")
        assert CONTENT.startswith(received[0])
        assert len(files.requests) == 2
        respond_with(files, CONTENT)
        with pipe_at(tmp_path / "small"), pytest.raises(ResponseError, match="max_bytes"):
            await client.document.download(7).save(tmp_path / "small", max_bytes=10)


async def test_what_cannot_be_written_is_refused_before_the_request(tmp_path: Path) -> None:
    """A folder, a socket and the name of a folder are refused before a request is sent."""
    bound = tmp_path / "socket"
    async with account() as (files, client):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(bound))
            for target in (tmp_path, bound):
                with pytest.raises(OSError, match="Errno") as caught:
                    await client.document.download(7).save(target, force=True)
                assert caught.value.filename == str(target)
        with pytest.raises(ArgumentError, match="target: "):
            await client.document.download(7).save(f"{tmp_path}/new/")
    assert files.requests == []
    assert bound.is_socket()
