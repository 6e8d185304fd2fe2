"""Starting and stopping the server, in a thread of its own or in the loop of the test."""

from __future__ import annotations

from types import TracebackType

from intervals_async.testing._fake.listener import Handler, Listener
from intervals_async.testing._fake.loop_thread import LoopThread


class Lifecycle:
    """A listener that runs in a thread of its own, or with ``in_thread=False`` in the test's loop.

    With a thread, all methods block for some milliseconds and need no event loop. They therefore
    also work under other libraries than asyncio, and in a loop that is shared with the test.
    """

    __slots__ = ("_listener", "_thread")

    def __init__(self, host: str, port: int, handler: Handler, *, in_thread: bool) -> None:
        self._listener = Listener(host, port, handler, in_thread=in_thread)
        self._thread = LoopThread() if in_thread else None

    @property
    def url(self) -> str:
        """The root URL with a trailing slash.

        Raises:
            RuntimeError: The server is not listening.
        """
        return self._listener.url

    async def start(self) -> None:
        """Start listening; do nothing if the server is listening already."""
        if self._thread is None:
            await self._listener.start()
        else:
            self.start_thread()

    async def stop(self) -> None:
        """Stop listening and end all requests; do nothing if the server has stopped."""
        if self._thread is None:
            await self._listener.stop()
        else:
            self.stop_thread()

    def start_thread(self) -> None:
        """Start listening in a thread, without an event loop of the caller."""
        thread = self._own_thread()
        thread.start()
        try:
            thread.run(self._listener.start())
        except BaseException:
            thread.stop()
            raise

    def stop_thread(self) -> None:
        """Stop listening and end the thread; do nothing if it does not run."""
        thread = self._own_thread()
        if thread.is_running:
            thread.run(self._listener.stop())
        thread.stop()

    def refusing(self) -> Refusing:
        """Return a context in which the server refuses connections."""
        return Refusing(self, self._listener if self._thread is None else None)

    def refuse(self) -> None:
        """Refuse connections until ``accept``."""
        self._own_thread().run(self._listener.refuse())

    def accept(self) -> None:
        """Listen again on the same port; do nothing if the server has stopped."""
        thread = self._own_thread()
        if thread.is_running:
            thread.run(self._listener.accept())

    def _own_thread(self) -> LoopThread:
        if self._thread is None:
            raise RuntimeError(
                "FakeIntervals: expected `async with`, got `with`; "
                "a server with in_thread=False runs in an event loop"
            )
        return self._thread


class Refusing:
    """A context in which the server refuses connections, for ``with`` and ``async with``."""

    __slots__ = ("_lifecycle", "_listener")

    def __init__(self, lifecycle: Lifecycle, listener: Listener | None) -> None:
        self._lifecycle = lifecycle
        self._listener = listener

    def __enter__(self) -> None:
        self._lifecycle.refuse()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lifecycle.accept()

    async def __aenter__(self) -> None:
        if self._listener is None:
            self._lifecycle.refuse()
        else:
            await self._listener.refuse()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._listener is None:
            self._lifecycle.accept()
        else:
            await self._listener.accept()
