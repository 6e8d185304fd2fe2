"""How the export of an account ends where the world is hostile: one line, and it can go on."""

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
from contextlib import AbstractContextManager, closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from intervals_async.export import Manifest
from intervals_async.testing import FakeIntervals, SeenRequest, faults

from .conftest import Spawn

pytestmark = pytest.mark.slow

SOME = ("group", "projectnote", "task")
FORMATS = ("jsonl", "jsonl.gz", "csv", "parquet", "sqlite")
EACH_FORMAT = pytest.mark.parametrize("format", FORMATS)

# Less than the notes take in any format, and more than all that is written beside them.
TOO_LITTLE = 40 * 1024

# Root's permissions without what lets root pass over those of files.
WITHOUT_PRIVILEGES = """
import ctypes
version_3, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
assert ctypes.CDLL(None).capset(version_3, none) == 0
"""

# While the first signal is handled, and a file is being closed, others come: {signals}.
MORE_SIGNALS = """
import signal, threading
from intervals_async._atomic_file import AtomicFile

suspend = AtomicFile.suspend

def late(self):
    # when the records' file is left, once; not at each note of how far it has come
    if self.is_open and "projectnote" in self.path.name and self.path.parent.name != ".unfinished":
        for name in {signals!r}:
            signal.pthread_kill(threading.get_ident(), getattr(signal, name))
        if {hangs}:
            threading.Event().wait()
    suspend(self)

AtomicFile.suspend = late
"""

NO_HANGUP = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"


class Case:
    """An account, and the command that exports some of it into a folder, again and again.

    Attributes:
        account: The server.
        folder: Where to.
    """

    def __init__(
        self, account: FakeIntervals, aside: Path, spawn: Spawn, invoke: Callable[..., Any]
    ) -> None:
        self.account = account
        self.folder = aside / "backup"
        self._unbroken = aside / "unbroken"
        self._spawn = spawn
        self._invoke = invoke

    def start(self, format: str = "jsonl", **options: Any) -> subprocess.Popen[Any]:
        """Start the command."""
        return self._spawn(*_words(format, self.folder), **options)

    def fails(self, format: str = "jsonl", **options: Any) -> str:
        """Run the command, which fails; give the one line that it says."""
        process = self.start(format, **options)
        line = said(process)
        assert process.returncode == 1, line
        return line

    def is_held(self, path: str = "/projectnote/", skip: int = 1) -> Callable[[], None]:
        """Let the server hold an answer; give a function that waits until it is asked for it."""
        asked = threading.Semaphore(0)

        def note(server: FakeIntervals, seen: SeenRequest) -> None:
            if seen.path == path:
                asked.release()

        self.account.inject(faults.Hold(asyncio.Event()), path=path, skip=skip)
        self.account.between(note)

        def wait() -> None:
            for _ in range(skip + 1):
                assert asked.acquire(timeout=60)

        return wait

    def goes_on(self, format: str = "jsonl") -> None:
        """See that the same command ends as if nothing had happened, and reads nothing twice."""
        self._runs(format, self._unbroken)
        whole, there = contents(self._unbroken), contents(self.folder)
        assert there.items() <= whole.items()
        self.account.clear_log()
        self._runs(format, self.folder)
        asked = {seen.path.strip("/") for seen in self.account.log}
        assert asked.isdisjoint(name.partition(".")[0] for name in there)
        assert contents(self.folder) == whole
        assert sorted(os.listdir(self.folder)) == sorted(os.listdir(self._unbroken))
        assert list(Manifest.read(self.folder).flaws(self.folder)) == []

    def _runs(self, format: str, folder: Path) -> None:
        result = self._invoke(*_words(format, folder))
        assert (result.exit_code, result.output) == (0, "")


def _words(format: str, folder: Path) -> tuple[object, ...]:
    return ("export", *SOME, "--output", folder, "--format", format, "--quiet")


def said(process: subprocess.Popen[Any]) -> str:
    """Wait for the end of the command, and give the one line that it says."""
    stdout, stderr = process.communicate(timeout=60)
    text: str = stderr.decode()
    assert stdout == b""
    assert text.startswith("intervals-async: ")
    assert text.endswith("\n")
    assert text.count("\n") == 1, text
    return text.removeprefix("intervals-async: ").removesuffix("\n")


