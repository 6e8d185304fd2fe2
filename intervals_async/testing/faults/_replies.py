"""Faults with a response of their own: API errors, the HTML page of a gateway, or any bytes."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from intervals_async.testing._fake import refusals
from intervals_async.testing._fake.wire import Json, Response, error_response, reason_phrase
from intervals_async.testing.faults._base import ReplyFault


@frozen
class Raw(ReplyFault):
    """Respond with exactly these bytes and exactly this Content-Type."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(factory=dict[str, str])

    def reply(self) -> Response:
        """Return the response with the bytes."""
        return Response(self.status, self.body, self.content_type, self.headers)


@frozen
class Status(ReplyFault):
    """Respond with an HTTP status and the API's error body, with or without an API code."""

    status: int
    code: int | None = None
    message: str = ""
    headers: Mapping[str, str] = field(factory=dict[str, str])
    verbose: Json = None

    def reply(self) -> Response:
        """Return the error response."""
        return error_response(
            self.status, self.code, self.message, self.verbose, headers=self.headers
        )


@frozen
class Html(ReplyFault):
    """Respond with the HTML error page of a gateway."""

    status: int = 502

    def reply(self) -> Response:
        """Return the response with the page."""
        title = f"{self.status} {reason_phrase(self.status)}"
        page = f"<!DOCTYPE html><html><body><h1>{title}</h1></body></html>\n"
        return Response(self.status, page.encode(), "text/html; charset=utf-8")


@frozen
class TooFast(ReplyFault):
    """Refuse the request as too fast, with API code 12.

    ``retry_after`` is the value of the header Retry-After. The API sends the status 400, and
    gateways send 429.
    """

    retry_after: str | None = None
    status: int = 400

    def reply(self) -> Response:
        """Return the error response."""
        headers = {} if self.retry_after is None else {"Retry-After": self.retry_after}
        refusal = refusals.too_fast()
        return error_response(self.status, refusal.code, refusal.message, headers=headers)


@frozen
class DayUsedUp(ReplyFault):
    """Refuse the request because the daily quota is exhausted, with API code 11."""

    def reply(self) -> Response:
        """Return the error response."""
        return refusals.day_used_up().response(None)


@frozen
class ErrorInside200(ReplyFault):
    """Respond with HTTP 200 and an API error in the body, which states the code ``status``."""

    code: int = 1
    message: str = "General error"
    status: int = 500

    def reply(self) -> Response:
        """Return the error response with HTTP status 200."""
        return Response(200, error_response(self.status, self.code, self.message).body)
