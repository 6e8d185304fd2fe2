"""A device, a pipe or an open stream is written into, or refused, and never replaced by a file."""

from __future__ import annotations

import asyncio
import errno
import gzip
import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from intervals_async import IntervalsClient, ProjectNote, _in_thread
from intervals_async._atomic_file import AtomicFile
from intervals_async._device_file import DeviceFile, is_device
from intervals_async.doctor import Report
from intervals_async.export import CsvSink, JsonLinesSink, ParquetSink, Sink, SqliteSink, export

from ..pipes import pipe_at
from .exported import decompressed
from .writing import write

Make = Callable[[Path], Sink]

STREAMABLE: dict[str, Make] = {
    "n.jsonl": lambda path: JsonLinesSink(path, force=True),
    "n.jsonl.gz": lambda path: JsonLinesSink(path, force=True),
    "n.csv.zst": lambda path: CsvSink(path, ProjectNote, force=True),
    "n.csv": lambda path: CsvSink(path, ProjectNote),
}
OTHERS: dict[str, Make] = {
    "n.parquet": lambda path: ParquetSink(path, ProjectNote, force=True),
    "n.sqlite": lambda path: SqliteSink(path, ProjectNote),
}
MAKE = STREAMABLE | OTHERS


@pytest.mark.parametrize("through_link", [False, True], ids=["pipe", "link"])
@pytest.mark.parametrize("name", STREAMABLE)
def test_pipe_receives_what_a_file_would_hold(
    tmp_path: Path, notes: list[ProjectNote], name: str, through_link: bool
) -> None:
    """A pipe receives the bytes of a file, with and without force, also through a link."""
    (tmp_path / "file").mkdir()
    write(MAKE[name](tmp_path / "file" / name), notes)
    target = tmp_path / name
    with pipe_at(tmp_path / "pipe" if through_link else target) as received:
        if through_link:
            target.symlink_to("pipe")
        write(MAKE[name](target), notes)
    assert decompressed(received[0]) == decompressed((tmp_path / "file" / name).read_bytes())
    assert target.is_symlink() is through_link


@pytest.mark.parametrize("name", OTHERS)
def test_formats_that_cannot_be_streamed_refuse_a_pipe(tmp_path: Path, name: str) -> None:
    """Parquet and SQLite need a file, so they refuse a pipe, a device and a link to one."""
    os.mkfifo(tmp_path / name)
    (tmp_path / "null").symlink_to("/dev/null")
    for target, kind in ((tmp_path / name, "a pipe"), (tmp_path / "null", "a device")):
        with pytest.raises(OSError, match=f"expected a regular file, got {kind}") as caught:
            MAKE[name](target).open()
        assert (caught.value.errno, caught.value.filename) == (errno.EINVAL, str(target))
    assert (tmp_path / name).is_fifo()
    assert sorted(os.listdir(tmp_path)) == sorted([name, "null"])


@pytest.mark.parametrize("name", MAKE)
def test_sockets_are_refused(tmp_path: Path, name: str) -> None:
    """A socket is refused in one sentence that names it."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / name))
        with pytest.raises(OSError, match="expected a regular file, got a socket") as caught:
            MAKE[name](tmp_path / name).open()
        assert caught.value.filename == str(tmp_path / name)


def test_block_devices_are_not_written_into() -> None:
    """A disk is refused: neither is it replaced nor written over."""
    disk = next((path for path in Path("/dev").iterdir() if path.is_block_device()), None)
    if disk is None:
        pytest.skip("this system shows no block device")
    assert not is_device(disk)
    with pytest.raises(OSError, match="got a block device"):
        AtomicFile(disk, force=True).open()


def test_pipe_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    """A pipe that takes the target's name during an export is not replaced at its end."""
    with AtomicFile(tmp_path / "n", force=True) as file:
        file.write(b"data")
        os.mkfifo(tmp_path / "n")
        with pytest.raises(OSError, match="expected a regular file"):
            file.commit()
    assert (tmp_path / "n").is_fifo()
    assert os.listdir(tmp_path) == ["n"]


@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd"])
def test_open_stream_is_appended_to(tmp_path: Path, note: ProjectNote, folder: str) -> None:
    """The path of an open stream is written to where the stream stands, and its file is kept."""
    if not Path(folder).is_dir():
        pytest.skip(f"{folder} does not exist")
    with (tmp_path / "n").open("w+b") as opened:
        opened.write(b"before\n")
        opened.flush()
        write(JsonLinesSink(f"{folder}/{opened.fileno()}", force=True), [note])
        opened.write(b"after\n")
    before, line, after = (tmp_path / "n").read_bytes().splitlines()
    assert (before, json.loads(line)["id"], after) == (b"before", note.id, b"after")
    with pytest.raises(OSError, match="/dev/fd/999999") as caught:
        JsonLinesSink("/dev/fd/999999").open()
    assert caught.value.errno == errno.EBADF


