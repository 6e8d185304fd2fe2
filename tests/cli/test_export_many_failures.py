"""An export to a folder that fails prints one line, and the same command resumes it."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from intervals_async.export import Manifest
from intervals_async.testing import FakeIntervals, SeenRequest, faults

from .conftest import Invoke, Serving, Spawn

SOME = ("group", "projectnote", "task")
FORMATS = ("jsonl", "jsonl.gz", "csv", "parquet", "sqlite")
EACH_FORMAT = pytest.mark.parametrize("format", FORMATS)

# A limit in bytes: too small for the notes in every format, large enough for all other files.
TOO_LITTLE = 40 * 1024

# Drops the capabilities that let root ignore the permissions of files.
WITHOUT_PRIVILEGES = """
import ctypes
version_3, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
assert ctypes.CDLL(None).capset(version_3, none) == 0
"""

# Sends more signals while the first one is handled and the file of the notes is being closed. They
# go to the thread that closes the file; Python still handles them in the main thread.
MORE_SIGNALS = """
import signal, threading
from intervals_async._atomic_file import AtomicFile

suspend = AtomicFile.suspend

def late(self):
    # only for the file of the notes, not for the state in .unfinished
    if self.is_open and "projectnote" in self.path.name and self.path.parent.name != ".unfinished":
        for name in {signals!r}:
            signal.pthread_kill(threading.get_ident(), getattr(signal, name))
        if {hangs}:
            threading.Event().wait()
    suspend(self)

