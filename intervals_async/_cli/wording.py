"""How numbers and texts are put before a reader."""

from __future__ import annotations

import math
from datetime import datetime

from ..export import Estimate

__all__ = ["cost", "counted", "lasting", "moment", "shown"]


def counted(number: int, noun: str) -> str:
    """Say how many: ``1 record``, ``25,000 records``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def lasting(seconds: float) -> str:
    """Say about how long something lasts: ``under a minute``, ``about 3 minutes``."""
    if seconds < 60:
        return "under a minute"
    minutes = math.ceil(seconds / 60)
    return (
        f"about {counted(minutes, 'minute')}"
        if minutes < 90
        else (f"about {counted(round(minutes / 60), 'hour')}")
    )


def cost(estimate: Estimate) -> str:
    """Say what an export costs: ``31 requests, under a minute; 5,969 left today``."""
    words = f"{counted(estimate.requests, 'request')}, {lasting(estimate.seconds)}"
    if estimate.begun is not None:
        words = f"going on with the export of {moment(estimate.begun)}: {words}"
    if estimate.day_left is None:
        return f"{words}; what is left today is not known"
    words += f"; {estimate.day_left:,} left today"
    if not estimate.fits_today and estimate.next_reset is not None:
        words += f", more from {moment(estimate.next_reset)} on"
    return words


def moment(when: datetime) -> str:
    """Give a moment of UTC to the minute."""
    return f"{when:%Y-%m-%d %H:%M} UTC"


def shown(value: object) -> str:
    """Give a value as one line for a terminal, where a control character would act."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case _:
            words = " ".join(str(value).split())
            return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words)
