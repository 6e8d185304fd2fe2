"""What a reader sees of an export into a folder while it runs: a bar a resource."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, Self

import typer
from rich.progress import TaskID

from ..export import AccountProgress
from .progress import LimitNotice, no_bars_yet
from .wording import counted, moment

__all__ = ["Bars", "Lines"]

# What the bar is called before any resource has one.
SURVEY = "how much is there?"
WAITING = "export"


class Lines:
    """Says in lines what somebody has to know who sees no bars: what it costs, that it waits."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        # Until when it was said to wait; several resources wait for the same moment.
        self._told: datetime | None = None

    def say(self, words: str) -> None:
        """Say something in a line."""
        typer.echo(words, err=True)

    def __call__(self, told: AccountProgress) -> None:
        """Take note of how far a resource has come."""
        if told.waits_until is not None and told.waits_until != self._told:
            self._told = told.waits_until
            self.say(f"waiting until {moment(told.waits_until)} for the next day")


class Bars:
    """A bar for each resource that is under way, on standard error; they go away at the end.

    Use it with ``with``.
    """

    __slots__ = ("_bars", "_began", "_surveyed", "_tasks")

    def __init__(self, notice: LimitNotice) -> None:
        self._bars = no_bars_yet()
        self._tasks: dict[str, TaskID] = {}
        # Of how many resources it is known how much there is.
        self._surveyed = 0
        # When each began in this run, and with how many records.
        self._began: dict[str, tuple[float, int]] = {}
        notice.say = self._wait

    def __enter__(self) -> Self:
        """Show them."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take them away."""
        self._bars.stop()

    def say(self, words: str) -> None:
        """Say something in a line, which stays."""
        self._end(SURVEY)
        self._bars.console.print(words)

    def __call__(self, told: AccountProgress) -> None:
        """Show how far a resource has come."""
        if told.ended or told.left_out is not None:
            self._end(told.resource)
            return
        if told.records == 0 and told.waits_until is None:
            if not self._began:
                self._surveyed += 1
                self._update(SURVEY, records=f"{self._surveyed:,} asked")
            return
        self._end(WAITING)
        began, before = self._began.setdefault(told.resource, (time.monotonic(), told.records))
        known = "" if told.listcount is None else f"/{told.listcount:,}"
        rate = (told.records - before) / max(time.monotonic() - began, 0.001)
        state = f"{rate:,.0f}/s" if told.records > before else ""
        if told.waits_until is not None:
            state = f"waiting until {moment(told.waits_until)}"
        self._update(
            told.resource,
            completed=told.records,
            # others may add some meanwhile
            total=None if told.listcount is None else max(told.listcount, told.records),
            records=f"{told.records:,}{known}",
            requests=counted(told.requests, "request"),
            rate=state,
        )

    def _update(self, name: str, **fields: Any) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(
                name, total=None, records="", requests="", rate=""
            )
        self._bars.update(self._tasks[name], **fields)

    def _end(self, name: str) -> None:
        if name in self._tasks:
            self._bars.remove_task(self._tasks.pop(name))

    def _wait(self, words: str) -> None:
        if not self._tasks:
            self._update(WAITING)
        for task in self._tasks.values():
            self._bars.update(task, rate=words)
