"""An export says what it costs before it begins, from pages that it would ask for anyway."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from intervals_async import (
    BudgetError,
    DailyQuotaError,
    IntervalsClient,
    Limit,
    ServerError,
)
from intervals_async._streaming.page_plan import pages_of
from intervals_async.export import AccountProgress, Estimate, ResourceEstimate, export_account
from intervals_async.export.accounts import scheduler
from intervals_async.export.accounts.estimate import RemainingWork, estimate_seconds
from intervals_async.export.accounts.listings import (
    exportable_resources,
    listing_for,
    parent_of,
    requests_for_parents,
    requests_left,
)
from intervals_async.resources import resource_class
from intervals_async.testing import FakeIntervals, faults

from ..conftest import AT_ONCE
from .exported import rows_of


class Told:
    """Keeps what an export estimates."""

    def __init__(self) -> None:
        self.all: list[Estimate] = []

    def __call__(self, estimate: Estimate) -> None:
        """Keep one."""
        self.all.append(estimate)

    @property
    def only(self) -> Estimate:
        """The one that there was."""
        (estimate,) = self.all
        return estimate

    @property
    def requests(self) -> Mapping[str, int]:
        """How many requests each resource takes."""
        return {each.resource: each.requests for each in self.only.resources}


def sent(fake: FakeIntervals) -> Counter[str]:
    """How many requests came for each resource."""
    return Counter(seen.path.strip("/") for seen in fake.log)


def ids(fake: FakeIntervals, resource: str) -> list[int]:
    """The ids that the server has."""
    return [int(str(row["id"])) for row in fake.rows(resource)]


def contents(folder: Path) -> dict[str, bytes]:
    """Read all files in a folder, and in those within."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def day_of(requests: int, notes: int = 50) -> FakeIntervals:
    """Make a server with so many requests a day."""
    return FakeIntervals(notes=notes, seed=1, per_minute=None, per_day=requests)


@pytest.mark.parametrize(
    ("rows", "pages"),
    [
        (-5, 0), (0, 0), (1, 1), (100, 1), (101, 2), (900, 2), (901, 3), (7300, 3), (7301, 4),
        (7300 + 32 * 1024, 4), (7301 + 32 * 1024, 5),
    ],
)  # fmt: skip
def test_pages(rows: int, pages: int) -> None:
    """A small one first, each eight times the one before, up to what a page may weigh."""
    assert pages_of(rows) == pages


@pytest.mark.parametrize(
    ("listcount", "read", "asked", "requests"),
    [
        (0, 0, 1, 0),
        (90, 0, 1, 0),
        (800, 0, 1, 1),
        (5000, 0, 1, 2),
        (800, 0, 0, 2),
        (800, 700, 9, 1),
    ],
)
def test_requests_that_are_left_of_a_listing(
    intervals: IntervalsClient, listcount: int, read: int, asked: int, requests: int
) -> None:
    """The first page was asked for; where it is gone on with, pages are small again."""
    listing = listing_for(intervals, "projectnote", {})
    assert requests_left(listing, listcount, read=read, sent=asked) == requests


def test_requests_that_are_left_of_one_answer(intervals: IntervalsClient) -> None:
    """What has no pages comes at once, however much it is."""
    listing = listing_for(intervals, "group", {})
    assert requests_left(listing, 5000, read=0, sent=0) == 1
    assert requests_left(listing, 5000, read=0, sent=1) == 0


def test_requests_that_are_left_of_weeks(intervals: IntervalsClient) -> None:
    """One for each, as far as can be told."""
    begin = datetime.now(UTC) - timedelta(days=20)
    listing = listing_for(intervals, "tasknote", {"datebegin": begin})
    assert requests_left(listing, 0, read=0, sent=0) == 4
    assert requests_left(listing, 0, read=0, sent=1) == 3
    assert requests_left(listing, 0, read=0, sent=9) == 0


@pytest.mark.parametrize(
    ("parent", "number", "requests"),
    [("person", 0, 0), ("person", 12, 12), ("task", 0, 0), ("task", 1, 2), ("task", 201, 4)],
)
def test_requests_by_parents(parent: str, number: int, requests: int) -> None:
    """One for each; notes of 200 tasks are asked for at once."""
    assert requests_for_parents(parent, number) == requests


