"""Single checks against servers that differ in ways for which there is no quirk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve, frozen

from intervals_async.doctor import Report, Status
from intervals_async.testing import FakeIntervals, faults
from intervals_async.testing.quirks import Quirk

from .examined import differences, examined, finding, report_of, server


@frozen
class Obeying(Quirk):
    """A server that obeys another query than the one that was sent."""

    name: ClassVar[str] = "obeying"

    change: Callable[[Mapping[str, str]], Mapping[str, str]]

    def query(self, query: Mapping[str, str], rules: Any) -> Mapping[str, str]:
        """Return the other query."""
        return self.change(query)


@frozen
class Responding(Quirk):
    """A server whose envelopes or descriptions of resources differ."""

    name: ClassVar[str] = "responding"

    envelopes: Callable[[Any], Any] = lambda envelope: envelope
    resources: Callable[[Any], Any] = lambda rules: rules

    def envelope(self, envelope: Any, shape: Any) -> Any:
        """Return the changed envelope."""
        return self.envelopes(envelope)

    def resource(self, rules: Any) -> Any:
        """Return the changed description."""
        return self.resources(rules)


def _without(*names: str) -> Obeying:
    return Obeying(
        lambda query: {name: value for name, value in query.items() if name not in names}
    )


async def _differing(quirk: Quirk) -> Report:
    return await report_of([quirk])


async def test_an_ignored_sortfield_is_found() -> None:
    """A server that ignores ``sortfield`` and ``sortdir`` differs."""
    report = await _differing(_without("sortfield", "sortdir"))
    assert {check for check, _ in differences(report)} == {"order.sortfield"}


async def test_ignored_filters_are_found() -> None:
    """A server that ignores filters of dates and texts differs, and so does one that takes any."""
    ignored = ("datebegin", "dateend", "dateduebegin", "datedueend", "title", "nosuchfilter")
    report = await _differing(_without(*ignored))
    assert differences(report) >= {
        ("filters.range.date", "time"),
        ("filters.range.datedue", "task"),
        ("filters.text.title", "projectnote"),
        ("errors.wrong_filter", "task"),
    }


async def test_a_range_without_its_end_is_found() -> None:
    """A server that includes the beginning of a range only is told from one that excludes both."""

    def earlier(query: Mapping[str, str]) -> Mapping[str, str]:
        if len(query.get("dateend", "")) != len("YYYY-MM-DD"):
            return query
        end = datetime.fromisoformat(query["dateend"]) - timedelta(days=1)
        return {**query, "dateend": f"{end:%Y-%m-%d}"}

    found = finding(await _differing(Obeying(earlier)), "filters.range.date", "time")
    assert found.found == "the beginning is included, the end is not"
    assert found.quirks == {}


async def test_a_filter_in_another_time_zone_is_found() -> None:
    """A server that reads the moments of a filter in another time zone than it writes differs."""

    def shifted(query: Mapping[str, str]) -> Mapping[str, str]:
        moments = {
            name: f"{datetime.fromisoformat(query[name]) + timedelta(hours=2):%Y-%m-%d %H:%M:%S}"
            for name in ("datebegin", "dateend")
            if len(query.get(name, "")) > len("YYYY-MM-DD")
        }
        return {**query, **moments}

    found = finding(await _differing(Obeying(shifted)), "filters.moment")
    assert found.found == "the filter has another time zone than the records"


async def test_another_default_of_limit_is_found() -> None:
    """A server whose pages have 25 records without ``limit`` differs."""
    quirk = Responding(resources=lambda rules: evolve(rules, default_limit=25))
    found = finding(await _differing(quirk), "paging.default")
    assert (found.status, found.found) == (Status.DIFFERS, "25 records (time)")


@pytest.mark.parametrize(("cap", "notes"), [(3, 100), (50, 100), (150, 400)])
@pytest.mark.parametrize("counted", [True, False])
async def test_a_cap_is_found_with_and_without_a_listcount(
    cap: int, notes: int, counted: bool
) -> None:
    """A cap below the size of the largest list is found, also if there is no listcount."""
    report = await report_of({"capped_limit": cap, "no_listcount": not counted}, notes=notes)
    assert report.quirks()["capped_limit"] == cap


async def test_a_listcount_below_the_rows_is_found() -> None:
    """A server whose listcount is smaller than the number of rows differs."""
    quirk = Responding(envelopes=lambda each: each and evolve(each, listcount=0))
    assert ("envelope.listcount_value", "lists") in differences(await _differing(quirk))


async def test_a_path_that_needs_its_slash_is_found() -> None:
    """A server that refuses ``/me``, or redirects it, differs."""
    async with server() as fake:
        fake.inject(faults.Raw(b"", 301, headers={"Location": "/me/"}), times=None, path="/me")
        report = await examined(fake)
    assert finding(report, "access.no_slash").found == "HTTP 301"


async def test_timestamps_in_the_future_are_found() -> None:
    """Timestamps that are said to be in UTC, and lie in the future, are not in UTC."""
    async with server() as fake:
        note = int(str(fake.rows("projectnote")[0]["id"]))
        fake.touch("projectnote", note, date=datetime.now(UTC) + timedelta(hours=3))
        report = await examined(fake)
    assert "projectnote" in finding(report, "clock.utc").found
    assert finding(report, "clock.utc").status is Status.DIFFERS


def _noted(fake: FakeIntervals, zone: str, shift: timedelta) -> None:
    """Let each task be modified together with its newest note, in the zone of all people."""
    for person in fake.rows("person"):
        fake.touch("person", int(str(person["id"])), timezone=zone)
    for note in fake.rows("tasknote"):
        written = note["date"]
        assert isinstance(written, datetime)
        moment = written.replace(tzinfo=None) + shift
        fake.touch("task", int(str(note["taskid"])), datemodified=moment)


ZONE = "America/Phoenix"  # it has no summer time
OFFSET = datetime(2026, 1, 1, tzinfo=ZoneInfo(ZONE)).utcoffset() or timedelta()


@pytest.mark.parametrize(
    ("zone", "shift", "status"),
    [
        (ZONE, OFFSET, Status.AS_DOCUMENTED),
        (ZONE, timedelta(0), Status.DIFFERS),
        (ZONE, timedelta(hours=3), Status.DIFFERS),
        ("UTC", OFFSET, Status.DIFFERS),
        ("UTC", timedelta(0), Status.NOT_TESTED),
        ("Nowhere/Else", timedelta(0), Status.NOT_TESTED),
    ],
)
async def test_the_time_zone_of_local_timestamps_is_found(
    zone: str, shift: timedelta, status: Status
) -> None:
    """Local timestamps are compared with UTC ones of the same event and the owner's zone."""
    async with server() as fake:
        _noted(fake, zone, shift)
        report = await examined(fake)
    assert finding(report, "clock.local").status is status
    assert zone == "UTC" or zone not in report.to_json()


