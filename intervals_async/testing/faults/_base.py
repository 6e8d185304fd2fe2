"""The base classes of all faults."""

from __future__ import annotations

from aiohttp import web
from attrs import evolve, field, frozen

from intervals_async.testing._fake.exchange import Exchange
from intervals_async.testing._fake.wire import Envelope, Response


@frozen
class Fault:
    """A way to respond to one request. This base class responds correctly."""

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Send the response, or raise ``DroppedError`` to close the connection."""
        return exchange.send(self.change(exchange.process()))

    def change(self, response: Response) -> Response:
        """Return the response to send instead of the correct one."""
        return response


@frozen
class ReplyFault(Fault):
    """A fault with a response of its own; with ``processed`` the request is carried out first."""

    processed: bool = field(default=False, kw_only=True)

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Send the response, after processing the request if ``processed`` is set."""
        if self.processed:
            exchange.process()
        return exchange.send(self.reply())

    def reply(self) -> Response:
        """Return the response to send instead of the correct one."""
        raise NotImplementedError


@frozen
class EnvelopeFault(Fault):
    """A fault that changes the envelope of a success. Errors and XML are sent unchanged."""

    def change(self, response: Response) -> Response:
        """Return the response with the changed envelope."""
        if response.envelope is None:
            return response
        changed = self.rewrap(response.envelope)
        return evolve(response, body=changed.body(), envelope=changed)

    def rewrap(self, envelope: Envelope) -> Envelope:
        """Return the envelope to send instead of the correct one."""
        raise NotImplementedError
