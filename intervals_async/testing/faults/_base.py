"""What all faults are: a way to answer one request."""

from __future__ import annotations

from aiohttp import web
from attrs import evolve, field, frozen

from intervals_async.testing._fake.exchange import Exchange
from intervals_async.testing._fake.wire import Envelope, Response


@frozen
class Fault:
    """How a request is answered; this one answers as it should."""

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Answer the request, or raise ``DroppedError`` to close the connection."""
        return exchange.send(self.change(exchange.process()))

    def change(self, answer: Response) -> Response:
        """Return what is sent instead of the true answer."""
        return answer


@frozen
class ReplyFault(Fault):
    """Answers by itself; with ``processed`` the request is carried out first all the same."""

    processed: bool = field(default=False, kw_only=True)

    async def answer(self, exchange: Exchange) -> web.StreamResponse:
        """Send the reply."""
        if self.processed:
            exchange.process()
        return exchange.send(self.reply())

    def reply(self) -> Response:
        """Return the answer that takes the true one's place."""
        raise NotImplementedError


@frozen
class EnvelopeFault(Fault):
    """Changes the envelope of a success; errors and XML are sent as they are."""

    def change(self, answer: Response) -> Response:
        """Return the answer with the changed envelope."""
        if answer.envelope is None:
            return answer
        changed = self.rewrap(answer.envelope)
        return evolve(answer, body=changed.body(), envelope=changed)

    def rewrap(self, envelope: Envelope) -> Envelope:
        """Return the envelope that is sent instead."""
        raise NotImplementedError
