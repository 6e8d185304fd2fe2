"""What the resources share: how a call is made of a method's arguments, and a record of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Generic, TypedDict, TypeVar

from .._convert import Record, record_decoder
from .._parameters import encode_body, encode_query, identifier, parameters
from .._transport import Transport
from .._wire import Answer, Call
from ..errors import AnswerError, ArgumentError
from ..listing import Listing, Source

__all__ = ["Nothing", "Resource"]

R = TypeVar("R", bound=Record)


class Nothing(TypedDict):
    """No filters, or no settable fields."""


class Resource(Generic[R]):
    """One resource of the API. A subclass states what it is and offers what it allows."""

    __slots__ = ("_transport",)

    name: ClassVar[str]
    """Its name in the API: its path, and its key in the envelope."""

    record: type[R]
    """The class of its records."""

    filters: ClassVar[type] = Nothing
    """The TypedDict of what ``list`` takes."""

    creatable: ClassVar[type] = Nothing
    """The TypedDict of what ``create`` takes."""

    updatable: ClassVar[type] = Nothing
    """The TypedDict of what ``update`` takes."""

    paginated: ClassVar[bool] = True
    """Whether the API documents ``offset`` and ``limit`` for it."""

    sorts_by_id: ClassVar[bool] = False
    """Whether the API documents ``sortfield=id`` for it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __repr__(self) -> str:
        """Show the resource's name."""
        return f"<{type(self).__name__} {self.name}>"

    def _list(
        self, filters: Mapping[str, object], *, offset: int = 0, limit: int | None = None
    ) -> Listing[R]:
        query = encode_query(f"{self.name}.list()", parameters(self.filters), filters)
        decoder = record_decoder(self.record)
        if self.sorts_by_id and not {"sortfield", "sortdir"} & filters.keys():
            # an order that no change of a record reshuffles
            query += (("sortfield", "id"), ("sortdir", "ASC"))
        source = Source(
            self._transport,
            self.name,
            query,
            decoder,
            paginated=self.paginated,
            sorted_by_id=("sortfield", "id") in query and ("sortdir", "DESC") not in query,
        )
        return Listing(source, offset=offset, limit=limit)

    async def _get(self, id: int) -> R:
        id = identifier(f"{self.name}.get()", id)
        return self._record(await self._transport.send(Call("GET", self.name, id)))

    async def _get_the_one(self) -> R:
        return self._record(await self._transport.send(Call("GET", self.name)))

    async def _create(self, fields: Mapping[str, object]) -> R:
        body = encode_body(f"{self.name}.create()", parameters(self.creatable), fields)
        return self._written(await self._transport.send(Call("POST", self.name, body=body)))

    async def _update(self, id: int, fields: Mapping[str, object]) -> R:
        what = f"{self.name}.update()"
        id = identifier(what, id)
        body = encode_body(what, parameters(self.updatable), fields)
        if not body:
            raise ArgumentError(f"{what} was given no field to change")
        return self._written(await self._transport.send(Call("PUT", self.name, id, body=body)))

    async def _delete(self, id: int) -> None:
        id = identifier(f"{self.name}.delete()", id)
        await self._transport.send(Call("DELETE", self.name, id))

    def _record(self, answer: Answer) -> R:
        try:
            return record_decoder(self.record).record(answer.row(), f"$.{self.name}")
        except AnswerError as error:
            raise answer.annotate(error) from None

    def _written(self, answer: Answer) -> R:
        try:
            return self._record(answer)
        except AnswerError as error:
            # Whoever reads this must not take the write for failed and send it again.
            error.message = f"it was carried out, but its answer cannot be read: {error.message}"
            raise
