"""Measure the time to the first record, compared with one plain request of 100 rows.

python benchmarks/first_record.py --url URL --times N
"""

import argparse
import asyncio
import time
from typing import Any

import aiohttp
from contestant import AUTHORIZATION, TOKEN, peer
from result import print_result

from intervals_async import IntervalsClient

PARAMS = {"offset": 0, "limit": 100}


class Bare:
    """One plain request of 100 rows."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._loads = peer("orjson").loads

    async def first(self) -> object:
        """Send the request, decode the response, and return the first row."""
        async with self._session.get("/projectnote/", params=PARAMS) as response:
            page: Any = self._loads(await response.read())
        return page["projectnote"][0]

    async def rest(self) -> None:
        """Do nothing, because the response was read."""


class Ours:
    """A stream with the default options."""

    def __init__(self, intervals: IntervalsClient) -> None:
        self._stream = intervals.projectnote.list().stream()

    async def first(self) -> object:
        """Return the first record."""
        return await anext(self._stream)

    async def rest(self) -> None:
        """Read as many records as the plain request, so that no response is left unread."""
        for _ in range(PARAMS["limit"] - 1):
            await anext(self._stream)
        await self._stream.aclose()


async def first_record(url: str, times: int) -> dict[str, list[float]]:
    """Return the seconds to the first record; the ways take turns, each several times."""
    seconds: dict[str, list[float]] = {
        way: [] for way in ("ours", "bare", "ours_anew", "bare_anew")
    }

    def ours() -> IntervalsClient:
        return IntervalsClient(TOKEN, base_url=url, limits=())

    def bare() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(url, headers=AUTHORIZATION)

    async def measure(way: str, began: float, one: Ours | Bare) -> None:
        await one.first()
        seconds[way].append(time.perf_counter() - began)
        await one.rest()

    async with ours() as intervals, bare() as session:
        for _ in range(times + 1):
            await measure("ours", time.perf_counter(), Ours(intervals))
            await measure("bare", time.perf_counter(), Bare(session))
            began = time.perf_counter()
            async with ours() as new_intervals:
                await measure("ours_anew", began, Ours(new_intervals))
            began = time.perf_counter()
            async with bare() as new_session:
                await measure("bare_anew", began, Bare(new_session))
    # The first round is a warm-up: imports, and the two persistent connections.
    return {way: all_of[1:] for way, all_of in seconds.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--times", type=int, default=21)
    options = parser.parse_args()
    print_result(asyncio.run(first_record(options.url, options.times)))
