"""A fake Intervals API: a real server on the loopback interface for tests, demos and benchmarks.

    async with FakeIntervals(notes=5000) as fake:
        ...  # call fake.url with fake.token

`make` returns single records without a server, and `strategies` generates them with Hypothesis.

Each name is imported on first use. pytest loads this package for the plugin in every run, and few
of those runs need a server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["FakeIntervals", "SeenRequest", "faults", "make", "quirks", "strategies"]

if TYPE_CHECKING:
    from intervals_async.testing import faults, quirks, strategies
    from intervals_async.testing._fake.log import SeenRequest
    from intervals_async.testing._fake.server import FakeIntervals
    from intervals_async.testing._make import make
else:
    # Type checkers must not see this function: they would accept any attribute name.
    def __getattr__(name: str) -> object:
        if name == "FakeIntervals":
            return import_module("intervals_async.testing._fake.server").FakeIntervals
        if name == "SeenRequest":
            return import_module("intervals_async.testing._fake.log").SeenRequest
        if name == "make":
            return import_module("intervals_async.testing._make").make
        if name in ("faults", "quirks", "strategies"):
            return import_module(f"intervals_async.testing.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
