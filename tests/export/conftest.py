"""What the tests of exporting share: notes as a server returns them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from intervals_async import ProjectNote


@pytest.fixture
def note() -> ProjectNote:
    """Return a note whose texts need every kind of quoting."""
    return ProjectNote(
        id=9,
        projectid=3,
        authorid=7,
        title='Budget, "final"',
        note="<p>a\nb</p>",
        date=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        secure=False,
        localid=1,
        projectactive=True,
        author="Zoë Müller",
        projectlocalid=2,
        extra={"new": [1, None], "of": "tomorrow"},
    )


@pytest.fixture
def notes(note: ProjectNote) -> list[ProjectNote]:
    """Return three notes that differ in their ids."""
    changed: Any = note
    return [attrs.evolve(changed, id=number) for number in (1, 2, 3)]


@pytest.fixture
def names(tmp_path: Path) -> Callable[[], list[str]]:
    """Return a function that lists the names in the test's folder."""
    return lambda: sorted(path.name for path in tmp_path.iterdir())
