"""The examples run and do what their docstrings promise."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import pytest

from intervals_async.testing import FakeIntervals, faults

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
async def account(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeIntervals]:
    """Yield a server in this loop, with the environment pointing to it."""
    async with FakeIntervals(notes=1200, seed=1, per_minute=None) as fake:
        monkeypatch.setenv("INTERVALS_TOKEN", fake.token)
        monkeypatch.setenv("INTERVALS_BASE_URL", fake.url)
        yield fake


async def start(name: str, *words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        str(EXAMPLES / name),
        *words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def run(name: str, *words: str) -> tuple[int | None, str, str]:
    process = await start(name, *words)
    output, complaint = await process.communicate()
    return process.returncode, output.decode(), complaint.decode()


async def over_http(port: int, method: str, path: str, body: str = "") -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"{method} {path} HTTP/1.0\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(f"{head}{body}".encode())
    response = (await reader.read()).decode()
    writer.close()
    head, _, text = response.partition("\r\n\r\n")
    return int(head.split()[1]), text


@attrs.frozen
class ExportService:
    """The export service in a process of its own."""

    process: asyncio.subprocess.Process
    port: int

    async def ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        """Send a request, and return the status and the text of the response."""
        return await over_http(self.port, method, f"/exports{path}", body)

    async def until(self, path: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Request the progress of an export until it meets a condition, and return it."""
        async with asyncio.timeout(60):
            while True:
                shown: dict[str, Any] = json.loads((await self.ask("GET", path))[1])
                if condition(shown):
                    return shown

    async def end(self) -> list[str]:
        """Terminate the service, and return the lines of its error output."""
        if self.process.returncode is None:
            self.process.terminate()
        _, complaint = await self.process.communicate()
        # In Python's development mode, aiohttp logs each request, and asyncio logs slow steps.
        noise = re.compile(r" HTTP/1\.|^Executing .* took ")
        return [line for line in complaint.decode().splitlines() if not noise.search(line)]


@asynccontextmanager
async def export_service(folder: Path, port: int) -> AsyncGenerator[ExportService]:
    process = await start("export_service.py", str(folder), str(port))
    assert process.stdout is not None
    assert b"Running on" in await process.stdout.readline()
    service = ExportService(process, port)
    try:
        yield service
    finally:
        await service.end()


def is_unfinished(shown: dict[str, Any]) -> bool:
    """Check that all clients and some notes are exported; the second page of notes is held."""
    of: dict[str, Any] = {"client": {"ended": False}, "projectnote": {"records": 0}}
    of |= shown["resources"]
    return bool(of["client"]["ended"] and of["projectnote"]["records"])


def are_in(folder: Path, account: FakeIntervals, *resources: str) -> bool:
    """Check that the folder holds each record of the server once, and no other files."""
    for resource in resources:
        lines = (folder / f"{resource}.jsonl").read_bytes().splitlines()
        if [json.loads(line)["id"] for line in lines] != [
            row["id"] for row in account.rows(resource)
        ]:
            return False
    files = {f"{resource}.jsonl" for resource in resources}
    return {path.name for path in folder.iterdir()} == {*files, "manifest.json"}


