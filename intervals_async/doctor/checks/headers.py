"""Checks of response headers: rate limits, caching and compression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..examination import Examination
from ._base import Check, Outcome, check, counted

__all__ = ["CHECKS"]

# Other names are not reported: they may hold anything.
_LIMITS = (
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-policy",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "x-rate-limit-limit",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
)
_VALIDATORS = ("etag", "last-modified")
_CODINGS = ("br", "deflate", "gzip", "zstd")


def _present(examination: Examination, names: Sequence[str]) -> Sequence[str]:
    return [
        name
        for name in names
        if any(name in response.headers for response in examination.responses)
    ]


@check("headers.limits", "responses", "there are no headers about rate limits")
async def limits(examination: Examination) -> Outcome:
    """Look for headers that tell how many requests are left."""
    found = _present(examination, _LIMITS)
    words = ", ".join(found) or f"none in {counted(len(examination.responses), 'response')}"
    refusal = examination.budget.retry_after
    if refusal is not None:
        words += f"; a refusal came {'with' if refusal else 'without'} Retry-After"
    return Outcome.of(words, differs=bool(found or refusal))


@check("headers.caching", "responses", "there is neither ETag nor Last-Modified")
async def caching(examination: Examination) -> Outcome:
    """Look for headers that would allow conditional requests."""
    found = _present(examination, _VALIDATORS)
    return Outcome.of(
        ", ".join(found) or f"none in {counted(len(examination.responses), 'response')}",
        differs=bool(found),
    )


@check("headers.compression", "responses", "responses are not compressed")
async def compression(examination: Examination) -> Outcome:
    """Examine the coding of the bodies."""
    codings = Counter(
        response.headers.get("content-encoding", "").strip().lower()
        for response in examination.responses
    )
    plain = codings.pop("", 0)
    named = [name for name in _CODINGS if name in codings]
    if not codings:
        return Outcome(found=f"none of {counted(plain, 'response')}")
    return Outcome.of(
        f"{' and '.join(named) or 'another coding'} in {counted(codings.total(), 'response')}, "
        f"none in {plain}",
        differs=True,
        quirks={"compressed": True} if named == ["gzip"] else {},
    )


@check("headers.media_type", "responses", "application/json")
async def media_type(examination: Examination) -> Outcome:
    """Examine the media type of the bodies."""
    types = Counter(
        response.headers.get("content-type", "").partition(";")[0].strip().lower()
        for response in examination.responses
    )
    others = types.total() - types["application/json"]
    return Outcome.of(
        f"another one in {others} of {counted(types.total(), 'response')}"
        if others
        else f"in all {counted(types.total(), 'response')}",
        differs=bool(others),
    )


CHECKS: tuple[Check, ...] = (limits, caching, compression, media_type)
