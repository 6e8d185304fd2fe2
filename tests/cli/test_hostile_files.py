"""Manifests, saved states, reports and bookmarks may hold anything: only our errors come out."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
import os
import random
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from intervals_async import ArgumentError, IntervalsClient, RetryPolicy
from intervals_async._streaming.bookmark import _sealed, _unsealed
from intervals_async.doctor import FieldShape, Finding, Report, Status
from intervals_async.export import IncompleteExportError, Manifest, export_account
from intervals_async.export.accounts.incremental import changed_since, find_updatable
from intervals_async.export.accounts.json_file import seal_of
from intervals_async.export.accounts.plan import ExportPlan
from intervals_async.export.accounts.state import StateFolder
from intervals_async.export.unreadable import replace_counted
from intervals_async.testing import FakeIntervals, faults

from .conftest import Invoke, Serving

NOW = datetime(2026, 5, 6, tzinfo=UTC)
SOME = ["projectnote", "task"]

DEEP = json.loads("[" * 500 + "]" * 500)

# In place of any value.
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 7, 1.5, 10**30, 10**4000, "", "x", "\x1b]0;PWN\x07", "\u202e\x9b2J",
    "../../etc/passwd", "/etc/passwd", "..", "a\0b", "\ud800", "é" * 9000, [], [None], [1], ["x"],
    [[1]], {}, {"a": 1}, {"id": {}}, DEEP, "9-1", "1-9223372036854775807", "1" * 5000,
    "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00", "2026-05-06T00:00:00", "2026-05-06",
)  # fmt: skip

# In place of a file.
ODD_CONTENTS: tuple[bytes, ...] = (
    b"", b"\0", b"\0" * 9000, b"\xff\xfe", b"\xef\xbb\xbf", b"null", b"true", b"1", b'"x"', b"[]",
    b"{}", b"[{}]", b"NaN", b'{"form":NaN}', b'{"form":1e999}', b'{"form":1,"form":1}',
    b'{"form":' + b"9" * 5000 + b"}", b'{"form":0}', b'{"form":-1}', b'{"form":true}', b'{"form":1}',
    b'{"form":2}', b'{"form":99,"began":3}', b'{"form":"\\u001b[2J"}', b"[" * 100_000,
    b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"format":"intervals-async doctor"}',
    b'{"format":"intervals-async doctor","version":2}', "{}".encode("utf-16"), b"\x1b[2J\x07",
)  # fmt: skip


# The keys that the seal of a state does not cover.
KEYS = ("form", "seal")


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place within plain data: its container and its key."""
    for key in [*value] if isinstance(value, dict) else [*range(len(value))][:3]:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def contents(data: bytes, *, seal: bool = False) -> Iterator[bytes]:
    """Yield mutations of a file: each value replaced, removed or doubled, and the whole cut."""
    yield from ODD_CONTENTS
    yield data + b"x"
    yield data + data
    yield data.replace(b"{", b'{"form": 1,', 1)  # a name twice
    yield data.decode().encode("utf-16")
    for end in range(0, len(data), max(len(data) // 25, 1)):
        yield data[:end]
    plain = json.loads(data)
    for number in range(sum(1 for _ in places(plain))):
        for odd in (*ODD_VALUES, KeyError):
            changed = copy.deepcopy(plain)
            container, key = [*places(changed)][number]
            if odd is KeyError:
                del container[key]
            else:
                container[key] = odd
            if seal and not (container is changed and key in KEYS):
                changed["seal"] = seal_of({k: changed[k] for k in changed if k not in KEYS})
            yield json.dumps(changed).encode()


def make_loop(path: Path) -> None:
    """Make a link to itself."""
    path.symlink_to(path)


# What may be there in place of a file.
ODD_FILES: tuple[Callable[[Path], object], ...] = (
    Path.mkdir,
    os.mkfifo,
    make_loop,
    lambda path: path.symlink_to("/dev/zero"),
    lambda path: path.symlink_to("nowhere"),
    lambda path: None,
)


def only_ours(read: Callable[[], object]) -> None:
    """Call a function: it may raise our errors and those of the disk, in one printable line."""
    try:
        read()
    except (ArgumentError, OSError) as error:
        assert str(error).isprintable()
        assert len(str(error)) < 2000


def only_line_of(result: Result, *, failing_files: bool = False) -> None:
    """Check that a command has said in one line, and by its exit code, what is wrong."""
    assert isinstance(result.exception, SystemExit | None), result.exc_info
    assert "Traceback" not in result.output
    assert all(line.isprintable() for line in result.output.split("\n"))
    assert result.exit_code in (0, 1, 2)
    if result.exit_code and not failing_files:
        assert len(result.stderr.strip().split("\n")) == 1, result.stderr


@pytest.fixture
def served(serving: Serving) -> Iterator[FakeIntervals]:
    """Return a server whose notes need several pages."""
    with serving(FakeIntervals(notes=300, seed=1, per_minute=None, per_day=None)) as server:
        yield server


@pytest.fixture
def unfinished(served: FakeIntervals, tmp_path: Path) -> Path:
    """Return a folder with an export, whose update was interrupted among the notes."""
    folder = tmp_path / "export"

    async def make() -> None:
        once = RetryPolicy(attempts=1)
        async with IntervalsClient(
            served.token, base_url=served.url, limits=(), retry=once
        ) as client:
            await export_account(client, folder, resources=[*SOME, "group"])
            down = faults.Status(500, 1, "Down")
            served.inject(down, times=None, path="/projectnote/", skip=1)
            with pytest.raises(IncompleteExportError):
                await export_account(client, folder, resources=SOME, incremental=True)

    asyncio.run(make())
    served.heal()
    assert json.loads((folder / ".unfinished" / "projectnote.json").read_bytes())["bookmark"]
    return folder


def read_manifest(folder: Path) -> None:
    """Read a manifest, and use all of it."""
    manifest = Manifest.read(folder)
    deque(manifest.flaws(folder), maxlen=0)
    assert json.dumps(manifest.to_dict()).encode()
    for each in (*manifest.exported, *manifest.kept):
        replace_counted(each.unreadable, [1, 2, 3], {})
        replace_counted(each.rounded, [1, 2, 3], {})
    client = IntervalsClient("token")
    arguments: dict[str, Any] = {
        "exclude": (),
        "filters": None,
        "format": "jsonl",
        "decimals": "float",
        "since": None,
    }
    plan = ExportPlan.of(client, resources=SOME, incremental=True, **arguments)
    found = find_updatable(client, plan, folder, datetime.now(UTC))
    for last in found.values():
        changed_since(last.began)


def read_states(folder: Path) -> None:
    """Read the saved progress of an export."""
    states = StateFolder(folder / ".unfinished")
    states.save_run(states.resume_run({}))
    for name in SOME:
        states.save(name, states.load(name))


def read_report(folder: Path) -> None:
    """Read a report, and play it back."""
    report = Report.load(folder / "report.json")
    assert report.to_json()
    FakeIntervals(quirks=report)


READERS = {
    "manifest.json": read_manifest,
    ".unfinished/export.json": read_states,
    ".unfinished/projectnote.json": read_states,
    "report.json": read_report,
}
EACH_FILE = pytest.mark.parametrize("name", READERS)
EXPORT = ("export", *SOME, "--incremental", "--quiet")


@pytest.fixture
def folder(unfinished: Path) -> Path:
    """Return the folder of the unfinished export, with a report in it."""
    finding = Finding(
        check="cap", subject="task", status=Status.DIFFERS, documented="a", found="b",
        quirks={"capped_limit": 50, "missing_fields": {"task": ["datecreated"]}},
    )  # fmt: skip
    shape = FieldShape(
        resource="task", form="list", field="id", known=True, rows=1, absent=0, formats={"null": 1}
    )
    Report(library="1", requests=1, complete=True, findings=(finding,), fields=(shape,)).save(
        unfinished / "report.json"
    )
    return unfinished


@EACH_FILE
def test_whatever_a_file_holds_only_our_errors_come_out(folder: Path, name: str) -> None:
    """Each value replaced by each odd one, or the file cut anywhere: one printable line says so."""
    path = folder / name
    data = path.read_bytes()
    for content in contents(data, seal=name.startswith(".")):
        path.write_bytes(content)
        only_ours(lambda: READERS[name](folder))


def test_every_change_of_a_state_is_refused(folder: Path) -> None:
    """A state that was edited or damaged in any place is refused: its checksum differs."""
    path = folder / ".unfinished/projectnote.json"
    states = StateFolder(folder / ".unfinished")
    data = path.read_bytes()
    whole = states.load("projectnote")
    for content in contents(data):
        path.write_bytes(content)
        try:
            assert states.load("projectnote") == whole
        except ArgumentError as error:
            assert "remove it to export projectnote again" in str(error)


@pytest.mark.parametrize("lost", ["bookmark", "mark"])
def test_bookmark_and_checkpoint_need_each_other(
    folder: Path, served: FakeIntervals, invoke: Invoke, lost: str
) -> None:
    """One without the other would write records twice or not at all; the state is refused."""
    path = folder / ".unfinished/projectnote.json"
    plain = json.loads(path.read_bytes()) | {lost: None}
    plain["seal"] = seal_of({key: plain[key] for key in plain if key not in KEYS})
    path.write_text(json.dumps(plain))
    env = {"INTERVALS_TOKEN": served.token, "INTERVALS_BASE_URL": served.url}
    result = invoke(*EXPORT, "-o", folder, env=env)
    assert result.exit_code == 2
    only_line_of(result)
    assert f"{path}: " in result.stderr
    path.unlink()
    assert invoke(*EXPORT, "-o", folder, env=env).exit_code == 0
    assert invoke("verify", folder).exit_code == 0


@pytest.mark.parametrize(("count", "lost"), [(0, True), (1, True), (9, False)])
def test_bookmark_of_another_checkpoint_is_refused(
    folder: Path, served: FakeIntervals, invoke: Invoke, count: int, lost: bool
) -> None:
    """A bookmark after another number of records than are in the file is refused."""
    path = folder / ".unfinished/projectnote.json"
    plain = json.loads(path.read_bytes())
    plain["records"] = count if lost else plain["records"] + count
    plain["seal"] = seal_of({key: plain[key] for key in plain if key not in KEYS})
    path.write_text(json.dumps(plain))
    env = {"INTERVALS_TOKEN": served.token, "INTERVALS_BASE_URL": served.url}
    result = invoke(*EXPORT, "-o", folder, env=env)
    assert result.exit_code == 2
    only_line_of(result)


@EACH_FILE
def test_whatever_is_in_place_of_a_file_only_our_errors_come_out(folder: Path, name: str) -> None:
    """Folders, pipes, devices and links are neither read for ever nor waited for."""
    path = folder / name
    for make in ODD_FILES:
        path.unlink()
        make(path)
        only_ours(lambda: READERS[name](folder))
        path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        path.touch()


@pytest.mark.parametrize("odd", ["pipe", "folder", "device"])
def test_what_is_in_place_of_an_exported_file_is_not_verified(
    folder: Path, invoke: Invoke, odd: str
) -> None:
    """A pipe in place of an exported file is not waited for, nor a device read without end."""
    path = folder / "group.jsonl"
    path.unlink()
    make: dict[str, Callable[[Path], object]] = {
        "pipe": os.mkfifo,
        "folder": Path.mkdir,
        "device": lambda at: at.symlink_to("/dev/zero"),
    }
    make[odd](path)
    result = invoke("verify", folder)
    assert result.exit_code == 1
    assert str(path) in result.stderr


def test_manifest_that_names_nothing_is_not_verified(tmp_path: Path, invoke: Invoke) -> None:
    """A manifest that names no file proves nothing, so ``verify`` fails."""
    Manifest(began=NOW, ended=NOW, exported=[]).write(tmp_path)
    result = invoke("verify", tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "names no file" in result.stderr


@pytest.mark.slow
@EACH_FILE
def test_whatever_a_file_holds_the_command_says_one_line(
    folder: Path, served: FakeIntervals, invoke: Invoke, name: str
) -> None:
    """The command reports a damaged file in one line; what it exports is complete nonetheless."""
    if name == "report.json":
        return
    served_env = {"INTERVALS_TOKEN": served.token, "INTERVALS_BASE_URL": served.url}
    data = (folder / name).read_bytes()
    some = random.Random(name).sample([*contents(data, seal=name.startswith("."))], 40)
    for number, content in enumerate(some):
        copied = folder.with_name(f"copy{number}")
        shutil.copytree(folder, copied)
        (copied / name).write_bytes(content)
        only_line_of(invoke("verify", copied), failing_files=True)
        result = invoke(*EXPORT, "-o", copied, env=served_env)
        only_line_of(result)
        if result.exit_code == 0:
            for resource in SOME:
                lines = (copied / f"{resource}.jsonl").read_bytes().splitlines()
                found = [json.loads(line)["id"] for line in lines]
                ids = [int(str(row["id"])) for row in served.rows(resource)]
                assert sorted(found) == sorted(ids), (content, resource)
        shutil.rmtree(copied)


async def test_whatever_a_bookmark_holds_it_is_refused(
    served: FakeIntervals,
) -> None:
    """A bookmark whose content was replaced by anything, under a valid checksum, is refused."""
    async with IntervalsClient(served.token, base_url=served.url, limits=()) as client:
        listing = client.projectnote.list()
        async with listing.stream() as stream:
            async for _ in stream:
                break
            plain = json.loads(_unsealed(stream.bookmark.removeprefix("2.")))
        odd = [*contents(json.dumps(plain).encode())]
        for content in odd:
            text = base64.urlsafe_b64encode(_sealed(content)).decode().rstrip("=")
            only_ours(partial(listing.stream, resume=f"2.{text}"))
