"""A report is saved and loaded, and holds no value of the account."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intervals_async import ArgumentError, columns_of
from intervals_async.doctor import FieldShape, Finding, Report, Status
from intervals_async.doctor import formats as formats_module
from intervals_async.resources import names, resource_class
from intervals_async.testing import FakeIntervals, faults

from .examined import differences, examined, finding, report_of, server

SOURCES = Path(formats_module.__file__).parent

REPORT = Report(
    library="1.2.3",
    requests=7,
    complete=True,
    findings=(
        Finding(
            check="paging.cap",
            subject="lists",
            status=Status.DIFFERS,
            documented="limit has no cap",
            found="at most 50 rows",
            quirks={"capped_limit": 50},
        ),
        Finding(
            check="paging.offset",
            subject="lists",
            status=Status.NOT_TESTED,
            documented="offset skips records",
            found="no list has three records",
        ),
    ),
    fields=(
        FieldShape(
            resource="task",
            form="list",
            field="assignee[].personid",
            known=True,
            rows=3,
            absent=1,
            formats={"integer as text": 2},
        ),
    ),
)


def test_a_report_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    """`Report.load` returns what `save` wrote; an existing file is replaced on request only."""
    path = tmp_path / "report.json"
    REPORT.save(path)
    assert Report.load(path) == REPORT
    assert path.read_text(encoding="utf-8") == REPORT.to_json()
    with pytest.raises(FileExistsError):
        REPORT.save(path)
    REPORT.save(path, force=True)
    assert REPORT.counts() == {
        Status.DIFFERS: 1, Status.NOT_TESTED: 1, Status.AS_DOCUMENTED: 0
    }  # fmt: skip


async def test_a_real_report_is_loaded_and_played_back(tmp_path: Path) -> None:
    """`FakeIntervals` takes a report that was loaded from a file."""
    path = tmp_path / "report.json"
    report = await report_of({"capped_limit": 7, "us_dates": True})
    report.save(path)
    loaded = Report.load(path)
    assert loaded == report
    async with server(loaded) as fake:
        assert differences(await examined(fake)) == differences(report)


def _changed(**changes: Any) -> dict[str, Any]:
    return {**json.loads(REPORT.to_json()), **changes}


def _with_finding(**changes: Any) -> dict[str, Any]:
    return _changed(findings=[{**json.loads(REPORT.to_json())["findings"][0], **changes}])


def _with_field(**changes: Any) -> dict[str, Any]:
    return _changed(fields=[{**json.loads(REPORT.to_json())["fields"][0], **changes}])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"format": "intervals-async doctor"}',
        b" " * (5 * 2**20),
        _changed(format="other"),
        _changed(version=2),
        _changed(version=True),
        _changed(version="1"),
        _changed(library=None),
        _changed(library="x" * 50_000),
        _changed(library="\x1b[2J"),
        _changed(requests=-1),
        _changed(requests=True),
        _changed(requests=10**30),
        _changed(complete="yes"),
        _changed(findings=None),
        _changed(findings=[1]),
        _changed(findings=[{}]),
        _changed(findings=[{}] * 30_000),
        _changed(fields={}),
        _changed(fields=[None]),
        _with_finding(status="fine"),
        _with_finding(status=[]),
        _with_finding(found=5),
        _with_finding(quirks=[]),
        _with_finding(quirks={"no_such_quirk": True}),
        _with_finding(quirks={"capped_limit": "many"}),
        _with_finding(quirks={"missing_fields": {"task": 5}}),
        _with_finding(quirks={"unknown_fields": {"task": []}}),
        _with_field(resource="nothing"),
        _with_field(form="table"),
        _with_field(field="__class__.x"),
        _with_field(field="\n"),
        _with_field(rows=1.5),
        _with_field(known=None),
        _with_field(formats=[]),
        _with_field(formats={"a secret": 1}),
        _with_field(formats={"text": "many"}),
    ],
)
def test_a_file_that_is_no_report_is_one_clear_error(tmp_path: Path, content: Any) -> None:
    """Whatever a file holds, the error is an `ArgumentError` on one line that names the file."""
    path = tmp_path / "report.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(ArgumentError) as caught:
        Report.load(path)
    assert str(caught.value).startswith(f"{path}: expected a report")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that cannot be read raises `OSError`."""
    with pytest.raises(FileNotFoundError):
        Report.load(tmp_path / "none")


# No value of the account


