"""How the tests of broken and odd responses read a download."""

from __future__ import annotations

from intervals_async import IntervalsClient


async def read_download(client: IntervalsClient) -> None:
    """Read a download to its end."""
    async with client.document.download(1).open() as chunks:
        async for _ in chunks:
            pass
