"""The results in Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from aims import FEW, MANY, aims, difference, ratio
from changing_rows import CAP, CHANGES, FAULT_EVERY, FAULTS, ROWS
from contestant import Contestant
from contestants import CONTESTANTS
from figures import Figures, Loss, decoding, first, grown, loss, read, values

NAMES = {
    "calm": "nothing happens",
    "delete": "rows are deleted",
    "insert": "rows are inserted",
    "both": "both",
    "drop_before": "connection dropped before the response",
    "drop_in_body": "connection dropped in the body",
    "status_500": "HTTP 500",
    "too_fast": "HTTP 400, too fast",
    "error_in_200": "an error inside a 200",
    "truncated": "truncated JSON",
    "empty_page": "an empty page, once",
    "null_page": "a null page, once",
    "capped_limit": f"at most {CAP} rows a page",
}


READING = (
    "",
    "notes/s",
    "wall, s",
    "least to most",
    "CPU, s per 100,000",
    "peak memory, MiB",
    "requests",
    "first, ms",
    "runs",
)
NOTHING = "–"  # noqa: RUF001  an en dash, as in any table


def write_report(figures: Figures, path: Path) -> str:
    """Write all tables, and return the table of the aims."""
    goals = "\n".join(_aims(figures))
    parts = ["# Results", "", *_machine(figures), "", "## Aims", "", goals]
    if figures["reads"]:
        parts += ["", "## Reading all notes", "", *_reads(figures)]
    if figures["memory"]:
        parts += ["", "## Memory from few notes to many", "", *_memory(figures)]
    if figures["first"]:
        parts += ["", "## The first record", "", *_first(figures)]
    if figures["decode"]:
        parts += ["", "## Decoding alone", "", *_decoding(figures)]
    if figures["loss"]:
        parts += ["", "## Rows lost and doubled", "", *_loss(figures)]
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")
    return goals


def _machine(figures: Figures) -> Iterator[str]:
    yield (
        "Written by `make bench`; the [README](README.md) describes the measurements. Compare "
        "the ratios: the absolute figures are those of one machine."
    )
    yield ""
    yield from _table(("", ""), figures["machine"].items())
    if figures["absent"]:
        yield ""
        yield "Not measured, with the last message of the attempt:"
        yield ""
        for name, reason in figures["absent"].items():
            yield f"- {CONTESTANTS[name].title}: `{reason}`"


def _aims(figures: Figures) -> Iterator[str]:
    yield from _table(
        ("", "measured", "aim", ""),
        (
            (
                aim.what,
                _number(aim.value, aim.digits, aim.unit),
                f"{aim.sign} {aim.bound:g}{aim.unit}",
                aim.verdict,
            )
            for aim in aims(figures)
        ),
    )


def _reads(figures: Figures) -> Iterator[str]:
    rows = figures["rows"]
    for latency in figures["latencies"]:
        yield f"### {rows:,} notes, {latency * 1000:.0f} ms per response"
        yield ""
        if latency == 0.15:
            yield from ("![Wall time](plots/wall.svg)", "")
        if latency == 0:
            yield from ("![CPU time](plots/cpu.svg)", "")
        yield from _table(
            READING,
            (
                _reading(figures, each, latency)
                for each in CONTESTANTS.values()
                if values(figures, each.name, latency, "wall")
            ),
        )
        yield ""
    yield (
        "Pages of 1,000, except for the defaults and the snapshot. Medians; the wall time "
        "includes the creation of the client. CPU is the user and system time of the client's "
        "process. Memory is the peak growth after a warm-up. Contestants that request one page "
        "after the other run fewer times at 150 ms (see the last column). The floors yield "
        "undecoded pages, or structs of unconverted texts."
    )


def _reading(figures: Figures, each: Contestant, latency: float) -> Sequence[str]:
    def median(what: str) -> float | None:
        return read(figures, each.name, latency, what)

    walls = values(figures, each.name, latency, "wall")
    rows = figures["rows"]
    wall, cpu, moment = median("wall"), median("cpu"), median("first")
    return (
        _title(each),
        _number(None if wall is None else rows / wall, 0),
        _number(wall, 2),
        f"{min(walls):.2f} to {max(walls):.2f}",
        _number(None if cpu is None else cpu * 100_000 / rows, 2),
        _number(median("memory"), 1),
        _number(median("requests"), 0),
        _number(None if moment is None else moment * 1000, 1),
        str(len(walls)),
    )


def _memory(figures: Figures) -> Iterator[str]:
    names = list(dict.fromkeys(one["contestant"] for one in figures["memory"]))
    counts = sorted({one["rows"] for one in figures["memory"]})
    yield from _table(
        ("peak growth, MiB", *(f"{count:,} notes" for count in counts), "difference"),
        (
            (
                _title(CONTESTANTS[name]),
                *(_number(grown(figures, name, count), 1) for count in counts),
                _number(difference(grown(figures, name, MANY), grown(figures, name, FEW)), 1),
            )
            for name in names
        ),
    )
    failed = {
        f"{CONTESTANTS[one['contestant']].title}, {one['rows']:,} notes": one["failed"]
        for one in figures["memory"]
        if "failed" in one
    }
    if failed:
        yield ""
    for what, reason in failed.items():
        yield f"- {what}: `{reason}`"


def _first(figures: Figures) -> Iterator[str]:
    def row(latency: float, how: str, suffix: str) -> Sequence[str]:
        ours, bare = (first(figures, f"{way}{suffix}", latency) for way in ("ours", "bare"))
        return (
            f"{latency * 1000:.0f} ms, {how}",
            _number(None if ours is None else ours * 1000, 2),
            _number(None if bare is None else bare * 1000, 2),
            _number(ratio(ours, bare), 2),
        )

    yield from _table(
        ("", "ours, defaults, ms", "plain request of 100 rows, ms", "ratio"),
        (
            row(one["latency"], how, suffix)
            for one in figures["first"]
            for how, suffix in (("open connection", ""), ("a new client", "_anew"))
        ),
    )
    yield ""
    yield (
        "The plain request is made with aiohttp and decoded with orjson, in the same process, by "
        "turns. The aims use the open connection, which is the harder case."
    )


def _decoding(figures: Figures) -> Iterator[str]:
    titles = {
        "cattrs": "the library (cattrs), rows to records",
        "readers": "a hand-written constructor, the same converters",
        "inlined": "a hand-written constructor, all inlined, nothing checked",
        "orjson": "orjson: bytes to dicts, no records",
        "msgspec": "msgspec: bytes to frozen structs of texts, no records",
    }
    hand = decoding(figures, "readers")
    yield from _table(
        ("", "µs a row", "by hand, same converters = 1"),
        (
            (
                title,
                _number((decoding(figures, way) or 0) * 1e6, 2),
                _number(ratio(decoding(figures, way), hand), 2),
            )
            for way, title in titles.items()
        ),
    )
    yield ""
    yield (
        "CPU time, no network, medians of interleaved rounds. The hand-written constructors call"
        " the class, which is frozen and keyword-only, and pay for that. The library bypasses "
        "it, so it can be faster."
    )


def _loss(figures: Figures) -> Iterator[str]:
    runs, fault_runs = (
        max((len(one["runs"]) for one in figures["loss"] if one["setting"] in kind), default=0)
        for kind in (CHANGES, FAULTS)
    )
    yield (
        f"{ROWS:,} rows, pages of 100 if a contestant has an option for it (1,000 with the capped"
        f" limit), {runs} readings each. Before one in five requests after the first, a row is "
        "deleted at a random position, inserted, or both. *Lost* rows existed from the first "
        "request to the last and were not returned. *Doubled* rows were returned more than once."
        " Both are means over the readings that ended without an error. *Silently* means that a "
        "reading lost rows and raised nothing. A reading that needs fewer requests meets fewer "
        "changes."
    )
    yield ""
    yield from ("![Rows lost and doubled](plots/loss.svg)", "")
    yield from _table(
        ("rows change", "", "lost", "doubled", "lost silently", "raised", "requests"),
        _loss_rows(figures, CHANGES),
    )
    yield ""
    yield (
        f"Faulty responses: one request in {FAULT_EVERY}, and the next one succeeds; "
        f"{fault_runs} readings each. Waits before a retry are shortened for all. *complete* = "
        "every row once, nothing raised."
    )
    yield ""
    yield from _table(
        ("", *(NAMES[setting] for setting in FAULTS)),
        (
            (
                _title(each),
                *(_verdict(loss(figures, each.name, setting)) for setting in FAULTS),
            )
            for each in _losers(figures)
        ),
    )
    yield ""
    yield "<details><summary>The same in numbers</summary>"
    yield ""
    yield from _table(
        ("responses fail", "", "lost", "doubled", "lost silently", "raised", "requests"),
        _loss_rows(figures, ("calm", *FAULTS)),
    )
    yield ""
    yield "</details>"


def _losers(figures: Figures) -> list[Contestant]:
    names = {one["contestant"] for one in figures["loss"]}
    return [each for each in CONTESTANTS.values() if each.name in names]


def _loss_rows(figures: Figures, settings: Iterable[str]) -> Iterator[Sequence[str]]:
    for setting in settings:
        for each in _losers(figures):
            found = loss(figures, each.name, setting)
            if found is not None:
                yield (
                    NAMES[setting],
                    _title(each),
                    _number(found.lost, 2),
                    _number(found.doubled, 2),
                    _share(found.silent),
                    _share(found.raised) + (f" {', '.join(found.errors)}" if found.errors else ""),
                    _number(found.requests, 0),
                )


def _verdict(found: Loss | None) -> str:
    if found is None:
        return NOTHING
    parts: list[str] = []
    if found.silent:
        parts.append(f"**{found.lost:,.0f} lost** in {_share(found.silent)}")
    if found.doubling:
        parts.append(f"{found.doubled:,.1f} doubled in {_share(found.doubling)}")
    if found.raised:
        parts.append("raised" if found.raised == 1 else f"raised in {_share(found.raised)}")
    return ", ".join(parts) or "complete"


def _title(each: Contestant) -> str:
    return f"**{each.title}**" if each.ours else each.title


def _share(share: float) -> str:
    return f"{share * 100:.0f} %"


def _number(number: float | None, digits: int, unit: str = "") -> str:
    return NOTHING if number is None else f"{number:,.{digits}f}{unit}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for cells in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cells)} |"
