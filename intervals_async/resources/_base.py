"""The base classes of the resources: they turn arguments into calls, and responses into records."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from inspect import cleandoc
from typing import TYPE_CHECKING, ClassVar, Generic, NoReturn, TypeAlias, TypedDict, TypeVar

from .._http.messages import Call, ParsedResponse
from .._http.transport import Transport
from .._schema.decoder import record_decoder
from .._schema.encoding import identifier
from .._schema.parameters import encode_body, encode_query, parameters
from .._schema.record import Record
from .._streaming.listing import Listing, PageSource
from ..errors import ArgumentError, ResponseError

__all__ = [
    "ADMINISTRATORS",
    "EVERYBODY",
    "MANAGERS",
    "NO_EXECUTIVES",
    "NO_RESOURCES",
    "UNSTATED",
    "Deletable",
    "Gettable",
    "Groups",
    "Nothing",
    "Permissions",
    "Resource",
]

R = TypeVar("R", bound=Record)

Groups: TypeAlias = tuple[str, ...] | None
"""The groups that may call a method; None if the documentation does not say."""

Permissions: TypeAlias = Mapping[str, Groups]
"""The groups that may call each method, by the name of the method."""

EVERYBODY: Groups = ("Administrator", "Manager", "Resource", "Executive")
NO_EXECUTIVES: Groups = ("Administrator", "Manager", "Resource")
NO_RESOURCES: Groups = ("Administrator", "Manager", "Executive")
MANAGERS: Groups = ("Administrator", "Manager")
ADMINISTRATORS: Groups = ("Administrator",)
UNSTATED: Groups = None


class Nothing(TypedDict):
    """No filters, or no settable fields."""


class Resource(Generic[R]):
    """The base class of all resources of the API.

    A subclass has only the methods that the API allows on the resource. Its class attributes
    describe the resource, and need no client.

    .. versionchanged:: 0.2.0
       Added `permissions`, `has_action_notes` and `methods`.
    """

    __slots__ = ("_transport",)

    name: ClassVar[str]
    """Name of the resource in the API: its path, and its key in responses."""

    record: type[R]
    """Class of its records."""

    filters: ClassVar[type] = Nothing
    """TypedDict of the filters that ``list`` takes; see `parameters`."""

    creatable: ClassVar[type] = Nothing
    """TypedDict of the fields that ``create`` takes."""

    updatable: ClassVar[type] = Nothing
    """TypedDict of the fields that ``update`` takes."""

    permissions: Permissions
    """Groups that may call each method, by its name; None if the documentation does not say."""

    paginated: ClassVar[bool] = True
    """Whether the API documents ``offset`` and ``limit`` for the resource."""

    sorts_by_id: ClassVar[bool] = False
    """Whether the API documents ``sortfield=id`` for the resource."""

    has_action_notes: ClassVar[bool] = False
    """Whether its writes add action notes unless ``disable_action_notes`` is set."""

    def __init_subclass__(cls) -> None:
        """Name the filters and fields in the docstrings of the methods that take them."""
        super().__init_subclass__()
        for method, label, taken in (
            ("list", "Filters", cls.filters),
            ("create", "Fields", cls.creatable),
            ("update", "Fields", cls.updatable),
        ):
            function = vars(cls).get(method)
            names = taken.__annotations__
            if names and function is not None and function.__doc__ is not None:
                words = textwrap.fill(f"{label}, as `{taken.__name__}`: {', '.join(names)}.", 96)
                function.__doc__ = f"{cleandoc(function.__doc__)}\n\n{words}"

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __reduce__(self) -> NoReturn:
        """Explain what to do instead of pickling."""
        raise TypeError(
            f"{self.name} cannot be pickled or copied, because it belongs to a client: "
            "create one client in each process"
        )

    def __repr__(self) -> str:
        """Show the resource's name."""
        return f"<{type(self).__name__} {self.name}>"

    if not TYPE_CHECKING:  # type checkers report unknown attributes themselves

        def __getattr__(self, name: str) -> object:
            if name.startswith("_"):
                raise AttributeError(name)
            there = ", ".join(self.methods())
            raise AttributeError(f"{self.name} has no method {name!r}; the API allows {there}")

    @classmethod
    def methods(cls) -> Sequence[str]:
        """List the names of the methods that the API allows, in the order of their definition."""
        return tuple(cls.permissions)

    def _list(
        self,
        filters: Mapping[str, object],
        *,
        offset: int = 0,
        limit: int | None = None,
    ) -> Listing[R]:
        return Listing(self._source(filters), offset=offset, limit=limit)

    def _source(self, filters: Mapping[str, object]) -> PageSource[R]:
        query = encode_query(
            f"{self.name}.list()", parameters(self.filters), filters, checked=self._checked
        )
        if self.sorts_by_id and not {"sortfield", "sortdir"} & filters.keys():
            # Changing a record does not move it in this order.
            query += (("sortfield", "id"), ("sortdir", "ASC"))
        return PageSource(
            self._transport,
            self.name,
            query,
            record_decoder(self.record),
            paginated=self.paginated,
            # Without sortdir, the direction of the order is not known.
            sorted_by_id={("sortfield", "id"), ("sortdir", "ASC")} <= {*query},
        )

    async def _get(self, id: int) -> R:
        id = identifier(f"{self.name}.get()", id)
        return self._record(await self._transport.send(Call("GET", self.name, id)))

    async def _get_without_id(self) -> R:
        return self._record(await self._transport.send(Call("GET", self.name)))

    async def _create(
        self,
        fields: Mapping[str, object],
        *,
        send_notifications: bool | None = None,
        disable_action_notes: bool | None = None,
    ) -> R:
        what = f"{self.name}.create()"
        body = encode_body(what, parameters(self.creatable), fields, checked=self._checked)
        missing = self._check_create(fields) if self._checked else None
        if missing is not None:
            raise ArgumentError(f"{what}: expected {missing}")
        headers = self._headers(send_notifications, disable_action_notes)
        call = Call("POST", self.name, body=body, extra_headers=headers)
        return self._written(await self._transport.send(call))

    async def _update(
        self,
        id: int,
        fields: Mapping[str, object],
        *,
        send_notifications: bool | None = None,
        disable_action_notes: bool | None = None,
    ) -> R:
        what = f"{self.name}.update()"
        id = identifier(what, id)
        body = encode_body(what, parameters(self.updatable), fields, checked=self._checked)
        if not body:
            raise ArgumentError(f"{what}: expected at least one field, got none")
        headers = self._headers(send_notifications, disable_action_notes)
        call = Call("PUT", self.name, id, body=body, extra_headers=headers)
        return self._written(await self._transport.send(call))

    async def _delete(self, id: int, *, send_notifications: bool | None = None) -> None:
        id = identifier(f"{self.name}.delete()", id)
        headers = self._headers(send_notifications, None)
        call = Call("DELETE", self.name, id, extra_headers=headers, expects_record=False)
        await self._transport.send(call)

    def _check_create(self, fields: Mapping[str, object]) -> str | None:
        """Return what is missing if the fields of a new record depend on one another, else None."""

    @property
    def _checked(self) -> bool:
        return self._transport.settings.checked

    def _headers(
        self, send_notifications: bool | None, disable_action_notes: bool | None
    ) -> tuple[tuple[str, str], ...]:
        """Return the optional headers of a write; the arguments override the client's settings."""
        settings = self._transport.settings
        headers: list[tuple[str, str]] = []
        if settings.send_notifications if send_notifications is None else send_notifications:
            headers.append(("X-Intervals-Send-Notifications", "t"))
        without = disable_action_notes
        if self.has_action_notes and (
            settings.disable_action_notes if without is None else without
        ):
            headers.append(("X-Intervals-Disable-Action-Notes", "t"))
        return tuple(headers)

    def _record(self, response: ParsedResponse) -> R:
        try:
            record, unreadable = record_decoder(self.record).decode_one(
                response.row(), f"$.{self.name}", strict=self._transport.settings.strict
            )
            self._transport.report_unreadable(unreadable)
            return record
        except ResponseError as error:
            raise response.annotate(error) from None

    def _written(self, response: ParsedResponse) -> R:
        try:
            return self._record(response)
        except ResponseError as error:
            # The caller must not take the write for a failed one and repeat it.
            error.message = f"the write succeeded, but its response is invalid: {error.message}"
            raise


class Gettable(Resource[R]):
    """A resource whose records can be read one by one."""

    __slots__ = ()

    async def get(self, id: int, /) -> R:
        """Get one record by its id.

        Raises:
            NotFoundError: There is no such record.
        """
        return await self._get(id)


class Deletable(Resource[R]):
    """A resource whose records can be deleted."""

    __slots__ = ()

    async def delete(self, id: int, /, *, send_notifications: bool | None = None) -> None:
        """Delete one record by its id.

        Args:
            id: The id of the record.
            send_notifications: Whether to send the e-mail notifications of the deletion; None for
                the client's setting.

        Raises:
            NotFoundError: There is no such record.
        """
        await self._delete(id, send_notifications=send_notifications)
