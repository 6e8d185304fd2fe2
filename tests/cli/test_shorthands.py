"""Hours may be typed as ``1:30`` or ``1h30m``, and days as ``today`` or ``yesterday``."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from intervals_async import resources
from intervals_async._cli import option_values
from intervals_async._cli.filter_values import read_filters
from intervals_async._cli.option_values import is_hours, read_option
from intervals_async.resources import Parameter, descriptions, parameters
from intervals_async.testing import FakeIntervals

from .conftest import Invoke

TODAY = date(2026, 5, 2)
HOURS = Parameter("time", "decimal", places=2)


@pytest.fixture(autouse=True)
def _on_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(option_values, "_today", lambda: TODAY)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("1:30", "1.5"), ("0:05", "0.08"), ("1h30m", "1.5"), ("1H 30M", "1.5"), ("2h", "2"),
        ("90m", "1.5"), ("1h20m", "1.33"), ("100h", "100"), ("1.5", "1.5"),
    ],
)  # fmt: skip
def test_hours(text: str, hours: str) -> None:
    """Hours and minutes are a number of hours with at most two decimal places."""
    assert read_option(HOURS, text) == Decimal(hours)


@pytest.mark.parametrize("text", ["1:60", "h", "m", "", "1:3", "-1:30", "1h30", "1d", f"{9:030}h"])
def test_invalid_hours(text: str) -> None:
    """Other texts are refused."""
    with pytest.raises(Exception, match="expected"):
        read_option(HOURS, text)


def test_only_hours_are_read_as_hours() -> None:
    """The fields that take ``1:30`` are exactly those whose description speaks of hours."""
    found, described = set(), set()
    for name in resources.names():
        fields = resources.resource_class(name).creatable
        helps = descriptions(fields)
        for each in parameters(fields).values():
            if is_hours(each):
                found.add((name, each.name))
            if each.kind == "decimal" and "hours" in helps.get(each.name, "").lower():
                described.add((name, each.name))
    assert (
        found
        == described
        == {("time", "time"), ("task", "estimate"), ("projectworktype", "esttime")}
    )


def test_days() -> None:
    """Dates and times take today and yesterday, in a filter of an export too."""
    yesterday = TODAY - timedelta(1)
    assert read_option(Parameter("date", "date"), "today") == TODAY
    assert read_option(Parameter("date", "date"), "Yesterday") == yesterday
    assert read_option(Parameter("date", "local"), "today").isoformat() == "2026-05-02T00:00:00"
    assert read_filters(["time.datebegin=yesterday"]) == {"time": {"datebegin": yesterday}}
    assert read_option(Parameter("title", "text"), "today") == "today"


def test_a_time_entry_is_created_with_shorthands(account: FakeIntervals, invoke: Invoke) -> None:
    """``create`` and ``list`` send what the shorthands stand for."""
    row = account.rows("time")[0]
    options = [
        f"--{name}={row[name]}" for name in ("personid", "worktypeid", "projectid", "moduleid")
    ]
    made = invoke(
        "create", "time", *options, "--date", "today", "--time", "1:30", "--billable", "t"
    )
    assert made.exit_code == 0, made.stderr
    record = json.loads(made.stdout)
    assert (record["date"], Decimal(record["time"])) == ("2026-05-02", Decimal("1.5"))
    listed = invoke("list", "time", "--date", "today", "--format", "json", "--columns", "id")
    assert json.loads(listed.stdout) == [{"id": record["id"]}]
