"""The effect of quirks on requests and responses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from attrs import evolve

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.contract import Resource
from intervals_async.testing._fake.log import SeenRequest
from intervals_async.testing._fake.wire import Envelope, Response
from intervals_async.testing.quirks._base import Quirk, Shape


class Variants:
    """The quirks of a server, each applied to what those before it have made.

    ``catalog`` describes the resources with these quirks.
    """

    __slots__ = ("_quirks", "_row_quirks", "catalog")

    def __init__(
        self, quirks: Sequence[Quirk], account: Account, catalog: Mapping[str, Resource]
    ) -> None:
        self._quirks = quirks
        self._row_quirks = [each for each in quirks if type(each).row is not Quirk.row]
        for quirk in quirks:
            quirk.prepare(account)
        self.catalog = MappingProxyType({name: self._rules(catalog[name]) for name in catalog})

    def _rules(self, rules: Resource) -> Resource:
        for quirk in self._quirks:
            rules = quirk.resource(rules)
        return rules

    def request(self, request: SeenRequest, rules: Resource) -> SeenRequest:
        """Return the request that the server obeys."""
        query = request.query
        for quirk in self._quirks:
            query = quirk.query(query, rules)
        return request if query is request.query else evolve(request, query=query)

    def envelope(self, envelope: Envelope, rules: Resource) -> Envelope:
        """Return the envelope that the server sends."""
        if not self._quirks:
            return envelope
        payload = envelope.payload
        shape = Shape(rules, member=isinstance(payload, bytes) or rules.read is not None)
        if self._row_quirks:
            if isinstance(payload, bytes):
                payload = self._row(payload, shape)
            else:
                payload = [self._row(row, shape) for row in payload]
            envelope = evolve(envelope, payload=payload)
        for quirk in self._quirks:
            envelope = quirk.envelope(envelope, shape)
        return envelope

    def _row(self, encoded: bytes, shape: Shape) -> bytes:
        row = json.loads(encoded)
        for quirk in self._row_quirks:
            row = quirk.row(row, shape)
        return json.dumps(row, separators=(",", ":")).encode()

    def response(self, response: Response, request: SeenRequest) -> Response:
        """Return the response that the server sends."""
        for quirk in self._quirks:
            response = quirk.response(response, request)
        return response
