"""``export`` of several resources to a folder, and ``verify``."""

from __future__ import annotations

import json
from pathlib import Path

from intervals_async.export import Manifest
from intervals_async.testing import FakeIntervals, faults

from .conftest import Invoke, OnTerminal


def test_each_resource_gets_a_file(account: FakeIntervals, tmp_path: Path, invoke: Invoke) -> None:
    """An export to a folder writes a file per resource and a summary on standard error."""
    result = invoke("export", "projectnote", "group", "--output", tmp_path / "backup")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "54 records, " in result.stderr
    assert f"→ {tmp_path / 'backup'}" in result.stderr.replace("\n", "")
    names = {path.name for path in (tmp_path / "backup").iterdir()}
    assert names == {"group.jsonl", "projectnote.jsonl", "manifest.json"}
    lines = (tmp_path / "backup" / "projectnote.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [
        row["id"] for row in account.rows("projectnote")
    ]


def test_all_resources_are_exported_except_some(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke
) -> None:
    """``--all --exclude`` exports the other resources, and ``--json`` prints the manifest."""
    result = invoke(
        "export",
        "--all",
        "-o",
        tmp_path,
        "--exclude",
        "timer, personcontact",
        "--format",
        "sqlite",
        "--json",
    )
    assert result.exit_code == 0
    assert json.loads(result.stdout)["left_out"] == {}
    manifest = Manifest.read(tmp_path)
    assert len(manifest.exported) == 32
    assert manifest.requests == account.requests
    assert {path.name for path in tmp_path.iterdir()} == {"account.sqlite", "manifest.json"}


def test_quiet_prints_only_errors(account: FakeIntervals, tmp_path: Path, invoke: Invoke) -> None:
    """With ``--quiet``, a successful export prints nothing, and a failed one prints one line."""
    result = invoke("export", "group", "me", "-o", tmp_path, "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    account.inject(faults.Status(401, code=9, message="User bad auth"), times=None)
    result = invoke("export", "group", "me", "-o", tmp_path, "--quiet")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_failed_export_is_resumed(account: FakeIntervals, tmp_path: Path, invoke: Invoke) -> None:
    """The same command resumes a failed export; one with other resources is wrong usage."""
    words = ("export", "person", "personcontact", "-o", tmp_path)
    account.inject(faults.Status(403, 10, "Permission denied"), path="/person/")
    account.inject(faults.Status(401, 9, "User bad auth"), path="/personcontact/")
    assert invoke(*words).exit_code == 0  # forbidden resources are skipped
    assert "person" in Manifest.read(tmp_path).left_out
    (tmp_path / "manifest.json").rename(tmp_path / "manifest.old")
    assert invoke(*words).exit_code == 1
    other = invoke("export", "group", "me", "-o", tmp_path)
    assert other.exit_code == 2
    assert str(tmp_path) in other.stderr
    assert "unfinished" in other.stderr
    verified = invoke("verify", tmp_path)  # without a manifest yet
    assert (verified.exit_code, verified.stderr) == (
        1,
        f"intervals-async: {tmp_path}: the export is unfinished; repeat its command to resume\n",
    )
    (tmp_path / "manifest.old").rename(tmp_path / "manifest.json")
    assert f"{tmp_path}: an export is unfinished" in invoke("verify", tmp_path).stderr
    result = invoke(*words)
    assert result.exit_code == 0
    assert result.stderr.startswith("resuming the export of 20")
    assert Manifest.read(tmp_path).left_out == {}


def test_wrong_usage_sends_no_request(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke
) -> None:
    """Wrong usage of an export to a folder sends no request."""
    for words, complaint in [
        (("export", "group", "person"), "--output"),
        (("export", "--all", "group", "-o", tmp_path), "expected names of resources or --all, got"),
        (("export", "--all", "-o", tmp_path, "group"), "resources or --all, got both"),
        (("export", "--quiet", "-o", tmp_path), "resources or --all, got neither"),
        (("export", "--all"), "Missing option '--output'"),
        (("export", "group", "me", "-o", tmp_path, "--exclude", "x"), "'x'"),
        (("export", "group", "me", "-o", tmp_path, "--format", "xml"), "xml"),
        (("verify",), "FOLDER"),
    ]:
        result = invoke(*words)
        assert result.exit_code == 2
        assert complaint in result.stderr
    assert account.requests == 0


def test_terminal_shows_progress_bars_and_a_table(
    account: FakeIntervals, tmp_path: Path, on_terminal: OnTerminal
) -> None:
    """On a terminal, an export to a folder shows the estimate, bars with a rate, and a table."""
    code, seen = on_terminal("export", "projectnote", "person", "-o", tmp_path)
    assert code == 0, seen
    assert "2 requests, under a minute" in seen
    assert "/s" in seen
    assert "projectnote" in seen
    assert f"{len(account.rows('projectnote')) + len(account.rows('person'))} records" in seen


def test_verify_reports_each_difference(
    account: FakeIntervals, tmp_path: Path, invoke: Invoke
) -> None:
    """``verify`` prints a line for each file that differs from the manifest, and fails."""
    assert invoke("export", "group", "me", "-o", tmp_path).exit_code == 0
    result = invoke("verify", tmp_path)
    assert (result.exit_code, result.stdout) == (0, "2 files, 5 records verified\n")
    (tmp_path / "group.jsonl").write_text("")
    result = invoke("verify", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{tmp_path / 'group.jsonl'}: ")
    (tmp_path / "manifest.json").write_text("x")
    result = invoke("verify", tmp_path)
    assert result.exit_code == 2
    assert str(tmp_path / "manifest.json") in result.stderr
    assert invoke("verify", tmp_path / "nowhere").exit_code == 1


def test_help_names_the_options_of_a_folder(invoke: Invoke) -> None:
    """``export --help`` names the options of an export to a folder, also after ``--all``."""
    assert "--wait-for-reset" in invoke("export", "--all", "--help").stdout
    group = invoke("export", "--help").stdout
    assert "--all" in group
    assert "FILE or FOLDER" in group
    assert "FILE or FOLDER" in invoke("export", "task", "--help").stdout
