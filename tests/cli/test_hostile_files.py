"""Manifests, saved states, reports and bookmarks may hold anything: only our errors come out."""

from __future__ import annotations

import asyncio
import copy
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from intervals_async import ArgumentError, IntervalsClient
from intervals_async.export import IncompleteExportError, export_account
from intervals_async.export.accounts.json_file import seal_of
from intervals_async.testing import FakeIntervals, faults

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
            if (seal and "seal" in changed and container is not changed) or (
                seal and isinstance(container, dict) and key not in KEYS
            ):
                changed["seal"] = seal_of({k: changed[k] for k in changed if k not in KEYS})
            yield json.dumps(changed).encode()


KEYS = ("form", "seal")


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


def one_line_of(result: Result) -> None:
    """Check that a command has said in one line, and by its exit code, what is wrong."""
    assert isinstance(result.exception, SystemExit | None), result.exc_info
    assert "Traceback" not in result.output
    assert all(line.isprintable() for line in result.output.split("\n"))
    if result.exit_code:
        assert result.exit_code in (1, 2)
        assert len(result.stderr.strip().split("\n")) == 1, result.stderr


@pytest.fixture
def unfinished(account: FakeIntervals, tmp_path: Path) -> Path:
    """Return a folder with an export, whose update was interrupted in the middle of all tasks."""
    folder = tmp_path / "export"

    async def make() -> None:
        async with IntervalsClient(account.token, base_url=account.url, limits=()) as client:
            account.inject(faults.DropAfter(), times=None, path="/nowhere/")
            await export_account(client, folder, resources=[*SOME, "group"])
            account.inject(faults.Status(500, 1, "Down"), times=None, path="/projectnote/", skip=1)
            with pytest.raises(IncompleteExportError):
                await export_account(
                    client, folder, resources=SOME, incremental=True, checkpoint_every=0
                )

    asyncio.run(make())
    account.faults.clear()
    assert json.loads((folder / ".unfinished" / "projectnote.json").read_bytes())["bookmark"]
    return folder
