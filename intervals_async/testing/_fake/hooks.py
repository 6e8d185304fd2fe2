"""The callbacks that run before each request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

from attrs import field, frozen

from intervals_async.testing._fake.log import SeenRequest
from intervals_async.testing._fake.run import Run

_BLOCKED_SECONDS = 2.0
"""The time after which an event loop that has not run a callback counts as blocked."""


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


@frozen(eq=False)
class Hook:
    """A callback, and the event loop that ran when it was registered.

    The callback runs in that loop, so that it may use the loop's events and tasks, and sees the
    data between two steps of the test. It runs in the server's thread if there is no such loop, if
    the loop has stopped, or if it is blocked, for example by a synchronous request to the server.
    """

    callback: Callable[[SeenRequest], None]
    loop: asyncio.AbstractEventLoop | None = field(factory=_running_loop)

    async def run(self, seen: SeenRequest, run: Run) -> None:
        """Run the callback before a request."""
        loop = self.loop
        if loop is None or loop is asyncio.get_running_loop() or not loop.is_running():
            self.callback(seen)
            return
        handed_over: Future[None] = Future()

        def call() -> None:
            if handed_over.set_running_or_notify_cancel():
                try:
                    self.callback(seen)
                except Exception as error:  # noqa: BLE001  the request reports it
                    handed_over.set_exception(error)
                else:
                    handed_over.set_result(None)

        try:
            loop.call_soon_threadsafe(call)
        except RuntimeError:  # the loop has been closed
            self.callback(seen)
            return
        result = asyncio.wrap_future(handed_over)
        await run.wait_for(result, _BLOCKED_SECONDS)
        if handed_over.cancel():
            self.callback(seen)
        else:
            await run.wait_for(result)
            result.result()
