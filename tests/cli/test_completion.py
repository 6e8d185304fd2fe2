"""Completion: shells complete commands, resources, options, and known values."""

from __future__ import annotations

import os

import pytest

from .conftest import Invoke, Spawn


def completion_variables(shell: str, *words: str) -> dict[str, str]:
    """Return the environment that a shell sets for completion; the last word is incomplete."""
    line = " ".join(("intervals-async", *words))
    return {
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words)),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_INTERVALS_ASYNC_COMPLETE": f"complete_{shell}",
    }


def complete(invoke: Invoke, shell: str, *words: str) -> str:
    """Return what a shell is offered for the last word."""
    return invoke(env=completion_variables(shell, *words)).stdout


@pytest.mark.parametrize(
    ("words", "offered", "absent"),
    [
        (("",), "list export download timer", "task"),
        (("list", "pro"), "project projectnote", "task"),
        (("list", ""), "worktype", "quota"),
        (("create", ""), "task", "worktype"),
        (("list", "task", "--pro"), "--projectid", "--title"),
        (("list", "task", "--sortdir", ""), "ASC DESC", "id"),
        (("list", "task", "--overdue", ""), "t f", "id"),
        (("list", "task", "--columns", "id,ti"), "id,title", "title"),
        (("list", "task", "--format", ""), "table jsonl json csv", "parquet"),
        (("update", "task", "1", "--clear", ""), "datedue", "title"),
        (("create", "time", "--work"), "--worktypeid", "--time"),
        (("list", "worktype", "--"), "--active", "--projectid"),
        (("create", "worktype", "--"), "", "--active"),
        (("timer", ""), "start pause resume", "list"),
        (("export", "--all", "--filter", "tas"), "task. tasknote.", "time."),
        (("export", "--all", "--filter", "task.pro"), "task.projectid=", "task.title="),
    ],
)
def test_completion_offers_matching_words(
    invoke: Invoke, words: tuple[str, ...], offered: str, absent: str
) -> None:
    """Bash completion offers the words that start as typed and are valid at that position."""
    found = complete(invoke, "bash", *words).split()
    assert set(offered.split()) <= set(found)
    assert absent not in found


def test_zsh_and_fish_show_help(invoke: Invoke) -> None:
    """Completion in zsh and fish shows the help of each word."""
    assert '"task":"Tasks' in complete(invoke, "zsh", "list", "tas")
    option, help = complete(invoke, "fish", "create", "time", "--worktype").split("\t")
    assert option == "--worktypeid"
    assert help.endswith("[required]\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_printed(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    """``--show-completion`` prints the completion script of a shell."""
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    result = invoke("--show-completion", shell)
    assert result.exit_code == 0
    assert f"_INTERVALS_ASYNC_COMPLETE=complete_{shell}" in result.stdout


@pytest.mark.slow
def test_program_completes(spawn: Spawn) -> None:
    """The installed program completes as the application does."""
    process = spawn(env={**os.environ, **completion_variables("bash", "list", "pro")})
    stdout, _ = process.communicate()
    assert {b"project", b"projectnote"} <= set(stdout.split())
