"""Examine a server, and look up findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intervals_async import IntervalsClient
from intervals_async.doctor import Finding, Report, Status, examine
from intervals_async.testing import FakeIntervals

from ..conftest import AT_ONCE


def server(quirks: Any = (), **options: Any) -> FakeIntervals:
    """Return a server without rate limits, in the loop of the test."""
    options = {"per_minute": None, "per_day": None, **options}
    return FakeIntervals(quirks=quirks, in_thread=False, **options)


async def examined(fake: FakeIntervals, token: str | None = None, **options: Any) -> Report:
    """Examine a running server."""
    async with IntervalsClient(token or fake.token, base_url=fake.url, limits=()) as client:
        return await examine(client, retry=AT_ONCE, **options)


async def report_of(quirks: Any = (), **options: Any) -> Report:
    """Start a server, and examine it."""
    async with server(quirks, **options) as fake:
        return await examined(fake)


def differences(report: Report) -> set[tuple[str, str]]:
    """Return the checks and subjects that differ."""
    return {(each.check, each.subject) for each in report.findings if each.status is Status.DIFFERS}


def finding(report: Report, check: str, subject: str | None = None) -> Finding:
    """Return the one finding of a check."""
    (found,) = (
        each for each in report.findings if each.check == check and subject in (None, each.subject)
    )
    return found


def contains(whole: Mapping[str, Any], part: Mapping[str, Any]) -> bool:
    """Whether quirks in their JSON form contain others."""
    for name, value in part.items():
        found = whole.get(name)
        if isinstance(value, Mapping) and isinstance(found, Mapping):
            if not contains(found, value):
                return False
        elif isinstance(value, list) and isinstance(found, list):
            if not {*value} <= {*found}:
                return False
        elif found != value:
            return False
    return True
