"""Quirks of envelopes, errors and whole responses."""

from __future__ import annotations

import json
from typing import ClassVar, Literal, Self, TypeAlias

from attrs import evolve, field, frozen, validators

from intervals_async.testing._fake.log import SeenRequest
from intervals_async.testing._fake.wire import Envelope, Json, Response
from intervals_async.testing.quirks._base import Quirk, Shape, unexpected

Verbose: TypeAlias = Literal["object", "text", "absent"]
_VERBOSE: tuple[Verbose, ...] = ("object", "text", "absent")


@frozen
class StringEnvelopes(Quirk):
    """``personid``, ``code`` and ``listcount`` of a success are texts, as in a quota sample."""

    name: ClassVar[str] = "string_envelopes"

    def envelope(self, envelope: Envelope, shape: Shape) -> Envelope:
        """Return the envelope with texts."""
        return evolve(envelope, as_text=True)


@frozen
class ListcountLast(Quirk):
    """``listcount`` comes after the rows. The order of the keys is not documented."""

    name: ClassVar[str] = "listcount_last"

    def envelope(self, envelope: Envelope, shape: Shape) -> Envelope:
        """Return the envelope with ``listcount`` at its end."""
        return evolve(envelope, listcount_last=True)


@frozen
class MissingKey(Quirk):
    """The key of the resource is absent when nothing matches, as a client of 2017 expects."""

    name: ClassVar[str] = "missing_key"

    def envelope(self, envelope: Envelope, shape: Shape) -> Envelope:
        """Return the envelope without its payload if no row matches."""
        return evolve(envelope, key=None) if envelope.listcount == 0 else envelope


@frozen
class ObjectForOne(Quirk):
    """A list with a single row has the row's object instead of an array."""

    name: ClassVar[str] = "object_for_one"

    def envelope(self, envelope: Envelope, shape: Shape) -> Envelope:
        """Return the envelope with an object instead of an array of one."""
        return envelope if shape.resource.name == "me" else _unwrapped(envelope)


@frozen
class MeObject(Quirk):
    """``/me/`` has an object instead of an array with one."""

    name: ClassVar[str] = "me_object"

    def envelope(self, envelope: Envelope, shape: Shape) -> Envelope:
        """Return the envelope of ``/me/`` with an object."""
        return _unwrapped(envelope) if shape.resource.name == "me" else envelope


def _unwrapped(envelope: Envelope) -> Envelope:
    if isinstance(envelope.payload, bytes) or len(envelope.payload) != 1:
        return envelope
    return evolve(envelope, payload=envelope.payload[0])


@frozen
class NoListcount(Quirk):
    """Lists have no ``listcount``, which not every page of the documentation promises."""

    name: ClassVar[str] = "no_listcount"

    def envelope(self, envelope: Envelope, shape: Shape) -> Envelope:
        """Return the envelope without ``listcount``."""
        return evolve(envelope, listcount=None)


@frozen
class EmptyDelete(Quirk):
    """A successful DELETE has an empty body."""

    name: ClassVar[str] = "empty_delete"

    def response(self, response: Response, request: SeenRequest) -> Response:
        """Return the response to a DELETE without its body."""
        if request.method != "DELETE" or response.status != 200:
            return response
        return evolve(response, body=b"", envelope=None)


@frozen
class ErrorVerbose(Quirk):
    """The ``verbose`` of an error is not an array of sentences.

    Args:
        form: ``object`` for ``{"value": …}``, ``text``, or ``absent``. All have been seen.
    """

    name: ClassVar[str] = "error_verbose"

    form: Verbose = field(default="object", validator=validators.in_(_VERBOSE))

    @classmethod
    def from_parameter(cls, value: Json) -> Self:
        """Return the quirk for a form, or for an object for ``true``."""
        if value is True:
            return cls()
        for form in _VERBOSE:
            if value == form:
                return cls(form)
        raise unexpected(cls.name, f"one of {', '.join(_VERBOSE)}", value)

    def parameter(self) -> Json:
        """Return the form."""
        return self.form

    def response(self, response: Response, request: SeenRequest) -> Response:
        """Return the error with another form of ``verbose``."""
        if response.status < 400 or response.envelope is not None:
            return response
        body: dict[str, dict[str, Json]] = json.loads(response.body)
        verbose = body["error"].pop("verbose")
        text = " ".join(map(str, verbose)) if isinstance(verbose, list) else ""
        if self.form == "object":
            body["error"]["verbose"] = {"value": text}
        elif self.form == "text":
            body["error"]["verbose"] = text
        return evolve(response, body=json.dumps(body).encode())


@frozen
class Compressed(Quirk):
    """Responses are compressed with gzip if the request accepts it."""

    name: ClassVar[str] = "compressed"

    def response(self, response: Response, request: SeenRequest) -> Response:
        """Return the response marked for compression."""
        accepted = "gzip" in request.headers.get("accept-encoding", "")
        return evolve(response, compressed=accepted)
