"""A resource that fails does not keep an export from writing the others, and is continued."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from intervals_async import (
    AuthenticationError,
    CallError,
    DailyQuotaError,
    Decimals,
    DriftError,
    IncompleteListingError,
    IntervalsClient,
    RecordError,
    RequestTimeoutError,
    ResponseError,
    ServerError,
    TransportError,
)
from intervals_async.errors import AccountSuspendedError
from intervals_async.export import (
    AccountProgress,
    Estimate,
    IncompleteExportError,
    Manifest,
    ParentFailedError,
    export_account,
    is_unfinished,
)
from intervals_async.export.accounts import formats
from intervals_async.export.accounts.formats import FORMATS
from intervals_async.export.accounts.reader import ResourceReader
from intervals_async.resources import names
from intervals_async.testing import FakeIntervals, faults

from ..odd_rows import OddRows
from .exported import ids_of, rows_of

SOME = ["group", "person", "personcontact", "projectnote", "task", "worktype"]
EACH_FORMAT = pytest.mark.parametrize("format", FORMATS)

# An envelope that is no object.
NO_ENVELOPE = faults.Raw(b"[1, 2]")
NO_JSON = faults.Raw(b'{"status": ')
TOO_MANY_PROMISED = faults.Raw(
    json.dumps({"status": "OK", "code": 200, "listcount": 70, "projectnote": []}).encode()
)


def requested(fake: FakeIntervals) -> set[str]:
    """Name the resources that were requested, apart from the quota."""
    return {seen.path.strip("/") for seen in fake.log} - {"quota"}


async def failing(
    client: IntervalsClient, folder: Path, **options: Any
) -> tuple[IncompleteExportError, Manifest]:
    """Export some resources and check what is left; return the error and the manifest."""
    options.setdefault("resources", SOME)
    with pytest.raises(IncompleteExportError) as caught:
        await export_account(client, folder, **options)
    manifest = Manifest.read(folder)
    assert caught.value.manifest == manifest
    assert caught.value.errors.keys() == manifest.failed.keys()
    assert caught.value.__cause__ is next(iter(caught.value.errors.values()))
    for name, reason in manifest.failed.items():
        assert f"{name}: {reason}" in str(caught.value)
        assert "\n" not in reason
    assert list(manifest.flaws(folder)) == []
    assert is_unfinished(folder)
    return caught.value, manifest


async def check_rest(
    fake: FakeIntervals, client: IntervalsClient, folder: Path, rest: set[str], **options: Any
) -> None:
    """Check that the same call completes the export, and requests nothing but the rest."""
    format = options.get("format", "jsonl")
    options.setdefault("resources", SOME)
    fake.heal()
    fake.clear_log()
    manifest = await export_account(client, folder, **options)
    assert requested(fake) == rest
    assert not manifest.failed
    assert not manifest.left_out
    assert not is_unfinished(folder)
    assert list(manifest.flaws(folder)) == []
    for each in manifest.exported:
        assert each.records == len(ids_of(fake, each.resource))
        assert len(rows_of(folder, format, each.resource)) == each.records
    assert Manifest.read(folder) == manifest


FAULTS: list[tuple[str, faults.Fault, type[CallError]]] = [
    ("status 500", faults.Status(500, 1, "Down"), ServerError),
    ("status 400", faults.Status(400, 17, "Parameter not recognized"), CallError),
    ("status 404", faults.Status(404, 14, "No such resource"), CallError),
    ("too fast", faults.TooFast(), CallError),
    ("html", faults.Html(502), CallError),
    ("html with status 200", faults.Html(200), ResponseError),
    ("no envelope", NO_ENVELOPE, ResponseError),
    ("no JSON", NO_JSON, CallError),
    ("an error in status 200", faults.ErrorInside200(), CallError),
    ("empty body", faults.EmptyBody(), ResponseError),
    ("dropped", faults.DropBefore(), TransportError),
    ("dropped in the body", faults.DropInBody(), TransportError),
    ("empty page", TOO_MANY_PROMISED, IncompleteListingError),
]


@pytest.mark.parametrize(
    ("fault", "error"),
    [pytest.param(fault, error, id=name) for name, fault, error in FAULTS],
)
async def test_unreadable_resource_does_not_stop_the_others(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    tmp_path: Path,
    fault: faults.Fault,
    error: type[CallError],
) -> None:
    """Whatever fails on the first page of one resource, all others are written."""
    fake.inject(fault, times=None, path="/projectnote/")
    failure, manifest = await failing(intervals, tmp_path)
    assert [*manifest.failed] == ["projectnote"]
    assert isinstance(failure.errors["projectnote"], error)
    assert [each.resource for each in manifest.exported] == [
        name for name in SOME if name != "projectnote"
    ]
    assert manifest.requests == len(fake.log)
    await check_rest(fake, intervals, tmp_path, {"projectnote"})


@EACH_FORMAT
@pytest.mark.parametrize("skip", [0, 1])
async def test_failed_resource_is_continued_in_each_format(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path, format: str, skip: int
) -> None:
    """The same call continues the failed resource after its last page, in each format."""
    for id in range(200_001, 200_401):
        fake.insert("projectnote", id=id)
    fake.inject(faults.Status(500, 1, "Down"), times=None, path="/projectnote/", skip=skip)
    fake.inject(faults.Status(500, 1, "Down"), times=None, path="/personcontact/", skip=2)
    _, manifest = await failing(intervals, tmp_path, format=format)
    assert {*manifest.failed} == {"personcontact", "projectnote"}
    people = len(ids_of(fake, "person"))
    await check_rest(fake, intervals, tmp_path, {"personcontact", "projectnote"}, format=format)
    assert len([seen for seen in fake.log if seen.path == "/personcontact/"]) == people - 2


@EACH_FORMAT
async def test_row_that_is_no_object_fails_its_resource_only(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path, format: str
) -> None:
    """A row that is no object, or has no id, fails its resource; the error names its offset."""
    notes, people = ids_of(fake, "projectnote"), ids_of(fake, "person")
    fake.inject(OddRows({notes[30]: 7}), times=None, path="/projectnote/")
    fake.inject(OddRows({people[2]: {"id": "?"}}), times=None, path="/person/")
    failure, manifest = await failing(intervals, tmp_path, format=format)
    assert {*manifest.failed} == {"person", "personcontact", "projectnote"}
    error = failure.errors["projectnote"]
    assert isinstance(error, RecordError)
    assert error.offset == 30
    assert isinstance(failure.errors["person"], RecordError)
    assert isinstance(failure.errors["personcontact"], ParentFailedError)
    await check_rest(fake, intervals, tmp_path, {*manifest.failed}, format=format)


async def test_one_row_fails_its_resource_if_the_client_is_strict(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """With on_unreadable="raise", an odd value fails its resource, and no other."""
    ids = ids_of(fake, "projectnote")
    fake.inject(OddRows({ids[3]: {"date": "2024-05-06 24:00:00"}}), times=None, path="/p*note/")
    strict = intervals.with_options(on_unreadable="raise")
    failure, _ = await failing(strict, tmp_path)
    assert [*failure.errors] == ["projectnote"]
    await check_rest(fake, strict, tmp_path, {"projectnote"})


@pytest.mark.parametrize("resources", [SOME, ["group", "personcontact"]])
async def test_children_of_a_failed_parent_fail_with_it(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path, resources: list[str]
) -> None:
    """A resource that is listed by a failed one is named as well, and both are continued."""
    fake.inject(faults.Status(500, 1, "Down"), times=None, path="/person/")
    failure, manifest = await failing(intervals, tmp_path, resources=resources)
    assert [*manifest.failed] == ["person", "personcontact"]
    assert isinstance(failure.errors["personcontact"], ParentFailedError)
    assert failure.errors["personcontact"].__cause__ is failure.errors["person"]
    assert "it is listed by person, which failed" in manifest.failed["personcontact"]
    assert manifest.requests == len(fake.log)
    await check_rest(fake, intervals, tmp_path, {"person", "personcontact"}, resources=resources)


async def test_all_resources_but_the_failed_ones_are_written(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """Of all 34 resources, those that do not depend on a failed one are written."""
    for path in ("/invoice/", "/tasknote/"):
        fake.inject(faults.Status(500, 1, "Down"), times=None, path=path)
    _, manifest = await failing(intervals, tmp_path, resources=None)
    assert {"invoice", "invoiceitem", "tasknote"} <= {*manifest.failed}
    assert len(manifest.failed) + len(manifest.exported) == len(names())
    fake.heal()
    fake.clear_log()
    again = await export_account(intervals, tmp_path)
    assert requested(fake) == {*manifest.failed}
    assert len(again.exported) == len(names())


async def test_failed_and_forbidden_resources_are_told_apart(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """A forbidden resource is left out for good; it is not requested again with a failed one."""
    fake.inject(faults.Status(403, 10, "Permission denied"), path="/worktype/")
    fake.inject(faults.Status(500, 1, "Down"), times=None, path="/task/")
    failure, manifest = await failing(intervals, tmp_path)
    assert [*manifest.left_out] == ["worktype"]
    assert [*failure.errors] == ["task"]
    fake.heal()
    fake.clear_log()
    again = await export_account(intervals, tmp_path, resources=SOME)
    assert requested(fake) == {"task"}
    assert [*again.left_out] == ["worktype"]


@pytest.mark.parametrize("error", [DriftError, IncompleteListingError, RequestTimeoutError])
async def test_error_in_the_middle_of_a_listing_is_continued(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: type[CallError],
) -> None:
    """Errors of a listing fail its resource. After a drift that cannot be repaired it starts anew."""
    batch, calls = ResourceReader.batch, 0

    async def broken(self: Any, stream: Any) -> Any:
        nonlocal calls
        if self.query.name == "personcontact":
            calls += 1
            if calls == 4:
                raise error("rows changed")
        return await batch(self, stream)

    monkeypatch.setattr(ResourceReader, "batch", broken)
    failure, _ = await failing(intervals, tmp_path)
    assert [*failure.errors] == ["personcontact"]
    assert type(failure.errors["personcontact"]) is error
    await check_rest(fake, intervals, tmp_path, {"personcontact"})
    contacts = [seen for seen in fake.log if seen.path == "/personcontact/"]
    everyone = len(ids_of(fake, "person"))
    assert len(contacts) == everyone if error is DriftError else len(contacts) < everyone


@EACH_FORMAT
@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EFBIG])
async def test_error_of_one_file_does_not_stop_the_others(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    format: str,
    number: int,
) -> None:
    """An error of one file fails its resource, and the error names the file."""
    path = FORMATS[format].path(tmp_path, "task")
    with monkeypatch.context() as patch:
        break_sink(patch, format, "task", OSError(number, os.strerror(number), str(path)))
        failure, manifest = await failing(intervals, tmp_path, format=format)
    assert manifest.failed == {"task": f"{path}: {os.strerror(number)}"}
    assert isinstance(failure.errors["task"], OSError)
    await check_rest(fake, intervals, tmp_path, {"task"}, format=format)


def break_sink(patch: pytest.MonkeyPatch, format: str, resource: str, error: Exception) -> None:
    """Let the file of a resource raise an error when it is written."""
    known = FORMATS[format].make_sink

    def make(path: Path, record_class: Any, name: str, decimals: Decimals) -> Any:
        sink: Any = known(path, record_class, name, decimals)
        if name != resource:
            return sink

        class Broken(type(sink)):  # type: ignore[misc]  # the class is not known statically
            __slots__ = ()

            def buffer(self, records: Any) -> bool:
                raise error

            def write(self, records: Any) -> None:
                raise error

        sink.__class__ = Broken
        return sink

    changed = {**FORMATS, format: attrs.evolve(FORMATS[format], make_sink=make)}
    patch.setattr(formats, "FORMATS", changed)


# What stops everything


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.Status(401, 9, "User bad auth"), AuthenticationError),
        (faults.Status(503, 4, "Suspended"), AccountSuspendedError),
        (faults.DayUsedUp(), DailyQuotaError),
    ],
)
@pytest.mark.parametrize("skip", [0, 2])
async def test_errors_of_the_account_stop_the_export(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    tmp_path: Path,
    fault: faults.Fault,
    error: type[CallError],
    skip: int,
) -> None:
    """Rejected credentials and a used-up quota end the export; the same call resumes it."""
    path = "/personcontact/" if skip else "/person/"
    fake.inject(fault, path=path, skip=skip)
    with pytest.raises(error):
        await export_account(intervals, tmp_path, resources=SOME, jobs=1)
    assert not (tmp_path / "manifest.json").exists()
    if error is not DailyQuotaError:
        fake.heal()
        await export_account(intervals, tmp_path, resources=SOME)


async def test_unreachable_server_stops_the_export(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """A server that cannot be reached ends the export at once, and the same call resumes it."""
    refusals: list[Any] = []

    def refuse(progress: AccountProgress) -> None:
        if progress.resource == "personcontact" and not refusals:
            refusals.append(fake.refusing())
            entering.append(asyncio.ensure_future(refusals[0].__aenter__()))

    entering: list[Any] = []
    with pytest.raises(TransportError):
        await export_account(intervals.with_options(), tmp_path, resources=SOME, on_progress=refuse)
    await asyncio.gather(*entering)
    await refusals[0].__aexit__(None, None, None)
    assert not (tmp_path / "manifest.json").exists()
    await export_account(intervals, tmp_path, resources=SOME)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
async def test_full_disk_stops_the_export(
    fake: FakeIntervals,
    intervals: IntervalsClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    """A full disk ends the export, and the same call resumes it."""
    error = OSError(number, os.strerror(number), str(tmp_path / "person.jsonl"))
    with monkeypatch.context() as patch:
        break_sink(patch, "jsonl", "person", error)
        with pytest.raises(OSError, match=r"person\.jsonl") as caught:
            await export_account(intervals, tmp_path, resources=SOME, jobs=1)
    assert caught.value.errno == number
    assert not (tmp_path / "manifest.json").exists()
    manifest = await export_account(intervals, tmp_path, resources=SOME)
    assert len(manifest.exported) == len(SOME)


@pytest.mark.parametrize("error", [BrokenPipeError, ZeroDivisionError, ServerError])
async def test_error_of_on_progress_ends_the_export(
    intervals: IntervalsClient, tmp_path: Path, error: Callable[[str], Exception]
) -> None:
    """An error that the caller's own function raises is no error of a resource."""
    raised = error("mine")
    reports: list[AccountProgress] = []

    def fail(progress: AccountProgress) -> None:
        if progress.records:
            reports.append(progress)
        if len(reports) == 1:  # no later report raises it again
            raise raised

    with pytest.raises(type(raised)) as caught:
        await export_account(intervals, tmp_path, resources=["projectnote"], on_progress=fail)
    assert caught.value is raised


