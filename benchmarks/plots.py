"""Small reproducible bar charts as SVG, for light and dark themes."""

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

import attrs
from contestants import CONTESTANTS
from figures import Figures, loss, read

WIDTH = 840
LEFT = 345
RIGHT = 65
TOP = 78
BOTTOM = 56
BAR = 17
GAP = 9

# The light colours come first, for viewers that do not support media queries.
STYLE = """
.card{fill:#ffffff;stroke:#d0d7de}
.grid{stroke:#e4e8ec}
.title{fill:#1f2328;font-size:16px;font-weight:600}
.text{fill:#1f2328;font-size:13px}
.ours-text{fill:#1f2328;font-size:13px;font-weight:600}
.faint{fill:#59636e;font-size:12px}
.peer{fill:#9aa7b4}
.peer-2{fill:#c9d1d9}
.ours{fill:#0a66c2}
.ours-2{fill:#79b1e8}
@media (prefers-color-scheme:dark){
.card{fill:#0d1117;stroke:#30363d}
.grid{stroke:#262c34}
.title,.text,.ours-text{fill:#e6edf3}
.faint{fill:#9198a1}
.peer{fill:#6e7681}
.peer-2{fill:#434a53}
.ours{fill:#4c9df0}
.ours-2{fill:#23568c}
}
"""


@attrs.frozen
class Bars:
    """The bars of one contestant; `ours` marks this library."""

    title: str
    values: Sequence[float]
    ours: bool


def write_plots(figures: Figures, folder: Path) -> None:
    """Write each chart for which there are figures."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = f"{figures['rows']:,}"
    charts = {
        "wall": chart(
            f"Reading {rows} notes, 150 ms per response",
            "median; lower is better",
            "wall time, seconds",
            sorted(_reads(figures, 0.15, "wall"), key=lambda bars: bars.values[0]),
        ),
        "cpu": chart(
            "CPU time of the client",
            "no latency; pages of 1,000, except for defaults and snapshot; median; lower is better",
            "CPU time, seconds per 100,000 notes",
            sorted(_reads(figures, 0.0, "cpu"), key=lambda bars: bars.values[0]),
        ),
        "loss": chart(
            "Rows lost or duplicated while other users write",
            "3,000 rows in pages of 100",
            "rows per reading (mean)",
            _losses(figures),
            legend=("lost (deletes)", "duplicated (inserts)"),
        ),
    }
    for name, drawn in charts.items():
        if drawn:
            (folder / f"{name}.svg").write_text(drawn, encoding="utf-8")


def _reads(figures: Figures, latency: float, what: str) -> list[Bars]:
    scale = 100_000 / figures["rows"] if what == "cpu" else 1
    found = (
        (each, read(figures, each.name, latency, what))
        for each in CONTESTANTS.values()
        if each.yields == "records" or latency
    )
    return [
        Bars(each.title, (value * scale,), each.ours) for each, value in found if value is not None
    ]


def _losses(figures: Figures) -> list[Bars]:
    bars: list[Bars] = []
    for each in CONTESTANTS.values():
        deleted, inserted = (loss(figures, each.name, what) for what in ("delete", "insert"))
        if deleted and inserted:
            values = (deleted.lost or 0.0, inserted.doubled or 0.0)
            bars.append(Bars(each.title, values, each.ours))
    return bars


def chart(
    title: str, how: str, axis: str, all_bars: Sequence[Bars], legend: Sequence[str] = ()
) -> str:
    """Return a chart of horizontal bars as SVG, or an empty string if there are no bars."""
    if not all_bars:
        return ""
    most = max(value for bars in all_bars for value in bars.values)
    step = _step(most or 1.0)
    end = step * max(math.ceil((most or 1.0) / step), 1)
    across = (WIDTH - LEFT - RIGHT) / end
    thick = BAR if len(all_bars[0].values) == 1 else BAR - 5
    each_high = thick * len(all_bars[0].values) + GAP
    bottom = TOP + each_high * len(all_bars)
    drawn = [_text(20, 32, "title", title), _text(20, 53, "faint", how)]
    drawn += _legend(legend)
    for index in range(round(end / step) + 1):
        x = LEFT + index * step * across
        drawn.append(f'<path class="grid" d="M{x:.1f} {TOP - 6}V{bottom}"/>')
        drawn.append(_text(x, bottom + 19, "faint", f"{index * step:g}", anchor="middle"))
    drawn.append(_text((LEFT + WIDTH - RIGHT) / 2, bottom + 40, "faint", axis, anchor="middle"))
    for index, bars in enumerate(all_bars):
        y = TOP + index * each_high
        name = "ours-text" if bars.ours else "text"
        middle = y + thick * len(bars.values) / 2 + 4.5
        drawn.append(_text(LEFT - 12, middle, name, bars.title, anchor="end"))
        for number, value in enumerate(bars.values):
            kind = ("ours" if bars.ours else "peer") + ("" if number == 0 else "-2")
            above = y + number * thick
            drawn.append(
                f'<rect class="{kind}" x="{LEFT}" y="{above}" width="{value * across:.1f}" '
                f'height="{thick - 1}" rx="2"/>'
            )
            x = LEFT + value * across + 6
            drawn.append(_text(x, above + thick / 2 + 4, "faint", _shown(value)))
    height = bottom + BOTTOM
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}" '
        'font-family="system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif">'
        f"<style>{STYLE}</style>"
        f'<rect class="card" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>'
        + "\n".join(drawn)
        + "</svg>\n"
    )


def _legend(names: Sequence[str]) -> list[str]:
    drawn: list[str] = []
    x = WIDTH - 170.0 * len(names) - 10
    for kind, name in zip(("peer", "peer-2"), names, strict=False):
        own = kind.replace("peer", "ours")
        drawn.append(f'<rect class="{own}" x="{x}" y="43" width="9" height="11" rx="2"/>')
        drawn.append(f'<rect class="{kind}" x="{x + 10}" y="43" width="9" height="11" rx="2"/>')
        drawn.append(_text(x + 25, 53, "faint", name))
        x += 170
    return drawn


def _text(x: float, y: float, kind: str, words: str, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def _shown(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == 0 else f"{value:.2f}"


def _step(most: float) -> float:
    rough = most / 5
    size = 10.0 ** math.floor(math.log10(rough))
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
