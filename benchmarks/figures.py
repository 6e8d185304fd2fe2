"""Medians and means of the measurements."""

import statistics
from collections.abc import Sequence
from typing import Any

Figures = dict[str, Any]


def values(figures: Figures, name: str, latency: float, what: str) -> list[float]:
    """Return all measurements of a contestant at a latency."""
    return [
        one[what]
        for one in figures["reads"]
        if one["contestant"] == name and one["latency"] == latency
    ]


def median(numbers: Sequence[float]) -> float | None:
    """Return the median, or None without values."""
    return statistics.median(numbers) if numbers else None


def read(figures: Figures, name: str, latency: float, what: str) -> float | None:
    """Return the median of the measurements of a contestant at a latency."""
    return median(values(figures, name, latency, what))


def grown(figures: Figures, name: str, rows: int) -> float | None:
    """Return the median growth of peak memory for a number of rows, in MiB."""
    return median(
        [
            one["memory"]
            for one in figures["memory"]
            if one["contestant"] == name and one["rows"] == rows and "memory" in one
        ]
    )


def first(figures: Figures, way: str, latency: float) -> float | None:
    """Return the median time to the first record."""
    return median(
        [
            took
            for one in figures["first"]
            if one["latency"] == latency
            for took in one["seconds"][way]
        ]
    )


def decoding(figures: Figures, way: str) -> float | None:
    """Return the median time to decode one row."""
    return median(figures["decode"].get(way, []))


class Loss:
    """The lost and doubled rows of one contestant in one setting."""

    def __init__(self, runs: Sequence[dict[str, Any]]) -> None:
        ended = [run for run in runs if not run["error"]]
        self.runs = len(runs)
        self.ended = len(ended)
        self.errors = sorted({run["error"] for run in runs if run["error"]})
        # Means over the readings that ended without an error.
        self.lost = statistics.fmean(run["lost"] for run in ended) if ended else None
        self.doubled = statistics.fmean(run["doubled"] for run in ended) if ended else None
        # Shares of all readings.
        self.silent = sum(1 for run in ended if run["lost"]) / max(len(runs), 1)
        self.doubling = sum(1 for run in ended if run["doubled"]) / max(len(runs), 1)
        self.raised = 1 - len(ended) / max(len(runs), 1)
        self.requests = median([run["requests"] for run in runs])


def loss(figures: Figures, name: str, setting: str) -> Loss | None:
    """Return the loss of one contestant in one setting."""
    for one in figures["loss"]:
        if one["contestant"] == name and one["setting"] == setting and one["runs"]:
            return Loss(one["runs"])
    return None
