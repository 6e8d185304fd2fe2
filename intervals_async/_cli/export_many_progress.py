"""The progress of an export into a folder on standard error: a bar per resource, or lines."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import typer

from ..export import AccountProgress
from .humanize import plural, utc_minute
from .progress import RateLimitNotice, new_progress

if TYPE_CHECKING:
    from rich.progress import TaskID

__all__ = ["ProgressBars", "ProgressLines"]

# The names of the bars that are shown before any resource has one.
SURVEY = "counting"
WAITING = "export"


class ProgressLines:
    """Prints the estimate and long waits as lines, for standard error without a terminal."""

    __slots__ = ("_reported",)

    def __init__(self) -> None:
        # The last reported end of a wait; several resources wait until the same time.
        self._reported: datetime | None = None

    def say(self, words: str) -> None:
        """Print a line."""
        typer.echo(words, err=True)

    def __call__(self, progress: AccountProgress) -> None:
        """Receive the progress of a resource."""
        if progress.waits_until is not None and progress.waits_until != self._reported:
            self._reported = progress.waits_until
            self.say(f"waiting until {utc_minute(progress.waits_until)} for the quota to reset")


class ProgressBars:
    """A context manager that shows a bar for each resource in progress.

    It removes the bars at the end.

    Args:
        notice: The hook whose notices the bars show.
    """

    __slots__ = ("_began", "_display", "_surveyed", "_tasks")

    def __init__(self, notice: RateLimitNotice) -> None:
        self._display = new_progress()
        self._tasks: dict[str, TaskID] = {}
        # The number of resources whose size is known already.
        self._surveyed = 0
        # The time at which each resource began in this run, and its records at that time.
        self._began: dict[str, tuple[float, int]] = {}
        notice.say = self._show_wait

    def __enter__(self) -> Self:
        """Show the bars."""
        self._display.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the bars."""
        self._display.stop()

    def say(self, words: str) -> None:
        """Print a line, which stays."""
        self._remove(SURVEY)
        self._display.console.print(words)

    def __call__(self, progress: AccountProgress) -> None:
        """Receive the progress of a resource."""
        if progress.ended or progress.left_out is not None or progress.failed is not None:
            self._remove(progress.resource)
            return
        if progress.records == 0 and progress.waits_until is None:
            if not self._began:
                self._surveyed += 1
                self._update(SURVEY, records=plural(self._surveyed, "resource"))
            return
        self._remove(WAITING)
        self._show(progress)

    def _show(self, progress: AccountProgress) -> None:
        start = (time.monotonic(), progress.records)
        began, before = self._began.setdefault(progress.resource, start)
        total = "" if progress.listcount is None else f"/{progress.listcount:,}"
        rate = (progress.records - before) / max(time.monotonic() - began, 0.001)
        state = f"{rate:,.0f}/s" if progress.records > before else ""
        if progress.waits_until is not None:
            state = f"waiting until {utc_minute(progress.waits_until)}"
        self._update(
            progress.resource,
            completed=progress.records,
            # the server may have got more records since it counted them
            total=None if progress.listcount is None else max(progress.listcount, progress.records),
            records=f"{progress.records:,}{total}",
            requests=plural(progress.requests, "request"),
            rate=state,
        )

    def _update(self, name: str, **fields: Any) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._display.add_task(
                name, total=None, records="", requests="", rate=""
            )
        self._display.update(self._tasks[name], **fields)

    def _remove(self, name: str) -> None:
        if name in self._tasks:
            self._display.remove_task(self._tasks.pop(name))

    def _show_wait(self, words: str) -> None:
        if not self._tasks:
            self._update(WAITING)
        for task in self._tasks.values():
            self._display.update(task, rate=words)
