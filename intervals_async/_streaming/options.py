"""How a listing is read."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypeVar

import attrs

from .._schema.records import Record

__all__ = ["OnDrift", "ReadOptions", "Verify"]

R = TypeVar("R", bound=Record)

OnDrift: TypeAlias = Literal["repair", "raise", "ignore"]


Verify: TypeAlias = bool | Literal["second-pass"]


@attrs.frozen(kw_only=True)
class ReadOptions:
    """How a listing is read; `Listing.stream` tells what the options mean."""

    concurrency: int = 1
    prefetch: bool = False
    on_drift: OnDrift = "repair"
    verify: Verify = "second-pass"
    bulk: bool = True
