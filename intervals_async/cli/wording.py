"""How numbers and texts are put before a reader."""

from __future__ import annotations

__all__ = ["counted", "shown"]


def counted(number: int, noun: str) -> str:
    """Say how many: ``1 record``, ``25,000 records``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


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
