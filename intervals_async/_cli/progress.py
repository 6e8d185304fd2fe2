"""The progress bar of an export."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from .._schema.records import Record
from .._streaming.listing import Stream
from ..events import Event, LimitWait
from .wording import counted

__all__ = ["LimitNotice", "no_bars_yet", "progress_bar"]

# Seconds between two notices of the same kind, since each request may have to wait.
WAITS_APART = 10.0


class LimitNotice:
    """Says that the limit of requests is waited for, in a line now and then."""

    __slots__ = ("_clock", "_last", "say")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = -math.inf
        # How it is said; a bar says it in its own way.
        self.say: Callable[[str], None] = lambda words: typer.echo(words, err=True)

    def __call__(self, event: Event) -> None:
        """Listen to the events of a client."""
        if isinstance(event, LimitWait) and self._clock() - self._last >= WAITS_APART:
            self._last = self._clock()
            about = f" {event.seconds:.0f} s" if event.seconds < math.inf else ""
            self.say(f"waiting{about} for the limit of requests")


def no_bars_yet() -> Progress:
    """Make bars on standard error, of none yet; they go away at the end.

    Each has the fields `records`, `requests` and `rate`.
    """
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[records]}"),
        TextColumn("{task.fields[requests]}", style="dim"),
        TextColumn("{task.fields[rate]}", style="dim"),
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
    )


@contextmanager
def progress_bar(
    title: str, stream: Stream[Record], notice: LimitNotice, *, offset: int, limit: int | None
) -> Generator[Callable[[int], None]]:
    """Show a bar on standard error; it goes away at the end.

    Args:
        title: What is exported.
        stream: The stream that is exported; it knows how much there is.
        notice: What says that the limit is waited for; the bar shows it while it waits.
        offset: Where the caller's slice begins.
        limit: How long it is at most.

    Yields:
        What to call with the number of records so far.
    """
    began = time.monotonic()
    bar = no_bars_yet()
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
            requests=counted(stream.requests, "request"),
            rate=f"{rate:,.0f}/s",
        )

    notice.say = lambda words: bar.update(task, rate=words)
    with bar:
        yield show
