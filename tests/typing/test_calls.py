"""What type checkers say of the public calls. Nothing here is run: `make types` is the test.

The lines with ``type: ignore`` must *not* type-check: both checkers complain about an ignore
that is not needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, assert_type

from intervals_async import (
    IntervalsClient,
    Listing,
    Me,
    Page,
    PersonContact,
    Project,
    ProjectNote,
    Quota,
    Stream,
    to_dict,
)

if TYPE_CHECKING:

    async def reading(intervals: IntervalsClient) -> None:
        """What comes out is typed to the field."""
        listing = intervals.projectnote.list(projectid=[3, 5], search="x", limit=5)
        assert_type(listing, Listing[ProjectNote])
        assert_type(await listing.count(), int)
        assert_type(await listing.first(), ProjectNote | None)
        assert_type(await listing.collect(), list[ProjectNote])
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

    async def writing(intervals: IntervalsClient) -> None:
        """The documented fields, the required ones among them."""
        note = await intervals.projectnote.create(projectid=3, title="a", note="b", secure=False)
        assert_type(note, ProjectNote)
        assert_type(await intervals.projectnote.update(9, title="b"), ProjectNote)
        await intervals.projectnote.delete(9)

    async def refused(intervals: IntervalsClient) -> None:
        """What the contract does not know does not type-check."""
        intervals.projectnote.list(projctid=3)  # type: ignore[call-arg]  # unknown filter
        intervals.projectnote.list(projectid="3,5")  # type: ignore[arg-type]  # a text for ids
        intervals.projectnote.list(page=2)  # type: ignore[call-arg]  # no such thing as a page
        intervals.projectnote.list(10)  # type: ignore[call-arg]  # nothing goes by position
        intervals.personcontact.list()  # type: ignore[call-arg]  # personid is required
        intervals.personcontact.list(personid=1, limit=5)  # type: ignore[call-arg]  # no pages
        intervals.project.list(sortfield="colour")  # type: ignore[arg-type]  # not documented
        await intervals.projectnote.create(projectid=3, title="a", note="b")  # type: ignore[call-arg]  # secure is required
        await intervals.projectnote.update(9, colour="red")  # type: ignore[call-arg]  # unknown field
        await intervals.contacttype.create(name="x")  # type: ignore[attr-defined]  # read only
        await intervals.me.list()  # type: ignore[attr-defined]  # one record only
        await intervals.quota.delete(1)  # type: ignore[attr-defined]  # read only
        await intervals.projectnote.list()  # type: ignore[misc]  # a listing is not awaited
        len(intervals.projectnote.list())  # type: ignore[arg-type]  # its length is not known
        for _ in intervals.projectnote.list():  # type: ignore[attr-defined]  # async for
            pass
        (await intervals.projectnote.get(9)).title = "x"  # type: ignore[misc]  # records are frozen
