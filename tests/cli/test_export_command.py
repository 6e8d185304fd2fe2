"""``export`` writes what the API has, says what is wrong, and never leaves half a file."""

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
from typing import Any

import pytest

from intervals_async import LimitWait, PageReceived, resources
from intervals_async._cli.generated_options import options_of_typed_dict
from intervals_async._cli.progress import RateLimitNotice
from intervals_async.testing import FakeIntervals, faults

OnTerminal = Callable[..., tuple[int, str]]


def ids(text: str) -> list[int]:
    """Read the ids of JSON lines; a text in them may hold what Python calls a line's end."""
    return [json.loads(line)["id"] for line in text.split("\n")[:-1]]


def test_records_go_to_standard_output(account: FakeIntervals, invoke: Any) -> None:
    """Without a file JSON lines go out, and nothing else is said."""
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
def test_the_format_follows_the_suffix(
    account: FakeIntervals,
    invoke: Any,
    tmp_path: Path,
    name: str,
    options: tuple[str, ...],
    read: Callable[[str], object],
) -> None:
    """The suffix says the format unless an option does; one line says what was done."""
    path = tmp_path / name
    result = invoke("export", "projectnote", "-o", path, *options)
    assert result.exit_code == 0
    read(path.read_text(encoding="utf-8"))
    assert result.stdout == ""
    assert result.stderr.startswith("50 records, 1 request, ")
    assert result.stderr.endswith(f" s → {path}\n")
    assert account.requests == 1


def test_a_suffix_that_says_no_format_is_refused(
    account: FakeIntervals, invoke: Any, tmp_path: Path
) -> None:
    """A file called .xlsx that holds JSON lines would be a trap."""
    result = invoke("export", "projectnote", "-o", tmp_path / "notes.xlsx")
    assert result.exit_code == 2
    assert "does not say a format" in result.stderr
    assert account.requests == 0


def test_waiting_for_the_limit_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever looks at an export that stands still sees why, once in a while."""
    RateLimitNotice()(LimitWait(seconds=2.0, bulk=False))
    assert capsys.readouterr().err == "waiting 2 s for the limit of requests\n"
    now = [0.0]
    said: list[str] = []
    notice = RateLimitNotice(lambda: now[0])
    notice.say = said.append
    notice(LimitWait(seconds=59.6, bulk=True))
    notice(LimitWait(seconds=1.0, bulk=True))
    now[0] = 10.0
    notice(LimitWait(seconds=math.inf, bulk=True))
    notice(PageReceived(resource="me", offset=0, records=1, listcount=1))
    assert said == [
        "waiting 60 s for the limit of requests",
        "waiting for the limit of requests",
    ]


def test_a_dash_is_standard_output(account: FakeIntervals, invoke: Any) -> None:
    """``-o -`` means standard output, as it does elsewhere."""
    result = invoke("export", "projectnote", "-o", "-", "--limit", 1)
    assert len(ids(result.stdout)) == account.requests == 1


def test_a_slice_is_taken_with_limit_and_offset(account: FakeIntervals, invoke: Any) -> None:
    """The two cut a slice of the whole."""
    result = invoke("export", "projectnote", "--limit", 5, "--offset", 10)
    assert ids(result.stdout) == [row["id"] for row in account.rows("projectnote")[10:15]]


def test_filters_are_options(account: FakeIntervals, invoke: Any) -> None:
    """Filters bear the API's names; several values are joined, however they are given."""
    result = invoke(
        *("export", "projectnote", "--projectid", "301,302", "--projectid", "303"),
        *("--search", "a, b"),
    )
    assert result.exit_code == 0
    (seen,) = account.log
    assert (seen.query["projectid"], seen.query["search"]) == ("301,302,303", "a, b")


def test_every_kind_of_filter_is_read(account: FakeIntervals, invoke: Any) -> None:
    """Truths, days, names and negative numbers are written as the API wants them."""
    result = invoke(
        *("export", "project", "--active", "t", "--datestart", "2024-05-06"),
        *("--sortfield", "name", "--clientid", "-1"),
    )
    assert result.exit_code == 0
    (seen,) = account.log
    wanted = {"active": "t", "datestart": "2024-05-06", "sortfield": "name", "clientid": "-1"}
    assert wanted.items() <= seen.query.items()


def test_every_resource_that_lists_has_a_command(invoke: Any) -> None:
    """The commands follow from the resources."""
    words = invoke("export", "--help").stdout.split()
    for name in resources.names():
        assert (name in words) == ("list" in resources.resource_class(name).methods())


def test_a_resource_without_pages_has_no_slice(account: FakeIntervals, invoke: Any) -> None:
    """``--limit`` and ``--offset`` are there only where the API has them."""
    owner = account.rows("person")[0]["id"]
    assert invoke("export", "personcontact", "--personid", owner).exit_code == 0
    result = invoke("export", "personcontact", "--personid", owner, "--limit", 3)
    assert result.exit_code == 2
    assert "No such option: --limit" in result.stderr


def test_the_help_says_what_the_filters_mean(invoke: Any) -> None:
    """The filters' docstrings are their help; choices are named."""
    text = " ".join(invoke("export", "project", "--help").stdout.split())
    assert "Starts on this date or earlier." in text
    assert "Direction of the sort: ASC, DESC." in text
    assert "https://www.myintervals.com/api/resource?r=project" in text


