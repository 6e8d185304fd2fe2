"""Counts the slots of all processes on all hosts in one Redis."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ArgumentError
from ._shared import TICKET_LIFETIME, SharedLimitStore, StoreDownError, WhenDown
from .limit import Limit

try:
    from redis.asyncio import Redis, RedisCluster
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisClusterException, RedisError
except ImportError as _error:
    raise ImportError(
        'intervals_async.limits.redis requires redis: pip install "intervals_async[redis]"'
    ) from _error

__all__ = ["RedisLimitStore"]

# The number of operations that are in progress at a time.
_CONNECTIONS = 20

# KEYS[1] of the scripts is a sorted set of the slots by the moment when their requests ended, in
# microseconds of the server's clock. For a request in progress, this is the end of its lease.
# KEYS[2] exists while no slots are granted. KEYS[3] is a sorted set of the waiting requests by the
# moment when they began to wait, interactive ones first. KEYS[4] is a sorted set of the same
# requests by the moment when they leave the queue, unless they try again before that.
_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- Lua would round to 14 digits, but a moment has 16.
local function exact(number)
    return string.format('%.0f', number)
end

local function taken(per)
    return redis.call('ZCOUNT', KEYS[1], '(' .. exact(now - per), '+inf')
end
"""

# ARGV: the slot, its lease, the longest `per`, 1 for bulk, 1 to take no slot, the lifetime of a
# ticket; then `per`, the slots and the requests of each limit.
_TAKE = (
    _NOW
    + """
local lease = tonumber(ARGV[2])
local longest = tonumber(ARGV[3])
local bulk = ARGV[4] == '1'
local only_queue = ARGV[5] == '1'
local lifetime = tonumber(ARGV[6])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', exact(now - longest))
-- No lease is longer than a day, so the server's clock was set back.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. exact(now + math.max(lease, 86400000000)), '+inf')
-- The client repeats the call if the first response was lost.
local repeated = redis.call('ZREM', KEYS[1], ARGV[1]) == 1

-- Tickets that expired, or that were issued before the server's clock was set back.
for _, range in ipairs({{'-inf', exact(now)}, {'(' .. exact(now + lifetime), '+inf'}}) do
    for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], range[1], range[2])) do
        redis.call('ZREM', KEYS[3], gone)
        redis.call('ZREM', KEYS[4], gone)
    end
end
-- Bulk requests are ranked behind all interactive ones. The sum is still an exact double.
local rank = bulk and 4000000000000000 + now or now
local ahead = redis.call('ZRANK', KEYS[3], ARGV[1])
if repeated then
    ahead = 0
elseif not ahead then
    ahead = redis.call('ZCOUNT', KEYS[3], '-inf', exact(rank))
end

local waits = {1000 * math.max(0, redis.call('PTTL', KEYS[2]))}
local free = waits[1] == 0 and not only_queue
for i = 7, #ARGV, 3 do
    local per = tonumber(ARGV[i])
    local requests = tonumber(ARGV[i + 2])
    local taken = taken(per)
    -- As the function `turn` does.
    local index = taken + ahead - tonumber(ARGV[i + 1])
    local windows = math.max(0, math.floor((index - taken) / requests) + 1)
    index = index - windows * requests
    local wait = windows * per
    if index >= 0 then
        local rank = redis.call('ZCARD', KEYS[1]) - taken + index
        local ended = redis.call('ZRANGE', KEYS[1], rank, rank, 'WITHSCORES')[2]
        -- A request in progress counts as if it ended now.
        wait = wait + math.min(tonumber(ended), now) + per - now
    end
    free = free and wait == 0
    table.insert(waits, wait)
end

if free then
    redis.call('ZREM', KEYS[3], ARGV[1])
    redis.call('ZREM', KEYS[4], ARGV[1])
    redis.call('ZADD', KEYS[1], exact(now + lease), ARGV[1])
    local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
    redis.call('PEXPIRE', KEYS[1], exact((tonumber(last) + longest - now) / 1000 + 1))
else
    redis.call('ZADD', KEYS[3], 'NX', exact(rank), ARGV[1])
    redis.call('ZADD', KEYS[4], exact(now + lifetime), ARGV[1])
    redis.call('PEXPIRE', KEYS[3], exact(lifetime / 1000))
    redis.call('PEXPIRE', KEYS[4], exact(lifetime / 1000))
end
return waits
"""
)

# ARGV: the slot, and 1 if its request was sent.
_FREE = (
    _NOW
    + """
if ARGV[2] == '1' then
    redis.call('ZADD', KEYS[1], 'XX', exact(now), ARGV[1])
else
    redis.call('ZREM', KEYS[1], ARGV[1])
    redis.call('ZREM', KEYS[3], ARGV[1])
    redis.call('ZREM', KEYS[4], ARGV[1])
end
"""
)

# ARGV: milliseconds.
_HOLD = """
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[1]) then
    redis.call('SET', KEYS[2], 1, 'PX', ARGV[1])
end
"""

# ARGV: `per` of each limit.
_USED = (
    _NOW
    + """
local used = {}
for i, per in ipairs(ARGV) do
    used[i] = taken(tonumber(per))
end
return used
"""
)


