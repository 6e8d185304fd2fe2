"""``/me/``: the caller's own record."""

from __future__ import annotations

from .._schema.record import Record, record
from .._schema.values import Html, LocalDatetime
from ._base import EVERYBODY, Permissions, Resource

__all__ = ["Me", "MeResource"]


@record
class Me(Record):
    """The person whose token the client uses.

    .. versionchanged:: 0.2.0
       `lastname` may be None.
    """

    id: int
    """Person ID of the caller."""
    localid: int
    """Person number shown in the application."""
    clientid: int | None = None
    """Client, when the user is a client contact."""
    title: str | None = None
    """Job title."""
    firstname: str
    """First name."""
    lastname: str | None = None
    """Last name. Documented as always there, but None was recorded."""
    primaryaccount: bool
    """Whether this is the primary account holder."""
    notes: Html | None = None
    """Notes on the person; may hold HTML."""
    allprojects: bool
    """Whether the person is on all projects."""
    private: bool
    """Whether contact information is hidden from Resource users."""
    tips: bool
    """Whether tips are shown in the application."""
    username: str
    """Login name, often the e-mail address."""
    groupid: int
    """Access level, an id of ``/group/``."""
    group: str
    """Access level: Administrator, Manager, Resource or Executive."""
    client: str | None = None
    """Client name, when the user is a client contact."""
    numlogins: int
    """Number of logins so far."""
    lastlogin: LocalDatetime | None = None
    """Last login; its time zone is not stated, so it is naive."""
    timezone: str
    """IANA zone name."""
    timezone_offset: str
    """Readable zone label of the account settings, not a number."""
    restricttasks: bool | None = None
    """Whether the user sees only own or assigned tasks; not sent to every group."""
    clientlocalid: int | None = None
    """Client number, when the user is a client contact."""
    calendarorientation: int | None = None
    """Calendar layout setting."""
    editordisabled: int | None = None
    """Rich-text editor switched off: 0 or 1."""


class MeResource(Resource[Me]):
    """The caller's own record, for all groups. Use it to verify a token.

    https://www.myintervals.com/api/resource?r=me
    """

    __slots__ = ()
    name = "me"
    record = Me
    permissions: Permissions = {"get": EVERYBODY}
    paginated = False

    async def get(self) -> Me:
        """Get the person whose token the client uses."""
        return await self._get_without_id()
