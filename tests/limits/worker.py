"""One of several processes: sends requests as the shared limits allow.

The tests run it as a program. It prints "ready", waits for a line, and sends until its time is up.
"""

from __future__ import annotations

import asyncio
import sys
import time

from intervals_async.limits import Limit, Limiter, LimitStore
from intervals_async.limits.redis import RedisLimitStore
from intervals_async.limits.sqlite import SqliteLimitStore


async def send(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"?")
    assert await reader.readexactly(1) == b"!"
    writer.close()
    await writer.wait_closed()


async def main(
    kind: str, location: str, port: str, requests: str, per: str, seconds: str, tasks: str
) -> None:
    store: LimitStore
    if kind == "redis":
        store = RedisLimitStore(location, when_down="closed", timeout=10.0)
    else:
        store = SqliteLimitStore(location, when_down="closed", timeout=10.0)
    limiter = Limiter([Limit(int(requests), float(per))], store)
    # Open the store first, so that all workers start at the same time.
    await limiter.used()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    end = time.monotonic() + float(seconds)

    async def work() -> None:
        while True:
            slot = await limiter.acquire(bulk=True)
            if time.monotonic() >= end:
                await limiter.release(slot, sent=False)
                return
            await send(int(port))
            await limiter.release(slot, sent=True)

    async with asyncio.TaskGroup() as group:
        for _ in range(int(tasks)):
            group.create_task(work())
    limiter.close()
    await store.close()


if __name__ == "__main__":
    # Without the debug mode of the loop, which would slow down the measurement.
    asyncio.run(main(*sys.argv[1:]), debug=False)
