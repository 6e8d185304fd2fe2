"""What notebooks show: escaped, bounded in length, without a request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import attrs
from hypothesis import given, settings

from intervals_async import (
    ABSENT,
    IntervalsClient,
    Listing,
    ListingEstimate,
    Page,
    ProjectNote,
    Record,
    Task,
    columns_of,
)
from intervals_async.export import (
    CsvSink,
    Estimate,
    ExportResult,
    ResourceEstimate,
    RoundedField,
    export,
    export_account,
)
from intervals_async.testing import FakeIntervals, faults, make, strategies

from .odd_rows import OddRows
from .record_classes import EVERY_RECORD_CLASS
from .rows import ids

TAGS = {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "em"}
HOSTILE = "</td><script>alert('x')</script>&amp;\"\x1b[31m\x00\u202e\udc80$x$ "


class Parsed(HTMLParser):
    """The texts of a page, whose tags must be balanced and those of a table."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Refuse tags and attributes that a table does not have."""
        assert tag in TAGS
        assert {name for name, _ in attrs} <= {"style", "scope", "class"}
        assert "color" not in str(dict(attrs).get("style"))  # the notebook's, light or dark
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that the innermost tag ends."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.texts.append(data)


def shown(thing: object) -> list[str]:
    """Return the texts that a notebook shows of something, if its page is safe."""
    page: str = thing._repr_html_()  # type: ignore[attr-defined]  # as notebooks call it
    page.encode()  # a lone surrogate would break the notebook's message
    assert page.replace("\u200d", "").replace("\u200c", "").isprintable()
    assert len(page) < 150_000
    assert page.startswith('<div class="tex2jax_ignore mathjax_ignore">')  # no formulas
    return Parsed(page).texts


@EVERY_RECORD_CLASS
def test_every_record_is_shown(record_class: type[Record]) -> None:
    """A notebook shows the name and the value of each field of a record."""
    texts = shown(make(record_class))
    for column in columns_of(record_class):
        if column.name != "extra":
            assert column.name in texts


def test_a_record_names_its_empty_fields() -> None:
    """Fields without a value are named below the table; `extra` lists its fields."""
    texts = shown(make(Task, estimate=None, datedue=None, extra={"new": [[[]]], "more": 1}))
    assert texts[0] == f"Task {make(Task).id}"
    assert texts[-1] == "Without a value: datedue, estimate."
    assert texts[texts.index("extra") + 1] == "new, more"
    assert texts[texts.index("assigneeid") + 1] == str(make(Task).assigneeid[0])
    assert texts[texts.index("title") + 1] == "Some task"


def test_hostile_values_are_escaped() -> None:
    """Markup, control characters and formulas in values are shown as text."""
    note = make(ProjectNote, title=HOSTILE, note=HOSTILE, extra={HOSTILE: HOSTILE})
    texts = shown(note)
    assert any("<script>alert('x')</script>" in text for text in texts)
    assert any("&amp;" in text for text in texts)
    shown(Page([note], 0, None))


@given(strategies.records(Task))
@settings(max_examples=50)
def test_any_record_is_shown_safely(task: Task) -> None:
    """The page of any record is safe, alone and in a page of records."""
    shown(task)
    shown(Page([task] * 3, 0, 3))


def test_long_values_are_shortened() -> None:
    """Records and pages with megabytes of text or of ids are shown in part."""
    long = make(
        Task, title="<" * 10**6, summary="\x00" * 10**6, assigneeid=tuple(range(10**5)),
        extra={str(number) * 100: number for number in range(1000)},
    )  # fmt: skip
    assert any(text.endswith("…") for text in shown(long))
    texts = shown(Page([long] * 1000, 5000, 90_000))
    assert texts[0] == "Task: 1,000 of 90,000, offset 5,000"
    assert "980 more rows." in texts
    assert any(re.match(r"\d+ more columns: ", text) for text in texts)


