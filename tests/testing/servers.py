"""Servers with a fixed clock, and the types of the filter tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from intervals_async.testing import FakeIntervals

NOON = datetime(2026, 5, 6, 12, 30, 5, tzinfo=UTC)
"""The time of ``server_at_noon``."""

ALL_ROWS = {"limit": "1000"}
"""A query that returns all rows on one page."""

Row: TypeAlias = dict[str, Any]
Matches: TypeAlias = Callable[[Row], bool]
"""A predicate for the rows that a filter should select."""


def server_at_noon(
    *, people: int = 12, projects: int = 8, now: Callable[[], datetime] = lambda: NOON
) -> FakeIntervals:
    """Return a server without project notes and rate limit, whose clock stands at noon."""
    return FakeIntervals(notes=0, people=people, projects=projects, now=now, per_minute=None)
