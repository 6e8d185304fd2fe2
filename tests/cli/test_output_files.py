"""``--output`` takes files of any name, devices, pipes and standard output, in every command."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

from ..pipes import pipe_at
from .conftest import Invoke, OnTerminal, Spawn, read_json_lines, without_frame

EXPORT = ("export", "projectnote")
DOCTOR = ("doctor", "--yes")


def download(account: FakeIntervals) -> tuple[str, ...]:
    """Return the command that downloads the first document."""
    return "download", "document", str(account.rows("document")[0]["id"])


def commands(account: FakeIntervals) -> list[tuple[str, ...]]:
    """Return every command that writes a single file."""
    return [EXPORT, download(account), DOCTOR]


def finished(process: subprocess.Popen[Any]) -> tuple[int, bytes, bytes]:
    """Wait for a process, and return its exit code and output."""
    stdout, stderr = process.communicate(timeout=60)
    return process.returncode, stdout or b"", stderr


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_pipe_is_written_into(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path, options: Sequence[str]
) -> None:
    """A pipe receives the content of a file and stays a pipe, with and without ``--force``."""
    for number, words in enumerate(commands(account)):
        path = tmp_path / f"{number}"
        if words == DOCTOR:
            with pipe_at(path) as received:
                assert invoke(*words, "-o", path, *options).exit_code == 0
            assert json.loads(received[0])["complete"]
            continue
        assert invoke(*words, "-o", tmp_path / "file.jsonl", "--force").exit_code == 0
        with pipe_at(path) as received:
            assert invoke(*words, "-o", path, *options).exit_code == 0
        assert received[0] == (tmp_path / "file.jsonl").read_bytes()


def test_pipe_has_the_format_of_its_name(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path
) -> None:
    """The name of a pipe selects its format; a format that needs a file is refused."""
    with pipe_at(tmp_path / "n.csv") as received:
        assert invoke(*EXPORT, "-o", tmp_path / "n.csv").exit_code == 0
    assert received[0].startswith(b"id,projectid,")
    requests = account.requests
    for name in ("n.parquet", "n.sqlite"):
        os.mkfifo(tmp_path / name)
        result = invoke(*EXPORT, "-o", tmp_path / name, "--force")
        assert result.exit_code == 1
        assert result.stderr == (
            f"intervals-async: {tmp_path / name}: expected a regular file, got a pipe\n"
        )
        assert (tmp_path / name).is_fifo()
    assert account.requests == requests


def test_device_is_never_replaced(account: FakeIntervals, invoke: Invoke, tmp_path: Path) -> None:
    """A device stays a device in every command, with ``--force`` and through a link."""
    null = tmp_path / "null"
    try:  # never the null device of the machine
        os.mknod(null, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        null.write_bytes(b"x")
    except OSError as error:
        pytest.skip(f"a device cannot be made here: {error}")
    (tmp_path / "link").symlink_to(null)
    for words in commands(account):
        for path in (null, tmp_path / "link"):
            result = invoke(*words, "-o", path, "--force")
            assert result.exit_code == 0, result.output
    for options in (("--format", "parquet"), ("--format", "sqlite")):
        result = invoke(*EXPORT, "-o", null, "--force", *options)
        assert result.stderr.endswith(": expected a regular file, got a device\n")
    assert null.is_char_device()
    assert sorted(os.listdir(tmp_path)) == ["link", "null"]


@pytest.mark.slow
@pytest.mark.parametrize("output", ["-", "/dev/stdout"])
def test_standard_output_has_several_names(
    account: FakeIntervals, spawn: Spawn, tmp_path: Path, output: str
) -> None:
    """Standard output is a pipe or a file, which is appended to and not replaced."""
    for words in commands(account):
        code, piped, _ = finished(spawn(*words, "-o", output))
        assert code == 0
        with (tmp_path / "file").open("wb") as file:
            file.write(b"before\n")
            file.flush()
            before = os.fstat(file.fileno()).st_ino
            code, _, stderr = finished(spawn(*words, "-o", output, stdout=file))
            file.write(b"after\n")
        assert code == 0, stderr
        assert (tmp_path / "file").stat().st_ino == before
        assert (tmp_path / "file").read_bytes() == b"before\n" + piped + b"after\n"
        if words == EXPORT:
            assert len(read_json_lines(piped.decode())) == 50
        elif words == DOCTOR:
            assert json.loads(piped)["complete"]
    assert sorted(os.listdir(tmp_path)) == ["file"]


@pytest.mark.slow
def test_another_open_stream_is_written_into(
    account: FakeIntervals, spawn: Spawn, tmp_path: Path
) -> None:
    """``-o /dev/fd/N`` writes into a stream that the shell has opened, as in ``3>file``."""
    with (tmp_path / "file").open("wb") as file:
        number = file.fileno()
        words = (*EXPORT, "-o", f"/dev/fd/{number}", "--force")
        code, stdout, _ = finished(spawn(*words, pass_fds=[number]))
    assert (code, stdout) == (0, b"")
    assert len(read_json_lines((tmp_path / "file").read_text(encoding="utf-8"))) == 50
    assert account.requests > 0


@pytest.mark.usefixtures("account")
def test_terminal_gets_clean_records_under_every_name(on_terminal: OnTerminal) -> None:
    """``-o /dev/stdout`` is for a terminal what no ``--output`` is: JSON Lines and a summary."""
    code, seen = on_terminal(*EXPORT, "--limit", 1, "-o", "/dev/stdout")
    assert code == 0
    assert json.loads(seen.splitlines()[0])["id"]
    assert seen.splitlines()[1].startswith("1 record, 1 request, ")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "expected the name of a file, got ''"),
        ("new/", "expected the name of a file, got 'new/'"),
        ("folder", "is a directory"),
        ("none/n.jsonl", "none/n.jsonl: no such file or directory"),
        ("file/n.jsonl", "file/n.jsonl: not a directory"),
        ("loop.jsonl", "loop.jsonl: too many levels of symbolic links"),
        ("x" * 250 + ".jsonl", "name too long"),
    ],
)
def test_impossible_names_are_one_line(
    account: FakeIntervals,
    invoke: Invoke,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    words: str,
) -> None:
    """A name that no file can have is one line, before any request."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    for command in commands(account):
        if command == EXPORT and name in ("", "new/", "folder"):
            continue  # it exports to a folder
        result = invoke(*command, "-o", name, "--force")
        assert result.exit_code in (1, 2)
        assert words in result.stderr
        assert result.stderr.count("\n") == 1
    assert account.requests == 0
    assert sorted(os.listdir(tmp_path)) == ["file", "folder", "loop.jsonl"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("projectnote", "-o", ""), "got ''; pass --format"),
        (("projectnote", "task", "-o", "-"), "expected a folder, got '-', which is standard"),
        (("--all", "-o", "/dev/stdout"), "expected a folder, got '/dev/stdout'"),
        (("projectnote", "task", "-o", "n.jsonl"), "for a folder of that name, add a slash"),
        (("projectnote", "-o", "n.parquet", "--quiet"), "got the name of a file 'n.parquet'"),
        (("projectnote", "-o", "n.csv.gz", "--incremental"), "got the name of a file 'n.csv.gz'"),
    ],
)
def test_what_is_no_folder_is_wrong_usage(
    account: FakeIntervals,
    invoke: Invoke,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: Sequence[str],
    complaint: str,
) -> None:
    """An export to a folder refuses standard output, and the name of a file."""
    monkeypatch.chdir(tmp_path)
    result = invoke("export", *words)
    assert result.exit_code == 2
    assert complaint in without_frame(result.stderr)
    assert (account.requests, os.listdir(tmp_path)) == (0, [])


