"""The store in Redis: one round trip, on the server's clock, leaving nothing behind."""

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
    """Give a client of an empty Redis."""
    async with Redis.from_url(redis_url) as client:
        yield client


async def test_nothing_is_left_behind(redis: Redis) -> None:
    """Both keys expire when what they say is over, and no sooner."""
    store = RedisLimitStore(redis, key="bots")
    assert await store.take("a", [LIMIT], bulk=False, lease=0.3) == 0.0
    await store.hold(0.4)
    assert sorted(await redis.keys()) == [b"{bots}:hold", b"{bots}:places"]
    assert 400 <= await redis.pttl("{bots}:places") <= 501
    assert 300 <= await redis.pttl("{bots}:hold") <= 400
    await asyncio.sleep(0.6)
    assert await redis.keys() == []


async def test_a_client_that_was_handed_in_stays_open(redis: Redis) -> None:
    """Whoever made it closes it."""
    store = RedisLimitStore(redis)
    await take(store, "a", LIMIT)
    await store.close()
    assert await redis.ping()
    assert "intervals_async" not in repr(store).lower().replace("redislimitstore", "")


async def test_keys_are_apart(redis: Redis) -> None:
    """Each address that the API sees has limits of its own."""
    one, other = RedisLimitStore(redis, key="one"), RedisLimitStore(redis, key="other")
    assert await take(one, "a", LIMIT) == 0.0
    assert await take(other, "a", LIMIT) == 0.0
    assert await take(one, "b", LIMIT) > 0.0


@pytest.mark.parametrize("key", ["", "{a}", "}a"])
def test_a_key_that_would_break_the_hash_tag_is_refused(key: str) -> None:
    """On a cluster the two keys must lie together."""
    with pytest.raises(ArgumentError, match="'key'"):
        RedisLimitStore("redis://localhost", key=key)


async def test_a_question_that_is_asked_twice_takes_one_place(redis: Redis) -> None:
    """A client sends it again when the connection broke before the answer came."""
    repeating = Redis(connection_pool=redis.connection_pool)

    async def eval_twice(*arguments: object) -> object:
        await redis.eval(*arguments)  # type: ignore[arg-type]  # handed through
        return await redis.eval(*arguments)  # type: ignore[arg-type]  # handed through

    repeating.eval = eval_twice  # type: ignore[method-assign,assignment]  # the one method used
    store = RedisLimitStore(repeating)
    assert await take(store, "a", LIMIT) == 0.0
    assert await store.used([LIMIT]) == [1]
    assert await take(RedisLimitStore(redis), "b", LIMIT) > 0.0
    assert await store.used([LIMIT]) == [1]


async def test_what_lies_beyond_every_lease_is_dropped(redis: Redis) -> None:
    """The server's clock was set back, and nobody waits until it is there again."""
    seconds, _ = await redis.time()
    await redis.zadd("{intervals_async}:places", {"a": (seconds + 90_000) * 1e6})
    store = RedisLimitStore(redis)
    assert await store.used([LIMIT]) == [1]
    assert await take(store, "b", LIMIT) == 0.0
    assert await store.used([LIMIT]) == [1]


@pytest.mark.parametrize("client", ["its own", "handed in"])
async def test_a_password_is_shown_nowhere(
    start_redis: Callable[..., RedisServer], caplog: pytest.LogCaptureFixture, client: str
) -> None:
    """Neither in what is logged, nor in what is raised, nor by the store."""
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
        told = "".join(traceback.format_exception(caught.value)) + caplog.text
        assert "AuthenticationError" in told
        assert "hunter2" not in told + repr(opened) + repr(closed)
    server.stop()


@pytest.mark.parametrize("url", ["redis://:hun/ter2@localhost", "http://:hunter2@localhost"])
def test_a_url_that_cannot_be_read_is_not_repeated(url: str) -> None:
    """A password with a slash in it is the most usual reason."""
    with pytest.raises(ArgumentError, match="cannot be read") as caught:
        RedisLimitStore(url)
    told = "".join(traceback.format_exception(caught.value))
    assert "hun" not in told.replace('"redis://', "")
    assert caught.value.__context__ is None


async def test_a_server_that_never_answers_is_down(caplog: pytest.LogCaptureFixture) -> None:
    """It is given so many seconds, and is named without what is secret."""
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
            "Redis at 127.0.0.1 cannot be asked (no answer within 0.1 s): "
            "this process keeps the limits by itself until it is back"
        ]
        await store.close()
        done.set()


async def test_it_works_on_a_cluster(start_redis: Callable[..., RedisServer]) -> None:
    """The scripts' keys lie in one slot."""
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


def test_redis_is_needed_by_its_store_alone() -> None:
    """Without the extra all else works, and the store says what to install."""
    program = (
        "import sys; sys.modules['redis'] = None; import intervals_async\n"
        "try:\n    import intervals_async.limits.redis\n"
        "except ImportError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert 'pip install "intervals_async[redis]"' in done.stdout
