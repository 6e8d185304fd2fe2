"""The Redis store: one round trip per operation, on the server's clock, in keys that expire."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis, RedisCluster

from intervals_async import ArgumentError, Limit, LimitStoreError
from intervals_async.limits.redis import RedisLimitStore

from .conftest import RedisServer, take

LIMIT = Limit(1, per=0.2)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """Return a client of an empty Redis."""
    async with Redis.from_url(redis_url) as client:
        yield client


async def test_the_keys_expire(redis: Redis) -> None:
    """Both keys expire when their entries are over, and no sooner."""
    store = RedisLimitStore(redis, key="bots")
    assert await store.take("a", [LIMIT], bulk=False, lease=0.3) == 0.0
    await store.hold(0.4)
    assert sorted(await redis.keys()) == [b"{bots}:hold", b"{bots}:slots"]
    assert 400 <= await redis.pttl("{bots}:slots") <= 501
    assert 300 <= await redis.pttl("{bots}:hold") <= 400
    await asyncio.sleep(0.6)
    assert await redis.keys() == []


async def test_a_client_that_was_passed_in_stays_open(redis: Redis) -> None:
    """Closing a store does not close a client that was passed in."""
    store = RedisLimitStore(redis)
    await take(store, "a", LIMIT)
    await store.close()
    assert await redis.ping()
    assert "intervals_async" not in repr(store).lower().replace("redislimitstore", "")


async def test_stores_with_different_keys_are_independent(redis: Redis) -> None:
    """Stores with different keys share no slots."""
    one, other = RedisLimitStore(redis, key="one"), RedisLimitStore(redis, key="other")
    assert await take(one, "a", LIMIT) == 0.0
    assert await take(other, "a", LIMIT) == 0.0
    assert await take(one, "b", LIMIT) > 0.0


@pytest.mark.parametrize("key", ["", "{a}", "}a"])
def test_a_key_that_would_break_the_hash_tag_is_rejected(key: str) -> None:
    """A key that is empty or has braces is rejected, because it would break the hash tag."""
    with pytest.raises(ArgumentError, match="key: "):
        RedisLimitStore("redis://localhost", key=key)


async def test_a_repeated_take_takes_one_slot(redis: Redis) -> None:
    """A call that the client repeats after a lost response takes one slot only."""
    repeating = Redis(connection_pool=redis.connection_pool)

    async def eval_twice(*arguments: object) -> object:
        await redis.eval(*arguments)  # type: ignore[arg-type]  # passed on
        return await redis.eval(*arguments)  # type: ignore[arg-type]  # passed on

    repeating.eval = eval_twice  # type: ignore[method-assign,assignment]  # the one method used
    store = RedisLimitStore(repeating)
    assert await take(store, "a", LIMIT) == 0.0
    assert await store.used([LIMIT]) == [1]
    assert await take(RedisLimitStore(redis), "b", LIMIT) > 0.0
    assert await store.used([LIMIT]) == [1]


async def test_entries_in_the_far_future_are_deleted(redis: Redis) -> None:
    """Entries more than a day ahead are deleted, because the server's clock was set back."""
    seconds, _ = await redis.time()
    await redis.zadd("{intervals_async}:slots", {"a": (seconds + 90_000) * 1e6})
    store = RedisLimitStore(redis)
    assert await store.used([LIMIT]) == [1]
    assert await take(store, "b", LIMIT) == 0.0
    assert await store.used([LIMIT]) == [1]


