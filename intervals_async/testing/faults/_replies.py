"""Faults that answer by themselves: API errors, a gateway's page, any bytes at all."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from intervals_async.testing._fake import refusals
from intervals_async.testing._fake.wire import Json, Response, error_response, reason_phrase
from intervals_async.testing.faults._base import ReplyFault


@frozen
class Raw(ReplyFault):
    """Answer with exactly these bytes under exactly this Content-Type."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(factory=dict[str, str])

    def reply(self) -> Response:
        """Return the bytes as an answer."""
        return Response(self.status, self.body, self.content_type, self.headers)


@frozen
class Status(ReplyFault):
    """Answer with an HTTP status and the API's error body, with an API code if one is given."""

    status: int
    code: int | None = None
    message: str = ""
    headers: Mapping[str, str] = field(factory=dict[str, str])
    verbose: Json = None

    def reply(self) -> Response:
        """Return the error."""
        return error_response(
            self.status, self.code, self.message, self.verbose, headers=self.headers
        )


@frozen
class Html(ReplyFault):
    """Answer with a gateway's HTML page."""

    status: int = 502

    def reply(self) -> Response:
        """Return the page."""
        title = f"{self.status} {reason_phrase(self.status)}"
        page = f"<!DOCTYPE html><html><body><h1>{title}</h1></body></html>\n"
        return Response(self.status, page.encode(), "text/html; charset=utf-8")


@frozen
class TooFast(ReplyFault):
    """Refuse as too fast: API code 12, with Retry-After if given; 400 or, as gateways do, 429."""

    retry_after: str | None = None
    status: int = 400

    def reply(self) -> Response:
        """Return the refusal."""
        headers = {} if self.retry_after is None else {"Retry-After": self.retry_after}
        refusal = refusals.too_fast()
        return error_response(self.status, refusal.code, refusal.message, headers=headers)


@frozen
class DayUsedUp(ReplyFault):
    """Refuse because the account has no request left today: API code 11."""

    def reply(self) -> Response:
        """Return the refusal."""
        return refusals.day_used_up().answer(None)


@frozen
class ErrorInside200(ReplyFault):
    """Answer HTTP 200 with an API error in the body, whose own code says ``status``."""

    code: int = 1
    message: str = "General error"
    status: int = 500

    def reply(self) -> Response:
        """Return the error in a success's clothes."""
        return Response(200, error_response(self.status, self.code, self.message).body)