def contents(folder: Path) -> dict[str, Any]:
    """Read what stands under its final name: of each file, however compressed, or table."""
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
                pass  # the manifest tells times
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
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def remount(self, option: str) -> None:
        """Change it."""
        subprocess.run(["mount", "-o", f"remount,{option}", self.path], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Give a disk that is soon full."""
    path = tmp_path / "disk"
    path.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={TOO_LITTLE}", "none", path],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("disks cannot be mounted here")
    yield Disk(path)
    subprocess.run(["umount", path], check=True)


@pytest.fixture
def case(
    serving: Callable[[FakeIntervals], AbstractContextManager[FakeIntervals]],
    tmp_path: Path,
    spawn: Spawn,
    invoke: Callable[..., Any],
) -> Iterator[Case]:
    """Give an account of 2,000 notes, and the command."""
    server = FakeIntervals(notes=2000, seed=1, per_minute=None, per_day=None)
    with serving(server) as account:
        yield Case(account, tmp_path, spawn, invoke)


@pytest.fixture
def as_others() -> str:
    """Give what makes a process one that permissions stop."""
    if os.geteuid() != 0:
        return ""
    if sys.platform != "linux":
        pytest.skip("root may write everywhere")
    return WITHOUT_PRIVILEGES


@contextmanager
def files_of_at_most(size: int) -> Generator[dict[str, str]]:
    """Let no file of a process that is started grow beyond a size; give its environment."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        # what measures the tests would write a file, too
        yield {name: it for name, it in os.environ.items() if not name.startswith("COVERAGE_")}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@EACH_FORMAT
def test_a_full_disk(case: Case, disk: Disk, format: str) -> None:
    """It is said of the file; once there is room, the same command goes on."""
    case.folder = disk.path / "backup"
    line = case.fails(format)
    assert re.fullmatch(rf"{case.folder}/[\w./]+: no space left on device", line)
    disk.remount("size=64m")
    case.goes_on(format)


@EACH_FORMAT
def test_files_that_may_not_grow(case: Case, format: str) -> None:
    """As on a full disk, where disks cannot be mounted."""
    with files_of_at_most(TOO_LITTLE) as env:
        process = case.start(format, env=env)
    line = said(process)
    assert process.returncode == 1
    reason = "SQLite: disk I/O error" if format == "sqlite" else "file too large"
    assert re.fullmatch(rf"{case.folder}/\w+\.{format}: {reason}", line)
    case.goes_on(format)


def test_a_disk_without_any_room(case: Case) -> None:
    """Not even what an export is gone on from can be kept; nothing is left."""
    with files_of_at_most(0) as env:
        process = case.start(env=env)
    assert said(process) == f"{case.folder}/.unfinished/export.json: file too large"
    assert process.returncode == 1
    assert not case.folder.exists()
    case.goes_on()


@pytest.mark.parametrize("format", ["jsonl", "sqlite"])
def test_a_read_only_folder(case: Case, as_others: str, format: str) -> None:
    """It is found before anything is asked for."""
    case.folder.mkdir(mode=0o500)
    line = case.fails(format, before=as_others)
    assert line == f"{case.folder}/.unfinished: permission denied"
    assert case.account.requests == 0
    case.folder.chmod(0o700)
    case.goes_on(format)


@pytest.mark.parametrize("below", ["backup", "backups/backup"])
def test_a_folder_that_cannot_be_made(case: Case, as_others: str, below: str) -> None:
    """It is named, and nothing is asked for."""
    parent = case.folder.parent / "parent"
    parent.mkdir(mode=0o500)
    case.folder = parent / below
    line = case.fails(before=as_others)
    assert line == f"{parent / below.partition('/')[0]}: permission denied"
    assert case.account.requests == 0
    parent.chmod(0o700)
    case.goes_on()


def test_a_folder_that_has_become_read_only(case: Case, as_others: str) -> None:
    """An export that was begun before goes on once it may write again."""
    held = case.is_held()
    process = case.start()
    held()
    process.send_signal(signal.SIGTERM)
    said(process)
    case.folder.chmod(0o500)
    line = case.fails(before=as_others)
    assert re.fullmatch(rf"{case.folder}/\w+\.jsonl: permission denied", line)
    case.folder.chmod(0o700)
    case.goes_on()


def test_a_read_only_disk(case: Case, disk: Disk) -> None:
    """It is found before anything is asked for."""
    case.folder = disk.path / "backup"
    disk.remount("ro")
    assert case.fails() == f"{case.folder}: read-only file system"
    assert case.account.requests == 0
    disk.remount("rw,size=64m")
    case.goes_on()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("task.jsonl", "{folder}/task.jsonl: Permission denied"),
        ("manifest.json", "intervals-async: {folder}/manifest.json: permission denied"),
    ],
)
def test_a_file_that_cannot_be_read_is_not_verified(
    case: Case, as_others: str, spawn: Spawn, name: str, line: str
) -> None:
    """The exit code says that something is wrong, and a line what."""
    case.goes_on()
    (case.folder / name).chmod(0)
    process = spawn("verify", case.folder, before=as_others)
    stdout, stderr = process.communicate()
    assert process.returncode == 1
    assert (stdout, stderr.decode()) == (b"", f"{line.format(folder=case.folder)}\n")