def test_help_is_there_without_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the source is not shipped, the options are there without their help."""

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
        (("projectnote", "--projectid", "3,x"), "projectid: expected an integer, got 'x'"),
        (("projectnote", "--projectid", ""), "projectid: expected an integer, got ''"),
        (("project", "--sortfield", "nme"), "did you mean 'name'?"),
        (("project", "--sortfield", "?"), "it takes one of id, localid"),
        (("project", "--active", "perhaps"), "active: expected True or False"),
        (("personcontact",), "--personid"),
        (("projectnote", "--format", "xml"), "xml"),
        (("projectnote", "--page-size", "0"), "--page-size"),
    ],
)
def test_wrong_usage_is_refused_before_a_request(
    account: FakeIntervals, invoke: Any, arguments: tuple[str, ...], words: str
) -> None:
    """What cannot be meant costs no request, and the nearest known name is given."""
    result = invoke("export", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert account.requests == 0


def test_a_file_that_exists_stays(account: FakeIntervals, invoke: Any, tmp_path: Path) -> None:
    """An existing file is replaced with --force only, and refused without a request."""
    path = tmp_path / "notes.jsonl"
    path.write_text("mine")
    result = invoke("export", "projectnote", "-o", path)
    assert result.exit_code == 1
    assert result.stderr == (f"intervals-async: {path}: it exists already; --force replaces it\n")
    assert (path.read_text(), account.requests) == ("mine", 0)
    assert invoke("export", "projectnote", "-o", path, "--force").exit_code == 0
    assert len(ids(path.read_text(encoding="utf-8"))) == 50


@pytest.mark.usefixtures("account")
def test_a_folder_that_is_not_there_is_said(invoke: Any, tmp_path: Path) -> None:
    """A file that cannot be made is one line."""
    path = tmp_path / "none" / "notes.jsonl"
    result = invoke("export", "projectnote", "-o", path)
    assert result.exit_code == 1
    assert result.stderr == f"intervals-async: {path}: no such file or directory\n"


@pytest.mark.usefixtures("account")
def test_a_full_disk_is_said(invoke: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up is one line, and nothing stays."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    path = tmp_path / "notes.jsonl"
    result = invoke("export", "projectnote", "-o", path)
    assert result.exit_code == 1
    assert result.stderr == f"intervals-async: {path}: no space left on device\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("account")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_standard_output_is_said(spawn: Any) -> None:
    """What standard output does not take is one line, too."""
    with Path("/dev/full").open("wb") as full:
        process = spawn("export", "projectnote", stdout=full)
        _, stderr = process.communicate()
    assert process.returncode == 1
    assert stderr == b"intervals-async: standard output: no space left on device\n"


def test_an_error_of_the_api_is_said(account: FakeIntervals, invoke: Any, tmp_path: Path) -> None:
    """What the API refuses in the middle is one line, and leaves no file."""
    account.inject(faults.Status(403, 10, "Permission denied"), skip=1)
    result = invoke("export", "projectnote", "-o", tmp_path / "n.csv", "--page-size", 20)
    assert result.exit_code == 1
    assert result.stderr.startswith("intervals-async: GET /projectnote/: ")
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_stopping_it_leaves_nothing(
    account: FakeIntervals,
    spawn: Any,
    tmp_path: Path,
    number: signal.Signals,
    code: int,
    reason: str,
) -> None:
    """Ctrl-C and SIGTERM end an export at once, in one line, without a part of a file."""
    account.inject(faults.Hold(asyncio.Event()), skip=1)
    seen_second = _when_asked(account, 2)
    process = spawn("export", "projectnote", "-o", tmp_path / "n.jsonl", "--page-size", 10)
    seen_second()
    process.send_signal(number)
    _, stderr = process.communicate()
    assert process.returncode == code
    assert stderr.decode() == f"intervals-async: {reason}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_closed_pipe_is_quiet(account: FakeIntervals, spawn: Any) -> None:
    """When the reader has seen enough, the export stops asking and says nothing."""
    process = spawn("export", "projectnote", "--page-size", 1)
    process.stdout.close()
    _, stderr = process.communicate()
    assert (process.returncode, stderr) == (1, b"")
    assert account.requests < 50


def test_a_bar_shows_progress_on_a_terminal(
    account: FakeIntervals, on_terminal: OnTerminal, tmp_path: Path
) -> None:
    """On a terminal a bar runs while a file is written, and then a line sums up."""
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
def test_no_bar_runs_into_the_records(on_terminal: OnTerminal) -> None:
    """Records that go to a terminal are not mixed with a bar."""
    code, seen = on_terminal("export", "projectnote", "--limit", 2)
    assert code == 0
    first, second, summary = seen.splitlines()
    assert len({json.loads(first)["id"], json.loads(second)["id"]}) == 2
    assert summary.startswith("2 records, 1 request, ")


def _when_asked(account: FakeIntervals, number: int) -> Callable[[], None]:
    """Give a function that waits until the server has met so many requests."""
    asked = threading.Semaphore(0)
    account.between(lambda *_: asked.release())

    def wait() -> None:
        for _ in range(number):
            assert asked.acquire(timeout=30)

    return wait