# The estimate, and what is reported


async def test_estimate_names_what_could_not_be_counted(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """The estimate names the resources that have failed already, and costs the others."""
    fake.inject(faults.Status(500, 1, "Down"), times=None, path="/projectnote/")
    estimates: list[Estimate] = []
    await failing(intervals, tmp_path, on_estimate=estimates.append)
    (estimate,) = estimates
    assert [*estimate.failed] == ["projectnote"]
    counted = {each.resource: each.listcount for each in estimate.resources}
    assert counted["projectnote"] is None
    assert counted["task"] == len(ids_of(fake, "task"))
    assert estimate.to_dict()["failed"] == estimate.failed


async def test_progress_reports_failures(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """The progress of a failed resource says why."""
    fake.inject(faults.Status(500, 1, "Down"), times=None, path="/person/")
    reports: list[AccountProgress] = []
    _, manifest = await failing(intervals, tmp_path, on_progress=reports.append)
    failed = {each.resource: each.failed for each in reports if each.failed is not None}
    assert failed == manifest.failed


@pytest.mark.parametrize(
    "fault",
    [faults.Status(500, 1, "Down"), faults.DropBefore(), faults.Raw(b"[]"), faults.Raw(b"{}")],
)
async def test_unreadable_quota_stops_nothing(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path, fault: faults.Fault
) -> None:
    """If the quota cannot be read, the export starts without an estimate of what is left."""
    fake.inject(fault, times=None, path="/quota/")
    manifest = await export_account(intervals, tmp_path, resources=SOME)
    assert len(manifest.exported) == len(SOME)
    assert manifest.requests == len(fake.log)


async def test_failed_resource_keeps_its_earlier_file(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """The file of an earlier export stays until the failed resource is exported again."""
    before = await export_account(intervals, tmp_path, resources=SOME)
    fake.inject(faults.Status(500, 1, "Down"), times=None, path="/task/")
    _, manifest = await failing(intervals, tmp_path)
    assert [each.resource for each in manifest.kept] == ["task"]
    assert manifest.kept[0] in before.exported
    await check_rest(fake, intervals, tmp_path, {"task"})


async def test_rest_can_fail_again(
    fake: FakeIntervals, intervals: IntervalsClient, tmp_path: Path
) -> None:
    """A resource that fails again leaves the export unfinished, and nothing else is requested."""
    fake.inject(faults.Status(500, 1, "Down"), times=None, path="/task/")
    await failing(intervals, tmp_path)
    fake.clear_log()
    _, manifest = await failing(intervals, tmp_path)
    assert requested(fake) == {"task"}
    assert len(manifest.exported) == len(SOME) - 1
    await check_rest(fake, intervals, tmp_path, {"task"})
