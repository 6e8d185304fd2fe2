"""A file is taken piece by piece, whole or not at all, over a real socket."""

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
    RetryPolicy,
)

SIZE = 3_000_000
CONTENT = bytes(range(256)) * (SIZE // 256)
AT_ONCE = RetryPolicy(wait_initial=0, wait_too_fast=0)


class Files:
    """A server that gives one file, or what it is told to give instead.

    Attributes:
        wrongs: What the next requests get instead of the file.
        asked: The requests that came.
    """

    def __init__(self) -> None:
        self.wrongs: list[str] = []
        self.asked: list[web.Request] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.asked.append(request)
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
    """Give such a server, and a client of it."""
    files = Files()
    app = web.Application()
    app.router.add_get("/{path:.*}", files.answer)
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
    """What is in a folder."""
    return [each.name for each in folder.iterdir()]


async def read(client: IntervalsClient, got: list[bytes]) -> None:
    """Take the file piece by piece."""
    async with client.document.download(7).open() as pieces:
        async for piece in pieces:
            got.append(piece)  # noqa: PERF401  what comes before an error counts


async def test_a_file_is_saved_whole(tmp_path: Path) -> None:
    """Under its name when it is complete; nothing else is left there."""
    async with account() as (files, client):
        assert await client.document.download(7).save(tmp_path / "offer.pdf") == len(CONTENT)
    assert (tmp_path / "offer.pdf").read_bytes() == CONTENT
    assert names(tmp_path) == ["offer.pdf"]
    assert [request.path for request in files.asked] == ["/document/7/download/"]


async def test_two_downloads_to_one_path_do_not_lock_out_each_other(tmp_path: Path) -> None:
    """Both write a complete file; with force, the last one stays."""
    async with account() as (_, client):
        download = client.document.download(7)
        path = tmp_path / "offer.pdf"
        sizes = await asyncio.gather(*(download.save(path, force=True) for _ in range(2)))
    assert sizes == [len(CONTENT)] * 2
    assert path.read_bytes() == CONTENT
    assert names(tmp_path) == ["offer.pdf"]


async def test_pieces_come_one_by_one() -> None:
    """None is large, and together they are the file."""
    got: list[bytes] = []
    async with account() as (_, client):
        await read(client, got)
    assert b"".join(got) == CONTENT
    assert len(got) > 4
    assert max(map(len, got)) <= 512 * 1024


async def test_who_leaves_early_leaves_nothing_behind() -> None:
    """The connection is closed at the end of the block, and that is told."""
    events: list[Event] = []
    async with account(events.append) as (_, client):
        async with client.document.download(7).open() as pieces:
            assert await anext(pieces)
        assert isinstance(events[-1], RequestFailed)
        assert len(asyncio.all_tasks()) <= 3  # this one and the server's


async def test_a_file_that_breaks_off_is_asked_for_again(tmp_path: Path) -> None:
    """Of the first half nothing stays."""
    async with account() as (files, client):
        files.wrongs = ["busy", "broken"]
        await client.document.download(7).save(tmp_path / "offer.pdf")
    assert (tmp_path / "offer.pdf").read_bytes() == CONTENT
    assert names(tmp_path) == ["offer.pdf"]
    assert len(files.asked) == 3


async def test_pieces_that_break_off_are_an_error() -> None:
    """Never a shorter file in silence."""
    got: list[bytes] = []
    async with account() as (files, client):
        files.wrongs = ["broken"]
        with pytest.raises(ConnectionLostError) as caught:
            await read(client, got)
    assert 0 < len(b"".join(got)) < len(CONTENT)
    assert caught.value.path == "/document/7/download/"


async def test_it_gives_up_as_the_policy_says(tmp_path: Path) -> None:
    """And then nothing is there."""
    async with account() as (files, client):
        files.wrongs = ["broken"] * 50
        with pytest.raises(ConnectionLostError):
            await client.document.download(7).save(tmp_path / "offer.pdf")
    assert 1 < len(files.asked) < 50
    assert not names(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ("missing", NotFoundError),
        ("moved", ResponseError),
        ("refused", PermissionDeniedError),
    ],
)
async def test_a_refusal_is_an_error_and_no_file(
    wrong: str, error: type[Exception], tmp_path: Path
) -> None:
    """What the API says instead of the file is not saved as the file; redirects are not followed."""
    async with account() as (files, client):
        files.wrongs = [wrong]
        with pytest.raises(error):
            await client.document.download(7).save(tmp_path / "offer.pdf")
    assert len(files.asked) == 1
    assert not names(tmp_path)


async def test_a_file_may_be_json(tmp_path: Path) -> None:
    """Only an envelope that tells of an error is none."""
    async with account() as (files, client):
        files.wrongs = ["json"]
        await client.document.download(7).save(tmp_path / "file.json")
    assert (tmp_path / "file.json").read_text() == '{"name": "a JSON file", "pages": [1, 2]}'


async def test_after_the_block_nothing_is_read_as_the_end() -> None:
    """Pieces that are kept beyond it do not pass for a whole file."""
    async with account() as (_, client):
        async with client.document.download(7).open() as pieces:
            await anext(pieces)
        with pytest.raises(ConnectionLostError, match="closed before its end"):
            await anext(pieces)


async def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """Unless told so; without that nothing is asked for."""
    target = tmp_path / "offer.pdf"
    target.write_text("mine")
    async with account() as (files, client):
        with pytest.raises(FileExistsError, match=r"offer\.pdf"):
            await client.document.download(7).save(target)
        assert not files.asked
        assert target.read_text() == "mine"
        await client.document.download(7).save(target, force=True)
    assert target.read_bytes() == CONTENT


async def test_a_cancelled_download_leaves_no_file(tmp_path: Path) -> None:
    """Nor a part of one."""
    async with account() as (_, client):
        task = asyncio.create_task(client.document.download(7).save(tmp_path / "offer.pdf"))
        while not names(tmp_path):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not names(tmp_path)


def test_it_shows_what_it_is() -> None:
    """Nothing is sent for that, and none of the token is in it."""
    client = IntervalsClient("abc12345678", base_url="http://127.0.0.1:1/")
    assert repr(client.document.download(7)) == "<Download /document/7/download/>"
