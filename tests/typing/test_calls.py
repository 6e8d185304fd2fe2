"""The types of the public calls. Nothing here runs; `make types` is the test.

Lines with ``type: ignore`` must *not* type-check, because both type checkers report an unnecessary
ignore.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, assert_type

from intervals_async import (
    ArrowBatches,
    AsIs,
    Download,
    IntervalsClient,
    Listing,
    Me,
    Page,
    PersonContact,
    Project,
    ProjectNote,
    Quota,
    Stream,
    Task,
    TaskNote,
    Timer,
    json_schema,
    pydantic_model,
    to_dict,
)
from intervals_async.testing import make, strategies

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy
    from pydantic import BaseModel

    async def reading(intervals: IntervalsClient) -> None:
        """Every field of a record has its type."""
        listing = intervals.projectnote.list(projectid=[3, 5], search="x", limit=5)
        assert_type(listing, Listing[ProjectNote])
        assert_type(await listing.count(), int)
        assert_type(await listing.first(), ProjectNote | None)
        assert_type(await listing.collect(), list[ProjectNote])
        assert_type(await listing.to_dicts(columns=["id"]), list[dict[str, Any]])
        assert_type(listing.arrow_batches(decimals="decimal"), ArrowBatches)
        listing.arrow_batches(decimals="text")  # type: ignore[arg-type]
        async for note in listing:
            assert_type(note, ProjectNote)
            assert_type(note.id, int)
            assert_type(note.note, str | None)
            assert_type(note.date, datetime)
            assert_type(note.extra, Mapping[str, object])
        async for page in listing.pages(page_size=10):
            assert_type(page, Page[ProjectNote])
        async with listing.stream(concurrency=4) as stream:
            assert_type(stream, Stream[ProjectNote])
            assert_type(stream.listcount, int | None)
        assert_type(await intervals.projectnote.get(9), ProjectNote)
        assert_type(await intervals.personcontact.list(personid=17).first(), PersonContact | None)
        assert_type(await intervals.me.get(), Me)
        assert_type(await intervals.quota.get(), Quota)
        project = await intervals.project.get(3)
        assert_type(project, Project)
        assert_type(project.budget, Decimal | None)
        assert_type(project.datestart, date | None)
        assert_type(to_dict(project), dict[str, Any])

    def making() -> None:
        """A made record has its class, and so has a generated one."""
        assert_type(make(Task, title="x"), Task)
        assert_type(strategies.records(Task), SearchStrategy[Task])
        assert_type(pydantic_model(Task), type[BaseModel])
        assert_type(json_schema(Task), dict[str, Any])
        make(int)  # type: ignore[type-var]  # not a record

    async def writing(intervals: IntervalsClient) -> None:
        """Writes take the documented fields, and need the required ones."""
        note = await intervals.projectnote.create(projectid=3, title="a", note="b", secure=False)
        assert_type(note, ProjectNote)
        assert_type(await intervals.projectnote.update(9, title="b"), ProjectNote)
        await intervals.projectnote.delete(9)

    async def every_kind(intervals: IntervalsClient) -> None:
        """Each resource has its own filters, fields and methods."""
        now = datetime.now(UTC)
        tasks = intervals.task.list(assigneeid=[1, 2], overdue=True, sortfield="datedue")
        assert_type(tasks, Listing[Task])
        assert_type((await intervals.task.get(1)).priority, int | str)
        assert_type(await intervals.task.get_by_localid(7), Task)
        intervals.task.list(sortfield=AsIs("projectlabel_order"))
        entry = await intervals.time.create(
            personid=1,
            worktypeid=2,
            taskid=3,
            date=now.date(),
            time=Decimal("1.5"),
            billable=True,
        )
        assert_type(entry.time, Decimal)
        assert_type(await intervals.task.update(1, datedue=None, send_notifications=True), Task)
        assert_type(intervals.tasknote.list(datebegin=now), Listing[TaskNote])
        assert_type(await intervals.timer.start(1, taskid=2), Timer)
        assert_type(await intervals.projectteam.add(3, [17, 18], securenotes=True), None)
        assert_type(intervals.document.download(7), Download)
        assert_type(await intervals.document.download(7).save("x"), int)
        async with intervals.document.download(7).open() as pieces:
            async for piece in pieces:
                assert_type(piece, bytes)
        intervals.invoiceitem.list(invoiceid=3, limit=5)
        intervals.with_options(checked=False, disable_action_notes=True)

    async def refused(intervals: IntervalsClient) -> None:
        """Calls that the API does not document do not type-check."""
        intervals.projectnote.list(projctid=3)  # type: ignore[call-arg]  # unknown filter
        intervals.projectnote.list(projectid="3,5")  # type: ignore[arg-type]  # text instead of ids
        intervals.projectnote.list(page=2)  # type: ignore[call-arg]  # there is no filter page
        intervals.projectnote.list(10)  # type: ignore[call-arg]  # no positional arguments
        intervals.personcontact.list()  # type: ignore[call-arg]  # personid is required
        intervals.personcontact.list(personid=1, limit=5)  # type: ignore[call-arg]  # no pages
        intervals.project.list(sortfield="colour")  # type: ignore[arg-type]  # not documented
        await intervals.projectnote.create(projectid=3, title="a", note="b")  # type: ignore[call-arg]  # secure is required
        await intervals.projectnote.update(9, colour="red")  # type: ignore[call-arg]  # unknown field
        await intervals.contacttype.create(name="x")  # type: ignore[attr-defined]  # read only
        await intervals.me.list()  # type: ignore[attr-defined]  # one record only
        await intervals.quota.delete(1)  # type: ignore[attr-defined]  # read only
        await intervals.worktype.create(name="x")  # type: ignore[attr-defined]  # read only
        await intervals.projectteam.update(3)  # type: ignore[attr-defined]  # add and remove
        intervals.task.list(page=2)  # type: ignore[call-arg]  # there is no filter page
        intervals.task.list(sortfield="projectlabel_order")  # type: ignore[arg-type]  # not documented
        intervals.task.list(datemodifiedbegin=date(2026, 1, 2))  # type: ignore[arg-type]  # not a datetime
        intervals.invoiceitem.list()  # type: ignore[call-arg]  # invoiceid is required
        intervals.milestonenote.list()  # type: ignore[call-arg]  # milestoneid is required
        intervals.contactdescriptor.list()  # type: ignore[call-arg]  # contacttypeid is required
        await intervals.time.update(1, time=1.5)  # type: ignore[arg-type]  # a float instead of hours
        await intervals.projectnote.list()  # type: ignore[misc]  # a listing is not awaited
        len(intervals.projectnote.list())  # type: ignore[arg-type]  # a listing has no length
        for _ in intervals.projectnote.list():  # type: ignore[attr-defined]  # async for
            pass
        (await intervals.projectnote.get(9)).title = "x"  # type: ignore[misc]  # records are frozen
