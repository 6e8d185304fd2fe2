"""`Response`: what a raw request returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from .. import _json
from ..errors import ResponseError

__all__ = ["Response"]


def _lower_case(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@attrs.frozen(kw_only=True)
class Response:
    """The response to a raw request: see `IntervalsClient.raw_request`.

    Attributes:
        status: The HTTP status: 200, 201, 202 or 204. It is 404 for a retried DELETE whose first
            attempt deleted the record. Any status is possible with ``raise_errors=False``.
        headers: The headers of the response. Names are in lower case.
        body: The body, as it was received and decompressed.

    .. versionadded:: 0.2.0
    """

    status: int
    headers: Mapping[str, str] = attrs.field(converter=_lower_case)
    body: bytes = attrs.field(repr=False)

    def json(self) -> Any:
        """Parse the body as JSON.

        Raises:
            ResponseError: The body is not JSON.
        """
        try:
            return _json.loads(self.body)
        except ValueError as error:
            raise ResponseError(
                f"response body: expected JSON, got invalid data: {error}", status=self.status
            ) from None
