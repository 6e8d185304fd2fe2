"""The help of every command: it has an example, and says nothing needless."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from intervals_async._cli.app import app

from .conftest import Invoke


def paths(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of a command and of all commands below it."""
    yield path
    if hasattr(command, "list_commands"):
        for name in command.list_commands(None):
            yield from paths(command.commands[name], *path, name)


COMMANDS = list(paths(typer.main.get_command(app)))


def test_all_commands_are_found() -> None:
    """The walk over the commands finds those of resources, of groups, and single ones."""
    assert {("list", "task"), ("timer", "start"), ("api",), ("demo",), ()} < {*COMMANDS}
    assert len(COMMANDS) > 150


@pytest.mark.slow
def test_every_help_has_an_example_and_no_type_of_flags(invoke: Invoke) -> None:
    """Each help ends with an example that calls the program, and shows no type of a flag."""
    for words in COMMANDS:
        text = invoke(*words, "--help").stdout
        example = f"intervals-async {' '.join(words)}".rstrip()
        assert example in text.rpartition("Example")[2], words
        assert "<bool>" not in text, words
