"""``export`` of one resource writes a complete file or none, and reports each failure."""

from __future__ import annotations

import asyncio
import csv
import errno
import inspect
import io
import json
import math
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from intervals_async import LimitWait, PageReceived, resources
from intervals_async._cli.generated_options import options_of_typed_dict
from intervals_async._cli.progress import RateLimitNotice
from intervals_async.testing import FakeIntervals, faults

from .conftest import Invoke, OnTerminal, Spawn, read_json_lines, without_frame


def ids(text: str) -> list[int]:
    """Parse the ids of JSON Lines."""
    return [record["id"] for record in read_json_lines(text)]


def test_export_writes_to_standard_output(account: FakeIntervals, invoke: Invoke) -> None:
    """Without ``--output``, ``export`` writes JSON Lines to standard output, and nothing else."""
    result = invoke("export", "projectnote", "--page-size", 20, "--concurrency", 2)
    assert result.exit_code == 0
    assert ids(result.stdout) == [row["id"] for row in account.rows("projectnote")]
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("name", "options", "read"),
    [
        ("notes.jsonl", (), ids),
        ("notes.csv", (), lambda text: next(csv.DictReader(io.StringIO(text)))["id"]),
        ("notes.dat", ("--format", "csv"), lambda text: text.index("id,projectid")),
        ("notes.ndjson", (), ids),
    ],
)
def test_format_follows_the_suffix(
    account: FakeIntervals,
    invoke: Invoke,
    tmp_path: Path,
    name: str,
    options: tuple[str, ...],
    read: Callable[[str], object],
) -> None:
    """The suffix of the file selects the format unless ``--format`` does; a line sums up."""
    path = tmp_path / name
    result = invoke("export", "projectnote", "-o", path, *options)
    assert result.exit_code == 0
    read(path.read_text(encoding="utf-8"))
    assert result.stdout == ""
    assert result.stderr.startswith("50 records, 1 request, ")
    assert result.stderr.endswith(f" s → {path}\n")
    assert account.requests == 1


def test_unknown_suffix_is_wrong_usage(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path
) -> None:
    """A suffix that matches no format is wrong usage and sends no request."""
    result = invoke("export", "projectnote", "-o", tmp_path / "notes.xlsx")
    assert result.exit_code == 2
    assert "--output: expected a name that ends in .jsonl, .csv, .parquet or .sqlite" in (
        without_frame(result.stderr)
    )
    assert account.requests == 0


def test_waits_for_the_rate_limit_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Waits for the rate limit are printed, at most every 10 seconds."""
    RateLimitNotice()(LimitWait(seconds=2.0, bulk=False))
    assert capsys.readouterr().err == "waiting 2 s for the rate limit\n"
    now = [0.0]
    notices: list[str] = []
    notice = RateLimitNotice(lambda: now[0])
    notice.say = notices.append
    notice(LimitWait(seconds=59.6, bulk=True))
    notice(LimitWait(seconds=1.0, bulk=True))
    now[0] = 10.0
    notice(LimitWait(seconds=math.inf, bulk=True))
    notice(PageReceived(resource="me", offset=0, records=1, listcount=1))
    assert notices == [
        "waiting 60 s for the rate limit",
        "waiting for the rate limit",
    ]


def test_dash_is_standard_output(account: FakeIntervals, invoke: Invoke) -> None:
    """``-o -`` writes to standard output."""
    result = invoke("export", "projectnote", "-o", "-", "--limit", 1)
    assert len(ids(result.stdout)) == account.requests == 1


def test_limit_and_offset_select_a_slice(account: FakeIntervals, invoke: Invoke) -> None:
    """``--limit`` and ``--offset`` select a slice of the records."""
    result = invoke("export", "projectnote", "--limit", 5, "--offset", 10)
    assert ids(result.stdout) == [row["id"] for row in account.rows("projectnote")[10:15]]


def test_filters_are_options(account: FakeIntervals, invoke: Invoke) -> None:
    """Options have the names of the API's filters, and repeated ones are joined."""
    result = invoke(
        *("export", "projectnote", "--projectid", "301,302", "--projectid", "303"),
        *("--search", "a, b"),
    )
    assert result.exit_code == 0
    (seen,) = account.log
    assert (seen.query["projectid"], seen.query["search"]) == ("301,302,303", "a, b")


