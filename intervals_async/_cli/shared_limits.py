"""The rate limits that several commands share through ``INTERVALS_LIMIT_STORE``."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from .. import ArgumentError, LimitStore

__all__ = ["shared_limit_store"]


@asynccontextmanager
async def shared_limit_store() -> AsyncGenerator[LimitStore | None]:
    """Open the store that ``INTERVALS_LIMIT_STORE`` names, or yield None if it is not set.

    Raises:
        ArgumentError: The name of the store is invalid, or its library is not installed.
    """
    location = os.environ.get("INTERVALS_LIMIT_STORE", "").strip()
    if not location:
        yield None
        return
    # The store logs a warning, once, if it becomes unreachable.
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("intervals-async: %(message)s"))
    logger = logging.getLogger("intervals_async.limits")
    logger.addHandler(handler)
    try:
        async with _store_at(location) as store:
            yield store
    finally:
        logger.removeHandler(handler)


def _store_at(location: str) -> AbstractAsyncContextManager[LimitStore]:
    # Imports are delayed, because few users need a store and redis is an optional dependency.
    try:
        if "://" in location:
            from ..limits.redis import RedisLimitStore  # noqa: PLC0415

            return RedisLimitStore(location)
        from ..limits.sqlite import SqliteLimitStore  # noqa: PLC0415

        return SqliteLimitStore(location)
    except (ImportError, ValueError) as error:
        raise ArgumentError(f"INTERVALS_LIMIT_STORE: {error}") from None
