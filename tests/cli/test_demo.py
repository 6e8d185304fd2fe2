"""``demo`` does the main job against a stand-in and gives a short account of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_it_gives_an_account(invoke: Any) -> None:
    """Notes, totals, requests and what to try next are shown, without a token and plainly."""
    result = invoke("demo", "--notes", 1200)
    assert result.exit_code == 0
    words = [line.split() for line in result.stdout.splitlines()]
    assert ["project", "notes", "1,200", "3"] in [line[:4] for line in words]
    assert ["people", "12", "1"] in [line[:3] for line in words]
    assert "intervals-async export projectnote" in result.stdout
    assert "\x1b" not in result.stdout
    assert "─" not in result.stdout


def test_it_shows_no_notes_where_there_are_none(invoke: Any) -> None:
    """Without notes there is no table of the first ones."""
    result = invoke("demo", "--notes", 0)
    assert result.exit_code == 0
    assert "The first" not in result.stdout


def test_it_looks_well_on_a_terminal(on_terminal: Callable[..., tuple[int, str]]) -> None:
    """On a terminal the tables have lines and colours."""
    code, seen = on_terminal("demo", "--notes", 60)
    assert code == 0
    assert "\x1b[" in seen
    assert "─" in seen