@pytest.mark.parametrize(
    ("format", "name", "make", "reason"),
    [
        ("jsonl", "task.jsonl", Path.mkdir, "is a directory"),
        ("jsonl", "task.jsonl", os.mkfifo, "it is no file, but a device or a pipe"),
        ("parquet", "manifest.json", Path.mkdir, "is a directory"),
        ("sqlite", "account.sqlite", Path.mkdir, "is a directory"),
        (
            "sqlite",
            "account.sqlite",
            lambda path: path.write_text("mine"),
            "SQLite: file is not a database",
        ),
    ],
)
def test_something_in_the_way(
    case: Case, format: str, name: str, make: Callable[[Path], object], reason: str
) -> None:
    """It is found before anything is asked for, stays as it is, and nothing is left beside it."""
    case.folder.mkdir()
    make(case.folder / name)
    assert case.fails(format) == f"{case.folder / name}: {reason}"
    assert case.account.requests == 0
    assert os.listdir(case.folder) == [name]
    _remove(case.folder / name)
    case.goes_on(format)


@pytest.mark.parametrize(
    ("name", "make", "kind"),
    [
        (".task.jsonl.part", Path.mkdir, "a folder"),
        (".task.jsonl.part", lambda path: path.symlink_to("elsewhere"), "a link"),
    ],
)
def test_something_in_the_way_of_a_hidden_file(
    case: Case, name: str, make: Callable[[Path], object], kind: str
) -> None:
    """It is named, since nobody sees it."""
    case.folder.mkdir()
    make(case.folder / name)
    assert case.fails() == f"{case.folder}/task.jsonl: {name}, {kind}, is in the way"
    _remove(case.folder / name)
    case.goes_on()


@pytest.mark.parametrize("content", ["", "x", "[]", "{}", '{"asked": {}, "began": 3}'])
def test_a_damaged_state_is_said(case: Case, invoke: Callable[..., Any], content: str) -> None:
    """And what to do about it."""
    (case.folder / ".unfinished").mkdir(parents=True)
    (case.folder / ".unfinished" / "export.json").write_text(content)
    result = invoke(*_words("jsonl", case.folder))
    assert result.exit_code == 2
    assert result.stderr == (
        f"intervals-async: {case.folder}/.unfinished/export.json is damaged; "
        "remove its folder to begin the export anew\n"
    )
    shutil.rmtree(case.folder / ".unfinished")
    case.goes_on()


def test_two_at_once(case: Case) -> None:
    """The second one is told that another export is under way; the first does not mind."""
    held = case.is_held()
    first = case.start()
    held()
    line = case.fails()
    assert line.startswith(f"{case.folder}")
    assert line.endswith(": another export is writing it")
    first.send_signal(signal.SIGINT)
    assert said(first) == "interrupted"
    case.goes_on()


