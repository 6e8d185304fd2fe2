"""``/person/``: the people of the account."""

from __future__ import annotations

from typing import TypedDict, Unpack

from .._convert import Record, record
from .._parameters import Ids
from .._values import Html, LocalDatetime
from ..listing import Listing
from ._base import Resource

__all__ = ["Person", "PersonFilters", "PersonResource"]


@record
class Person(Record):
    """A person: a user who can log in, or a contact who cannot.

    The fields are known from public samples; none but the id is proven to be always there.
    """

    id: int
    """Person ID."""
    localid: int | None = None
    """Number shown in the application."""
    clientid: int | None = None
    """Associated client ID."""
    title: str | None = None
    """Job title."""
    firstname: str | None = None
    """First name."""
    lastname: str | None = None
    """Last name."""
    primaryaccount: bool | None = None
    """Whether this is the primary account holder."""
    notes: Html | None = None
    """Notes about the person; may hold HTML."""
    allprojects: bool | None = None
    """Whether the person is on all projects."""
    active: bool | None = None
    """Whether the person is active."""
    private: bool | None = None
    """Whether contact information is hidden from Resource users."""
    tips: bool | None = None
    """Whether tips are shown in the application."""
    username: str | None = None
    """Login name."""
    groupid: int | None = None
    """Group ID."""
    group: str | None = None
    """Group name."""
    client: str | None = None
    """Associated client's name."""
    numlogins: int | None = None
    """Number of logins."""
    lastlogin: LocalDatetime | None = None
    """Last login; its time zone is not stated, so it is naive."""
    timezone: str | None = None
    """IANA zone name."""
    timezone_offset: str | None = None
    """Readable zone label, not a number."""
    restricttasks: bool | None = None
    """Whether limited to tasks owned or assigned."""
    clientlocalid: int | None = None
    """Associated client's in-app number."""
    calendarorientation: int | None = None
    """Calendar layout setting."""
    editordisabled: int | None = None
    """Rich-text editor off: 0 or 1."""


class PersonFilters(TypedDict, total=False):
    """Which people to list."""

    localid: Ids
    """Only the people with these in-app numbers."""
    username: str
    """Username matches this text."""
    email: str
    """E-mail matches this text."""
    firstname: str
    """First name matches this text."""
    lastname: str
    """Last name matches this text."""
    excludegroupids: Ids
    """Leave out people of these groups."""
    projectid: Ids
    """Only people with access to these projects."""
    clientid: Ids
    """Only people associated with these clients."""
    projectclientid: Ids
    """Only people with access to projects of these clients."""
    search: str
    """Text search over first name, last name, client, username, notes and contact info."""
    active: bool
    """Only active, or only inactive, people."""
    groupid: int
    """Only people of this group."""
    allprojects: bool
    """Only people who are to join all future projects."""
    restricttasks: bool
    """Only people restricted to tasks they own or are assigned to."""


class PersonResource(Resource[Person]):
    """People, read by Administrators, Managers and Resources; not by Executives.

    https://www.myintervals.com/api/resource?r=person
    """

    __slots__ = ()
    name = "person"
    record = Person
    filters = PersonFilters

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[PersonFilters]
    ) -> Listing[Person]:
        """List the people who match; `offset` and `limit` cut a slice of the whole."""
        return self._list(filters, offset=offset, limit=limit)

    async def get(self, id: int, /) -> Person:
        """Get one person, or raise `NotFoundError`."""
        return await self._get(id)
