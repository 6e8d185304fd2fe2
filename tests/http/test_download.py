"""Files are downloaded chunk by chunk, completely or not at all, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from intervals_async import (
    ConnectionLostError,
    Event,
    IntervalsClient,
    NotFoundError,
    PermissionDeniedError,
    RequestFailed,
    ResponseError,
)

from ..conftest import AT_ONCE

SIZE = 3_000_000
CONTENT = bytes(range(256)) * (SIZE // 256)


class Files:
    """A server of one file, or of errors instead.

    Attributes:
        wrongs: What the next requests get instead of the file.
        requests: The requests that were received.
    """

    def __init__(self) -> None:
        self.wrongs: list[str] = []
        self.requests: list[web.Request] = []

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Respond to one request."""
        self.requests.append(request)
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
                response = web.StreamResponse(headers={"Content-Length": str(len(CONTENT))})
                await response.prepare(request)
                await response.write(CONTENT[: SIZE // 2])
                assert request.transport is not None
                request.transport.close()
                return response
            case _:
                return web.Response(body=CONTENT, content_type="application/pdf")


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


async def read(client: IntervalsClient, received: list[bytes]) -> None:
    """Read the file chunk by chunk."""
    async with client.document.download(7).open() as chunks:
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