@pytest.mark.parametrize(("zone", "status"), [(ZONE, "as documented"), ("UTC", "differs")])
async def test_the_offset_of_the_account_is_found_but_not_told(zone: str, status: str) -> None:
    """An account whose local time is not UTC is as documented if the owner's zone says so."""
    minutes = OFFSET // timedelta(minutes=1)
    async with server({"utc_offset": minutes}) as fake:
        _noted(fake, zone, timedelta(0))
        report = await examined(fake)
    assert finding(report, "clock.local").status.value == status
    assert str(abs(minutes)) not in report.to_json()
    assert report.quirks() == {}


async def test_an_owner_without_a_time_zone_is_no_difference() -> None:
    """Without the owner's time zone, the checks that need it are not made."""
    report = await report_of({"missing_fields": {"me": ["timezone"]}})
    assert finding(report, "clock.zone").status is Status.NOT_TESTED
    assert finding(report, "clock.local").status is Status.NOT_TESTED


@pytest.mark.parametrize(
    ("verbose", "found"), [({"value": "x"}, "object"), ([1], "a list of other values"), (5, "JSON")]
)
async def test_the_form_of_error_details_is_found(verbose: Any, found: str) -> None:
    """An error whose ``verbose`` is no list of texts differs."""
    async with server() as fake:
        fault = faults.Status(400, 17, "no", verbose=verbose)
        fake.inject(fault, times=None, path="/task/", skip=1)
        report = await examined(fake)
    assert finding(report, "errors.verbose").status is Status.DIFFERS
    assert found in finding(report, "errors.verbose").found


async def test_another_media_type_is_found() -> None:
    """Responses that are not called JSON differ."""
    async with server() as fake:
        fake.inject(faults.WrongContentType("text/html"), path="/client/")
        report = await examined(fake)
    assert "another one in 1 of" in finding(report, "headers.media_type").found
