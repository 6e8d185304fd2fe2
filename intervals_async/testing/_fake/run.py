"""One run of the server, from its start to its stop."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

_WATCH_SECONDS = 0.002
"""The interval at which the server looks at events of other threads while a request waits."""


class DroppedError(Exception):
    """Closes the connection without sending another byte."""


class Settable(Protocol):
    """An event of any library: ``asyncio.Event``, ``threading.Event``, ``trio.Event``."""

    def is_set(self) -> bool:
        """Return whether the event is set."""
        ...


class Run:
    """One run of the server. Every wait ends with ``DroppedError`` when the server stops.

    ``turn`` is held while the callbacks of a request run, so that no other request comes between.
    """

    __slots__ = ("_in_thread", "_waiting", "_watch", "stopping", "turn")

    def __init__(self, *, in_thread: bool) -> None:
        self.stopping: asyncio.Event = asyncio.Event()
        self.turn: asyncio.Lock = asyncio.Lock()
        self._in_thread = in_thread
        self._waiting: dict[asyncio.Future[None], Settable] = {}
        self._watch: asyncio.TimerHandle | None = None

    def stop(self) -> None:
        """End all waits."""
        self.stopping.set()
        if self._watch is not None:
            self._watch.cancel()

    async def pause(self, seconds: float) -> None:
        """Wait for some seconds."""
        if seconds > 0:
            try:
                await asyncio.wait_for(self.stopping.wait(), seconds)
            except TimeoutError:
                return
            raise DroppedError

    async def wait(self, event: Settable) -> None:
        """Wait until the event is set."""
        if isinstance(event, asyncio.Event) and not self._in_thread:
            await self.wait_for(asyncio.ensure_future(event.wait()))
        else:
            # Only the loop of an event's own thread can await it; all others must look at it.
            await self.wait_for(self._watched(event))

    async def wait_for(self, result: asyncio.Future[Any], seconds: float | None = None) -> None:
        """Wait until the future is done, at most for some seconds. The stop cancels it."""
        stopping = asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait(
                (result, stopping), timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            stopping.cancel()
            if self.stopping.is_set():
                result.cancel()
        if self.stopping.is_set():
            raise DroppedError

    def _watched(self, event: Settable) -> asyncio.Future[None]:
        future = asyncio.get_running_loop().create_future()
        self._waiting[future] = event
        if self._watch is None:
            self._look()
        return future

    def _look(self) -> None:
        for future, event in tuple(self._waiting.items()):
            if future.done() or event.is_set():
                del self._waiting[future]
                if not future.done():
                    future.set_result(None)
        self._watch = None
        if self._waiting:
            self._watch = asyncio.get_running_loop().call_later(_WATCH_SECONDS, self._look)
