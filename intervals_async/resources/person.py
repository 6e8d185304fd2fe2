"""``/person/``: people of the account: users and contacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Required, TypedDict, Unpack

from .._schema.parameters import AtMost, Ids
from .._schema.record import Record, record
from .._schema.values import Html, LocalDatetime
from .._streaming.listing import Listing
from ._base import ADMINISTRATORS, NO_EXECUTIVES, Deletable, Gettable, Permissions

__all__ = ["Person", "PersonCreate", "PersonFilters", "PersonResource", "PersonUpdate"]


@record
class Person(Record):
    """A person."""

    id: int
    """Person ID."""
    localid: int | None = None
    """Number shown in the app."""
    clientid: int | None = None
    """Associated client ID; empty when none."""
    title: str | None = None
    """Job title."""
    firstname: str | None = None
    """First name."""
    lastname: str | None = None
    """Last name."""
    primaryaccount: bool | None = None
    """Whether this is the primary account holder."""
    notes: Html | None = None
    """Notes about the person."""
    allprojects: bool | None = None
    """Whether the person is on all projects."""
    active: bool | None = None
    """Whether the person is active."""
    private: bool | None = None
    """Whether contact info is hidden from resource users."""
    tips: bool | None = None
    """Whether in-app tips are on."""
    username: str | None = None
    """Login name."""
    groupid: int | None = None
    """Group ID."""
    group: str | None = None
    """Group name."""
    client: str | None = None
    """Associated client's name; empty when none."""
    numlogins: int | None = None
    """Number of logins."""
    lastlogin: LocalDatetime | None = None
    """Last login; may have fractional seconds.

    In the account's own time zone, as far as is known.
    """
    timezone: str | None = None
    """IANA zone name."""
    timezone_offset: str | None = None
    """Readable zone label, not a number."""
    restricttasks: bool | None = None
    """Whether limited to tasks owned or assigned; optional."""
    clientlocalid: int | None = None
    """Associated client's in-app number; empty when none."""
    calendarorientation: int | None = None
    """Calendar layout setting."""
    editordisabled: int | None = None
    """Rich-text editor switched off: 0 or 1."""


class PersonFilters(TypedDict, total=False):
    """Filters of a list of people."""

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
    """Only people of this group (single value)."""
    allprojects: bool
    """Only people who are to join all future projects."""
    restricttasks: bool
    """Only people restricted to tasks they own or are assigned to."""


class PersonCreate(TypedDict, total=False):
    """The fields of a new person.

    .. versionadded:: 0.2.0
    """

    clientid: int
    """Client the person is associated with."""
    title: Annotated[str, AtMost(255)]
    """Job title, at most 255 characters."""
    firstname: Required[Annotated[str, AtMost(65)]]
    """First name, at most 65 characters."""
    lastname: Annotated[str, AtMost(85)]
    """Last name, at most 85 characters."""
    allprojects: bool
    """Add the person to every future project; gives no access to existing ones."""
    notes: str
    """Short description of the person; HTML is accepted, some elements may be stripped."""
    private: Required[bool]
    """Visibility of the contact information for resource and executive users."""
    active: Required[bool]
    """Whether the person is active."""
    username: Annotated[str, AtMost(255)]
    """Login name; blank removes the ability to log in, at most 255 characters."""
    password: Annotated[str, AtMost(30)]
    """Login password; write-only in effect, at most 30 characters."""
    email: Annotated[str, AtMost(255)]
    """E-mail; needed when adding someone who can log in, later changed through personcontact, at
    most 255 characters.
    """
    groupid: int
    """Group (access level) ID; needed when adding someone who can log in."""


class PersonUpdate(TypedDict, total=False):
    """The fields of a person that may be changed; None clears one. `PersonCreate` describes them.

    .. versionadded:: 0.2.0
    """

    clientid: int | None
    title: Annotated[str, AtMost(255)] | None
    firstname: Annotated[str, AtMost(65)]
    lastname: Annotated[str, AtMost(85)] | None
    allprojects: bool | None
    notes: str | None
    private: bool
    active: bool
    username: Annotated[str, AtMost(255)] | None
    password: Annotated[str, AtMost(30)] | None
    email: Annotated[str, AtMost(255)] | None
    groupid: int | None


class PersonResource(Gettable[Person], Deletable[Person]):
    """People of the account: users who can log in, and contacts who cannot.

    Administrators, Managers and Resource users read them, Administrators write. Creating a person
    who can log in requires ``email`` and ``groupid``. Change the e-mail address later through
    ``personcontact``.

    .. versionchanged:: 0.2.0
       Added `create`, `update` and `delete`.

    https://www.myintervals.com/api/resource?r=person
    """

    __slots__ = ()
    name = "person"
    record = Person
    filters = PersonFilters
    creatable = PersonCreate
    updatable = PersonUpdate
    permissions: Permissions = {
        "list": NO_EXECUTIVES,
        "get": NO_EXECUTIVES,
        "create": ADMINISTRATORS,
        "update": ADMINISTRATORS,
        "delete": ADMINISTRATORS,
    }

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[PersonFilters]
    ) -> Listing[Person]:
        """List the matching people; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def create(
        self, *, send_notifications: bool | None = None, **fields: Unpack[PersonCreate]
    ) -> Person:
        """Create a person and return it as stored.

        `send_notifications` overrides the client's setting.
        """
        return await self._create(fields, send_notifications=send_notifications)

    async def update(
        self, id: int, /, *, send_notifications: bool | None = None, **fields: Unpack[PersonUpdate]
    ) -> Person:
        """Update fields of a person and return the new record; options as in `create`."""
        return await self._update(id, fields, send_notifications=send_notifications)

    def _check_create(self, fields: Mapping[str, object]) -> str | None:
        if not fields.get("username") or {"email", "groupid"} <= fields.keys():
            return None
        return "email and groupid with username"
