"""The progress bar of an export."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from .._convert import Record
from ..listing import Stream
from .wording import counted

__all__ = ["progress_bar"]

# A bar that is drawn ten times a second needs no word about each record.
EVERY = 100


@contextmanager
def progress_bar(
    title: str, stream: Stream[Record], *, offset: int, limit: int | None
) -> Generator[Callable[[int], None]]:
    """Show a bar on standard error; it goes away at the end.

    Args:
        title: What is exported.
        stream: The stream that is exported; it knows how much there is.
        offset: Where the caller's slice begins.
        limit: How long it is at most.

    Yields:
        What to call with the number of records so far.
    """
    began = time.monotonic()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[records]}"),
        TextColumn("{task.fields[requests]}", style="dim"),
        TextColumn("{task.fields[rate]}", style="dim"),
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
    )
    task = bar.add_task(title, total=None, records="waiting", requests="", rate="")

    def show(count: int) -> None:
        total = stream.listcount
        if total is not None:
            total = max(total - offset, 0)
            total = total if limit is None else min(total, limit)
        if count % EVERY and count not in (1, total):
            return
        rate = count / max(time.monotonic() - began, 0.001)
        bar.update(
            task,
            completed=count,
            total=total,
            records=f"{count:,}/{total:,}" if total is not None else f"{count:,}",
            requests=counted(stream.requests, "request"),
            rate=f"{rate:,.0f}/s",
        )

    with bar:
        yield show
