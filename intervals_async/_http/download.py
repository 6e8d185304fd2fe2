"""`Download`: a file from the API, read chunk by chunk."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import attrs

from .._atomic_file import AtomicFile, file_path
from .._device_file import DeviceFile, is_device
from .._in_thread import run_in_thread
from ..errors import ArgumentError, CallError, TransportError
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

    .. versionadded:: 0.2.0
    """

    __slots__ = ("_call", "_transport")

    def __init__(self, transport: Transport, call: Call) -> None:
        self._transport = transport
        self._call = attrs.evolve(call, wants_file=True)

    def __repr__(self) -> str:
        """Show the path."""
        return f"<Download {self._call.path}>"

    @asynccontextmanager
    async def open(
        self, *, max_bytes: int | None = None, accept_html: bool = False
    ) -> AsyncGenerator[AsyncGenerator[bytes]]:
        """Request the file, and yield an async iterator of its bytes.

        The response is closed at the end of the block.

        Args:
            max_bytes: The maximum size of the file; a larger one is refused while it is read.
            accept_html: Whether the file may be an HTML page that is not marked as a file. By
                default, such a page is taken for an error of a server in between.

        Raises:
            NotFoundError: The file does not exist.
            CallError: The file could not be fetched. The iterator raises it too, if the response
                ends early: the bytes yielded so far are incomplete then.
        """

        async def checked(response: RawResponse) -> RawResponse:
            try:
                await response.check_for_error(accept_html=accept_html)
            except BaseException:
                response.close()
                raise
            return response

        _check_max_bytes(max_bytes)
        response = await self._transport.open_raw(self._call, checked)
        response.max_bytes = max_bytes
        try:
            yield self._chunks(response)
        finally:
            response.close()

    async def save(
        self,
        path: str | os.PathLike[str],
        *,
        force: bool = False,
        max_bytes: int | None = None,
        accept_html: bool = False,
    ) -> int:
        """Write it to a file, which appears under its name once it is complete.

        A response that ends early is retried as the retry policy says. If the server accepts
        ranges of the file, only the missing rest is requested.

        A device or a pipe is written into and never replaced. Bytes cannot be taken back from it,
        so a response that ends early is an error there.

        Args:
            path: The file to write.
            force: Whether to replace an existing file.
            max_bytes: As for `open`.
            accept_html: As for `open`.

        Returns:
            The size of the file in bytes.

        Raises:
            CallError: The file could not be fetched.
            FileExistsError: The file exists, and `force` is false. No request was sent.
            OSError: The file cannot be written.
        """
        _check_max_bytes(max_bytes)
        target_path = file_path(path)
        if is_device(target_path):
            return await self._write_into(DeviceFile(target_path), max_bytes, accept_html)
        # The random part keeps two downloads to the same path from locking out each other.
        with AtomicFile(target_path, force=force, part=secrets.token_hex(4)) as target:
            saving = _Saving(self._call, target, max_bytes, accept_html)
            return await self._transport.open_raw(self._call, saving.save, saving.revise)

    async def _write_into(
        self, device: DeviceFile, max_bytes: int | None, accept_html: bool
    ) -> int:
        written = 0
        try:
            await run_in_thread(device.open)  # a pipe waits for its reader
            async with self.open(max_bytes=max_bytes, accept_html=accept_html) as chunks:
                async for data in chunks:
                    await run_in_thread(device.write, data)
                    written += len(data)
            await run_in_thread(device.commit)
        finally:
            device.discard()
        return written

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


def _check_max_bytes(max_bytes: int | None) -> None:
    if max_bytes is not None and max_bytes < 0:
        raise ArgumentError(f"max_bytes: expected a number of bytes, got {max_bytes}")


@attrs.define
class _Saving:
    """A file that is being saved, in one attempt or several.

    Attributes:
        call: The request for the complete file.
        target: The file to write.
        max_bytes: The maximum size of the file.
        accept_html: Whether the file may be an HTML page.
        written: The bytes that were written.
        version: The ETag or date of the file that they belong to; None if the server does not
            send ranges of it.
    """

    call: Call
    target: AtomicFile
    max_bytes: int | None
    accept_html: bool
    written: int = 0
    version: str | None = None

    def revise(self, error: CallError) -> Call:
        """Return the request for the rest, after a response that ended early."""
        del error
        if self.version is None or self.written == 0:
            return self.call
        ranges = (("Range", f"bytes={self.written}-"), ("If-Range", self.version))
        return attrs.evolve(self.call, extra_headers=(*self.call.extra_headers, *ranges))

    async def save(self, response: RawResponse) -> int:
        """Write the complete file or the missing rest, and move the file into place."""
        try:
            await response.check_for_error(accept_html=self.accept_html)
            if not (response.status == 206 and _first_byte(response) == self.written > 0):
                if response.status == 206:
                    raise response.unexpected("the complete file or its rest", "another part of it")
                self.target.restart()
                self.written = 0
            self.version = _version(response)
            response.max_bytes = self.max_bytes
            response.start_at(self.written)
            while data := await response.read():
                # the disk may be slow, or remote
                await asyncio.to_thread(self.target.write, data)
                self.written += len(data)
        finally:
            response.close()
        await asyncio.to_thread(self.target.commit)
        return self.written


def _version(response: RawResponse) -> str | None:
    """Return what identifies the file in a request for a part of it."""
    headers = response.headers
    accepts = headers.get("Accept-Ranges", "").lower() == "bytes" or response.status == 206
    if not accepts or not response.is_plain:
        return None
    etag = headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return etag
    return headers.get("Last-Modified")


def _first_byte(response: RawResponse) -> int | None:
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else None