AtomicFile.suspend = late
"""

RESUME = "repeat the same command to resume"
INTERRUPTED = f"interrupted; {RESUME}"

NO_HANGUP = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"


class Case:
    """An export of some resources to a folder, which fails and is then repeated.

    Attributes:
        account: The fake server.
        folder: The folder to export to.
    """

    def __init__(self, account: FakeIntervals, parent: Path, spawn: Spawn, invoke: Invoke) -> None:
        self.account = account
        self.folder = parent / "backup"
        self._uninterrupted = parent / "uninterrupted"
        self._spawn = spawn
        self._invoke = invoke

    def start(self, format: str = "jsonl", **options: Any) -> subprocess.Popen[Any]:
        """Start the command as a process."""
        return self._spawn(*_arguments(format, self.folder), **options)

    def fail(self, format: str = "jsonl", *, before: str = "") -> str:
        """Run the command, check that it fails, and return its only line.

        Args:
            format: The format of the files.
            before: A program to run first, in a process of its own.
        """
        if before:
            process = self.start(format, before=before)
            line = only_line(process)
            code = process.returncode
        else:
            result = self._invoke(*_arguments(format, self.folder))
            assert result.stdout == ""
            line, code = _only_line(result.stderr), result.exit_code
        assert code == 1, line
        return line

    def fail_some(self, format: str = "jsonl", **options: Any) -> dict[str, str]:
        """Run the command as a process, and return the resources that fail, with the reasons."""
        process = self.start(format, **options)
        stdout, stderr = process.communicate(timeout=60)
        assert (stdout, process.returncode) == (b"", 1)
        *failed, last = stderr.decode().splitlines()
        assert last.startswith("intervals-async: "), stderr
        assert all(line.startswith("failed: ") for line in failed)
        return {name: why for line in failed for _, name, why in [line.split(": ", 2)]}

    def hold(self, path: str = "/projectnote/", skip: int = 1) -> Callable[[], None]:
        """Let the server hold a response, and return a function that waits for its request."""
        received = threading.Semaphore(0)

        def count(server: FakeIntervals, seen: SeenRequest) -> None:
            if seen.path == path:
                received.release()

        self.account.inject(faults.Hold(asyncio.Event()), path=path, skip=skip)
        self.account.between(count)

        def wait() -> None:
            for _ in range(skip + 1):
                assert received.acquire(timeout=60)

        return wait

    def resume(self, format: str = "jsonl") -> None:
        """Check that the same command completes the export and reads no complete file again."""
        self._succeed(format, self._uninterrupted)
        expected, before = contents(self._uninterrupted), contents(self.folder)
        assert before.items() <= expected.items()
        self.account.clear_log()
        self._succeed(format, self.folder)
        requested = {seen.path.strip("/") for seen in self.account.log}
        assert requested.isdisjoint(name.partition(".")[0] for name in before)
        assert contents(self.folder) == expected
        assert sorted(os.listdir(self.folder)) == sorted(os.listdir(self._uninterrupted))
        assert list(Manifest.read(self.folder).flaws(self.folder)) == []

    def _succeed(self, format: str, folder: Path) -> None:
        result = self._invoke(*_arguments(format, folder))
        assert (result.exit_code, result.output) == (0, "")


def _arguments(format: str, folder: Path) -> tuple[object, ...]:
    return ("export", *SOME, "--output", folder, "--format", format, "--quiet")


def only_line(process: subprocess.Popen[Any], *, timeout: float = 60) -> str:
    """Wait for the end of the command, and return its only line."""
    stdout, stderr = process.communicate(timeout=timeout)
    assert stdout == b""
    return _only_line(stderr.decode())


def _only_line(stderr: str) -> str:
    assert stderr.startswith("intervals-async: ")
    assert stderr.endswith("\n")
    assert stderr.count("\n") == 1, stderr
    return stderr.removeprefix("intervals-async: ").removesuffix("\n")


def contents(folder: Path) -> dict[str, Any]:
    """Read the complete files and tables in a folder, decompressed."""
    found: dict[str, Any] = {}
    for path in folder.glob("[!.]*"):
        match path.suffix:
            case ".gz":
                found[path.name] = gzip.decompress(path.read_bytes())
            case ".parquet":
                table: Any = import_module("pyarrow.parquet").read_table(path)
                found[path.name] = table.to_pylist()
            case ".sqlite":
                found |= _tables(path)
            case ".json":
                pass  # the manifest has times
            case _:
                found[path.name] = path.read_bytes()
    return found


def _tables(path: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(path)) as database:
        names = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        return {
            name: database.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall()
            for (name,) in names
        }


class Disk:
    """A small disk.

    Attributes:
        path: The folder that it is mounted at.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def remount(self, option: str) -> None:
        """Change an option of the disk."""
        subprocess.run(["mount", "-o", f"remount,{option}", self.path], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Return a disk that is full after a few records."""
    path = tmp_path / "disk"
    path.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={TOO_LITTLE}", "none", path],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user cannot mount disks")
    yield Disk(path)
    subprocess.run(["umount", path], check=True)


@pytest.fixture
def case(serving: Serving, tmp_path: Path, spawn: Spawn, invoke: Invoke) -> Iterator[Case]:
    """Return the export of an account with 2,000 notes."""
    server = FakeIntervals(notes=2000, seed=1, per_minute=None, per_day=None)
    with serving(server) as account:
        yield Case(account, tmp_path, spawn, invoke)


@pytest.fixture
def unprivileged() -> str:
    """Return a program that makes a process of root obey file permissions."""
    if os.geteuid() != 0:
        return ""
    if sys.platform != "linux":
        pytest.skip("root ignores permissions on this platform")
    return WITHOUT_PRIVILEGES


@contextmanager
def files_of_at_most(size: int) -> Generator[dict[str, str]]:
    """Limit the size of the files of new processes, and yield their environment."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        # coverage would write a file, too
        yield {name: it for name, it in os.environ.items() if not name.startswith("COVERAGE_")}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@EACH_FORMAT
def test_full_disk_is_a_failure(case: Case, disk: Disk, format: str) -> None:
    """The error about a full disk names the file, and the export resumes once there is room."""
    case.folder = disk.path / "backup"
    line = case.fail(format)
    assert re.fullmatch(rf"{case.folder}/[\w./]+: no space left on device", line)
    disk.remount("size=64m")
    case.resume(format)


@pytest.mark.slow
@EACH_FORMAT
def test_limited_file_size_is_a_failure(case: Case, format: str) -> None:
    """A file above the size limit is named, the others are written, and the export resumes."""
    with files_of_at_most(TOO_LITTLE) as env:
        failed = case.fail_some(format, env=env)
    reason = "SQLite: disk I/O error" if format == "sqlite" else "file too large"
    assert "projectnote" in failed
    for line in failed.values():
        assert re.fullmatch(rf"{case.folder}/\w+\.{format}: {reason}", line)
    case.resume(format)


@pytest.mark.slow
def test_unwritable_disk_leaves_no_folder(case: Case) -> None:
    """If the state of the export cannot be written either, no folder remains."""
    with files_of_at_most(0) as env:
        process = case.start(env=env)
    assert only_line(process) == f"{case.folder}/.unfinished/export.json: file too large"
    assert process.returncode == 1
    assert not case.folder.exists()
    case.resume()


@pytest.mark.slow
@pytest.mark.parametrize("format", ["jsonl", "sqlite"])
def test_read_only_folder_sends_no_request(case: Case, unprivileged: str, format: str) -> None:
    """A folder without write permission is detected before the first request."""
    case.folder.mkdir(mode=0o500)
    line = case.fail(format, before=unprivileged)
    assert line == f"{case.folder}/.unfinished: permission denied"
    assert case.account.requests == 0
    case.folder.chmod(0o700)
    case.resume(format)


@pytest.mark.slow
@pytest.mark.parametrize("below", ["backup", "backups/backup"])
def test_read_only_parent_sends_no_request(case: Case, unprivileged: str, below: str) -> None:
    """A folder that cannot be created is detected before the first request."""
    parent = case.folder.parent / "parent"
    parent.mkdir(mode=0o500)
    case.folder = parent / below
    line = case.fail(before=unprivileged)
    assert line == f"{parent / below.partition('/')[0]}: permission denied"
    assert case.account.requests == 0
    parent.chmod(0o700)
    case.resume()


@pytest.mark.slow
def test_folder_that_became_read_only_is_a_failure(case: Case, unprivileged: str) -> None:
    """A folder that became read-only sends no request; the export resumes once it is writable."""
    wait_for_request = case.hold()
    process = case.start()
    wait_for_request()
    process.send_signal(signal.SIGTERM)
    only_line(process)
    case.folder.chmod(0o500)
    case.account.clear_log()
    assert case.fail(before=unprivileged) == f"{case.folder}: permission denied"
    assert case.account.log == ()
    case.folder.chmod(0o700)
    case.resume()


def test_read_only_disk_sends_no_request(case: Case, disk: Disk) -> None:
    """A read-only disk is detected before the first request."""
    case.folder = disk.path / "backup"
    disk.remount("ro")
    assert case.fail() == f"{case.folder}: read-only file system"
    assert case.account.requests == 0
    disk.remount("rw,size=64m")
    case.resume()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("task.jsonl", "{folder}/task.jsonl: Permission denied"),
        ("manifest.json", "intervals-async: {folder}/manifest.json: permission denied"),
    ],
)
def test_unreadable_file_is_not_verified(
    case: Case, unprivileged: str, spawn: Spawn, name: str, line: str
) -> None:
    """``verify`` names a file that it cannot read, and fails."""
    case.resume()
    (case.folder / name).chmod(0)
    process = spawn("verify", case.folder, before=unprivileged)
    stdout, stderr = process.communicate()
    assert process.returncode == 1
    assert (stdout, stderr.decode()) == (b"", f"{line.format(folder=case.folder)}\n")


