"""The progress of an export on standard error: a bar, and notices about the rate limit."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from .. import Event, FieldUnreadable, LimitWait, Record, Stream
from .humanize import one_line, plural
from .standard_streams import animates

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Notices", "RateLimitNotice", "new_progress", "progress_bar"]

# Seconds between two notices; each request may have to wait.
SECONDS_BETWEEN_NOTICES = 10.0


class RateLimitNotice:
    """A hook for a client's events that reports waits for the rate limit, not too often.

    Attributes:
        say: The function that shows a notice: it prints a line, until a progress bar replaces it.
    """

    __slots__ = ("_clock", "_last", "say")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.say: Callable[[str], None] = lambda words: typer.echo(one_line(words), err=True)
        self._clock = clock
        self._last = -math.inf

    def __call__(self, event: Event) -> None:
        """Receive an event of the client."""
        if isinstance(event, LimitWait) and self._clock() - self._last >= SECONDS_BETWEEN_NOTICES:
            self._last = self._clock()
            about = f" {event.seconds:.0f} s" if event.seconds < math.inf else ""
            self.say(f"waiting{about} for the rate limit")


class Notices(RateLimitNotice):
    """A `RateLimitNotice` that also prints a warning for each field that could not be read.

    A client reports each field of a resource once.
    """

    __slots__ = ()

    def __call__(self, event: Event) -> None:
        """Receive an event of the client."""
        super().__call__(event)
        if isinstance(event, FieldUnreadable):
            record = "" if event.record_id is None else f" {event.record_id}"
            self.say(f"warning: {event.resource}{record}: {event.field}: {event.reason}")


def new_progress() -> Progress:
    """Make a progress display on standard error without bars; it disappears at the end.

    Its bars take the fields `records`, `requests` and `rate`.
    """
    from rich.progress import (  # noqa: PLC0415  most runs of the command show no bar
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[records]}", markup=False),
        TextColumn("{task.fields[requests]}", style="dim", markup=False),
        TextColumn("{task.fields[rate]}", style="dim", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True, markup=False, emoji=False, highlight=False),
        transient=True,
    )


@contextmanager
def progress_bar(
    title: str, stream: Stream[Record], notice: RateLimitNotice, *, offset: int, limit: int | None
) -> Generator[Callable[[int], None]]:
    """Show a progress bar on standard error if that animates; it disappears at the end.

    Args:
        title: The name of the bar.
        stream: The stream that is exported; its listcount gives the total.
        notice: The hook whose notices the bar shows.
        offset: The offset of the listing.
        limit: The limit of the listing.

    Yields:
        A function that takes the number of records so far.
    """
    if not animates():
        yield lambda count: None
        return
    began = time.monotonic()
    bar = new_progress()
    task = bar.add_task(title, total=None, records="waiting", requests="", rate="")

    def show(count: int) -> None:
        total = stream.listcount
        if total is not None:
            total = max(total - offset, 0)
            total = total if limit is None else min(total, limit)
        rate = count / max(time.monotonic() - began, 0.001)
        bar.update(
            task,
            completed=count,
            total=total,
            records=f"{count:,}/{total:,}" if total is not None else f"{count:,}",
            requests=plural(stream.requests, "request"),
            rate=f"{rate:,.0f}/s",
        )

    notice.say = lambda words: bar.update(task, rate=one_line(words))
    with bar:
        yield show