@pytest.mark.parametrize(
    ("requests", "used", "seconds"),
    [(0, 0, 0), (98, 0, 0), (99, 0, 60), (98, 1, 60), (196, 0, 60), (197, 0, 120), (0, 100, 60)],
)
def test_the_limit_of_requests_says_how_long_it_lasts(
    requests: int, used: int, seconds: float
) -> None:
    """A minute for each hundred, less the two that streams leave free."""
    works = [RemainingWork(requests, 0, 0.0, 0)]
    assert estimate_seconds(works, jobs=4, limits=[Limit(100)], used=[used]) == seconds


def test_the_first_pages_say_how_long_it_lasts() -> None:
    """The quickest one is what a request takes; what the others took more is for their rows."""
    quick, slow = RemainingWork(0, 0, 0.1, 0), RemainingWork(2, 300, 1.1, 100)
    assert estimate_seconds([quick, slow], jobs=4, limits=[], used=[]) == pytest.approx(3.2)
    four = [quick, slow, slow, slow, slow, slow, slow]
    assert estimate_seconds(four, jobs=4, limits=[], used=[]) == pytest.approx(6 * 3.2 / 4)
    assert estimate_seconds([], jobs=4, limits=[Limit(100)], used=[0]) == 0
    most = [Limit(10, per=1, reserved=0), Limit(100, per=60, reserved=0)]
    assert estimate_seconds([RemainingWork(150, 0, 0.0, 0)], jobs=4, limits=most, used=[0, 0]) == 60


def test_an_estimate_adds_up() -> None:
    """And says whether the day suffices, where that is known."""
    each = [ResourceEstimate(resource=name, listcount=None, requests=3) for name in "ab"]
    for left, fits in ((5, False), (6, True), (None, True)):
        estimate = Estimate(resources=each, seconds=0, daily_left=left, next_reset=None)
        assert estimate.requests == 6
        assert estimate.fits_today is fits


@pytest.mark.parametrize("notes", [0, 50, 100, 101, 900, 5000])
async def test_each_size(tmp_path: Path, notes: int) -> None:
    """What was estimated is what was sent, to the request; nothing is asked for twice."""
    told = Told()
    async with day_of(6000, notes) as fake:
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            manifest = await export_account(
                client, tmp_path, resources=["projectnote"], on_estimate=told
            )
        assert sent(fake) == {"quota": 1, "projectnote": told.requests["projectnote"]}
        assert len({(seen.path, *seen.query.items()) for seen in fake.log}) == len(fake.log)
    assert manifest.requests == len(fake.log)
    assert manifest.records == notes
    assert told.only.daily_left == 6000
    assert told.only.next_reset is not None
    assert told.only.resources[0].listcount == notes


