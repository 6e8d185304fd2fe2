"""How a listing is read: the options of `Listing.stream` and `Listing.pages`, and their checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypedDict, get_args

import attrs

from ..errors import ArgumentError

__all__ = [
    "OnBroken",
    "OnDrift",
    "PageOptions",
    "ReadOptions",
    "StreamOptions",
    "Verify",
    "checked_integer",
]

OnDrift: TypeAlias = Literal["repair", "raise", "ignore"]

OnBroken: TypeAlias = Literal["restart", "repair"]

Verify: TypeAlias = bool | Literal["second-pass"]

_ON_DRIFT = get_args(OnDrift)
_ON_BROKEN = get_args(OnBroken)


class PageOptions(TypedDict, total=False):
    """The options of `Listing.pages`; `Listing.stream` explains them."""

    page_size: int | None
    """New records per request. Without it pages grow from a small first one."""
    concurrency: int
    """The maximum number of concurrent pages [default: 1]."""
    prefetch: bool | None
    """Whether to request pages while records are processed [default: if concurrency is above 1]."""
    on_drift: OnDrift
    """What to do if rows have moved [default: "repair"]."""
    verify: Verify
    """What to do at the end about records that may be missing [default: "second-pass"]."""


class StreamOptions(PageOptions, total=False):
    """The options of `Listing.stream`, which explains them."""

    snapshot: bool
    """Whether to read all records in one response [default: False]."""
    on_broken: OnBroken
    """What to do if the response of a snapshot breaks off [default: "restart"]."""
    resume: str | None
    """The bookmark of an earlier stream of the same listing."""


@attrs.frozen(kw_only=True)
class ReadOptions:
    """The checked values of the options. The fields are those of `StreamOptions`, and `bulk`.

    Attributes:
        bulk: Whether interactive calls take priority over the requests for pages.
    """

    page_size: int | None = None
    concurrency: int = 1
    prefetch: bool | None = None
    on_drift: OnDrift = "repair"
    verify: Verify = "second-pass"
    snapshot: bool = False
    on_broken: OnBroken = "restart"
    resume: str | None = None
    bulk: bool = True

    def __attrs_post_init__(self) -> None:
        """Check the values.

        Raises:
            ArgumentError: A value is invalid, or two options exclude each other.
        """
        if self.snapshot and self.resume is not None:
            raise ArgumentError(
                "resume= cannot be combined with snapshot=True; leave snapshot out to resume "
                "page by page"
            )
        checked_integer("concurrency", self.concurrency, least=1)
        _check_choice("on_drift", self.on_drift, _ON_DRIFT)
        _check_choice("verify", self.verify, (True, False, "second-pass"))
        _check_choice("on_broken", self.on_broken, _ON_BROKEN)
        if self.page_size is not None:
            checked_integer("page_size", self.page_size, least=1)

    @property
    def needs_block(self) -> bool:
        """Whether the stream can only be read inside an ``async with`` block."""
        return bool(self.prefetch)

    @property
    def prefetches(self) -> bool:
        """Whether to request pages while records are processed, inside an ``async with`` block."""
        return self.concurrency > 1 if self.prefetch is None else self.prefetch


def checked_integer(name: str, value: object, *, least: int) -> int:
    """Check a number that a caller has passed, and return it.

    Raises:
        ArgumentError: It is not an integer, or too small.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        shown = value if isinstance(value, int) else type(value).__name__
        raise ArgumentError(f"{name}: expected an integer of at least {least}, got {shown}")
    return value


def _check_choice(name: str, value: object, allowed: Sequence[object]) -> None:
    # 1 equals True, but is not one of the names
    if not isinstance(value, str | bool) or value not in allowed:
        names = ", ".join(repr(one) for one in allowed)
        raise ArgumentError(f"{name}: expected one of {names}, got {value!r}")
