"""Rate limits: how many requests may be sent, counted per process, per host or across hosts."""

from .budget import Budget, LimitUse
from .limit import Limit
from .limiter import Limiter
from .store import LimitStore, MemoryLimitStore

__all__ = ["Budget", "Limit", "LimitStore", "LimitUse", "Limiter", "MemoryLimitStore"]
