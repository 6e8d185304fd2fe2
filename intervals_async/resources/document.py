"""``/document/``: files of projects, tasks and milestones."""

from __future__ import annotations

from typing import Literal, TypedDict, Unpack

from .._http.download import Download
from .._http.messages import Call
from .._schema.encoding import identifier
from .._schema.parameters import AsIs, Ids
from .._schema.record import Record, record
from .._schema.values import Day, LocalDatetime
from .._streaming.listing import Listing
from ._base import EVERYBODY, UNSTATED, Permissions, Resource

__all__ = ["Document", "DocumentFilters", "DocumentResource", "DocumentVersion"]


@record
class DocumentVersion(Record):
    """An uploaded version of a document's file."""

    versionid: int | None = None
    """Identifier of the version."""
    filename: str | None = None
    """Name of the file."""


@record
class Document(Record):
    """A document."""

    id: int
    """Identifier of the document. Inferred, not documented."""
    personid: int | None = None
    """Person who uploaded the document. Inferred, not documented."""
    title: str | None = None
    """Document title. Inferred, not documented."""
    public: bool | None = None
    """Whether executives can see it. Inferred, not documented."""
    datemodified: LocalDatetime | None = None
    """When the document last changed.

    In the account's own time zone, as far as is known. Inferred, not documented.
    """
    active: bool | None = None
    """Whether the document is active. Inferred, not documented."""
    versions: tuple[DocumentVersion, ...] | None = None
    """Uploaded versions of the file."""
    filename: str | None = None
    """Name of the file. Inferred, not documented."""
    filesize: int | None = None
    """Size of the file, in bytes as far as is known. Inferred, not documented."""
    datecreated: LocalDatetime | None = None
    """When the document was uploaded.

    In the account's own time zone, as far as is known. Inferred, not documented.
    """
    projectid: int | None = None
    """Project of the document. Inferred, not documented."""
    notes: str | None = None
    """Notes on the document. Inferred, not documented."""


class DocumentFilters(TypedDict, total=False):
    """Filters and sort order of a list of documents."""

    public: bool
    """Only documents visible to executive users."""
    taskid: Ids
    """Documents of these tasks."""
    milestoneid: Ids
    """Documents of these milestones or of tasks in them."""
    queueid: Ids
    """Documents of these work requests (/request/)."""
    clientid: Ids
    """Documents on projects, tasks or milestones of these clients."""
    projectid: Ids
    """Documents of these projects, or of tasks or milestones in them."""
    moduleid: Ids
    """Documents of tasks having these modules."""
    personid: Ids
    """Documents first uploaded by these people."""
    search: str
    """Text search over title, notes, filename and tags."""
    projectactive: bool
    """Documents of active or of inactive projects."""
    taskassignedorownedby: int
    """Leave out task documents where this person is neither assignee, owner nor follower."""
    tag: str
    """Documents carrying this tag."""
    datebegin: Day
    """Uploaded on or after this date."""
    dateend: Day
    """Uploaded on or before this date."""
    sortfield: (
        Literal[
            "id",
            "personid",
            "title",
            "public",
            "datemodified",
            "active",
        ]
        | AsIs
    )
    """Field to sort by."""
    sortdir: Literal["ASC", "DESC"]
    """Direction of the sort."""
    id: int
    """Only the document with this id. Records of the collection hold more than the member resource.
    """


class DocumentResource(Resource[Document]):
    """Files of projects, tasks and milestones; read-only, for everybody.

    A record of the list has more fields than a single record, so `get` requests the list.

    .. versionadded:: 0.2.0

    https://www.myintervals.com/api/resource?r=document
    """

    __slots__ = ()
    name = "document"
    record = Document
    filters = DocumentFilters
    permissions: Permissions = {"list": EVERYBODY, "get": EVERYBODY, "download": UNSTATED}
    sorts_by_id = True

    def list(
        self, *, offset: int = 0, limit: int | None = None, **filters: Unpack[DocumentFilters]
    ) -> Listing[Document]:
        """List the matching documents; `offset` and `limit` select a slice."""
        return self._list(filters, offset=offset, limit=limit)

    async def get(self, id: int, /) -> Document:
        """Get the complete record of a document, or raise `NotFoundError`."""
        id = identifier("document.get()", id)
        return await self._source({"id": id}).only(f"there is no document {id}")

    def download(self, id: int, /) -> Download:
        """Prepare the download of the newest version of a document.

        ``await download.save(path)`` writes it to a file; ``async with download.open()`` gives an
        async iterator of bytes. Only then a request is sent. The file is streamed, never held in
        memory completely.
        """
        id = identifier("document.download()", id)
        return Download(self._transport, Call("GET", self.name, id, action="download"))
