"""The places of all processes on all hosts that reach one Redis."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ArgumentError
from ._shared import SharedLimitStore, StoreDownError, WhenDown
from .limit import Limit

try:
    from redis.asyncio import Redis, RedisCluster
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisClusterException, RedisError
except ImportError as _error:
    raise ImportError(
        'intervals_async.limits.redis needs redis: pip install "intervals_async[redis]"'
    ) from _error

__all__ = ["RedisLimitStore"]

# In the scripts, KEYS[1] is a sorted set of the places by the moment when each ended, in
# microseconds of the server's clock; a place under way has ended when its lease will have run
# out. KEYS[2] is there as long as nobody may take a place.
_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- Lua by itself would round to 14 digits, and a moment has 16.
local function exact(number)
    return string.format('%.0f', number)
end

local function taken(per)
    return redis.call('ZCOUNT', KEYS[1], '(' .. exact(now - per), '+inf')
end
"""

# ARGV: the place, its lease, the longest `per`; then `per` and places of each limit.
_TAKE = (
    _NOW
    + """
local lease = tonumber(ARGV[2])
local longest = tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', exact(now - longest))
-- No lease reaches a day ahead: the server's clock was set back.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. exact(now + math.max(lease, 86400000000)), '+inf')
-- Asked for again, because the first answer was lost.
redis.call('ZREM', KEYS[1], ARGV[1])

local waits = {1000 * math.max(0, redis.call('PTTL', KEYS[2]))}
local free = waits[1] == 0
for i = 4, #ARGV, 2 do
    local per = tonumber(ARGV[i])
    local taken = taken(per)
    local too_many = taken - tonumber(ARGV[i + 1])
    local wait = 0
    if too_many >= 0 then
        local rank = redis.call('ZCARD', KEYS[1]) - taken + too_many
        local ended = redis.call('ZRANGE', KEYS[1], rank, rank, 'WITHSCORES')[2]
        wait = tonumber(ended) + per - now
        free = false
    end
    table.insert(waits, wait)
end

if free then
    redis.call('ZADD', KEYS[1], exact(now + lease), ARGV[1])
    local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
    redis.call('PEXPIRE', KEYS[1], exact((tonumber(last) + longest - now) / 1000 + 1))
end
return waits
"""
)

# ARGV: the place, and 1 if the request was sent.
_FREE = (
    _NOW
    + """
if ARGV[2] == '1' then
    redis.call('ZADD', KEYS[1], 'XX', exact(now), ARGV[1])
else
    redis.call('ZREM', KEYS[1], ARGV[1])
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
    """Keeps the places of all processes that name the same key in the same Redis.

        store = RedisLimitStore("redis://:secret@limits.example.com:6379/0")

    It needs the extra ``redis``. Each question is one script, so one round trip, on the
    server's clock: the clocks of the hosts need not agree. What it keeps are two keys with
    one hash tag, which a cluster keeps together, and both expire.

    The server's clock should be slewed, not set. If it is set back, places count for longer,
    by no more than a day. All who share the key use the same limits.
    Use and close a store in one event loop.

    Args:
        redis: The URL of the server, such as ``redis://localhost:6379/0`` or
            ``unix:///run/redis.sock``; or a client from `redis.asyncio`, which is never closed.
            A URL with a password is shown nowhere, neither in errors nor in the log.
        key: What the keys begin with. One for each address that the API sees requests from.
        when_down: What to do while Redis cannot be asked. "open": this process keeps the
            limits by itself, says so once as a warning, and once when Redis is back.
            "closed": whoever wants a place gets `LimitStoreError`.
        timeout: Seconds for one question, connecting included; a server that takes longer
            counts as down.
        retry_after: Seconds after which a server that was down is tried again.
        clock: What is the time here, in seconds; only what is not shared goes by it.

    Raises:
        ArgumentError: The URL cannot be read, or the key has braces or nothing in it.
    """

    __slots__ = ("_client", "_is_ours", "_keys", "_timeout")

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
            raise ArgumentError("'key' must not be empty, and must have no braces")
        what = "Redis"
        self._is_ours = isinstance(redis, str)
        if isinstance(redis, str):
            redis = _client(redis)
            at = redis.connection_pool.connection_kwargs
            what = f"Redis at {at.get('path') or at.get('host', 'localhost')}"
        super().__init__(what, when_down=when_down, retry_after=retry_after, clock=clock)
        self._client = redis
        self._keys = (f"{{{key}}}:places", f"{{{key}}}:hold")
        self._timeout = timeout

    async def _take(
        self, place: str, limits: Sequence[Limit], *, bulk: bool, lease: float
    ) -> Sequence[float]:
        longest = max((limit.per for limit in limits), default=0.0)
        each = (
            number for limit in limits for number in (_micro(limit.per), limit.places(bulk=bulk))
        )
        waits = await self._run(_TAKE, place, _micro(lease), _micro(longest), *each)
        return [wait / 1e6 for wait in waits]

    async def _free(self, place: str, limits: Sequence[Limit], *, sent: bool) -> None:
        await self._run(_FREE, place, int(sent))

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
            async with asyncio.timeout(self._timeout):
                return await self._client.eval(script, len(self._keys), *self._keys, *arguments)
        except TimeoutError:
            reason = f"no answer within {self._timeout} s"
        except (RedisError, RedisClusterException, OSError) as error:
            reason = _name(error)
        raise StoreDownError(reason)


def _client(url: str) -> Redis:
    try:
        # Tried again at once, for connections that the server has closed meanwhile.
        return Redis.from_url(url, retry=Retry(NoBackoff(), 1))
    except ValueError:
        # Its words may be a piece of the password.
        pass
    raise ArgumentError(
        "the Redis URL cannot be read; in a password, '/', '#' and '?' are written as %2F, ..."
    )


def _name(error: BaseException) -> str:
    """Name what is at the root of an error; its words may be what the server was sent."""
    while isinstance(inner := error.__cause__ or error.__context__, (RedisError, OSError)):
        error = inner
    return type(error).__name__


def _micro(seconds: float) -> int:
    return math.ceil(seconds * 1e6)