@pytest.mark.parametrize(
    ("format", "name", "make", "reason"),
    [
        ("jsonl", "task.jsonl", Path.mkdir, "is a directory"),
        ("jsonl", "task.jsonl", os.mkfifo, None),
        ("parquet", "manifest.json", Path.mkdir, "is a directory"),
        ("sqlite", "account.sqlite", Path.mkdir, "is a directory"),
        (
            "sqlite",
            "account.sqlite",
            lambda path: path.write_text("text"),
            "SQLite: file is not a database",
        ),
    ],
)
def test_unusable_target_sends_no_request(
    case: Case, format: str, name: str, make: Callable[[Path], object], reason: str | None
) -> None:
    """A path that cannot become the file is reported before any request, and stays unchanged."""
    case.folder.mkdir()
    make(case.folder / name)
    line = case.fail(format)
    assert line.startswith(f"{case.folder / name}: ")
    assert reason is None or line.endswith(f": {reason}")
    assert case.account.requests == 0
    assert os.listdir(case.folder) == [name]
    _remove(case.folder / name)
    case.resume(format)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make", [Path.mkdir, lambda path: path.symlink_to("elsewhere")], ids=["folder", "link"]
)
def test_unusable_part_file_is_named(case: Case, make: Callable[[Path], object]) -> None:
    """A folder or link in place of a hidden part file is named, and other files are written."""
    case.folder.mkdir()
    path = case.folder / ".task.jsonl.part"
    make(path)
    (line,) = case.fail_some().values()
    assert line.startswith(f"{case.folder}/task.jsonl: ")
    assert path.name in line
    assert not (case.folder / "task.jsonl").exists()
    assert (case.folder / "projectnote.jsonl").exists()
    _remove(path)
    case.resume()


@pytest.mark.parametrize("content", ["", "x", "[]", "{}", '{"asked": {}, "began": 3}'])
def test_damaged_state_is_wrong_usage(case: Case, invoke: Invoke, content: str) -> None:
    """The error about a damaged state names its file; the export restarts once it is removed."""
    (case.folder / ".unfinished").mkdir(parents=True)
    (case.folder / ".unfinished" / "export.json").write_text(content)
    result = invoke(*_arguments("jsonl", case.folder))
    assert result.exit_code == 2
    assert f"{case.folder}/.unfinished/export.json" in _only_line(result.stderr)
    shutil.rmtree(case.folder / ".unfinished")
    case.resume()