class RedisLimitStore(SharedLimitStore):
    """Counts the slots of all processes that use the same key in the same Redis.

        store = RedisLimitStore("redis://:secret@limits.example.com:6379/0")

    The extra ``redis`` is required. Each operation is one script, and so one round trip, on the
    server's clock: the clocks of the hosts need not agree. The store uses four keys, all of
    which expire. They share a hash tag, so that a cluster keeps them together. At most
    20 operations are in progress at a time, on as many connections; others wait for these.

    Clients that wait take turns, interactive calls before the pages of streams. A process that
    dies, or does nothing for 5 seconds, leaves the queue.

    The server's clock should be slewed, not set. If it is set back, slots stay taken for longer,
    by a day at most. All users of the key must use the same limits.
    Use and close a store in one event loop.

    Args:
        redis: The URL of the server, such as ``redis://localhost:6379/0`` or
            ``unix:///run/redis.sock``; or a client of `redis.asyncio`, which is never closed.
            No error, log line or repr shows a password in the URL.
        key: The prefix of the keys. Use one for each IP address that requests come from.
        when_down: What to do while Redis is unavailable. "open": this process counts its own
            requests only, and logs a warning, and another line when Redis is available again.
            "closed": requests fail with `LimitStoreError`.
        timeout: Seconds for one operation, connecting included.
        retry_after: Seconds after which an unavailable server is tried again.
        clock: A monotonic clock in seconds, used for this process's own slots only.

    Raises:
        ArgumentError: The URL is not valid, the key is empty or has braces, or `when_down` has
            another value.
    """

    __slots__ = ("_client", "_connections", "_is_ours", "_keys", "_timeout")

    def __init__(
        self,
        redis: str | Redis | RedisCluster,
        *,
        key: str = "intervals_async",
        when_down: WhenDown = "open",
        timeout: float = 2.0,
        retry_after: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not key or "{" in key or "}" in key:
            raise ArgumentError(f"key: expected a text without braces, got {key!r}")
        name = "Redis"
        self._is_ours = isinstance(redis, str)
        if isinstance(redis, str):
            redis = _client(redis)
            at = redis.connection_pool.connection_kwargs
            name = f"Redis at {at.get('path') or at.get('host', 'localhost')}"
        super().__init__(name, when_down=when_down, retry_after=retry_after, clock=clock)
        self._client = redis
        self._keys = tuple(f"{{{key}}}:{each}" for each in ("slots", "hold", "queue", "seen"))
        # A pool of redis-py raises an error if more connections are required than it may open.
        self._connections = asyncio.Semaphore(min(_CONNECTIONS, _pool_size(redis)))
        self._timeout = timeout

    async def _take(
        self, slot: str, limits: Sequence[Limit], *, bulk: bool, lease: float, only_queue: bool
    ) -> Sequence[float]:
        longest = max((limit.per for limit in limits), default=0.0)
        each = (
            number
            for limit in limits
            for number in (_micro(limit.per), limit.slots(bulk=bulk), limit.requests)
        )
        waits = await self._run(
            _TAKE, slot, _micro(lease), _micro(longest), int(bulk), int(only_queue),
            _micro(TICKET_LIFETIME), *each,
        )  # fmt: skip
        return [wait / 1e6 for wait in waits]

    async def _free(self, slot: str, limits: Sequence[Limit], *, sent: bool) -> None:
        await self._run(_FREE, slot, int(sent))

    async def _hold(self, seconds: float) -> None:
        if seconds > 0:
            await self._run(_HOLD, math.ceil(seconds * 1e3))

    async def _used(self, limits: Sequence[Limit]) -> list[int]:
        used: list[int] = await self._run(_USED, *(_micro(limit.per) for limit in limits))
        return used

    async def _close(self) -> None:
        if self._is_ours:
            await self._client.aclose()

    async def _run(self, script: str, *arguments: str | int) -> Any:
        try:
            async with asyncio.timeout(self._timeout), self._connections:
                return await self._client.eval(script, len(self._keys), *self._keys, *arguments)
        except TimeoutError:
            reason = f"no response within {self._timeout} s"
        except (RedisError, RedisClusterException, OSError) as error:
            reason = _root_name(error)
        raise StoreDownError(reason)


def _client(url: str) -> Redis:
    try:
        # One retry at once, for a connection that the server has closed in the meantime.
        return Redis.from_url(url, retry=Retry(NoBackoff(), 1))
    except ValueError:
        # Its message may hold a part of the password.
        pass
    raise ArgumentError(
        "redis: expected a URL such as redis://localhost:6379/0, got an invalid one; "
        "in a password, write '/' as %2F, '#' as %23 and '?' as %3F"
    )


def _pool_size(client: Redis | RedisCluster) -> int:
    if isinstance(client, RedisCluster):
        return int(client.connection_kwargs["max_connections"])
    return int(client.connection_pool.max_connections)


def _root_name(error: BaseException) -> str:
    """Return the class name of an error's root cause. Its message may hold what was sent."""
    while isinstance(inner := error.__cause__ or error.__context__, (RedisError, OSError)):
        error = inner
    return type(error).__name__


def _micro(seconds: float) -> int:
    return math.ceil(seconds * 1e6)