async def test_a_whole_account(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """It sends what plain streams of all resources do, and asks for the quota: not one more."""
    for _ in range(150):
        fake.insert("group")  # which has no pages
        fake.insert("task")
    for resource in exportable_resources():
        parent = parent_of(resource, {})
        if "list" not in resource_class(resource).methods():
            await getattr(intervals, resource).get()
        else:
            parents = ids(fake, parent) if parent else ()
            await listing_for(intervals, resource, {}, parents).collect()
    plain = sent(fake)
    fake.clear_log()
    told = Told()
    manifest = await export_account(intervals, tmp_path, on_estimate=told)
    assert sent(fake) == plain + Counter(["quota"])
    assert manifest.requests == len(fake.log)
    assert {each.resource: each.requests for each in manifest.exported} == dict(plain)
    # of notes by their tasks it is not known how many they are
    assert told.requests == {**plain, "tasknote": 4}
    assert plain["tasknote"] in (2, 3, 4)
    listed = {each.resource: each.listcount for each in told.only.resources}
    by_parents = {name for name in listed if parent_of(name, {}) is not None}
    for each in manifest.exported:
        expected = None if each.resource in by_parents | {"me", "quota"} else each.records
        assert listed[each.resource] == expected


@pytest.mark.parametrize("tasks", [0, 140, 141, 500])
async def test_notes_by_their_tasks(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, tasks: int
) -> None:
    """About two requests for 200 tasks, those that ask for the tasks aside."""
    for _ in range(tasks):
        fake.insert("task")
    told = Told()
    manifest = await export_account(intervals, tmp_path, resources=["tasknote"], on_estimate=told)
    parents = pages_of(60 + tasks)
    spans = -(-(60 + tasks) // 200)
    assert told.requests == {"task": parents, "tasknote": 2 * spans}
    assert sent(fake)["task"] == parents
    assert spans <= sent(fake)["tasknote"] <= 2 * spans
    assert manifest.requests == len(fake.log)
    assert manifest.further_requests == 1 + parents
    assert manifest.exported[0].records == len(ids(fake, "tasknote"))


@pytest.mark.parametrize("days", [3, 30, 400])
async def test_notes_by_weeks(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, days: int
) -> None:
    """One for each week, also where the first weeks are empty."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)
    filters = {"tasknote": {"datebegin": begin}}
    told = Told()
    manifest = await export_account(
        intervals, tmp_path, resources=["tasknote"], filters=filters, on_estimate=told
    )
    assert sent(fake) == {"quota": 1, **told.requests}
    assert manifest.requests == len(fake.log)


async def test_what_may_not_be_read_is_asked_for_once(tmp_path: Path, fake: FakeIntervals) -> None:
    """And what is listed by it not at all."""
    told = Told()
    token = fake.token_for("Resource")
    async with IntervalsClient(token, base_url=fake.url, limits=()) as client:
        manifest = await export_account(
            client, tmp_path, resources=["invoice", "invoiceitem", "person"], on_estimate=told
        )
    assert sent(fake) == {"quota": 1, "invoice": 1, "person": 1}
    assert told.requests == {"invoice": 0, "invoiceitem": 0, "person": 1}
    assert manifest.requests == len(fake.log)


async def test_it_is_told_before_anything_is_written(
    tmp_path: Path, intervals: IntervalsClient
) -> None:
    """Once; an export that is there stands until then."""
    await export_account(intervals, tmp_path, resources=["time"], format="sqlite")
    content = (tmp_path / "account.sqlite").read_bytes()
    seen: list[list[str]] = []

    def told(_: Estimate) -> None:
        seen.append(sorted(os.listdir(tmp_path)))
        assert (tmp_path / "account.sqlite").read_bytes() == content
        assert {*os.listdir(tmp_path / ".unfinished")} == {".lock.part"}

    await export_account(intervals, tmp_path, resources=["time"], format="sqlite", on_estimate=told)
    assert seen == [[".unfinished", "account.sqlite", "manifest.json"]]


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, DailyQuotaError])
async def test_what_is_raised_when_it_is_told_ends_it(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient, error: type[BaseException]
) -> None:
    """Nothing was begun, and nothing is left; nothing more is asked for."""

    def refuse(estimate: Estimate) -> None:
        raise error("no")

    with pytest.raises(error):
        await export_account(
            intervals, tmp_path / "new", resources=["person", "personcontact"], on_estimate=refuse
        )
    assert os.listdir(tmp_path) == []
    assert sent(fake) == {"quota": 1, "person": 1}


async def test_an_export_that_does_not_fit_is_not_begun(tmp_path: Path) -> None:
    """It leaves no folder, and says what it would cost, and when the day ends."""
    some = ["person", "personcontact"]
    told = Told()
    async with day_of(12) as fake:
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            with pytest.raises(BudgetError) as caught:
                await export_account(client, tmp_path / "new", resources=some, on_estimate=told)
        assert sent(fake) == {"quota": 1, "person": 1}
    assert str(caught.value).startswith(
        "the export takes about 13 requests, and 12 of the day's 12 are left until "
    )
    assert (caught.value.requests, caught.value.daily_left) == (13, 12)
    assert caught.value.next_reset == told.only.next_reset
    assert told.only.requests == 13
    assert not told.only.fits_today
    assert os.listdir(tmp_path) == []


async def test_an_export_that_just_fits(tmp_path: Path) -> None:
    """To the last request of the day."""
    async with (
        day_of(13) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        manifest = await export_account(client, tmp_path, resources=["person", "personcontact"])
        assert manifest.requests == 14
        assert (await client.budget()).daily_left == 0


async def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    """An export that is refused does not touch the one before."""
    some = ["person", "personcontact"]
    async with (
        day_of(20) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        await export_account(client, tmp_path, resources=some)
        before = contents(tmp_path)
        with pytest.raises(BudgetError, match="about 13 requests, and 7 of the day's 20"):
            await export_account(client, tmp_path, resources=some)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("left", [0, 1, 20])
async def test_the_first_pages_are_not_asked_for_where_these_alone_are_too_many(
    tmp_path: Path, left: int
) -> None:
    """What is left of the day stays for others."""
    async with day_of(100) as fake, day_of(left) as poor:
        async with IntervalsClient(poor.token, base_url=poor.url, limits=()) as client:
            with pytest.raises(BudgetError) as caught:
                await export_account(client, tmp_path / "new")
        async with IntervalsClient(fake.token, base_url=fake.url, limits=()) as client:
            manifest = await export_account(client, tmp_path / "all")
        assert sent(poor) == {"quota": 1}
    first = sum(parent_of(each.resource, {}) is None for each in manifest.exported)
    assert f"takes at least {first} requests, and {left} of the day's" in str(caught.value)
    assert (caught.value.requests, caught.value.daily_left) == (None, left)
    assert os.listdir(tmp_path) == ["all"]


async def broken_off(fake: FakeIntervals, client: IntervalsClient, folder: Path) -> None:
    """Export people and what they are reached by, until after the third of them."""
    fake.inject(faults.Status(500, 1, "Down"), times=4, path="/personcontact/", skip=3)
    with pytest.raises(ServerError):
        await export_account(client, folder, resources=["person", "personcontact"])
    fake.clear_log()


async def test_what_goes_on_costs_less(
    tmp_path: Path, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """What is done takes no requests."""
    await broken_off(fake, intervals, tmp_path)
    told = Told()
    await export_account(
        intervals, tmp_path, resources=["person", "personcontact"], on_estimate=told
    )
    assert told.requests["person"] == 0
    assert sent(fake) == {"quota": 1, "personcontact": 9}
    assert abs(told.requests["personcontact"] - 9) <= 4  # four were spent in vain


class Days:
    """A server's time, which goes on to the next day when somebody waits for it."""

    def __init__(self) -> None:
        # A day ahead, so that no reset comes while a test runs.
        self.now = datetime.now(UTC) + timedelta(days=1)
        self.reset = datetime.combine(self.now.date(), time(), UTC) + timedelta(days=1)
        self.waited: list[datetime] = []
        # Who is to ask again then, although by their own clock the day is not over.
        self.client: IntervalsClient | None = None

    async def sleep_until(self, moment: datetime) -> None:
        """Wait, at once."""
        self.waited.append(moment)
        self.now += timedelta(days=1)
        if self.client is not None:
            self.client._transport.limiter.refuse_until(0.0, lambda: DailyQuotaError("over"))

    def server(self, requests: int) -> FakeIntervals:
        """Make a server with so many requests a day."""
        return FakeIntervals(
            notes=50, seed=1, per_minute=None, per_day=requests, now=lambda: self.now
        )


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Days:
    """Give a server's time that waits for nobody."""
    days = Days()
    monkeypatch.setattr(scheduler, "_sleep_until", days.sleep_until)
    return days


async def use_up(client: IntervalsClient, requests: int) -> None:
    """Send so many requests, as others do."""
    for _ in range(requests):
        await client.group.list().count()


async def test_a_refusal_keeps_what_is_unfinished(tmp_path: Path, days: Days) -> None:
    """On the next day it goes on where it stood."""
    async with (
        days.server(20) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE) as client,
    ):
        await broken_off(fake, client, tmp_path)
        await use_up(client, 13)
        before = contents(tmp_path)
        with pytest.raises(BudgetError, match="and 3 of the day's 20 are left"):
            await export_account(client, tmp_path, resources=["person", "personcontact"])
        assert contents(tmp_path) == before
        days.now += timedelta(days=1)
        fake.clear_log()
        await export_account(client, tmp_path, resources=["person", "personcontact"])
        assert sent(fake) == {"quota": 1, "personcontact": 9}
        assert len(rows_of(tmp_path, "jsonl", "personcontact")) == len(ids(fake, "personcontact"))


async def test_a_day_that_is_used_up_is_waited_for(tmp_path: Path, days: Days) -> None:
    """Before the first page is asked for; the manifest counts that the quota was asked twice."""
    told = Told()
    async with (
        days.server(14) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        await use_up(client, 14)
        fake.clear_log()
        manifest = await export_account(
            client,
            tmp_path,
            resources=["person", "personcontact"],
            wait_for_reset=True,
            on_estimate=told,
        )
        assert sent(fake) == {"quota": 2, "person": 1, "personcontact": 12}
    assert days.waited == [days.reset]
    assert told.only.daily_left == 14
    assert manifest.requests == 15


async def test_a_client_that_knows_that_the_day_is_over(tmp_path: Path, days: Days) -> None:
    """It asks for the quota all the same."""
    async with (
        days.server(3) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        with pytest.raises(DailyQuotaError):
            await use_up(client, 4)
        with pytest.raises(BudgetError, match="takes at least 1 requests, and 0 of the day's 3"):
            await export_account(client, tmp_path / "new", resources=["group"])
        days.client = client
        await export_account(client, tmp_path / "new", resources=["group"], wait_for_reset=True)
    assert days.waited == [days.reset]


async def test_it_begins_although_it_does_not_fit_where_told(tmp_path: Path, days: Days) -> None:
    """It waits when the day is used up, and goes on; no page comes twice."""
    told = Told()
    waits: list[datetime] = []

    def progress(each: AccountProgress) -> None:
        if each.waits_until is not None:
            waits.append(each.waits_until)

    async with (
        days.server(9) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        days.client = client
        manifest = await export_account(
            client,
            tmp_path,
            resources=["person", "personcontact"],
            wait_for_reset=True,
            on_estimate=told,
            on_progress=progress,
        )
        # one was refused, whereupon the client asks until when
        assert [seen.status for seen in fake.log].count(400) == 1
        assert sent(fake) == {"quota": 2, "person": 1, "personcontact": 13}
        assert manifest.requests == len(fake.log) - 1
        assert len(rows_of(tmp_path, "jsonl", "personcontact")) == len(ids(fake, "personcontact"))
    assert not told.only.fits_today
    assert waits == days.waited
    assert len(waits) == 1


async def test_the_day_may_end_among_the_first_pages(tmp_path: Path, days: Days) -> None:
    """The rest of them is asked for on the next one, where told; else nothing was begun."""
    some = ["client", "group", "person"]
    async with (
        days.server(3) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        days.client = client
        await use_up(client, 1)
        fake.clear_log()
        manifest = await export_account(
            client, tmp_path / "a", resources=some, jobs=1, wait_for_reset=True
        )
        assert sent(fake) == {"quota": 2, "client": 1, "group": 1, "person": 2}
        assert manifest.records == sum(len(ids(fake, name)) for name in some)
        fake.inject(faults.DayUsedUp(), path="/person/")
        days.now += timedelta(days=1)
        with pytest.raises(DailyQuotaError):
            await export_account(client, tmp_path / "b", resources=some)
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("fault", "requests"),
    [(faults.Status(500, 1, "Down"), 4), (faults.Html(200), 1), (faults.Status(403, 10, "No"), 1)],
    ids=["down", "no JSON", "not allowed"],
)
async def test_a_quota_that_cannot_be_read(
    tmp_path: Path,
    fake: FakeIntervals,
    intervals: IntervalsClient,
    fault: faults.Fault,
    requests: int,
) -> None:
    """All the rest can be read for all that; what is left is not known."""
    fake.inject(fault, times=requests, path="/quota/")
    told = Told()
    manifest = await export_account(
        intervals, tmp_path, resources=["person", "personcontact"], on_estimate=told
    )
    assert (told.only.daily_left, told.only.next_reset) == (None, None)
    assert told.only.fits_today
    assert sent(fake) == {"quota": requests, "person": 1, "personcontact": 12}
    assert manifest.requests == len(fake.log)


class StopError(Exception):
    """Somebody has seen enough."""


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize(("places", "seconds"), [(14, 0), (13, 60), (7, 60), (6, 120)])
async def test_first_pages_take_places_of_the_minute(
    tmp_path: Path, fake: FakeIntervals, places: int, seconds: float, is_told: bool
) -> None:
    """One is for the quota, told or not, one for the people, and one for what each is reached by."""
    if not is_told:
        fake.inject(faults.Html(200), path="/quota/")
    limits = [Limit(places, per=60, reserved=0)]
    found: list[float] = []

    def told(estimate: Estimate) -> None:
        found.append(estimate.seconds)
        raise StopError

    async with IntervalsClient(fake.token, base_url=fake.url, limits=limits) as client:
        with pytest.raises(StopError):
            await export_account(
                client, tmp_path / "new", resources=["person", "personcontact"], on_estimate=told
            )
    assert found == [pytest.approx(seconds, abs=5)]
