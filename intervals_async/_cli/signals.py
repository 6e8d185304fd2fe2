"""`SignalHandlers`: cancel the work of a command when a signal asks for it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Coroutine, Generator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

__all__ = ["SignalHandlers"]

# For each signal that ends a command: the reason to print, and the exit code.
REASONS = {
    "SIGINT": ("interrupted", 130),
    "SIGTERM": ("terminated", 143),
    "SIGHUP": ("terminated", 143),
}
# The number of signals after which the process exits without cleaning up.
SIGNALS_TO_EXIT_AT_ONCE = 3

SHOW_CURSOR = "\x1b[?25h"


class SignalHandlers:
    """Cancels the work on the first signal, so that it can close its files and connections.

    Keyboards, shells and service managers often send several signals. The second one is
    ignored: it must not interrupt the closing of a file. The third one ends the process at once.

    Args:
        program: The name of the program, for its last line on standard error.
    """

    __slots__ = ("_count", "_loop", "_previous", "_program", "_task", "_wakeup", "reason")

    def __init__(self, program: str) -> None:
        # The reason to print after the work was cancelled, and the exit code.
        self.reason = REASONS["SIGTERM"]
        self._program = program
        self._count = 0
        self._previous: dict[signal.Signals, Any] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._wakeup = ExitStack()

    def __enter__(self) -> Self:
        """Install the handlers, except for signals that the parent process ignores (nohup)."""
        for name in REASONS:
            number = getattr(signal, name, None)  # Windows has only some of them
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                # loop.add_signal_handler would fail if a signal came while the loop closes
                self._previous[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Restore the handlers; after a signal, ignore further ones until the process exits."""
        self._wakeup.close()
        for number, previous in self._previous.items():
            signal.signal(number, signal.SIG_IGN if self._count else previous)

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the work until it ends or a signal cancels it."""
        self._loop = asyncio.get_running_loop()
        with suppress(NotImplementedError):  # the loop of Windows has a wakeup socket of its own
            self._wakeup.enter_context(_wakeup_socket(self._loop))
        self._task = asyncio.create_task(work)
        if self._count:
            self._task.cancel()
        await self._task

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count == 1:
            self.reason = REASONS[signal.Signals(number).name]
            if self._loop is not None and self._task is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._task.cancel)
        elif self._count == SIGNALS_TO_EXIT_AT_ONCE:
            self._exit_at_once()

    def _exit_at_once(self) -> NoReturn:
        reason, code = self.reason
        # A progress bar has hidden the cursor. sys.stderr may be in the middle of a line.
        prefix = SHOW_CURSOR if os.isatty(2) else ""
        with suppress(OSError):
            os.write(2, f"{prefix}{self._program}: {reason}\n".encode())
        os._exit(code)


@contextmanager
def _wakeup_socket(loop: asyncio.AbstractEventLoop) -> Generator[None]:
    """Let every signal wake the loop.

    Handlers run in the main thread, but the system may deliver a signal to another thread. The
    loop would not notice that while it waits, and the handler would run much later.
    """
    receiver, sender = socket.socketpair()
    with receiver, sender:
        receiver.setblocking(False)
        sender.setblocking(False)
        loop.add_reader(receiver, receiver.recv, 4096)
        previous = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(previous)
