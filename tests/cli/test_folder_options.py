"""What an export into a folder can be told: filters, since when, what it may cost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from intervals_async.export import Manifest
from intervals_async.testing import FakeIntervals, faults


def read(path: Path) -> list[dict[str, Any]]:
    """Read what was written as JSON Lines."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_it_says_what_it_costs(account: FakeIntervals, tmp_path: Path, invoke: Any) -> None:
    """Before it begins, in one line; and it costs that."""
    result = invoke("export", "projectnote", "person", "-o", tmp_path)
    assert re.match(r"2 requests, under a minute; [0-9,]+ left today\n", result.stderr)
    assert account.requests == 3


def test_a_dry_run_writes_nothing(account: FakeIntervals, tmp_path: Path, invoke: Any) -> None:
    """What it costs is all; a folder is not made."""
    result = invoke("export", "--all", "--dry-run", "-o", tmp_path / "new" / "newer")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.count("\n") == 1
    assert "requests, " in result.stderr
    assert not (tmp_path / "new").exists()


def test_a_dry_run_for_scripts(account: FakeIntervals, tmp_path: Path, invoke: Any) -> None:
    """What it costs, as JSON, and nothing else where nothing else is wanted."""
    words = ("export", "group", "projectnote", "--dry-run", "--json", "--quiet")
    result = invoke(*words, "-o", tmp_path / "new")
    assert (result.exit_code, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    groups = len(account.rows("group"))
    assert told["resources"] == [
        {"resource": "group", "listcount": groups, "requests": 1},
        {"resource": "projectnote", "listcount": 50, "requests": 1},
    ]
    assert told["requests"] == 2
    assert told["daily_left"] > 2
    assert told["begun"] is None
    assert not (tmp_path / "new").exists()


def test_too_few_requests_are_left(
    serving: Callable[[FakeIntervals], AbstractContextManager[FakeIntervals]],
    tmp_path: Path,
    invoke: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line says it, and what can be done; exit code 3; nothing is left."""
    noon = datetime(2026, 5, 6, 12, tzinfo=UTC)
    with serving(FakeIntervals(notes=50, per_minute=None, per_day=9, now=lambda: noon)) as fake:
        monkeypatch.setenv("INTERVALS_TOKEN", fake.token)
        monkeypatch.setenv("INTERVALS_BASE_URL", fake.url)
        result = invoke("export", "person", "personcontact", "-o", tmp_path / "new")
        assert result.exit_code == 3
        assert result.stderr == (
            "13 requests, under a minute; 9 left today, more from 2026-05-07 00:00 UTC on\n"
            "intervals-async: the export takes about 13 requests, and 9 of the day's 9 are left "
            "until 2026-05-07 00:00 UTC: export less, or let it wait for the next day "
            "(wait_for_reset=True, --wait-for-reset)\n"
        )
        assert not (tmp_path / "new").exists()
        assert invoke("export", "person", "group", "-o", tmp_path / "new").exit_code == 0


def test_filters_of_each_resource(account: FakeIntervals, tmp_path: Path, invoke: Any) -> None:
    """Several ids may be given in one filter or in several."""
    first, second, third, *_ = (row["id"] for row in account.rows("project"))
    for given in (
        [f"projectnote.projectid={first},{second}"],
        [f"projectnote.projectid={first}", f"projectnote.projectid={second}"],
    ):
        words = [word for each in given for word in ("--filter", each)]
        words += ["--filter", f"task.projectid={third}"]
        assert invoke("export", "projectnote", "task", *words, "-o", tmp_path).exit_code == 0
        projects = {note["projectid"] for note in read(tmp_path / "projectnote.jsonl")}
        assert projects == {first, second}
        assert {task["projectid"] for task in read(tmp_path / "task.jsonl")} == {third}
    assert Manifest.read(tmp_path).exported[0].filters == {"projectid": [first, second]}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--filter", "task"], "'task' is no filter; write RESOURCE.NAME=VALUE"),
        (["--filter", "task=3"], "'task=3' is no filter"),
        (["--filter", "taks.projectid=3"], "there is no resource 'taks'; did you mean 'task'?"),
        (["--filter", "task.project=3"], "task has no filter 'project'; did you mean 'projectid'?"),
        (["--filter", "task.projectid=x"], "--filter task.projectid"),
        (["--filter", "me.x=3"], "me has no filter 'x'"),
        (["--filter", "time.projectid=3"], "there are filters for 'time', which is not exported"),
        (["--since", "yesterday"], "'yesterday' is none"),
        (["--since", "2026-05-01T00:00+02:00"], "without a time zone"),
        (["--since", "2026-05-01", "--incremental"], "incremental says since when by itself"),
    ],
)
def test_what_cannot_be_meant(
    account: FakeIntervals, tmp_path: Path, invoke: Any, words: list[str], complaint: str
) -> None:
    """Wrong usage; nothing is sent, and nothing written."""
    result = invoke("export", "task", "person", "-o", tmp_path / "new", *words)
    assert result.exit_code == 2
    assert complaint in " ".join(result.stderr.replace("│", " ").split())
    assert account.requests == 0
    assert not (tmp_path / "new").exists()


def test_what_was_changed_since_a_moment(
    account: FakeIntervals, tmp_path: Path, invoke: Any
) -> None:
    """Of the resources that tell; the others are read whole."""
    moments = {row["id"]: str(row["datemodified"]) for row in account.rows("task")}
    middle = datetime.fromisoformat(sorted(moments.values())[len(moments) // 2])
    result = invoke("export", "task", "person", "-o", tmp_path, "--since", middle.isoformat())
    assert result.exit_code == 0
    changed = {id for id, moment in moments.items() if moment >= str(middle)}
    assert {task["id"] for task in read(tmp_path / "task.jsonl")} <= changed
    assert 0 < len(read(tmp_path / "task.jsonl")) < len(moments)
    assert len(read(tmp_path / "person.jsonl")) == len(account.rows("person"))


def test_changes_alone(account: FakeIntervals, tmp_path: Path, invoke: Any) -> None:
    """A second export reads what was changed, and the files are as if it had read all."""
    words = ("export", "task", "time", "-o", tmp_path)
    assert invoke(*words).exit_code == 0
    new = account.insert("task", title="brand new")
    account.clear_log()
    result = invoke(*words, "--incremental")
    assert result.exit_code == 0
    assert any("datemodifiedbegin" in seen.query for seen in account.log)
    assert "only what was changed was read of: task, time\n" in result.stderr
    assert {task["id"] for task in read(tmp_path / "task.jsonl")} == {
        row["id"] for row in account.rows("task")
    }
    assert new in {task["id"] for task in read(tmp_path / "task.jsonl")}
    assert invoke("verify", tmp_path).exit_code == 0


def test_one_resource_into_a_folder(account: FakeIntervals, tmp_path: Path, invoke: Any) -> None:
    """Where the target is one, or says so, or an option is only for one."""
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
    assert "there is no resource 'nosuch' to export" in result.stderr


def test_options_before_a_resource_are_defaults(
    account: FakeIntervals, tmp_path: Path, invoke: Any
) -> None:
    """Options between ``export`` and a resource apply unless they are repeated behind it."""
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
    account: FakeIntervals, tmp_path: Path, invoke: Any, words: list[str], complaint: str
) -> None:
    """They would have no effect, so they are wrong usage."""
    result = invoke("export", "task", "person", "-o", tmp_path / "new", *words)
    assert result.exit_code == 2
    assert complaint in " ".join(result.stderr.replace("│", " ").split())
    assert account.requests == 0
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("format", ["parquet", "sqlite", "jsonl.gz"])
def test_formats_of_a_folder_are_refused_for_a_file(
    account: FakeIntervals, tmp_path: Path, invoke: Any, format: str
) -> None:
    """The message names the formats of a file, and the folder as the remedy."""
    for words in (("-o", tmp_path / "tasks.jsonl"), ()):
        result = invoke("export", "task", "--format", format, *words)
        assert result.exit_code == 2
        assert f"'{format}' is not one of 'jsonl', 'csv'" in result.stderr
        assert "-o FOLDER/" in " ".join(result.stderr.replace("│", " ").split())
    assert (account.requests, list(tmp_path.iterdir())) == (0, [])


def test_the_value_of_an_option_is_no_resource(
    account: FakeIntervals, tmp_path: Path, invoke: Any
) -> None:
    """``--search task`` searches for a word, although a resource has that name."""
    path = tmp_path / "notes.jsonl"
    assert invoke("export", "projectnote", "--search", "task", "-o", path).exit_code == 0
    assert path.is_file()
    assert account.log[0].query["search"] == "task"
    result = invoke("export", f"--output={tmp_path}/new/", "projectnote")
    assert result.exit_code == 0
    assert (tmp_path / "new" / "projectnote.jsonl").exists()


def test_several_commands_share_the_limits(
    account: FakeIntervals, tmp_path: Path, invoke: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the environment names a file; where that cannot be used, a line says so."""
    monkeypatch.setenv("INTERVALS_LIMIT_STORE", str(tmp_path / "limits"))
    assert invoke("list", "group", "--count").exit_code == 0
    assert (tmp_path / "limits").stat().st_size > 0
    monkeypatch.setenv("INTERVALS_LIMIT_STORE", str(tmp_path / "nowhere" / "limits"))
    result = invoke("list", "group", "--count")
    assert (result.exit_code, result.stdout) == (0, "4\n")
    assert result.stderr.count("\n") == 1
    assert "is unavailable" in result.stderr
    monkeypatch.setenv("INTERVALS_LIMIT_STORE", "nosuch://somewhere")
    result = invoke("list", "group", "--count")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "INTERVALS_LIMIT_STORE" in result.stderr


def test_bars_tell_the_rate_and_the_wait(
    account: FakeIntervals, tmp_path: Path, on_terminal: Any
) -> None:
    """Records a second, and that the limit is waited for; what it costs stays."""
    code, seen = on_terminal("export", "projectnote", "person", "-o", tmp_path)
    assert code == 0
    assert "/s" in seen
    assert "2 requests, under a minute" in seen


def test_waiting_for_the_next_day_is_said(
    account: FakeIntervals, tmp_path: Path, spawn: Any
) -> None:
    """In a line, where there are no bars."""
    account.inject(faults.DayUsedUp(), times=None, path="/personcontact/")
    words = ("export", "person", "personcontact", "-o", tmp_path, "--wait-for-reset")
    process = spawn(*words, text=True)
    told = [process.stderr.readline() for _ in range(2)]
    assert told[1].startswith("waiting until ")
    assert told[1].endswith(" UTC for the next day\n")
