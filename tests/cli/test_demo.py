"""``demo`` reads a fake account and prints the totals."""

from __future__ import annotations

import pytest

from .conftest import Invoke, OnTerminal


def test_demo_prints_totals_and_next_commands(invoke: Invoke) -> None:
    """The demo needs no token, and prints records, requests and next commands as plain text."""
    result = invoke("demo", "--notes", 1200)
    assert result.exit_code == 0
    words = [line.split() for line in result.stdout.splitlines()]
    assert ["project", "notes", "1,200", "3"] in [line[:4] for line in words]
    assert ["people", "12", "1"] in [line[:3] for line in words]
    assert "intervals-async export projectnote" in result.stdout
    assert "\x1b" not in result.stdout
    assert "─" not in result.stdout


def test_demo_without_notes_prints_no_notes(invoke: Invoke) -> None:
    """With ``--notes 0``, the demo omits the table of notes."""
    result = invoke("demo", "--notes", 0)
    assert result.exit_code == 0
    assert "The first" not in result.stdout


@pytest.mark.slow
def test_demo_uses_lines_and_colors_on_a_terminal(on_terminal: OnTerminal) -> None:
    """On a terminal, the tables of the demo have lines and colors."""
    code, seen = on_terminal("demo", "--notes", 60)
    assert code == 0
    assert "\x1b[" in seen
    assert "─" in seen