def _values(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        for each in content.values():
            yield from _values(each)
    elif isinstance(content, list):
        for each in content:
            yield from _values(each)
    elif content is not None:
        yield str(content)


def _values_of(fake: FakeIntervals) -> set[str]:
    found = {fake.token}
    for name in names():
        if name not in ("me", "quota"):
            found |= {*_values(fake.wire_rows(name))}
            found |= {str(value) for row in fake.rows(name) for value in row.values()}
    return found


def _vocabulary() -> set[str]:
    """Return all words of the doctor's own source, and the names of resources and fields."""
    words = {
        word
        for path in SOURCES.rglob("*.py")
        for word in re.findall(r"[^\W\d_]+", path.read_text(encoding="utf-8"))
    }
    for name in names():
        fields = [each.name for each in columns_of(vars(resource_class(name))["record"])]
        words |= {word for each in (name, *fields) for word in re.findall(r"[^\W\d_]+", each)}
    return words


# Names of fields that are in responses, but not in the records of the client.
NESTED = {
    "assigneeactive", "followeractive", "manageractive", "managerid", "managerlocalid",
    "owneractive", "personlocalid", "versionid",
}  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("group", ["Administrator", "Resource"])
async def test_a_report_holds_no_value_of_the_account(seed: int, group: str) -> None:
    """No text, id, name, date or token occurs in a report; its words are the doctor's own."""
    async with server({"error_verbose": "text"}, seed=seed) as fake:
        report = await examined(fake, fake.token_for(group))
        values = _values_of(fake) | {fake.token_for(group)}
    text = report.to_json()
    assert {*re.findall(r"[^\W\d_]+", text)} <= _vocabulary() | NESTED
    # counts are small; ids, dates and amounts are not
    numbers = {*re.findall(r"\d[\d.:-]*\d", text)}
    long = {each for each in values if len(each) > 3}
    assert not {each for each in numbers if len(each) > 3} & long
    assert not {each for each in long if len(each) > 12 and each in text} - {"Administrator"}


async def test_other_values_of_the_same_form_give_the_same_report() -> None:
    """A report does not change if the names and titles of the account do."""
    async with server() as fake:
        first = await examined(fake)
        for name in ("client", "milestone", "person", "project", "projectnote", "task"):
            for row in fake.rows(name):
                texts: dict[str, Any] = {
                    field: other
                    for field in ("firstname", "lastname", "name", "title")
                    if (other := _other(row.get(field))) is not None
                }
                fake.touch(name, int(str(row["id"])), **texts)
        second = await examined(fake)
    assert second.findings == first.findings
    assert _without_quota(second) == _without_quota(first)


def _other(value: object) -> str | None:
    """Return another text with the same order among its like; None if there is none."""
    if not isinstance(value, str) or not value or "&" in value:
        return None
    return re.sub(r"[a-y]", lambda each: chr(ord(each[0]) + 1), value)


def _without_quota(report: Report) -> list[FieldShape]:
    return [each for each in report.fields if each.resource != "quota"]


async def test_a_value_that_is_the_name_of_a_field_is_left_out() -> None:
    """An unknown name that is also a value, or looks like none of the API, is counted only."""
    secret = {"acmecorp": "Acmecorp", "Jane Doe": "1", "4711": "x", "a" * 60: 1, "rate": "1.5"}
    async with server({"unknown_fields": {"task": secret}}) as fake:
        body = b'{"acme corp":1,"code":200,"listcount":1,"client":[{"id":"1","\\u001b[2J":"x"}]}'
        fake.inject(faults.Raw(body), path="/client/")
        report = await examined(fake)
    text = report.to_json().lower()
    for each in ("acme", "jane", "4711", "aaaa", "[2j"):
        assert each not in text
    found = finding(report, "fields.list", "task")
    assert found.status is Status.DIFFERS
    assert "rate is unknown" in found.found
    assert "4 unknown fields" in found.found
    assert ("envelope.keys", "lists") in differences(report)


async def test_texts_in_errors_are_left_out() -> None:
    """What the server says in an error, such as an address, does not reach the report."""
    async with server() as fake:
        fake.inject(
            faults.Status(403, 10, "Jane Doe may not", verbose=["jane@acme.example"]),
            path="/client/",
        )
        fake.inject(faults.Html(502), path="/person/")
        report = await examined(fake)
    assert "acme" not in report.to_json()
    assert "Jane" not in report.to_json()
    assert finding(report, "fields.list", "person").found == "HTTP 502 without a JSON object"