def test_every_kind_of_filter_is_sent(account: FakeIntervals, invoke: Invoke) -> None:
    """Booleans, dates, choices and negative numbers are sent in the API's notation."""
    result = invoke(
        *("export", "project", "--active", "t", "--datestart", "2024-05-06"),
        *("--sortfield", "name", "--clientid", "-1"),
    )
    assert result.exit_code == 0
    (seen,) = account.log
    wanted = {"active": "t", "datestart": "2024-05-06", "sortfield": "name", "clientid": "-1"}
    assert wanted.items() <= seen.query.items()


def test_unpaginated_resource_has_no_limit(account: FakeIntervals, invoke: Invoke) -> None:
    """The command of an unpaginated resource lacks ``--limit``."""
    owner = account.rows("person")[0]["id"]
    assert invoke("export", "personcontact", "--personid", owner).exit_code == 0
    result = invoke("export", "personcontact", "--personid", owner, "--limit", 3)
    assert result.exit_code == 2
    assert "No such option: --limit" in result.stderr


def test_help_describes_filters(invoke: Invoke) -> None:
    """The help shows the docstrings of the filters, their choices, and the vendor's page."""
    text = " ".join(invoke("export", "project", "--help").stdout.split())
    assert "Starts on this date or earlier." in text
    assert "Direction of the sort: ASC, DESC." in text
    assert "https://www.myintervals.com/api/resource?r=project" in text