async def test_unreadable_fields_are_marked(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A field that could not be read is shown with what was expected and found."""
    first = ids(fake)[0]
    fake.inject(OddRows({first: {"date": "<soon>", "title": ABSENT}}), times=None)
    note = await intervals.projectnote.get(first)
    texts = shown(note)
    assert texts[texts.index("date") + 1] == (
        "unreadable: expected a timestamp, YYYY-MM-DD HH:MM:SS, got '<soon>' (str)"
    )
    assert texts[texts.index("title") + 1] == "unreadable: expected text, got no such field"
    assert any("got '<soon>'" in text for text in shown(Page([note], 0, 1)))


async def test_a_listing_shows_what_it_would_request(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A listing shows its filters, order, slice and records, and sends nothing."""
    listing = intervals.task.list(
        projectid=[3, 5], title=HOSTILE.replace("\udc80", ""), offset=2, limit=9
    )
    texts = shown(listing)
    assert texts[:3] == ["Listing of task", "projectid", "3,5"]
    assert texts[-7:-1] == ["offset", "2", "limit", "9", "records", "Task"]
    assert "await listing.estimate()" in texts[-1]
    assert "offset" not in shown(intervals.task.list())
    weeks = intervals.tasknote.list(datebegin=datetime(2026, 1, 1, tzinfo=UTC))
    assert shown(weeks)[0] == "Listing of tasknote"
    shown(Listing.chain([intervals.task.list(), intervals.task.list(title="x")]))
    shown(intervals.task.list(projectid=range(10**5)))
    assert fake.requests == 0
    estimate = await intervals.task.list().estimate()
    assert shown(estimate)[0] == "Estimate"
    assert "unknown" in shown(ListingEstimate(requests=1, records=None))


async def test_pages_are_shown(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """A page shows its first records, with the columns that have values."""
    async for page in intervals.projectnote.list().pages(page_size=30):
        texts = shown(page)
        assert texts[0].startswith("ProjectNote: ")
        assert texts[1] == "id"
        assert str(page.items[0].id) in texts
    assert shown(Page([], 0, None))[0] == "Record: 0, offset 0"


async def test_exports_are_shown(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """A manifest, an estimate and the result of an export are shown as tables."""
    first = ids(fake)[0]
    fake.inject(OddRows({first: {"date": "soon"}}), path="/projectnote/*", times=None)
    fake.inject(faults.Status(403, code=10, message=HOSTILE), path="/expense/*", times=None)
    estimates: list[Estimate] = []
    manifest = await export_account(
        intervals,
        tmp_path,
        resources=["projectnote", "task", "expense"],
        on_estimate=estimates.append,
    )
    texts = shown(manifest)
    assert texts[0].startswith("Export of ")
    assert {"projectnote", "task", "projectnote.jsonl", "50"} <= {*texts}
    assert "date" in texts
    assert any(text.startswith("Left out: expense: ") for text in texts)
    failed = attrs.evolve(manifest, failed={"client": HOSTILE}, kept=manifest.exported, left_out={})
    assert any(text.startswith("Failed: client: </td>") for text in shown(failed))
    assert "Kept from earlier exports: projectnote, task." in shown(failed)
    texts = shown(estimates[0])
    assert texts[0].startswith("Estimate: ")
    assert {"resource", "listcount", "requests", "task"} <= {*texts}

    result = await export(intervals.projectnote.list(), CsvSink(tmp_path / "a.csv", ProjectNote))
    assert shown(result)[:4] == ["Export", "records", "50", "unreadable date"]
    assert shown(ExportResult(7)) == ["Export", "records", "7"]
    rounded = ExportResult(7, rounded={"time": RoundedField(records=2, ranges="3-4")})
    assert shown(rounded)[3:] == ["rounded time", "in 2 records: 3-4"]


def test_an_estimate_above_the_quota() -> None:
    """An estimate says whether today's requests are enough, and what it resumes."""
    estimate = Estimate(
        resources=[ResourceEstimate(resource="task", listcount=None, requests=90)],
        seconds=61.4,
        daily_left=7,
        next_reset=datetime(2026, 3, 2, tzinfo=UTC),
        begun=datetime(2026, 3, 1, tzinfo=UTC),
        failed={"time": HOSTILE},
    )
    texts = shown(estimate)
    assert texts[0] == "Estimate: 90 requests, at least 61 s"
    assert "Requests left today: 7." in texts
    assert "Today's quota is too small; reset: 2026-03-02 00:00:00+00:00." in texts
    assert "Resumes the export of 2026-03-01 00:00 UTC." in texts
