"""The pytest plugin with the fixture ``fake_intervals``.

pytest imports this module in every run, also of projects that only have the library installed. It
therefore imports nothing that takes time; the server is imported when a test uses the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from intervals_async import testing


@pytest.fixture
def fake_intervals() -> Iterator[testing.FakeIntervals]:
    """Yield a started ``FakeIntervals`` with 50 project notes and without rate limits.

    The server runs in a thread of its own, so the fixture serves every kind of test: asynchronous
    ones with pytest-asyncio or anyio and with any scope of their loop, and synchronous ones::

        async def test_my_report(fake_intervals):
            client = IntervalsClient(fake_intervals.token, base_url=fake_intervals.url)

        def test_my_web_service(fake_intervals, monkeypatch):
            monkeypatch.setenv("INTERVALS_BASE_URL", fake_intervals.url)
    """
    with testing.FakeIntervals(notes=50, per_minute=None, per_day=None) as fake:
        yield fake
