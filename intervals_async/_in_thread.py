"""Calling a function in a thread, so that a disk or a pipe never blocks the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import partial
from typing import ParamSpec, TypeVar

__all__ = ["pause", "run_in_executor", "run_in_thread"]

P = ParamSpec("P")
T = TypeVar("T")

_given_up: ContextVar[threading.Event] = ContextVar("_given_up")


async def run_in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in a thread and wait until it returns, even if that is cancelled.

    A cancellation is raised when the function has returned.
    """
    return await run_in_executor(None, partial(function, *args, **kwargs))


async def run_in_executor(executor: Executor | None, function: Callable[[], T]) -> T:
    """Do the same in a thread of an executor; None is the default one of the event loop."""
    given_up = threading.Event()
    context = copy_context()
    context.run(_given_up.set, given_up)
    loop = asyncio.get_running_loop()
    future = loop.run_in_executor(executor, partial(context.run, function))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        given_up.set()
        while not future.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([future])
        future.exception()  # marks it as retrieved; the cancellation is raised instead
        raise


def pause(seconds: float) -> None:
    """Sleep for some seconds in a function that may wait for long.

    Raises:
        InterruptedError: The caller of `run_in_thread` was cancelled.
    """
    if _given_up.get(threading.Event()).wait(seconds):
        raise InterruptedError("the caller was cancelled")
