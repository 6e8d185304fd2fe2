"""The pytest plugin: the fixture ``fake_intervals``, for whoever has pytest-asyncio installed.

pytest imports this module in every run, and ``testing`` is lazy: the server is imported
only when the fixture is used.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from intervals_async import testing

try:
    import pytest_asyncio
except ImportError:
    # Without an event loop for fixtures there is nothing to offer, and nothing to complain about.
    pass
else:

    @pytest_asyncio.fixture
    async def fake_intervals() -> AsyncIterator[testing.FakeIntervals]:
        """Yield a started ``FakeIntervals`` of 50 notes with both limits off.

        Use it from an async test, in pytest-asyncio's auto mode or its strict mode::

            async def test_my_report(fake_intervals):
                client = IntervalsClient(fake_intervals.token, base_url=fake_intervals.url)
        """
        async with testing.FakeIntervals(notes=50, per_minute=None, per_day=None) as fake:
            yield fake
