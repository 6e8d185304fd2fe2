"""Faults of the response body. The request itself is processed."""

from __future__ import annotations

import json

from attrs import evolve, frozen

from intervals_async.testing._fake.wire import Envelope, Json, Response
from intervals_async.testing.faults._base import EnvelopeFault, Fault


@frozen
class Truncated(Fault):
    """Send the beginning of the JSON as a complete body: valid HTTP, but broken JSON.

    ``at`` is the fraction of the body to send.
    """

    at: float = 0.5

    def change(self, response: Response) -> Response:
        """Return the beginning of the response."""
        return evolve(response, body=response.body[: int(len(response.body) * self.at)])


@frozen
class WrongContentType(Fault):
    """Send the correct JSON with another content type."""

    content_type: str = "text/plain"

    def change(self, response: Response) -> Response:
        """Return the response with the other content type."""
        return evolve(response, content_type=self.content_type)


@frozen
class EmptyBody(Fault):
    """Send the correct status and an empty body."""

    def change(self, response: Response) -> Response:
        """Return the response without its body."""
        return evolve(response, body=b"")


@frozen
class DuplicateKeys(Fault):
    """Send duplicate keys: empty values of listcount and the resource before the correct ones."""

    def change(self, response: Response) -> Response:
        """Return the response with the duplicate keys at its beginning."""
        duplicates: dict[str, Json] = {"code": response.status}
        if response.envelope is not None and response.envelope.key is not None:
            duplicates |= {"listcount": 0, response.envelope.key: []}
        body = json.dumps(duplicates).encode()[:-1] + b"," + response.body[1:]
        return evolve(response, body=body)


@frozen
class Capped(EnvelopeFault):
    """Send at most ``rows`` rows per page, with the correct listcount."""

    rows: int

    def rewrap(self, envelope: Envelope) -> Envelope:
        """Return the envelope with fewer rows."""
        if isinstance(envelope.payload, bytes):
            return envelope
        return evolve(envelope, payload=envelope.payload[: self.rows])


@frozen
class EmptyPage(EnvelopeFault):
    """Send no rows, with the correct listcount."""

    def rewrap(self, envelope: Envelope) -> Envelope:
        """Return the envelope without rows."""
        return evolve(envelope, payload=())


@frozen
class NullPage(EnvelopeFault):
    """Send null instead of the rows, with the correct listcount."""

    def rewrap(self, envelope: Envelope) -> Envelope:
        """Return the envelope with null as its payload."""
        return evolve(envelope, payload=b"null")


@frozen
class MissingKey(EnvelopeFault):
    """Omit the rows and their key, with the correct listcount."""

    def rewrap(self, envelope: Envelope) -> Envelope:
        """Return the envelope without its payload."""
        return evolve(envelope, key=None)