@pytest.mark.parametrize("client", ["its own", "passed in"])
async def test_a_password_is_shown_nowhere(
    start_redis: Callable[..., RedisServer], caplog: pytest.LogCaptureFixture, client: str
) -> None:
    """Neither log lines nor errors nor the repr of the store show the password."""
    caplog.set_level("DEBUG", "intervals_async")
    server = start_redis("--requirepass", "right")
    url = server.url.replace("unix://", "unix://:hunter2@")
    async with contextlib.AsyncExitStack() as stack:
        where = url if client == "its own" else Redis.from_url(url)
        if isinstance(where, Redis):
            stack.push_async_callback(where.aclose)
        opened = RedisLimitStore(where)
        stack.push_async_callback(opened.close)
        closed = RedisLimitStore(where, when_down="closed")
        stack.push_async_callback(closed.close)
        assert await take(opened, "a", LIMIT) == 0.0
        with pytest.raises(LimitStoreError) as caught:
            await take(closed, "a", LIMIT)
        shown = "".join(traceback.format_exception(caught.value)) + caplog.text
        assert "AuthenticationError" in shown
        assert "hunter2" not in shown + repr(opened) + repr(closed)
    server.stop()


@pytest.mark.parametrize("url", ["redis://:hun/ter2@localhost", "http://:hunter2@localhost"])
def test_an_invalid_url_is_not_shown(url: str) -> None:
    """The error about an invalid URL does not show it, because it may hold a password."""
    with pytest.raises(ArgumentError, match="redis: ") as caught:
        RedisLimitStore(url)
    shown = "".join(traceback.format_exception(caught.value))
    assert "hun" not in shown.replace('"redis://', "")
    assert caught.value.__context__ is None


async def test_a_server_that_never_responds_is_down(caplog: pytest.LogCaptureFixture) -> None:
    """A server that does not respond within the timeout is down, and is named without its password."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        store = RedisLimitStore(f"redis://bot:hunter2@127.0.0.1:{port}/0", timeout=0.1)
        async with asyncio.timeout(5):
            assert await take(store, "a", LIMIT) == 0.0
        assert caplog.messages == [
            "Redis at 127.0.0.1 is unavailable (no response within 0.1 s): "
            "this process counts its own requests only, until the store is back"
        ]
        await store.close()
        done.set()


@pytest.mark.slow
async def test_it_works_on_a_cluster(start_redis: Callable[..., RedisServer]) -> None:
    """The keys of the scripts lie in one hash slot, so the store works on a cluster."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, bus = one.getsockname()[1], other.getsockname()[1]
    server = start_redis(
        "--port", str(port), "--cluster-enabled", "yes", "--cluster-port", str(bus)
    )
    async with Redis.from_url(server.url) as node:
        await node.cluster("ADDSLOTSRANGE", 0, 16383)
        while (await node.cluster("INFO"))["cluster_state"] != "ok":
            await asyncio.sleep(0.05)
    async with RedisCluster(host="127.0.0.1", port=port) as cluster:
        store = RedisLimitStore(cluster, when_down="closed")
        assert await take(store, "a", LIMIT) == 0.0
        await store.hold(0.01)
        await store.free("a", [LIMIT], sent=True)
        assert await take(store, "b", LIMIT) > 0.0
        assert await store.used([LIMIT]) == [1]
        await store.close()
    server.stop()


def test_redis_is_required_by_its_store_only() -> None:
    """Without the extra, the package can be imported, and the store names the extra."""
    program = (
        "import sys; sys.modules['redis'] = None; import intervals_async\n"
        "try:\n    import intervals_async.limits.redis\n"
        "except ImportError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert 'pip install "intervals_async[redis]"' in done.stdout


@pytest.mark.parametrize("client", ["its own", "passed in", "passed in, with 3 connections"])
async def test_many_operations_at_once(redis_url: str, client: str) -> None:
    """More operations at once than the pool has connections wait for each other."""
    size = 3 if "3" in client else None
    async with Redis.from_url(redis_url, max_connections=size) as passed_in:
        store = RedisLimitStore(
            redis_url if client == "its own" else passed_in, when_down="closed", timeout=10.0
        )
        limit = Limit(300)
        taken = await asyncio.gather(*(take(store, str(number), limit) for number in range(300)))
        assert taken == [0.0] * 300
        await asyncio.gather(
            *(store.free(str(number), [limit], sent=False) for number in range(300))
        )
        assert await store.used([limit]) == [0]
        await store.close()
