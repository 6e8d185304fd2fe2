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
    """A file from the API. Each use of `open` and `save` requests it again.

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
        """Show the path."""
        return f"<Download {self._call.path}>"

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncGenerator[bytes]]:
        """Request the file, and yield an async iterator of its bytes.

        The response is closed at the end of the block.

        Raises:
            NotFoundError: The file does not exist.
            CallError: The file could not be fetched. The iterator raises it too, if the response
                ends early: the bytes yielded so far are incomplete then.
        """
        response = await self._transport.open_raw(self._call, _checked)
        try:
            yield self._chunks(response)
        finally:
            response.close()

    async def save(self, path: str | os.PathLike[str], *, force: bool = False) -> int:
        """Write it to a file, which appears under its name once it is complete.

        A response that ends early is retried as the retry policy says.

        Args:
            path: The file to write.
            force: Whether to replace an existing file.

        Returns:
            The size of the file in bytes.

        Raises:
            CallError: The file could not be fetched.
            FileExistsError: The file exists, and `force` is false. No request was sent.
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
    """Return the response if it is a file. Raise the error if it is one."""
    try:
        await response.check_for_error()
    except BaseException:
        response.close()
        raise
    return response


async def _save(target: AtomicFile, response: RawResponse) -> int:
    """Write the complete file from its beginning, and move it into place."""
    try:
        await response.check_for_error()
        target.restart()
        while data := await response.read():
            # the disk may be slow, or remote
            await asyncio.to_thread(target.write, data)
    finally:
        response.close()
    await asyncio.to_thread(target.commit)
    return response.size
