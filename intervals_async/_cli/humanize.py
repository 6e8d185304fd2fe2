"""Format numbers, durations, times and values for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from ..export import Estimate, RoundedField, UnreadableField

__all__ = [
    "approximate_duration",
    "describe_estimate",
    "describe_rounded",
    "describe_unreadable",
    "one_line",
    "plural",
    "utc_minute",
]


def plural(number: int, noun: str) -> str:
    """Format a number of things: ``1 record``, ``25,000 records``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def approximate_duration(seconds: float) -> str:
    """Format a duration roughly: ``under a minute``, ``about 3 minutes``."""
    if seconds < 60:
        return "under a minute"
    minutes = math.ceil(seconds / 60)
    if minutes < 90:
        return f"about {plural(minutes, 'minute')}"
    return f"about {plural(round(minutes / 60), 'hour')}"


def describe_estimate(estimate: Estimate) -> str:
    """Format an estimate of an export: ``31 requests, under a minute; 5,969 left today``."""
    words = f"{plural(estimate.requests, 'request')}, {approximate_duration(estimate.seconds)}"
    if estimate.begun is not None:
        words = f"resuming the export of {utc_minute(estimate.begun)}: {words}"
    if estimate.daily_left is None:
        return f"{words}; today's remaining quota is unknown"
    words += f"; {estimate.daily_left:,} left today"
    if not estimate.fits_today and estimate.next_reset is not None:
        words += f", reset at {utc_minute(estimate.next_reset)}"
    return words


def describe_unreadable(resource: str, fields: Mapping[str, UnreadableField]) -> str:
    """Format the unreadable fields of a resource.

    Such as ``projectnote: 2 values of date could not be read (ids 17, 18); they are null in the
    file``.
    """
    one = sum(field.records for field in fields.values()) == 1
    end = "it is null in the file" if one else "they are null in the file"
    return f"{resource}: {_describe_fields(fields, 'could not be read')}; {end}"


def describe_rounded(resource: str, fields: Mapping[str, RoundedField]) -> str:
    """Format the rounded fields of a resource, such as ``task: 2 values of actual were rounded``."""
    one = next((field.records for field in fields.values()), 0) == 1
    return f"{resource}: {_describe_fields(fields, 'was rounded' if one else 'were rounded')}"


def _describe_fields(fields: Mapping[str, UnreadableField], what: str) -> str:
    parts: list[str] = []
    for name, field in fields.items():
        verb = "" if parts else f" {what}"
        ids = ", ".join(map(str, field.ids))
        more = ", …" if field.ids and len(field.ids) < field.records else ""
        noun = "id" if field.records == 1 else "ids"
        which = f" ({noun} {ids}{more})" if ids else ""
        parts.append(f"{plural(field.records, 'value')} of {name}{verb}{which}")
    return ", ".join(parts)


def utc_minute(when: datetime) -> str:
    """Format a UTC time to the minute."""
    return f"{when:%Y-%m-%d %H:%M} UTC"


def one_line(value: object) -> str:
    """Format a value as one line; control characters, which a terminal would obey, are replaced."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case _:
            words = " ".join(str(value).split())
            return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words)