def test_open_pipe_is_found_though_its_link_leads_nowhere(note: ProjectNote) -> None:
    """The link of an open pipe names no file, and the pipe is written into all the same."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as received:
        write(JsonLinesSink(f"/dev/fd/{writer}"), [note])
        os.close(writer)
        assert json.loads(received.read())["id"] == note.id


def test_report_is_written_into_a_pipe(tmp_path: Path) -> None:
    """The report of the doctor goes into a pipe, too, and does not replace it."""
    report = Report(library="1", requests=0, complete=True, findings=(), fields=())
    with pipe_at(tmp_path / "report") as received:
        report.save(tmp_path / "report", force=True)
    assert received[0].decode() == report.to_json()


def test_closed_device_rejects_writes(tmp_path: Path) -> None:
    """Writing into a device after its end raises ValueError; closing it again does nothing."""
    with pipe_at(tmp_path / "pipe") as received, DeviceFile(tmp_path / "pipe") as device:
        device.write(gzip.compress(b"x"))
        device.commit()
        device.discard()
        with pytest.raises(ValueError, match="not open"):
            device.require_open()
    assert gzip.decompress(received[0]) == b"x"


@pytest.mark.parametrize(
    "folder", ["/dev/fd", "/proc/self/fd", "/proc/thread-self/fd", "/proc/{}/fd"]
)
@pytest.mark.parametrize("name", MAKE)
def test_link_to_an_open_stream_is_appended_to_or_refused(
    tmp_path: Path, notes: list[ProjectNote], folder: str, name: str
) -> None:
    """Links to an open stream, also over other links, never replace the file behind it."""
    folder = folder.format(os.getpid())
    if not Path(folder).is_dir():
        pytest.skip(f"{folder} does not exist")
    (tmp_path / "links").mkdir()
    with (tmp_path / "kept").open("ab") as opened:
        opened.write(b"before\n")
        opened.flush()
        (tmp_path / "links" / "first").symlink_to(f"{folder}/{opened.fileno()}")
        (tmp_path / name).symlink_to("links/first")
        sink = MAKE[name](tmp_path / name)
        if name in OTHERS:
            with pytest.raises(OSError, match="Errno"):
                sink.open()
        else:
            write(sink, notes)
    content = (tmp_path / "kept").read_bytes()
    assert content.startswith(b"before\n")
    assert (len(content) > 7) is (name in STREAMABLE)


def test_open_stream_of_another_process_is_not_replaced(tmp_path: Path) -> None:
    """A file that another process has open under /proc is refused, with force too."""
    with (tmp_path / "kept").open("ab") as opened:
        process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=opened)
        try:
            path = Path(f"/proc/{process.pid}/fd/1")
            if not path.exists():
                pytest.skip("this system has no /proc")
            (tmp_path / "link").symlink_to(path)
            for each in (path, tmp_path / "link"):
                with pytest.raises(OSError, match="got an open stream"):
                    JsonLinesSink(each, force=True).open()
        finally:
            process.communicate()
    assert sorted(os.listdir(tmp_path)) == ["kept", "link"]


async def test_waiting_for_the_reader_of_a_pipe_can_be_cancelled(
    tmp_path: Path, intervals: IntervalsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export into a pipe that nobody reads ends when it is cancelled, and keeps the pipe."""
    os.mkfifo(tmp_path / "pipe")
    waits = asyncio.Event()
    loop = asyncio.get_running_loop()
    pause = _in_thread.pause

    def seen(seconds: float) -> None:
        loop.call_soon_threadsafe(waits.set)
        pause(seconds)

    monkeypatch.setattr("intervals_async._device_file.pause", seen)
    exporting = asyncio.create_task(
        export(intervals.projectnote.list(), JsonLinesSink(tmp_path / "pipe"))
    )
    await waits.wait()
    exporting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await exporting
    waits.clear()
    document = await intervals.document.list().first()
    assert document is not None
    saving = asyncio.create_task(intervals.document.download(document.id).save(tmp_path / "pipe"))
    await waits.wait()
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert os.listdir(tmp_path) == ["pipe"]