@pytest.mark.slow
def test_two_exports_to_one_folder(case: Case) -> None:
    """A second export to the same folder fails, and does not disturb the first."""
    wait_for_request = case.hold()
    first = case.start()
    wait_for_request()
    assert case.fail().startswith(f"{case.folder}: another export")
    first.send_signal(signal.SIGINT)
    assert only_line(first) == INTERRUPTED
    case.resume()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signals", "format", "ending"),
    [
        (("SIGINT",), "jsonl", (INTERRUPTED, 130)),
        (("SIGINT", "SIGINT"), "parquet", (INTERRUPTED, 130)),
        (("SIGINT", "SIGINT"), "sqlite", (INTERRUPTED, 130)),
        (("SIGINT", "SIGTERM"), "jsonl", (INTERRUPTED, 130)),
        (("SIGTERM",), "jsonl", (f"terminated; {RESUME}", 143)),
        (("SIGHUP", "SIGTERM"), "jsonl", (f"terminated; {RESUME}", 143)),
    ],
)
def test_signals_interrupt_the_export(
    case: Case, signals: tuple[str, ...], format: str, ending: tuple[str, int]
) -> None:
    """One or two signals end the export with one line, which says how to resume it."""
    wait_for_request = case.hold()
    process = case.start(format)
    wait_for_request()
    for name in signals:
        process.send_signal(getattr(signal, name))
    assert (only_line(process), process.returncode) == ending
    case.resume(format)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("format", "name"),
    [("jsonl", "SIGINT"), ("parquet", "SIGINT"), ("sqlite", "SIGINT"), ("jsonl", "SIGTERM")],
)
def test_second_signal_does_not_interrupt_closing(case: Case, format: str, name: str) -> None:
    """A second signal while files are being closed changes nothing."""
    wait_for_request = case.hold()
    process = case.start(format, before=MORE_SIGNALS.format(signals=[name], hangs=False))
    wait_for_request()
    process.send_signal(signal.SIGINT)
    assert (only_line(process), process.returncode) == (INTERRUPTED, 130)
    case.resume(format)


@pytest.mark.slow
def test_third_signal_ends_the_process(case: Case) -> None:
    """A third signal ends an export that hangs, and the same command resumes it."""
    wait_for_request = case.hold()
    # different signals, because the system merges pending ones of the same kind
    more = MORE_SIGNALS.format(signals=["SIGTERM", "SIGHUP"], hangs=True)
    process = case.start(before=more)
    wait_for_request()
    process.send_signal(signal.SIGINT)
    # It ends at once. After 15 s, a timer would wake the loop even without the signal.
    assert only_line(process, timeout=12) == "interrupted"
    assert process.returncode == 130
    case.resume()


@pytest.mark.slow
def test_ignored_signal_stays_ignored(case: Case) -> None:
    """A signal that is ignored at the start, as with nohup, does not end the export."""
    wait_for_request = case.hold()
    process = case.start(before=NO_HANGUP)
    wait_for_request()
    for number in (signal.SIGHUP, signal.SIGINT):
        process.send_signal(number)
    assert (only_line(process), process.returncode) == (INTERRUPTED, 130)


@pytest.mark.slow
def test_interrupt_before_the_first_file_leaves_no_folder(case: Case) -> None:
    """An interrupt before anything is written leaves no folder."""
    wait_for_request = case.hold("/quota/", skip=0)
    process = case.start()
    wait_for_request()
    process.send_signal(signal.SIGINT)
    assert (only_line(process), process.returncode) == ("interrupted", 130)
    assert not case.folder.exists()
    case.resume()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("no/where")])
@pytest.mark.parametrize("name", ["", ".unfinished"])
def test_file_in_place_of_a_folder_sends_no_request(
    case: Case, name: str, make: Callable[[Path], object]
) -> None:
    """A file or a broken link in place of a folder is reported by its path, before any request."""
    path = case.folder / name
    path.parent.mkdir(exist_ok=True)
    make(path)
    assert case.fail() == f"{path}: not a directory"
    assert case.account.requests == 0
    path.unlink()
    case.resume()


@pytest.mark.slow
@pytest.mark.parametrize("format", ["jsonl", "parquet", "sqlite"])
def test_export_resumes_without_its_part_files(case: Case, format: str) -> None:
    """If the part files of an unfinished export were removed, their records are read again."""
    wait_for_request = case.hold()
    process = case.start(format)
    wait_for_request()
    process.send_signal(signal.SIGINT)
    only_line(process)
    hidden = [*case.folder.glob(".*.part*")]
    assert hidden
    for path in hidden:
        path.unlink()
    case.resume(format)
