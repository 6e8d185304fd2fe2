"""`Download`: a file from the API, taken piece by piece."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from .._atomic_file import AtomicFile
from ..errors import CallError, TransportError
from .final_errors import closed_error
from .messages import Call
from .raw_response import RawResponse
from .settings import RetryState
from .transport import Transport

__all__ = ["Download"]

Pieces: TypeAlias = AsyncGenerator[bytes]


class Download:
    """A file from the API. It may be taken more than once; each time it is sent anew.

    Example:
        ::

            await intervals.document.download(7).save("offer.pdf")

            async with intervals.document.download(7).open() as pieces:
                async for data in pieces:
                    ...
    """

    __slots__ = ("_call", "_transport")

    def __init__(self, transport: Transport, call: Call) -> None:
        self._transport = transport
        self._call = call

    def __repr__(self) -> str:
        """Show what is asked for."""
        return f"<Download {self._call.path}>"

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Pieces]:
        """Ask for the file, and give an async iterator of its bytes.

        What has no reader is left: the end of the block gives the rest up.

        Raises:
            NotFoundError: There is no such file.
            CallError: The file could not be had; also while it is read, where it breaks off.
                What was given by then is not the whole.
        """
        answer = await self._open(RetryState())
        try:
            yield self._pieces(answer)
        finally:
            answer.close()

    async def save(self, path: str | os.PathLike[str], *, force: bool = False) -> int:
        """Write it to a file, which appears under its name when it is whole.

        A file that breaks off is asked for again, as the retry policy says.

        Args:
            path: The file to write.
            force: Whether one that is there is replaced.

        Returns:
            How many bytes it has.

        Raises:
            CallError: The file could not be had.
            FileExistsError: There is one of that name, and `force` was not said. Nothing is
                asked for then.
            OSError: The file cannot be written.
        """
        progress = RetryState()
        while True:
            file = AtomicFile(Path(path), force=force)
            file.open()
            try:
                failure = await self._write(file, progress)
                if not isinstance(failure, CallError):
                    await asyncio.to_thread(file.commit)
                    return failure
            finally:
                file.discard()
            await self._transport.failed(self._call, failure, progress)

    async def _write(self, file: AtomicFile, progress: RetryState) -> int | CallError:
        answer = await self._open(progress)
        try:
            while True:
                data = await answer.read()
                if isinstance(data, CallError):
                    return data
                if not data:
                    return answer.size
                # a disk may be slow, or far away
                await asyncio.to_thread(file.write, data)
        finally:
            answer.close()

    async def _open(self, progress: RetryState) -> RawResponse:
        while True:
            answer = await self._transport.open_raw(self._call, progress)
            if isinstance(answer, RawResponse):
                try:
                    refusal = await answer.refusal()
                except BaseException:
                    answer.close()
                    raise
                if refusal is None:
                    return answer
                answer.close()
                answer = refusal
            await self._transport.failed(self._call, answer, progress)

    async def _pieces(self, answer: RawResponse) -> Pieces:
        while True:
            data = await answer.read()
            if isinstance(data, CallError):
                if self._transport.closed and isinstance(data, TransportError):
                    raise closed_error(self._call, data)
                raise data
            if not data:
                return
            yield data
