"""One process of several: sends requests as the limits that it shares allow.

Run by the tests as a program. It says when it is ready, goes when it is told, and sends until
its time is up.
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
    kind: str, where: str, port: str, requests: str, per: str, seconds: str, tasks: str
) -> None:
    store: LimitStore
    if kind == "redis":
        store = RedisLimitStore(where, when_down="closed", timeout=10.0)
    else:
        store = SqliteLimitStore(where, when_down="closed", timeout=10.0)
    limiter = Limiter([Limit(int(requests), float(per))], store)
    # So that the first request finds it open, and all begin at once.
    await limiter.used()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    end = time.monotonic() + float(seconds)

    async def work() -> None:
        while True:
            place = await limiter.acquire(bulk=True)
            if time.monotonic() >= end:
                await limiter.release(place, sent=False)
                return
            await send(int(port))
            await limiter.release(place, sent=True)

    async with asyncio.TaskGroup() as group:
        for _ in range(int(tasks)):
            group.create_task(work())
    limiter.close()
    await store.close()


if __name__ == "__main__":
    # Without the loop's own debugging, whose slowness would be measured.
    asyncio.run(main(*sys.argv[1:]), debug=False)
