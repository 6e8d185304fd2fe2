"""What all tests of streams share: the listing, and that none of them leaves anything."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest

from intervals_async import IntervalsClient, Listing, ProjectNote


@pytest.fixture
async def notes(intervals: IntervalsClient) -> Listing[ProjectNote]:
    """Give the listing of all 50 notes."""
    return intervals.projectnote.list()


@pytest.fixture(autouse=True)
async def nothing_left_behind() -> AsyncIterator[None]:
    """Hold that no test of a stream leaves one of the library's tasks, or garbage that warns."""
    yield
    gc.collect()
    assert not [task for task in asyncio.all_tasks() if "intervals_async/_" in repr(task)]