def test_options_exist_without_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the source code, from which their help comes, the options still exist."""

    def no_source(_: object) -> str:
        raise OSError("could not get source code")

    monkeypatch.setattr(inspect, "getsource", no_source)
    made = options_of_typed_dict(resources.PersonFilters, "Filters")
    assert "username" in [option.name for option in made]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("projectnote", "--projctid", "3"), "--projectid"),
        (("projectnotes",), "Did you mean 'projectnote'"),
        (("projectnote", "--projectid", "3,x"), "Invalid value for --projectid: "),
        (("projectnote", "--projectid", "3,x"), "'x'"),
        (("projectnote", "--projectid", ""), "''"),
        (("project", "--sortfield", "nme"), "did you mean 'name'?"),
        (("project", "--sortfield", "?"), "expected one of id, localid"),
        (("project", "--active", "perhaps"), "'perhaps'"),
        (("personcontact",), "--personid"),
        (("projectnote", "--format", "xml"), "xml"),
        (("projectnote", "--page-size", "0"), "--page-size"),
    ],
)
def test_wrong_usage_sends_no_request(
    account: FakeIntervals, invoke: Invoke, arguments: tuple[str, ...], words: str
) -> None:
    """Wrong usage sends no request, and the error suggests a similar name."""
    result = invoke("export", *arguments)
    assert result.exit_code == 2
    assert words in without_frame(result.stderr)
    assert account.requests == 0


def test_existing_file_requires_force(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path
) -> None:
    """An existing file is replaced only with ``--force``, and otherwise no request is sent."""
    path = tmp_path / "notes.jsonl"
    path.write_text("mine")
    result = invoke("export", "projectnote", "-o", path)
    assert result.exit_code == 1
    assert result.stderr == (
        f"intervals-async: {path}: the file exists; pass --force to replace it\n"
    )
    assert (path.read_text(), account.requests) == ("mine", 0)
    assert invoke("export", "projectnote", "-o", path, "--force").exit_code == 0
    assert len(ids(path.read_text(encoding="utf-8"))) == 50


@pytest.mark.usefixtures("account")
def test_missing_folder_is_a_failure(invoke: Invoke, tmp_path: Path) -> None:
    """The error about a file in a missing folder is one line that names the file."""
    path = tmp_path / "none" / "notes.jsonl"
    result = invoke("export", "projectnote", "-o", path)
    assert result.exit_code == 1
    assert result.stderr == f"intervals-async: {path}: no such file or directory\n"


@pytest.mark.usefixtures("account")
def test_full_disk_leaves_no_file(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error about a full disk is one line that names the file, and no file remains."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    path = tmp_path / "notes.jsonl"
    result = invoke("export", "projectnote", "-o", path)
    assert result.exit_code == 1
    assert result.stderr == f"intervals-async: {path}: no space left on device\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("account")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this platform has no /dev/full")
def test_standard_output_on_a_full_disk_is_a_failure(spawn: Spawn) -> None:
    """The error about a full disk behind standard output is one line."""
    with Path("/dev/full").open("wb") as full:
        process = spawn("export", "projectnote", stdout=full)
        _, stderr = process.communicate()
    assert process.returncode == 1
    assert stderr == b"intervals-async: standard output: no space left on device\n"


def test_error_of_the_api_leaves_no_file(
    account: FakeIntervals, invoke: Invoke, tmp_path: Path
) -> None:
    """An error response in the middle of an export is one line, and no file remains."""
    account.inject(faults.Status(403, 10, "Permission denied"), skip=1)
    result = invoke("export", "projectnote", "-o", tmp_path / "n.csv", "--page-size", 20)
    assert result.exit_code == 1
    assert result.stderr.startswith("intervals-async: GET /projectnote/: ")
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_signal_leaves_no_file(
    account: FakeIntervals,
    spawn: Spawn,
    tmp_path: Path,
    number: signal.Signals,
    code: int,
    reason: str,
) -> None:
    """Ctrl-C and SIGTERM end an export with one line, and no file remains."""
    account.inject(faults.Hold(asyncio.Event()), skip=1)
    wait_for_second_request = _requests(account, 2)
    process = spawn("export", "projectnote", "-o", tmp_path / "n.jsonl", "--page-size", 10)
    wait_for_second_request()
    process.send_signal(number)
    _, stderr = process.communicate()
    assert process.returncode == code
    assert stderr.decode() == f"intervals-async: {reason}\n"
    assert list(tmp_path.iterdir()) == []


def test_closed_pipe_ends_the_export_silently(account: FakeIntervals, spawn: Spawn) -> None:
    """When the reader of a pipe closes it, the export sends no more requests and prints nothing."""
    process = spawn("export", "projectnote", "--page-size", 1)
    assert process.stdout is not None
    process.stdout.close()
    _, stderr = process.communicate()
    assert (process.returncode, stderr) == (0, b"")
    assert account.requests < 50


@pytest.mark.slow
def test_terminal_shows_a_progress_bar(
    account: FakeIntervals, on_terminal: OnTerminal, tmp_path: Path
) -> None:
    """On a terminal, an export to a file shows a progress bar and then a summary."""
    path = tmp_path / "n.jsonl"
    code, seen = on_terminal("export", "projectnote", "-o", path, "--limit", 20, "--offset", 5)
    assert code == 0
    assert "20/20" in seen
    assert "1 request" in seen
    assert seen.rstrip().endswith(f"→ {path}")
    owner = account.rows("person")[0]["id"]
    path = tmp_path / "c.jsonl"
    contacts = account.wire_rows("personcontact")[:1]
    account.inject(faults.Raw(json.dumps({"personcontact": contacts}).encode()))
    code, seen = on_terminal("export", "personcontact", "--personid", owner, "-o", path)
    assert code == 0
    assert "1 record, 1 request, " in seen


@pytest.mark.usefixtures("account")
def test_records_on_a_terminal_have_no_progress_bar(on_terminal: OnTerminal) -> None:
    """An export to a terminal shows the records and a summary, without a progress bar."""
    code, seen = on_terminal("export", "projectnote", "--limit", 2)
    assert code == 0
    first, second, summary = seen.splitlines()
    assert len({json.loads(first)["id"], json.loads(second)["id"]}) == 2
    assert summary.startswith("2 records, 1 request, ")


def _requests(account: FakeIntervals, number: int) -> Callable[[], None]:
    """Return a function that waits until the server has received that many requests."""
    received = threading.Semaphore(0)
    account.between(lambda *_: received.release())

    def wait() -> None:
        for _ in range(number):
            assert received.acquire(timeout=30)

    return wait
