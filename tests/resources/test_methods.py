"""The methods of single resources over TCP: values are returned as they were written."""

from __future__ import annotations

import pytest

from intervals_async import ArgumentError, IntervalsClient, NotFoundError
from intervals_async.testing import FakeIntervals

from ..rows import ids


async def test_an_update_keeps_other_fields(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """An update of a note keeps the fields that it does not name."""
    project = ids(fake, "project")[0]
    title, html = 'a & b < "c" \u20ac', "<p>1 &amp; 2</p>"
    note = await intervals.projectnote.create(
        projectid=project, title=title, note=html, secure=True
    )
    assert (note.title, note.note, note.secure) == (title, html, True)
    assert await intervals.projectnote.get(note.id) == note
    changed = await intervals.projectnote.update(note.id, title="new")
    assert (changed.title, changed.note, changed.secure) == ("new", html, True)
    listed = await intervals.projectnote.list(projectid=project, title="new").collect()
    assert changed.id in [each.id for each in listed]
    await intervals.projectnote.delete(note.id)
    with pytest.raises(NotFoundError):
        await intervals.projectnote.get(note.id)


async def test_a_contact_has_its_type_ids(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """A contact has its type ids, although writes and records spell them differently."""
    old = await intervals.personcontact.get(ids(fake, "personcontact")[0])
    contact = await intervals.personcontact.create(
        personid=old.personid,
        value="+49 30 1234",
        contacttypeid=old.contact_type_id,
        contactdescriptorid=old.contact_descriptor_id,
    )
    assert contact.contact_type_id == old.contact_type_id
    changed = await intervals.personcontact.update(contact.id, value="+49 30 4321")
    assert (changed.id, changed.value) == (contact.id, "+49 30 4321")
    found = intervals.personcontact.list(personid=old.personid, contacttypeid=old.contact_type_id)
    assert changed in await found.collect()
    await intervals.personcontact.delete(contact.id)
    assert changed not in await found.collect()


async def test_list_and_get_agree(intervals: IntervalsClient) -> None:
    """A single record and the record of the list agree, except for the documented shapes."""
    person = await intervals.person.list(active=True).first()
    assert person is not None
    assert (await intervals.person.get(person.id)).lastname == person.lastname
    project = await intervals.project.list(sortfield="name", sortdir="DESC").first()
    assert project is not None
    member = await intervals.project.get(project.id)
    assert (member.name, member.budget) == (project.name, project.budget)
    assert isinstance(project.manager, str | None)
    assert isinstance(member.manager, tuple | None)


async def test_lookups_me_and_quota(intervals: IntervalsClient) -> None:
    """Lookups, `me` and `quota` return records."""
    kinds = await intervals.contacttype.list().collect()
    assert kinds
    kind = int(str(kinds[0].extra["id"]))
    assert await intervals.contactdescriptor.list(contacttypeid=kind).collect()
    assert (await intervals.me.get()).group == "Administrator"
    quota = await intervals.quota.get()
    assert quota.next_reset is not None
    assert not quota.exceeded


async def test_an_update_without_fields_is_refused(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """An update without fields raises ArgumentError and sends nothing."""
    with pytest.raises(ArgumentError, match=r"projectnote\.update\(\)"):
        await intervals.projectnote.update(9)
    assert fake.requests == 0


async def test_methods_that_the_api_does_not_allow_are_missing(
    intervals: IntervalsClient,
) -> None:
    """A resource has no attribute for a method that the API does not allow."""
    for method in ("create", "update", "delete", "get"):
        assert not hasattr(intervals.contacttype, method)
    assert not hasattr(intervals.me, "list")
    assert repr(intervals.contacttype) == "<ContactTypeResource contacttype>"