@pytest.mark.parametrize(
    ("signals", "format", "ending"),
    [
        (("SIGINT",), "jsonl", ("interrupted", 130)),
        (("SIGINT", "SIGINT"), "jsonl", ("interrupted", 130)),
        (("SIGINT", "SIGINT"), "parquet", ("interrupted", 130)),
        (("SIGINT", "SIGINT"), "sqlite", ("interrupted", 130)),
        (("SIGINT", "SIGTERM"), "jsonl", ("interrupted", 130)),
        (("SIGTERM",), "jsonl", ("terminated", 143)),
        (("SIGTERM", "SIGTERM"), "jsonl", ("terminated", 143)),
        (("SIGHUP",), "jsonl", ("terminated", 143)),
        (("SIGHUP", "SIGTERM"), "jsonl", ("terminated", 143)),
    ],
)
def test_signals_end_it(
    case: Case, signals: tuple[str, ...], format: str, ending: tuple[str, int]
) -> None:
    """Once or twice, in the midst of a listing: one line, and the same command goes on."""
    held = case.is_held()
    process = case.start(format)
    held()
    for name in signals:
        process.send_signal(getattr(signal, name))
    assert (said(process), process.returncode) == ending
    case.goes_on(format)


@pytest.mark.parametrize(
    ("format", "name"),
    [("jsonl", "SIGINT"), ("parquet", "SIGINT"), ("sqlite", "SIGINT"), ("jsonl", "SIGTERM")],
)
def test_a_signal_while_another_is_handled(case: Case, format: str, name: str) -> None:
    """It does not break into the closing of files."""
    held = case.is_held()
    process = case.start(format, before=MORE_SIGNALS.format(signals=[name], hangs=False))
    held()
    process.send_signal(signal.SIGINT)
    assert (said(process), process.returncode) == ("interrupted", 130)
    case.goes_on(format)


def test_the_third_signal_ends_it_at_once(case: Case) -> None:
    """Whatever it hangs on; what was written is gone on with all the same."""
    held = case.is_held()
    # different ones, since several of one kind may come as one
    more = MORE_SIGNALS.format(signals=["SIGTERM", "SIGHUP"], hangs=True)
    process = case.start(before=more)
    held()
    process.send_signal(signal.SIGINT)
    assert (said(process), process.returncode) == ("interrupted", 130)
    case.goes_on()


def test_who_was_told_to_outlive_the_terminal_does(case: Case) -> None:
    """As with nohup: a signal that is ignored when it starts is ignored."""
    held = case.is_held()
    process = case.start(before=NO_HANGUP)
    held()
    for number in (signal.SIGHUP, signal.SIGINT):
        process.send_signal(number)
    assert (said(process), process.returncode) == ("interrupted", 130)


def test_interrupted_before_it_begins(case: Case) -> None:
    """Nothing is left where nothing was written."""
    held = case.is_held("/quota/", skip=0)
    process = case.start()
    held()
    process.send_signal(signal.SIGINT)
    assert (said(process), process.returncode) == ("interrupted", 130)
    assert not case.folder.exists()
    case.goes_on()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("no/where")])
@pytest.mark.parametrize("name", ["", ".unfinished"])
def test_something_in_the_way_of_a_folder(
    case: Case, name: str, make: Callable[[Path], object]
) -> None:
    """It is named, stays as it is, and nothing is asked for."""
    path = case.folder / name
    path.parent.mkdir(exist_ok=True)
    make(path)
    assert case.fails() == f"{path}: not a directory"
    assert case.account.requests == 0
    path.unlink()
    case.goes_on()


def test_two_at_once_in_a_folder(case: Case) -> None:
    """The folder is named, not a hidden file in it."""
    held = case.is_held()
    first = case.start()
    held()
    assert case.fails() == f"{case.folder}: another export is writing it"
    first.send_signal(signal.SIGINT)
    assert said(first) == "interrupted"


@pytest.mark.parametrize("format", ["jsonl", "parquet", "sqlite"])
def test_what_somebody_has_tidied_away_is_read_anew(case: Case, format: str) -> None:
    """An export whose hidden files are gone goes on for all that."""
    held = case.is_held()
    process = case.start(format)
    held()
    process.send_signal(signal.SIGINT)
    said(process)
    hidden = [*case.folder.glob(".*.part*")]
    assert hidden
    for path in hidden:
        path.unlink()
    case.goes_on(format)
