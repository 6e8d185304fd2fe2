"""Each resource's methods, over TCP, with values that come back as they were sent."""

from __future__ import annotations

import pytest

from intervals_async import ArgumentError, IntervalsClient, NotFoundError
from intervals_async.testing import FakeIntervals


async def test_projectnote(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """Create, get, update, list, delete; what is absent from an update stays."""
    project = int(str(fake.rows("project")[0]["id"]))
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


async def test_personcontact(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """The two spellings of its type ids meet in one record."""
    old = await intervals.personcontact.get(int(str(fake.rows("personcontact")[0]["id"])))
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


async def test_person_and_project(intervals: IntervalsClient) -> None:
    """The member and the list tell of the same record, each in its shape."""
    person = await intervals.person.list(active=True).first()
    assert person is not None
    assert (await intervals.person.get(person.id)).lastname == person.lastname
    project = await intervals.project.list(sortfield="name", sortdir="DESC").first()
    assert project is not None
    member = await intervals.project.get(project.id)
    assert (member.name, member.budget) == (project.name, project.budget)
    assert isinstance(project.manager, str | None)
    assert isinstance(member.manager, tuple | None)


async def test_look_ups_me_and_quota(intervals: IntervalsClient) -> None:
    """One request each."""
    kinds = await intervals.contacttype.list().collect()
    assert kinds
    kind = int(str(kinds[0].extra["id"]))
    assert await intervals.contactdescriptor.list(contacttypeid=kind).collect()
    assert (await intervals.me.get()).group == "Administrator"
    quota = await intervals.quota.get()
    assert quota.next_reset is not None
    assert not quota.exceeded


async def test_an_update_of_nothing_is_refused(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """It would cost a request and change nothing."""
    with pytest.raises(ArgumentError, match="expected at least one field"):
        await intervals.projectnote.update(9)
    assert fake.requests == 0


async def test_a_method_that_the_api_does_not_allow_is_not_there(
    intervals: IntervalsClient,
) -> None:
    """The attributes say what can be done."""
    for method in ("create", "update", "delete", "get"):
        assert not hasattr(intervals.contacttype, method)
    assert not hasattr(intervals.me, "list")
    assert repr(intervals.contacttype) == "<ContactTypeResource contacttype>"
