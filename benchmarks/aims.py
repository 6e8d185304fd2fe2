"""The aims of the streaming engine, as ratios within one run."""

import operator
from collections.abc import Iterator

import attrs
from figures import Figures, decoding, first, grown, read, values

FEW, MANY = 10_000, 1_000_000


@attrs.frozen
class Aim:
    """One aim: `value`, or None if not measured, compared with `bound` by `sign`."""

    what: str
    value: float | None
    sign: str
    bound: float
    unit: str = ""
    digits: int = 2

    @property
    def verdict(self) -> str:
        """Whether the aim was reached, missed or not measured."""
        if self.value is None:
            return "not measured"
        compare = {"≤": operator.le, "≥": operator.ge, "=": operator.eq}[self.sign]
        return "reached" if compare(self.value, self.bound) else "**missed**"


def aims(figures: Figures) -> Iterator[Aim]:
    """Return all aims with their measured values."""

    def wall(name: str, latency: float) -> float | None:
        return read(figures, name, latency, "wall")

    def cpu(name: str) -> float | None:
        return read(figures, name, 0.0, "cpu")

    def most_requests(name: str) -> float | None:
        if figures["rows"] != 100_000:
            return None
        counts = [
            count
            for latency in figures["latencies"]
            for count in values(figures, name, latency, "requests")
        ]
        return max(counts, default=None)

    yield Aim("requests for 100,000 notes, defaults", most_requests("ours"), "≤", 15, digits=0)
    yield Aim(
        "requests for 100,000 notes, snapshot", most_requests("ours-snapshot"), "=", 2, digits=0
    )
    yield Aim(
        "wall at 150 ms: ours, pages of 1,000, 8 concurrently / aiohttp, the same pages undecoded",
        ratio(wall("ours-ahead", 0.15), wall("bytes-8", 0.15)),
        "≤",
        1.35,
    )
    yield Aim(
        "wall at 150 ms: dlt, pages of 1,000 / ours, defaults",
        ratio(wall("dlt", 0.15), wall("ours", 0.15)),
        "≥",
        4,
    )
    paged = "CPU of ours, pages of 1,000"
    quick = "aiohttp + orjson, dicts, the same pages"
    yield Aim(f"{paged} / {quick}", ratio(cpu("ours-pages"), cpu("aiohttp-orjson")), "≤", 1.6)
    yield Aim(f"{paged} / dlt, the same pages", ratio(cpu("ours-pages"), cpu("dlt")), "≤", 0.7)
    for name, how in (("ours", "defaults"), ("ours-pages", "pages of 1,000")):
        growth = difference(grown(figures, name, MANY), grown(figures, name, FEW))
        yield Aim(f"peak memory, from 10,000 to 1,000,000 notes, {how}", growth, "≤", 24, " MiB")
    yield Aim(
        "peak memory, growth while streaming 100,000 notes, snapshot",
        read(figures, "ours-snapshot", 0.0, "memory") if figures["rows"] == 100_000 else None,
        "≤",
        12,
        " MiB",
    )
    yield Aim(
        "CPU of ours, snapshot / aiohttp + orjson, dicts, pages of 1,000",
        ratio(cpu("ours-snapshot"), cpu("aiohttp-orjson")),
        "≤",
        1.5,
    )
    for name, title, bound in (
        ("aiohttp-orjson", "aiohttp + orjson loop", 5),
        ("dlt", "dlt", 6),
        ("airbyte", "Airbyte CDK", 7),
    ):
        yield Aim(
            f"wall at 50 ms: {title}, pages of 1,000 / ours, the same pages, 8 concurrently",
            ratio(wall(name, 0.05), wall("ours-ahead", 0.05)),
            "≥",
            bound,
        )
    yield Aim(
        "decoding: cattrs / a hand-written constructor with the same converters",
        ratio(decoding(figures, "cattrs"), decoding(figures, "readers")),
        "≤",
        1.15,
    )
    for latency in (0.0, 0.05, 0.15):
        yield Aim(
            f"first record at {latency * 1000:.0f} ms: ours, defaults / a plain request of 100 rows",
            ratio(first(figures, "ours", latency), first(figures, "bare", latency)),
            "≤",
            1.3,
        )


def ratio(one: float | None, other: float | None) -> float | None:
    """Return the ratio of two values, or None if one is unknown."""
    return one / other if one is not None and other else None


def difference(one: float | None, other: float | None) -> float | None:
    """Return the difference of two values, or None if one is unknown."""
    return one - other if one is not None and other is not None else None
