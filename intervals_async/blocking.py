"""`blocking_reader`: a listing for code that is not async, such as DuckDB and polars."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from . import IntervalsClient, Listing
from .errors import ArgumentError, ClientClosedError

if TYPE_CHECKING:
    # pyarrow has no type information. Stubs are used if the user has installed them.
    from pyarrow import RecordBatch, RecordBatchReader  # pyright: ignore[reportMissingTypeStubs]

    from . import ArrowBatches

__all__ = ["blocking_reader"]


@contextmanager
def blocking_reader(
    read: Callable[[IntervalsClient], Listing[Any] | ArrowBatches], **client: Any
) -> Generator[RecordBatchReader]:  # pyright: ignore[reportUnknownParameterType]
    """Read a listing from code that is not async: as a `pyarrow.RecordBatchReader`.

    DuckDB, polars and pyarrow read it batch by batch, so only some batches are in memory. A client
    belongs to one event loop. So this makes a client of its own, and a thread with the loop in
    which it works until the end of the block. It may also be used where a loop is running, as in a
    notebook; but reading then blocks that loop.

    Example:
        ::

            with blocking_reader(lambda intervals: intervals.time.list(projectid=3)) as reader:
                duckdb.sql("select person, sum(time) from reader group by all").show()

    Args:
        read: Returns the listing, or its `arrow_batches` if they need options. It is called in the
            thread, with the client.
        client: The arguments of `IntervalsClient`, except `session`, which belongs to another loop.

    Yields:
        The reader. After an error, reading continues at the same position.

    Raises:
        ImportError: pyarrow is not installed.
        ArgumentError: An argument of the client or of the listing is not valid.
        CallError: A page could not be read. Programs that report errors of a reader as text raise
            their own error; at the end of the block it becomes the one of this library.
        ClientClosedError: The reader is read after the end of the block.

    .. versionadded:: 0.2.0
    """
    if "session" in client:
        raise ArgumentError("session: expected none, because it belongs to another event loop")
    batches = _Batches(read, client)
    try:
        reader: Any = import_module("pyarrow").RecordBatchReader
        yield reader.from_batches(batches.schema, batches)
    except Exception as error:
        if batches.failure is None or batches.failure is error:
            raise
        raise batches.failure from error
    finally:
        batches.close()


class _Batches:
    """An iterator of batches that an event loop in another thread reads.

    Attributes:
        schema: The columns.
        failure: The error of the last step; None if it has succeeded.
    """

    def __init__(
        self,
        read: Callable[[IntervalsClient], Listing[Any] | ArrowBatches],
        client: dict[str, Any],
    ) -> None:
        self.failure: Exception | None = None
        self._closed = False
        ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, ArrowBatches]] = Future()
        # A daemon, so that a reader whose block is never left does not keep the process alive.
        self._thread = Thread(
            target=lambda: asyncio.run(_serve(read, client, ready)),
            name="intervals-async-reader",
            daemon=True,
        )
        self._thread.start()
        try:
            self._loop, self._end, self._source = ready.result()
        except BaseException:
            self._thread.join()
            raise
        self.schema: Any = self._source.schema

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> RecordBatch:  # pyright: ignore[reportUnknownParameterType]
        if self._closed:
            raise ClientClosedError("the reader is closed; read it within its `with` block")
        step: Future[Any] = asyncio.run_coroutine_threadsafe(self._step(), self._loop)
        try:
            batch = step.result()
        except Exception as error:
            self.failure = error
            raise
        except BaseException:  # such as KeyboardInterrupt
            step.cancel()
            raise
        self.failure = None
        if batch is None:
            raise StopIteration
        return batch

    async def _step(self) -> Any:
        """Return the next batch; None at the end."""
        return await anext(self._source, None)

    def close(self) -> None:
        """Close the client, and end the thread."""
        self._closed = True
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()


async def _serve(
    read: Callable[[IntervalsClient], Listing[Any] | ArrowBatches],
    client: dict[str, Any],
    ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, ArrowBatches]],
) -> None:
    """Keep a client and its batches open until the end is set."""
    end = asyncio.Event()
    try:
        async with IntervalsClient(**client) as intervals:
            found = read(intervals)
            source = found.arrow_batches() if isinstance(found, Listing) else found
            async with source:
                ready.set_result((asyncio.get_running_loop(), end, source))
                await end.wait()
    except BaseException as error:
        if ready.done():
            raise
        ready.set_exception(error)
