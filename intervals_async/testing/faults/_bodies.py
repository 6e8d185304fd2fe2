"""Faults of the body: the request is processed, but what it yields arrives spoilt."""

from __future__ import annotations

import json

from attrs import evolve, frozen

from intervals_async.testing._fake.wire import Envelope, Json, Response
from intervals_async.testing.faults._base import EnvelopeFault, Fault


@frozen
class Truncated(Fault):
    """Send a share of the JSON as if it were everything: valid HTTP, broken JSON."""

    at: float = 0.5

    def change(self, answer: Response) -> Response:
        """Return the beginning of the answer."""
        return evolve(answer, body=answer.body[: int(len(answer.body) * self.at)])


@frozen
class WrongContentType(Fault):
    """Send the true JSON under another content type."""

    content_type: str = "text/plain"

    def change(self, answer: Response) -> Response:
        """Return the answer under the other type."""
        return evolve(answer, content_type=self.content_type)


@frozen
class EmptyBody(Fault):
    """Send the true status and no body."""

    def change(self, answer: Response) -> Response:
        """Return the answer without its body."""
        return evolve(answer, body=b"")


@frozen
class DuplicateKeys(Fault):
    """Send keys twice: listcount and the resource's key stand empty before the true ones."""

    def change(self, answer: Response) -> Response:
        """Return the answer with the keys put before it once more."""
        twice: dict[str, Json] = {"code": answer.status}
        if answer.envelope is not None and answer.envelope.key is not None:
            twice |= {"listcount": 0, answer.envelope.key: []}
        return evolve(answer, body=json.dumps(twice).encode()[:-1] + b"," + answer.body[1:])


@frozen
class Capped(EnvelopeFault):
    """Send never more than ``rows`` rows a page, with the true listcount."""

    rows: int

    def rewrap(self, envelope: Envelope) -> Envelope:
        """Return the envelope with fewer rows."""
        if isinstance(envelope.payload, bytes):
            return envelope
        return evolve(envelope, payload=envelope.payload[: self.rows])


@frozen
class EmptyPage(EnvelopeFault):
    """Send no rows, with the true listcount."""

    def rewrap(self, envelope: Envelope) -> Envelope:
        """Return the envelope without rows."""
        return evolve(envelope, payload=())


@frozen
class NullPage(EnvelopeFault):
    """Send null in place of the rows, with the true listcount."""

    def rewrap(self, envelope: Envelope) -> Envelope:
        """Return the envelope with null in it."""
        return evolve(envelope, payload=b"null")


@frozen
class MissingKey(EnvelopeFault):
    """Leave out the rows and their key, with the true listcount."""

    def rewrap(self, envelope: Envelope) -> Envelope:
        """Return the envelope without its content."""
        return evolve(envelope, key=None)
