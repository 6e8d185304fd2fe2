"""`Download`: a file from the API, read chunk by chunk."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from .._atomic_file import AtomicFile
from ..errors import TransportError
from .final_errors import closed_error
from .messages import Call
from .raw_response import RawResponse
from .transport import Transport

__all__ = ["Download"]


class Download:
    """A file from the API. It may be fetched more than once; each time it is requested again.

    Example:
        ::

            await intervals.document.download(7).save("offer.pdf")

            async with intervals.document.download(7).open() as chunks:
                async for data in chunks:
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
    async def open(self) -> AsyncGenerator[AsyncGenerator[bytes]]:
        """Ask for the file, and yield an async iterator of its bytes.

        The end of the block gives up what was not read.

        Raises:
            NotFoundError: There is no such file.
            CallError: The file could not be fetched. Raised while it is read too, where the
                response breaks off: what was yielded by then is incomplete.
        """
        response = await self._transport.open_raw(self._call, _checked)
        try:
            yield self._chunks(response)
        finally:
            response.close()

    async def save(self, path: str | os.PathLike[str], *, force: bool = False) -> int:
        """Write it to a file, which appears under its name when it is complete.

        A file that breaks off is asked for again, as the retry policy says.

        Args:
            path: The file to write.
            force: Whether to replace an existing file.

        Returns:
            The size of the file in bytes.

        Raises:
            CallError: The file could not be fetched.
            FileExistsError: The file exists, and `force` is false. No request was sent then.
            OSError: The file cannot be written.
        """
        # The random part keeps two downloads to the same path from locking out each other.
        with AtomicFile(Path(path), force=force, part=secrets.token_hex(4)) as target:
            return await self._transport.open_raw(self._call, partial(_save, target))

    async def _chunks(self, response: RawResponse) -> AsyncGenerator[bytes]:
        while True:
            try:
                data = await response.read()
            except TransportError as error:
                if self._transport.closed:
                    raise closed_error(self._call, error) from None
                raise
            if not data:
                return
            yield data


async def _checked(response: RawResponse) -> RawResponse:
    """Return a response that is a file; raise the error that came instead of one."""
    try:
        await response.check_for_error()
    except BaseException:
        response.close()
        raise
    return response


async def _save(target: AtomicFile, response: RawResponse) -> int:
    """Write a complete file, from its beginning, and move it into place."""
    try:
        await response.check_for_error()
        target.restart()
        while data := await response.read():
            # a disk may be slow, or far away
            await asyncio.to_thread(target.write, data)
    finally:
        response.close()
    await asyncio.to_thread(target.commit)
    return response.size
