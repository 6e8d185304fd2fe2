"""The server's time follows the ``Date`` header of the latest response."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from intervals_async._http.server_clock import ServerClock

NOW = datetime(2026, 5, 6, 7, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "ahead"),
    [
        ("Wed, 06 May 2026 08:08:00 GMT", timedelta(hours=1)),
        ("Wed, 06 May 2026 06:08:00 -0000", timedelta(hours=-1)),
        ("Wed, 06 May 2026 09:08:00 +0200", timedelta(0)),
        ("Wed, 06 May 2026 07:07:57 GMT", timedelta(0)),  # it took a while to arrive
    ],
)
def test_a_date_is_noted(date: str, ahead: timedelta) -> None:
    """A date tells how far the server's clock is ahead; a few seconds are no difference."""
    clock = ServerClock(lambda: NOW)
    clock.note(date)
    assert clock.known
    assert clock.now() == NOW + ahead


@pytest.mark.parametrize(
    "date",
    [
        *(None, "", "yesterday", "Wed, 99 May 2026 08:08:00 GMT"),
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ],
)
def test_an_unreadable_or_absurd_date_is_ignored(date: str | None) -> None:
    """Without a usable date, the time is that of this machine."""
    clock = ServerClock(lambda: NOW)
    clock.note(date)
    assert not clock.known
    assert clock.now() == NOW
