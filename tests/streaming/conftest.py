"""The listing that all stream tests share."""

from __future__ import annotations

import pytest

from intervals_async import IntervalsClient, Listing, ProjectNote


@pytest.fixture
async def notes(intervals: IntervalsClient) -> Listing[ProjectNote]:
    """Return the listing of all 50 notes."""
    return intervals.projectnote.list()
