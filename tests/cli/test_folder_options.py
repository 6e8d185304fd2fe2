"""Options of an export to a folder: filters, ``--incremental``, estimates, and rate limits."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from intervals_async.export import Manifest
from intervals_async.testing import FakeIntervals, faults

from .conftest import Invoke, Serving, Spawn, read_json_lines, without_frame


def read(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON Lines."""
    return read_json_lines(path.read_text(encoding="utf-8"))


def test_estimate_is_printed(account: FakeIntervals, tmp_path: Path, invoke: Invoke) -> None:
    """An export to a folder prints the estimated requests, and sends one more for the quota."""
    result = invoke("export", "projectnote", "person", "-o", tmp_path)
    assert re.match(r"2 requests, under a minute; [0-9,]+ left today\n", result.stderr)
    assert account.requests == 3


def test_dry_run_writes_nothing(account: FakeIntervals, tmp_path: Path, invoke: Invoke) -> None:
    """``--dry-run`` prints only the estimate and creates no folder."""
    result = invoke("export", "--all", "--dry-run", "-o", tmp_path / "new" / "newer")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.count("\n") == 1
    assert "requests, " in result.stderr
    assert not (tmp_path / "new").exists()


def test_all_resources_need_a_folder(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke
) -> None:
    """``--all`` refuses the name of a file before a request, as names of resources do."""
    for words in (("--all",), ("project", "task"), ("--all", "--dry-run")):
        result = invoke("export", *words, "--output", tmp_path / "everything.sqlite")
        assert result.exit_code == 2
        assert "expected a folder, got the name of a file" in without_frame(result.stderr)
    assert account.requests == 0


def test_dry_run_prints_json(account: FakeIntervals, tmp_path: Path, invoke: Invoke) -> None:
    """``--dry-run --json --quiet`` prints only the estimate, as JSON."""
    words = ("export", "group", "projectnote", "--dry-run", "--json", "--quiet")
    result = invoke(*words, "-o", tmp_path / "new")
    assert (result.exit_code, result.stderr) == (0, "")
    estimate = json.loads(result.stdout)
    groups = len(account.rows("group"))
    assert estimate["resources"] == [
        {"resource": "group", "listcount": groups, "requests": 1},
        {"resource": "projectnote", "listcount": 50, "requests": 1},
    ]
    assert estimate["requests"] == 2
    assert estimate["daily_left"] > 2
    assert estimate["begun"] is None
    assert not (tmp_path / "new").exists()


