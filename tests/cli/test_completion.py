"""Shells complete commands, resources, options, and the values that are known."""

from __future__ import annotations

import os
from typing import Any

import pytest


def completed(spawn: Any, shell: str, *words: str) -> str:
    """Ask as the script in a shell does: the last word is being typed."""
    line = " ".join(("intervals-async", *words))
    ask = {"COMP_WORDS": line, "COMP_CWORD": str(len(words)), "_TYPER_COMPLETE_ARGS": line}
    ask |= {"_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    process = spawn(env={**os.environ, **ask, "_INTERVALS_ASYNC_COMPLETE": f"complete_{shell}"})
    stdout, _ = process.communicate()
    text: str = stdout.decode()
    return text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "some", "none"),
    [
        (("",), "list export download timer", "task"),
        (("list", "pro"), "project projectnote", "task"),
        (("list", ""), "worktype", "quota"),
        (("create", ""), "task", "worktype"),
        (("list", "task", "--pro"), "--projectid", "--title"),
        (("list", "task", "--sortdir", ""), "ASC DESC", "id"),
        (("list", "task", "--overdue", ""), "t f", "id"),
        (("list", "task", "--columns", "id,ti"), "id,title", "title"),
        (("list", "task", "--format", ""), "table jsonl csv", "json"),
        (("update", "task", "1", "--clear", ""), "datedue", "title"),
        (("create", "time", "--work"), "--worktypeid", "--time"),
        (("list", "worktype", "--"), "--active", "--projectid"),
        (("create", "worktype", "--"), "", "--active"),
        (("timer", ""), "start pause resume", "list"),
        (("export", "--all", "--filter", "tas"), "task. tasknote.", "time."),
        (("export", "--all", "--filter", "task.pro"), "task.projectid=", "task.title="),
    ],
)
def test_bash_gets_what_fits(spawn: Any, words: tuple[str, ...], some: str, none: str) -> None:
    """What is offered begins as the word does, and can be meant there."""
    offered = completed(spawn, "bash", *words).split()
    assert set(some.split()) <= set(offered)
    assert none not in offered


@pytest.mark.slow
def test_zsh_and_fish_get_meanings_too(spawn: Any) -> None:
    """They show what each word means."""
    assert '"task":"Tasks, read by everybody."' in completed(spawn, "zsh", "list", "tas")
    offered = completed(spawn, "fish", "create", "time", "--worktype")
    assert offered == "--worktypeid\tWork type valid for the project. [required]\n"


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_shown(spawn: Any, shell: str) -> None:
    """``--show-completion`` gives what a shell's start-up file takes."""
    process = spawn(
        "--show-completion",
        shell,
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
    )
    stdout, _ = process.communicate()
    assert process.returncode == 0
    assert b"_INTERVALS_ASYNC_COMPLETE=complete_" + shell.encode() in stdout