ODD_NAMES = [
    os.fsdecode(b"d\xff"),
    "a?b#c%d&e",
    "file:a?mode=memory",
    "line\nbreak",
    "-x",
    "--force",
    "x" * 230,
    "\x1b[31mred",
]


@pytest.mark.parametrize("suffix", ["jsonl", "csv.gz", "parquet", "sqlite"])
def test_odd_names_are_written(
    account: FakeIntervals,
    invoke: Invoke,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
) -> None:
    """A file of any name is written and replaced, and named in one clean line."""
    monkeypatch.chdir(tmp_path)
    for odd in ODD_NAMES:
        name = f"{odd}.{suffix}"
        for options in ((), ("--force",)):
            result = invoke(*EXPORT, "-o", name, *options)
            assert result.exit_code == 0, result.output
            assert result.stderr.count("\n") == 1
            assert "\x1b" not in result.stderr
        assert name in os.listdir(tmp_path)
    assert len(os.listdir(tmp_path)) == len(ODD_NAMES)
    assert account.requests == 2 * len(ODD_NAMES)


@pytest.mark.slow
def test_name_that_is_not_utf_8_is_written(
    account: FakeIntervals, spawn: Spawn, tmp_path: Path
) -> None:
    r"""A shell's ``$'d\xff.sqlite'`` is written, refused and refreshed like any other name."""
    name = b"d\xff.sqlite"
    for options, expected in (((), 0), ((), 2), (("--force",), 0)):
        words = (*EXPORT, "-o", os.fsdecode(name), *options)
        code, _, stderr = finished(spawn(*words, cwd=tmp_path))
        assert code == expected, stderr
        assert b"Traceback" not in stderr
    assert os.listdir(os.fsencode(tmp_path)) == [name]
    assert account.requests == 2


def test_odd_folders_and_downloads_are_written(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path
) -> None:
    """A folder of any name is exported to and verified, and a download takes any name."""
    for number, odd in enumerate(ODD_NAMES):
        format = ("parquet", "sqlite", "jsonl.gz", "csv")[number % 4]
        folder = f"{tmp_path}/{odd}/"
        for options in ((), ("--incremental",)):
            result = invoke("export", "group", "-o", folder, "--format", format, *options)
            assert result.exit_code == 0, result.output
            assert invoke("verify", folder).exit_code == 0
        result = invoke(*download(account), "-o", f"{tmp_path}/{odd}.pdf")
        assert result.exit_code == 0
        assert result.stderr.count("\n") == 1
        assert "\x1b" not in result.stderr


INTERRUPTED_WHILE_WAITING = """
import os, signal
from intervals_async import _device_file

pause = _device_file.pause

def interrupted(seconds):
    _device_file.pause = pause
    os.kill(os.getpid(), signal.{signal})
    pause(seconds)

_device_file.pause = interrupted
"""


@pytest.mark.slow
@pytest.mark.parametrize(("signal", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_ends_the_wait_for_the_reader_of_a_pipe(
    account: FakeIntervals, spawn: Spawn, tmp_path: Path, signal: str, code: int
) -> None:
    """A command that waits for the reader of a pipe ends with the first signal."""
    os.mkfifo(tmp_path / "pipe")
    before = INTERRUPTED_WHILE_WAITING.format(signal=signal)
    for words in commands(account):
        process = spawn(*words, "-o", tmp_path / "pipe", before=before)
        assert finished(process)[0] == code