def test_each_example_is_tested() -> None:
    """Every example has a test in this module, or in one of its own."""
    here = Path(__file__).read_text("utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert f'"{path.name}"' in here or Path(__file__).with_name(f"test_{path.name}").exists()


async def test_stream_notes(account: FakeIntervals) -> None:
    """stream_notes prints a line for each note, then the numbers of notes and requests."""
    status, output, complaint = await run("stream_notes.py")
    assert (status, complaint) == (0, "")
    *lines, summary = output.strip().split("\n")
    assert len(lines) == 1200
    assert summary == "1200 of 1200 notes; requests: 3"
    status, output, _ = await run("stream_notes.py", "no", "such", "words", "anywhere")
    assert output == "0 of 0 notes; requests: 1\n"


async def test_stream_notes_reports_an_error(account: FakeIntervals) -> None:
    """stream_notes reports an error in one line, without a traceback."""
    account.inject(faults.Status(401, code=9, message="User bad auth"), times=None)
    status, output, complaint = await run("stream_notes.py")
    assert (status, output) == (1, "")
    assert complaint == (
        "stream_notes: GET /projectnote/: HTTP 401, code 9: User bad auth; check the token: "
        "IntervalsClient(token) or INTERVALS_TOKEN\n"
    )


async def test_export_concurrently(account: FakeIntervals, tmp_path: Path) -> None:
    """export_concurrently writes every note and every contact once."""
    status, output, complaint = await run("export_concurrently.py", str(tmp_path / "new"))
    assert (status, complaint) == (0, "")
    for resource in ("projectnote", "personcontact"):
        lines = (tmp_path / "new" / f"{resource}.jsonl").read_bytes().splitlines()
        written = [json.loads(line)["id"] for line in lines]
        assert sorted(written) == sorted(int(str(row["id"])) for row in account.rows(resource))
    assert output.startswith("1200 notes and ")


async def test_export_concurrently_reports_errors(account: FakeIntervals, tmp_path: Path) -> None:
    """export_concurrently reports wrong arguments and failures in one line."""
    status, _, complaint = await run("export_concurrently.py")
    assert (status, complaint) == (1, "usage: export_concurrently.py FOLDER\n")
    account.inject(faults.Status(403, code=10, message="No"), times=None)
    status, _, complaint = await run("export_concurrently.py", str(tmp_path))
    assert status == 1
    assert complaint.startswith("export_concurrently: GET /p")
    assert complaint.count("\n") == 1


async def test_service(account: FakeIntervals, unused_tcp_port: int) -> None:
    """The service streams notes, returns one, maps errors to statuses, and can be terminated."""
    process = await start("service.py", str(unused_tcp_port))
    assert process.stdout is not None
    assert b"Running on" in await process.stdout.readline()

    async def ask(path: str) -> tuple[int, str]:
        return await over_http(unused_tcp_port, "GET", path)

    project = account.rows("project")[0]["id"]
    mine = [row for row in account.rows("projectnote") if row["projectid"] == project]
    status, body = await ask(f"/notes?projectid={project}")
    assert status == 200
    assert [json.loads(line)["id"] for line in body.strip().split("\n")] == [
        row["id"] for row in mine
    ]
    assert (await ask(f"/notes/{mine[0]['id']}"))[0] == 200
    assert (await ask("/notes/1"))[0] == 404
    assert (await ask("/notes"))[0] == 400
    assert json.loads((await ask("/quota"))[1])["quota"] == 6000
    account.inject(faults.DayUsedUp(), times=None)
    assert (await ask("/notes?projectid=1"))[0] == 503
    process.terminate()
    await process.communicate()


async def test_service_is_silent_when_a_caller_disconnects(
    account: FakeIntervals, unused_tcp_port: int
) -> None:
    """A caller who disconnects in the middle of a stream leaves no traceback, and no harm."""
    projects = ",".join(str(row["id"]) for row in account.rows("project"))
    process = await start("service.py", str(unused_tcp_port))
    assert process.stdout is not None
    assert b"Running on" in await process.stdout.readline()
    for size in (0, 1, 5000):
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        writer.write(f"GET /notes?projectid={projects} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await reader.readexactly(size)
        writer.transport.abort()
    status, body = await over_http(unused_tcp_port, "GET", f"/notes?projectid={projects}")
    assert status == 200
    assert body.count("\n") == len(account.rows("projectnote"))
    process.terminate()
    _, complaint = await process.communicate()
    assert b"Traceback" not in complaint


async def test_service_breaks_off_a_stream_that_fails(
    account: FakeIntervals, unused_tcp_port: int
) -> None:
    """If Intervals fails after the response has started, the connection breaks, with one line."""
    for _ in range(3):
        for row in account.rows("projectnote"):
            account.insert("projectnote", projectid=row["projectid"], title="More")
    projects = ",".join(str(row["id"]) for row in account.rows("project"))
    process = await start("service.py", str(unused_tcp_port))
    assert process.stdout is not None
    assert b"Running on" in await process.stdout.readline()
    account.inject(faults.Status(403, code=10), times=None, skip=1)
    reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
    writer.write(f"GET /notes?projectid={projects} HTTP/1.1\r\nHost: x\r\n".encode())
    writer.write(b"Connection: close\r\n\r\n")
    with suppress(ConnectionResetError):
        received = await reader.read()
        assert not received.endswith(b"0\r\n\r\n")
    writer.close()
    process.terminate()
    _, complaint = await process.communicate()
    assert complaint.count(b"/notes broke off: GET /projectnote/: HTTP 403") == 1
    assert b"Traceback" not in complaint
    assert b"already started" not in complaint


async def test_export_service(account: FakeIntervals, unused_tcp_port: int, tmp_path: Path) -> None:
    """The export service runs an export in the background, and shows, stops and resumes it."""
    account.inject(faults.Hold(asyncio.Event()), path="/projectnote/*", skip=1)
    folder = tmp_path / "new" / "some"
    async with export_service(tmp_path / "new", unused_tcp_port) as service:
        status, shown = await service.ask("POST", "?name=some&resources=projectnote,client")
        assert (status, json.loads(shown)["state"]) == (202, "running")
        state = await service.until("/some", is_unfinished)
        assert (state["state"], state["waits_for_limit"]) == ("running", False)
        notes = state["resources"]["projectnote"]
        assert notes["records"] < notes["of"] == 1200
        assert (await service.ask("POST", "?name=some"))[0] == 409

        status, shown = await service.ask("DELETE", "/some")
        assert (status, json.loads(shown)["state"]) == (200, "cancelled")
        assert {path.name for path in folder.glob("[!.]*")} == {"client.jsonl"}
        status, shown = await service.ask("POST", "?name=some&resources=task")
        assert status == 400
        assert "holds an unfinished export with different resources" in shown

        assert (await service.ask("POST", "?name=some&resources=projectnote,client"))[0] == 202
        state = await service.until("/some", lambda shown: shown["state"] != "running")
        assert state["state"] == "done"
        assert state["resources"]["projectnote"] == {"records": 1200, "of": 1200, "ended": True}
        assert are_in(folder, account, "client", "projectnote")
        assert [seen.path for seen in account.log].count("/client/") == 1
        assert json.loads((await service.ask("DELETE", "/some"))[1])["state"] == "done"


async def test_export_service_refuses_invalid_requests(
    account: FakeIntervals, unused_tcp_port: int, tmp_path: Path
) -> None:
    """The export service refuses invalid requests without sending one or writing a file."""
    async with export_service(tmp_path / "new", unused_tcp_port) as service:
        for asked, reason in {
            "?resources=task,nonsuch": "resources: expected one of client",
            "?format=doc": "format: expected one of ",
            "?resource=task": "expected POST /exports?name=",
            "?format=csv&format=jsonl": "expected POST /exports?name=",
            "?name=../some": "name: expected up to 40",
            "?name=": "name: expected up to 40",
        }.items():
            status, shown = await service.ask("POST", asked)
            assert (status, shown[: len(reason)]) == (400, reason)
        assert (await service.ask("POST", "", '{"name": "some"}'))[0] == 400
        assert (await service.ask("GET", "/some"))[0] == 404
        assert (await service.ask("DELETE", "/some"))[0] == 404
    assert account.requests == 0
    assert not (tmp_path / "new").exists()
    result, _, complaint = await run("export_service.py", str(tmp_path), "port")
    assert (result, complaint) == (1, "usage: export_service.py FOLDER [PORT]\n")


async def test_export_service_shows_waits_and_failures(
    account: FakeIntervals, unused_tcp_port: int, tmp_path: Path
) -> None:
    """The export service shows waits for the limit and errors; a failed export can be resumed."""
    account.inject(faults.Status(401, code=9, message="User bad auth"), path="/task/*")
    async with export_service(tmp_path, unused_tcp_port) as service:
        assert (await service.ask("POST", "?resources=task"))[0] == 202
        state = await service.until("/account", lambda shown: shown["state"] != "running")
        assert state["state"] == "failed"
        assert state["error"].startswith("GET /task/: HTTP 401, code 9: User bad auth")

        account.inject(faults.TooFast(retry_after="50"))
        assert (await service.ask("POST", "?resources=task"))[0] == 202
        await service.until("/account", lambda shown: shown["waits_for_limit"])
        # The second export waits for the first one.
        status, shown = await service.ask("POST", "?resources=client&name=other")
        assert (status, json.loads(shown)["waits_for_limit"]) == (202, True)
        for path in ("/account", "/other"):
            state = json.loads((await service.ask("DELETE", path))[1])
            assert (state["state"], state["waits_for_limit"]) == ("cancelled", False)

    async with export_service(tmp_path, unused_tcp_port) as service:
        assert (await service.ask("POST", "?resources=task"))[0] == 202
        await service.until("/account", lambda shown: shown["state"] == "done")
    assert are_in(tmp_path / "account", account, "task")


async def test_an_interrupted_export_service_resumes(
    account: FakeIntervals, unused_tcp_port: int, tmp_path: Path
) -> None:
    """A service that starts again resumes the export that was running when it was terminated."""
    account.inject(faults.Hold(asyncio.Event()), path="/projectnote/*", skip=1)
    folder = tmp_path / "some"
    async with export_service(tmp_path, unused_tcp_port) as service:
        await service.ask("POST", "?name=some&resources=projectnote,client")
        await service.until("/some", is_unfinished)
        assert await service.end() == []
        assert service.process.returncode == 0
    assert {path.name for path in folder.glob("[!.]*")} == {"client.jsonl"}
    async with export_service(tmp_path, unused_tcp_port) as service:
        await service.ask("POST", "?name=some&resources=projectnote,client")
        await service.until("/some", lambda shown: shown["state"] == "done")
    assert are_in(folder, account, "client", "projectnote")
    assert [seen.path for seen in account.log].count("/client/") == 1


async def test_bot(account: FakeIntervals) -> None:
    """The bot responds to commands, survives errors, reports new notes once, and ends cleanly."""
    process = await start("bot.py", "0.01")
    assert process.stdin is not None
    assert process.stdout is not None

    async def heard(words: str) -> str:
        assert process.stdout is not None
        while words not in (line := (await process.stdout.readline()).decode()):
            assert line, f"the bot ended without saying {words!r}"
        return line

    await heard("hello ")
    await heard("watching 1200 notes")
    first = account.rows("projectnote")[0]["id"]
    process.stdin.write(f"note {first}\n\nnote 1\nsearch invoice\nquota\nnote \u00b2\n".encode())
    await heard(f"#{first} by ")
    await heard("sorry: GET /projectnote/1/: HTTP 404, code 14")
    await heard("notes match 'invoice'")
    await heard("requests are left today")
    await heard("commands: note ID")
    account.inject(faults.Status(403, code=10), times=1)
    await heard("cannot check for new notes")
    new = account.insert("projectnote", title="brand new")
    assert "brand new" in await heard(f"new note #{new}")
    process.stdin.write(b"quit\n")
    output, complaint = await process.communicate()
    assert output.decode().splitlines()[-1] == "bye"
    assert f"#{new}" not in output.decode()
    assert (process.returncode, complaint) == (0, b"")


async def test_resume_export(account: FakeIntervals, tmp_path: Path) -> None:
    """An interrupted resume_export that is started again writes each note once."""
    path = tmp_path / "notes.jsonl"
    state = tmp_path / "notes.jsonl.bookmark"
    account.inject(faults.Status(401, code=9, message="User bad auth"), skip=2)
    status, output, complaint = await run("resume_export.py", str(path))
    assert (status, output) == (1, "")
    assert complaint.endswith("INTERVALS_TOKEN; start it again to resume\n")
    assert state.exists()
    gone = account.rows("projectnote")[3]["id"]
    assert isinstance(gone, int)
    account.remove("projectnote", gone)  # yielded before, so the other notes have moved
    status, output, complaint = await run("resume_export.py", str(path))
    assert (status, complaint) == (0, "")
    assert output.startswith("1200 notes in ")
    written = [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
    remaining = [int(str(row["id"])) for row in account.rows("projectnote")]
    assert sorted(written) == sorted([gone, *remaining])
    assert not state.exists()
    state.write_text("17 nonsense", "ascii")
    status, output, complaint = await run("resume_export.py", str(path))
    assert (status, output) == (1, "")
    assert complaint.startswith("resume_export: cannot resume: resume: expected a bookmark")
