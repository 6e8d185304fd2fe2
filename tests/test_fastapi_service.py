"""The example of FastAPI in processes of its own, over a real socket."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from intervals_async import Limit
from intervals_async.limits.sqlite import SqliteLimitStore
from intervals_async.testing import FakeIntervals, faults

from .test_examples import EXAMPLES, over_http

pytestmark = pytest.mark.slow


@pytest.fixture
async def account() -> AsyncIterator[FakeIntervals]:
    """Yield a server without limits of its own."""
    async with FakeIntervals(notes=10, seed=1, per_minute=None) as fake:
        yield fake


@asynccontextmanager
async def fastapi_service(
    fake: FakeIntervals, folder: Path, port: int, *, workers: int = 1
) -> AsyncGenerator[None]:
    """Run the service until the end of the block, when it must end at once and without a word."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDEVMODE"} | {
        "INTERVALS_TOKEN": fake.token,
        "INTERVALS_BASE_URL": fake.url,
        "INTERVALS_LIMITS": str(folder / "limits.sqlite"),
        "PYTHONWARNINGS": "error",
    }
    words = ["--app-dir", str(EXAMPLES), "--port", str(port), "--workers", str(workers)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "--no-access-log", *words, "fastapi_service:app"),
        env=env,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        said = b""
        while said.count(b"startup complete") < workers or b"running on" not in said:
            said += (line := await process.stderr.readline())
            assert line, "the service has ended"
        yield
        process.terminate()
        async with asyncio.timeout(60):
            complaint = (await process.stderr.read()).decode()
        assert "Traceback" not in complaint
        assert complaint.count("shutdown complete") == workers
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def of_projects(fake: FakeIntervals) -> str:
    """Return the query for the time entries of all projects."""
    return "&".join(f"projectid={row['id']}" for row in fake.rows("project"))


async def test_records_streams_and_errors(
    account: FakeIntervals, tmp_path: Path, unused_tcp_port: int
) -> None:
    """The service returns and streams records; errors have a status, also on a first page."""
    async with fastapi_service(account, tmp_path, unused_tcp_port):

        async def ask(path: str) -> tuple[int, str]:
            return await over_http(unused_tcp_port, "GET", path)

        rows = account.rows("time")
        status, body = await ask(f"/time?{of_projects(account)}")
        assert status == 200
        assert sorted(json.loads(line)["id"] for line in body.split("\n")[:-1]) == sorted(
            int(str(row["id"])) for row in rows
        )
        status, body = await ask(f"/time/{rows[0]['id']}")
        assert (status, json.loads(body)["id"]) == (200, rows[0]["id"])
        assert json.loads((await ask("/openapi.json"))[1])["components"]["schemas"]["Time"]
        assert (await ask("/time/1"))[0] == 404
        assert (await ask("/time/0"))[0] == 400
        assert (await ask("/time"))[0] == 422
        account.inject(faults.Status(401, code=9, message="User bad auth"))
        status, body = await ask("/time?projectid=1")
        assert (status, "token" in body) == (502, False)
        account.inject(faults.DayUsedUp(), times=None)
        assert (await ask("/time?projectid=1"))[0] == 503


class Asked:
    """An event that is never set. It knows whether somebody has waited for it."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.waited = asyncio.Event()

    def is_set(self) -> bool:
        """Wait for ever."""
        self.loop.call_soon_threadsafe(self.waited.set)
        return False


async def test_a_caller_who_leaves_ends_the_stream(
    account: FakeIntervals, tmp_path: Path, unused_tcp_port: int
) -> None:
    """A caller who disconnects ends the stream, even in the middle of a request for a page."""
    second_page = Asked()
    account.inject(faults.Hold(second_page), path="/time/*", skip=1)
    async with fastapi_service(account, tmp_path, unused_tcp_port):
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        writer.write(f"GET /time?{of_projects(account)} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
        assert b"200 OK" in await reader.readline()
        async with asyncio.timeout(60):
            await second_page.waited.wait()
        writer.close()
        # The service waits for open responses before it ends, and the page never arrives.


async def test_workers_share_the_limits(
    account: FakeIntervals, tmp_path: Path, unused_tcp_port: int
) -> None:
    """Three workers count their requests in one store, and none of them opens a second one."""
    entry = account.rows("time")[0]["id"]
    async with fastapi_service(account, tmp_path, unused_tcp_port, workers=3):
        found = await asyncio.gather(
            *(over_http(unused_tcp_port, "GET", f"/time/{entry}") for _ in range(40))
        )
        assert {status for status, _ in found} == {200}
        async with SqliteLimitStore(tmp_path / "limits.sqlite") as store:
            assert await store.used([Limit(100, per=60.0)]) == [account.requests] == [40]
