"""`export` of several resources into a folder, and `verify`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from intervals_async.export import Manifest
from intervals_async.testing import FakeIntervals, faults

from .conftest import Spawn


def test_some_resources_go_into_a_folder(
    account: FakeIntervals, tmp_path: Path, invoke: Any
) -> None:
    """A file each; what was done is said on standard error."""
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


def test_all_but_some(account: FakeIntervals, tmp_path: Path, invoke: Any) -> None:
    """Options may come first; the manifest goes to standard output where it is asked for."""
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


def test_quiet_is_quiet(account: FakeIntervals, tmp_path: Path, invoke: Any) -> None:
    """For scripts: the exit code says it."""
    result = invoke("export", "group", "me", "-o", tmp_path, "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    account.inject(faults.Status(401, code=9, message="User bad auth"), times=None)
    result = invoke("export", "group", "me", "-o", tmp_path, "--quiet")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_it_goes_on(account: FakeIntervals, tmp_path: Path, invoke: Any) -> None:
    """The same command; another one is told that there is something unfinished."""
    words = ("export", "person", "personcontact", "-o", tmp_path)
    account.inject(faults.Status(403, 10, "Permission denied"), path="/person/")
    account.inject(faults.Status(401, 9, "User bad auth"), path="/personcontact/")
    assert invoke(*words).exit_code == 0  # what may not be read is left out
    assert "person" in Manifest.read(tmp_path).left_out
    assert invoke(*words).exit_code == 1
    other = invoke("export", "group", "me", "-o", tmp_path)
    assert other.exit_code == 2
    assert "an unfinished export with other resources" in other.stderr
    assert f"{tmp_path}: an export is unfinished" in invoke("verify", tmp_path).stderr
    result = invoke(*words)
    assert result.exit_code == 0
    assert result.stderr.startswith("going on with the export of 20")
    assert Manifest.read(tmp_path).left_out == {}


def test_wrong_usage(account: FakeIntervals, tmp_path: Path, invoke: Any) -> None:
    """Nothing is sent."""
    for words, complaint in [
        (("export", "group", "person"), "--output"),
        (("export", "--all", "group", "-o", tmp_path), "name some resources, or say --all"),
        (("export", "--all", "-o", tmp_path, "group"), "name some resources, or say --all"),
        (("export", "--quiet", "-o", tmp_path), "name some resources, or say --all"),
        (("export", "--all"), "Missing option '--output'"),
        (("export", "group", "me", "-o", tmp_path, "--exclude", "x"), "no resource 'x'"),
        (("export", "group", "me", "-o", tmp_path, "--format", "xml"), "xml"),
        (("verify",), "FOLDER"),
    ]:
        result = invoke(*words)
        assert result.exit_code == 2
        assert complaint in result.stderr
    assert account.requests == 0


def test_a_terminal_sees_bars_and_a_table(
    account: FakeIntervals, tmp_path: Path, on_terminal: Any
) -> None:
    """The bars are gone at the end."""
    code, seen = on_terminal("export", "projectnote", "person", "-o", tmp_path)
    assert code == 0, seen
    assert "projectnote" in seen
    assert f"{len(account.rows('projectnote')) + len(account.rows('person'))} records" in seen


def test_files_are_checked(account: FakeIntervals, tmp_path: Path, invoke: Any) -> None:
    """One line each of what is wrong."""
    assert invoke("export", "group", "me", "-o", tmp_path).exit_code == 0
    result = invoke("verify", tmp_path)
    assert (result.exit_code, result.stdout) == (0, "2 files, 5 records: as written\n")
    (tmp_path / "group.jsonl").write_text("")
    result = invoke("verify", tmp_path)
    assert result.exit_code == 1
    assert "0 bytes, where" in result.stderr
    (tmp_path / "manifest.json").write_text("x")
    result = invoke("verify", tmp_path)
    assert result.exit_code == 2
    assert "is no manifest of an export" in result.stderr
    assert invoke("verify", tmp_path / "nowhere").exit_code == 1


def test_help_of_several(spawn: Spawn) -> None:
    """It is found from the command line."""
    output, _ = spawn("export", "--all", "--help").communicate()
    assert b"--wait-for-reset" in output
    output, _ = spawn("export", "--help").communicate()
    assert b"--all" in output
