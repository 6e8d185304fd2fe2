"""The contestants that are this library, used through its public API."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from contestant import TOKEN, Contestant, Items, Open, Reading

from intervals_async import IntervalsClient, RetryPolicy

HURRIED = RetryPolicy(wait_initial=0.001, wait_max=0.01, wait_too_fast=0.001)


def client(reading: Reading) -> IntervalsClient:
    """Return a client without rate limits, because the server of the benchmark has none."""
    retry = HURRIED if reading.hurry else None
    return IntervalsClient(TOKEN, base_url=reading.url, limits=(), retry=retry)


def streaming(*, paged: bool = False, ahead: bool = False, **how: Any) -> Open:
    """Return a function that opens a stream.

    Args:
        paged: Whether to pass the page size of the reading.
        ahead: Whether to enter the stream with ``async with``, which lets it request pages ahead.
        how: Other options of `Listing.stream`.
    """

    @asynccontextmanager
    async def opened(reading: Reading) -> AsyncGenerator[Items]:
        options: dict[str, Any] = {**how, "page_size": reading.page_size} if paged else how
        async with client(reading) as intervals:
            stream = intervals.projectnote.list().stream(**options)
            if not ahead:
                yield stream
                return
            async with stream:
                yield stream

    return opened


OURS = (
    Contestant(
        name="ours",
        title="intervals_async, defaults",
        open=streaming(),
        reads_changes=True,
        ours=True,
    ),
    Contestant(
        name="ours-pages",
        title="intervals_async, fixed pages",
        open=streaming(paged=True),
        sequential=True,
        reads_changes=True,
        ours=True,
    ),
    Contestant(
        name="ours-ahead",
        title="intervals_async, fixed pages, 8 concurrently",
        open=streaming(paged=True, ahead=True, concurrency=8),
        reads_changes=True,
        ours=True,
    ),
    Contestant(
        name="ours-snapshot",
        title="intervals_async, snapshot",
        open=streaming(snapshot=True),
        reads_changes=True,
        ours=True,
    ),
)
