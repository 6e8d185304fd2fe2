"""The pytest plugin with the fixture ``fake_intervals``, which requires pytest-asyncio.

pytest imports this module in every run. ``testing`` is lazy, so the server is imported only when a
test uses the fixture.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from intervals_async import testing

try:
    import pytest_asyncio
except ImportError:
    # The fixture is asynchronous, so the plugin offers nothing without pytest-asyncio.
    pass
else:

    @pytest_asyncio.fixture
    async def fake_intervals() -> AsyncIterator[testing.FakeIntervals]:
        """Yield a started ``FakeIntervals`` with 50 project notes and without rate limits.

        Use it in an async test, in the auto mode or the strict mode of pytest-asyncio::

            async def test_my_report(fake_intervals):
                client = IntervalsClient(fake_intervals.token, base_url=fake_intervals.url)
        """
        async with testing.FakeIntervals(notes=50, per_minute=None, per_day=None) as fake:
            yield fake
