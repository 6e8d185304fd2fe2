"""Output to any pipe and terminal: narrow, closed, dumb, or with few characters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from intervals_async._cli.standard_streams import animates
from intervals_async.testing import FakeIntervals, faults

from .conftest import Invoke, OnTerminal, Spawn, without_colors

JAPANESE = "日本語の題名"
PRINTING = [
    ("--help",),
    ("list", "--help"),
    ("list", "task", "--help"),
    ("demo", "--notes", "3"),
    ("doctor", "--yes"),
    ("list", "projectnote", "--format", "table"),
    ("list", "projectnote", "--format", "json"),
    ("list", "projectnote", "--format", "csv"),
    ("export", "projectnote"),
    ("me", "--format", "table"),
    ("api", "GET", "/projectnote/"),
]


@pytest.fixture
def japanese(account: FakeIntervals) -> FakeIntervals:
    """Return a server with a title that few encodings have."""
    row = {"id": "1", "name": JAPANESE, "active": "t", "localid": "1", "localidunpadded": "1"}
    body = json.dumps({"listcount": 1, "client": [row]}).encode()
    account.inject(faults.Raw(body))
    return account


@pytest.mark.parametrize("width", [1, 2, 3, 5, 10, 19, 20, 21])
@pytest.mark.usefixtures("account")
def test_tables_of_every_width(invoke: Invoke, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Tables and help are printed at every width that the terminal reports."""
    monkeypatch.setenv("COLUMNS", str(width))
    for words in (
        ("list", "projectnote", "--format", "table"),
        ("me", "--format", "table"),
        ("-h",),
    ):
        result = invoke(*words)
        assert result.exit_code == 0
        assert result.stdout or words[0] != "list"


@pytest.mark.slow
@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("width", ["0", "1", None])
def test_terminals_that_report_no_width(
    on_terminal: OnTerminal, monkeypatch: pytest.MonkeyPatch, width: str | None
) -> None:
    """A width of 0 counts as unknown, and a tiny one is not believed: the terminal wraps the lines."""
    monkeypatch.delenv("COLUMNS") if width is None else monkeypatch.setenv("COLUMNS", width)
    code, seen = on_terminal("--help")
    assert code == 0
    assert max(map(len, without_colors(seen))) == (50 if width == "1" else 80)
    code, seen = on_terminal("list", "projectnote")
    assert code == 0
    assert "id" in without_colors(seen)[0]


@pytest.mark.slow
@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
@pytest.mark.parametrize(
    "settings", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}], ids=str
)
def test_what_cannot_be_encoded_is_replaced(
    spawn: Spawn, words: tuple[str, ...], settings: dict[str, str]
) -> None:
    """Every command prints to a pipe that takes ASCII only."""
    process = spawn(*words, env={**os.environ, **settings}, stdin=subprocess.DEVNULL)
    stdout, stderr = process.communicate()
    assert (process.returncode, b"Traceback" in stderr) == (0, False)
    if words[0] not in ("list", "export", "api") or "table" in words or "--help" in words:
        assert stdout.isascii()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("--format", "table"), "??????"),
        (("--format", "csv"), "??????"),
        (("--format", "jsonl"), json.dumps(JAPANESE)),
        (("--format", "json"), json.dumps(JAPANESE)),
    ],
)
def test_a_terminal_that_takes_ascii_only(
    japanese: FakeIntervals, on_terminal: OnTerminal, words: tuple[str, ...], shown: str
) -> None:
    """Characters that it lacks are question marks, and escapes in JSON."""
    settings = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
    code, seen = on_terminal("list", "client", *words, env=settings)
    assert code == 0
    assert japanese.requests
    assert shown in seen
    assert seen.isascii()


@pytest.mark.slow
@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
@pytest.mark.parametrize("lines", [0, 1])
@pytest.mark.usefixtures("account")
def test_a_closed_pipe_is_a_success(spawn: Spawn, words: tuple[str, ...], lines: int) -> None:
    """Like other programs before ``| head``, every command ends silently with exit code 0."""
    process = spawn(*words, stdin=subprocess.DEVNULL, bufsize=0)
    assert process.stdout is not None
    for _ in range(lines):
        process.stdout.readline()
    process.stdout.close()
    _, stderr = process.communicate()
    assert (process.returncode, stderr) == (0, b"")


@pytest.mark.slow
def test_a_closed_pipe_of_messages_does_not_stop_the_work(
    account: FakeIntervals, spawn: Spawn, tmp_path: Path
) -> None:
    """An export and deletions are complete although nobody reads the messages."""
    process = spawn("export", "projectnote", "task", "-o", tmp_path / "new")
    assert process.stderr is not None
    process.stderr.close()
    assert process.wait() == 0
    assert (tmp_path / "new" / "manifest.json").exists()
    ids = [row["id"] for row in account.rows("projectnote")[:3]]
    process = spawn("delete", "projectnote", *ids, "--yes")
    assert process.stderr is not None
    process.stderr.close()
    assert process.wait() == 0
    assert not {*ids} & {row["id"] for row in account.rows("projectnote")}


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs a shell that closes streams")
@pytest.mark.usefixtures("account")
def test_standard_error_may_be_closed(tmp_path: Path) -> None:
    """Commands succeed without standard error."""
    program = f"{sys.executable} -m intervals_async._cli"
    for words in (
        "list client",
        f"export client -o {tmp_path}/c.csv",
        f"export client -o {tmp_path}/new/",
    ):
        done = subprocess.run(f"{program} {words} >/dev/null 2>&-", shell=True, check=False)
        assert done.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value"), [("CI", "1"), ("TERM", "dumb")])
@pytest.mark.usefixtures("account")
def test_no_animation(
    on_terminal: OnTerminal,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    value: str,
) -> None:
    """On the terminal of a CI service, and on a dumb one, no bar moves and no cursor is hidden."""
    monkeypatch.setenv(name, value)
    for words in (
        ("export", "projectnote", "-o", tmp_path / "n.jsonl"),
        ("export", "projectnote", "task", "-o", tmp_path / "new"),
        ("doctor", "--yes"),
    ):
        code, seen = on_terminal(*words)
        assert code == 0
        assert "\x1b[?25l" not in seen
        assert "\x1b[2K" not in seen
        assert "0:00:0" not in seen


def test_ci_may_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """``CI=false`` and ``CI=0`` count as unset."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for value, expected in (("", True), ("0", True), ("false", True), ("1", False)):
        monkeypatch.setenv("CI", value)
        assert animates() is expected