def test_small_quota_is_refused(
    serving: Serving,
    tmp_path: Path,
    invoke: Invoke,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An export that exceeds the daily quota ends with exit code 3 and a remedy in one line."""
    noon = datetime(2026, 5, 6, 12, tzinfo=UTC)
    with serving(FakeIntervals(notes=50, per_minute=None, per_day=9, now=lambda: noon)) as fake:
        monkeypatch.setenv("INTERVALS_TOKEN", fake.token)
        monkeypatch.setenv("INTERVALS_BASE_URL", fake.url)
        result = invoke("export", "person", "personcontact", "-o", tmp_path / "new")
        assert result.exit_code == 3
        estimate, error = result.stderr.splitlines()
        assert estimate == (
            "13 requests, under a minute; 9 left today, reset at 2026-05-07 00:00 UTC"
        )
        assert error.startswith("intervals-async: ")
        assert "2026-05-07 00:00 UTC" in error
        assert "--wait-for-reset" in error
        assert not (tmp_path / "new").exists()
        assert invoke("export", "person", "group", "-o", tmp_path / "new").exit_code == 0


def test_filters_apply_to_their_resources(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke
) -> None:
    """``--filter`` restricts one resource; several ids are separated by commas, or repeat the option."""
    first, second, third, *_ = (row["id"] for row in account.rows("project"))
    for filters in (
        [f"projectnote.projectid={first},{second}"],
        [f"projectnote.projectid={first}", f"projectnote.projectid={second}"],
    ):
        words = [word for each in filters for word in ("--filter", each)]
        words += ["--filter", f"task.projectid={third}"]
        assert invoke("export", "projectnote", "task", *words, "-o", tmp_path).exit_code == 0
        projects = {note["projectid"] for note in read(tmp_path / "projectnote.jsonl")}
        assert projects == {first, second}
        assert {task["projectid"] for task in read(tmp_path / "task.jsonl")} == {third}
    assert Manifest.read(tmp_path).exported[0].filters == {"projectid": [first, second]}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ["--filter", "task"],
            "expected RESOURCE.NAME=VALUE, such as task.projectid=3,5, got 'task'",
        ),
        (["--filter", "task=3"], "got 'task=3'"),
        (["--filter", "taks.projectid=3"], "expected a resource, got 'taks'; did you mean 'task'?"),
        (
            ["--filter", "task.project=3"],
            "expected a filter of task, got 'project'; did you mean 'projectid'?",
        ),
        (["--filter", "task.projectid=x"], "--filter task.projectid: "),
        (["--filter", "me.x=3"], "expected a resource with filters, got 'me'"),
        (["--filter", "time.projectid=3"], "'time'"),
        (["--since", "tomorrow"], "'tomorrow'"),
        (["--since", "2026-05-01T00:00+02:00"], "--since"),
        (["--since", "2026-05-01", "--incremental"], "incremental"),
    ],
)
def test_invalid_options_send_no_request(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke, words: list[str], complaint: str
) -> None:
    """Invalid options of an export to a folder are refused before any request or folder."""
    result = invoke("export", "task", "person", "-o", tmp_path / "new", *words)
    assert result.exit_code == 2
    assert complaint in without_frame(result.stderr)
    assert account.requests == 0
    assert not (tmp_path / "new").exists()


def test_since_exports_changed_records(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke
) -> None:
    """``--since`` exports only changed tasks, and every person."""
    times = {row["id"]: str(row["datemodified"]) for row in account.rows("task")}
    middle = datetime.fromisoformat(sorted(times.values())[len(times) // 2])
    result = invoke("export", "task", "person", "-o", tmp_path, "--since", middle.isoformat())
    assert result.exit_code == 0
    changed = {id for id, time in times.items() if time >= str(middle)}
    assert {task["id"] for task in read(tmp_path / "task.jsonl")} <= changed
    assert 0 < len(read(tmp_path / "task.jsonl")) < len(times)
    assert len(read(tmp_path / "person.jsonl")) == len(account.rows("person"))


def test_incremental_export_reads_changed_records(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke
) -> None:
    """``--incremental`` reads only changed records, and its files are complete."""
    words = ("export", "task", "time", "-o", tmp_path)
    assert invoke(*words).exit_code == 0
    new = account.insert("task", title="brand new")
    account.clear_log()
    result = invoke(*words, "--incremental")
    assert result.exit_code == 0
    assert any("datemodifiedbegin" in seen.query for seen in account.log)
    assert "changed records only: task, time\n" in result.stderr
    assert {task["id"] for task in read(tmp_path / "task.jsonl")} == {
        row["id"] for row in account.rows("task")
    }
    assert new in {task["id"] for task in read(tmp_path / "task.jsonl")}
    assert invoke("verify", tmp_path).exit_code == 0


def test_one_resource_is_exported_to_a_folder(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke
) -> None:
    """One resource is exported to a folder if ``--output`` is a folder, or with ``--incremental``."""
    (tmp_path / "there").mkdir()
    for words in (
        ("-o", tmp_path / "there"),
        ("--output", f"{tmp_path}/new/"),
        ("--output", tmp_path / "other", "--incremental"),
    ):
        assert invoke("export", "group", *words).exit_code == 0
        assert (Path(words[1]) / "group.jsonl").exists()
    for first in ([], ["--quiet"]):
        result = invoke("export", *first, "-o", tmp_path / "two", "group", "module")
        assert result.exit_code == 0
    result = invoke("export", "group", "nosuch", "-o", tmp_path / "there")
    assert result.exit_code == 2
    assert "'nosuch'" in result.stderr


def test_options_before_a_resource_are_defaults(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke
) -> None:
    """Options before the resources are defaults; the same options after them take precedence."""
    project = account.rows("project")[0]["id"]
    before = ("export", "--format", "csv", "--filter", f"task.projectid={project}", "--quiet")
    result = invoke(*before, "--base-url", "http://127.0.0.1:1/", "-o", tmp_path / "nowhere")
    assert (result.exit_code, account.requests) == (2, 0)  # no resource, and no --all
    result = invoke(*before, "-o", tmp_path / "a", "task", "group", "--format", "jsonl")
    assert (result.exit_code, result.output) == (0, "")
    assert {task["projectid"] for task in read(tmp_path / "a" / "task.jsonl")} == {project}
    wrong = ("--base-url", "http://127.0.0.1:1/", "--token-file", tmp_path / "none")
    token = tmp_path / "token"
    token.write_text(account.token)
    right = ("--base-url", account.url, "--token-file", token)
    assert invoke("export", *wrong, "group", "me", *right, "-o", tmp_path / "b").exit_code == 0
    assert invoke("export", *right, "group", "me", "-o", tmp_path / "c").exit_code == 0
    assert invoke("export", "-o", tmp_path / "d.jsonl", "group").exit_code == 0
    assert len(read(tmp_path / "d.jsonl")) == len(account.rows("group"))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--limit", "3"], "--limit applies to a single file, not to a folder"),
        (["--offset", "3"], "--offset applies to a single file"),
        (["--page-size", "10"], "--page-size applies to a single file"),
        (["--concurrency", "2"], "--concurrency applies to a single file"),
        (["--force"], "--force applies to a single file"),
        (["--projectid", "3"], "use --filter task.projectid=VALUE"),
        (["--all"], "No such option: --all"),
    ],
)
def test_options_of_a_file_are_refused_for_a_folder(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke, words: list[str], complaint: str
) -> None:
    """Options that apply to a single file only are refused in an export to a folder."""
    result = invoke("export", "task", "person", "-o", tmp_path / "new", *words)
    assert result.exit_code == 2
    assert complaint in without_frame(result.stderr)
    assert account.requests == 0
    assert not (tmp_path / "new").exists()


def test_value_of_an_option_is_not_a_resource(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke
) -> None:
    """The value of an option, as in ``--search task``, is not mistaken for a resource."""
    path = tmp_path / "notes.jsonl"
    assert invoke("export", "projectnote", "--search", "task", "-o", path).exit_code == 0
    assert path.is_file()
    assert account.log[0].query["search"] == "task"
    result = invoke("export", f"--output={tmp_path}/new/", "projectnote")
    assert result.exit_code == 0
    assert (tmp_path / "new" / "projectnote.jsonl").exists()


def test_commands_share_rate_limits(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands share the store in INTERVALS_LIMIT_STORE, and warn once if they cannot open it."""
    monkeypatch.setenv("INTERVALS_LIMIT_STORE", str(tmp_path / "limits"))
    assert invoke("list", "group", "--count").exit_code == 0
    assert (tmp_path / "limits").stat().st_size > 0
    monkeypatch.setenv("INTERVALS_LIMIT_STORE", str(tmp_path / "nowhere" / "limits"))
    result = invoke("list", "group", "--count")
    assert (result.exit_code, result.stdout) == (0, "4\n")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("intervals-async: ")
    monkeypatch.setenv("INTERVALS_LIMIT_STORE", "nosuch://somewhere")
    result = invoke("list", "group", "--count")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "INTERVALS_LIMIT_STORE" in result.stderr


def test_waiting_for_the_reset_is_printed(
    account: FakeIntervals, tmp_path: Path, spawn: Spawn
) -> None:
    """Without a terminal, waiting for the quota to reset is printed as a line."""
    account.inject(faults.DayUsedUp(), times=None, path="/personcontact/")
    words = ("export", "person", "personcontact", "-o", tmp_path, "--wait-for-reset")
    process = spawn(*words, text=True)
    assert process.stderr is not None
    _, notice = [process.stderr.readline() for _ in range(2)]
    assert notice.startswith("waiting until ")
    assert notice.endswith(" UTC for the quota to reset\n")
