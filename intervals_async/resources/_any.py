"""`AnyResource`: a resource whose name is known only at run time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from .._http.download import Download
from .._schema.record import Record
from .._streaming.listing import Listing

__all__ = ["AnyResource"]


class AnyResource(Protocol):
    """A resource whose name is known only at run time; see `IntervalsClient.resource`.

    It is the same object as the client's attribute of that name. Only its type differs: filters
    and fields are checked when a method is called, not by a type checker, and records have the type
    `Record`. Using a method that the API does not allow on the resource raises `AttributeError`.
    `methods` lists the allowed methods.

    .. versionadded:: 0.2.0
    """

    @property
    def name(self) -> str:
        """The name of the resource."""
        raise NotImplementedError

    @property
    def record(self) -> type[Record]:
        """The class of its records."""
        raise NotImplementedError

    @property
    def filters(self) -> type:
        """The TypedDict of the filters that `list` takes."""
        raise NotImplementedError

    @property
    def creatable(self) -> type:
        """The TypedDict of the fields that `create` takes."""
        raise NotImplementedError

    @property
    def updatable(self) -> type:
        """The TypedDict of the fields that `update` takes."""
        raise NotImplementedError

    @property
    def permissions(self) -> Mapping[str, tuple[str, ...] | None]:
        """The groups that may call each method; None if the documentation does not say."""
        raise NotImplementedError

    @property
    def paginated(self) -> bool:
        """Whether `list` takes ``offset`` and ``limit``."""
        raise NotImplementedError

    @property
    def sorts_by_id(self) -> bool:
        """Whether the API documents ``sortfield=id`` for the resource."""
        raise NotImplementedError

    def methods(self) -> Sequence[str]:
        """List the names of the methods that the API allows."""
        raise NotImplementedError

    def list(self, *, offset: int = 0, limit: int | None = None, **filters: object) -> Listing[Any]:
        """List the matching records; `offset` and `limit` require a paginated resource."""
        raise NotImplementedError

    async def get(self, id: int = ..., /) -> Record:
        """Get one record. ``me`` and ``quota`` take no id."""
        raise NotImplementedError

    async def get_by_localid(self, localid: int, /) -> Record:
        """Get one record by the number that the application shows."""
        raise NotImplementedError

    async def create(
        self,
        *,
        send_notifications: bool | None = None,
        disable_action_notes: bool | None = None,
        **fields: object,
    ) -> Record:
        """Create a record and return it as stored."""
        raise NotImplementedError

    async def update(
        self,
        id: int,
        /,
        *,
        send_notifications: bool | None = None,
        disable_action_notes: bool | None = None,
        **fields: object,
    ) -> Record:
        """Change fields of a record and return the updated record."""
        raise NotImplementedError

    async def delete(self, id: int, /, *, send_notifications: bool | None = None) -> None:
        """Delete a record."""
        raise NotImplementedError

    def download(self, id: int, /) -> Download:
        """Download the file of a record."""
        raise NotImplementedError
