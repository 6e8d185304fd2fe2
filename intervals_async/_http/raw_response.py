"""A response whose bytes are taken as they are, such as a file."""

from __future__ import annotations

from ..errors import CallError, ConnectionLostError, ResponseError
from .connection import ResponseBody
from .messages import Call, annotate, read_response
from .reporting import AttemptReport

__all__ = ["LARGEST_REFUSAL", "RawResponse"]


# An envelope that tells of an error is no longer.
LARGEST_REFUSAL = 64 * 1024


class RawResponse:
    """A good answer whose bytes are taken as they are."""

    __slots__ = ("_attempts", "_call", "_ended", "_flow", "_looked_at", "_report", "_whole")

    def __init__(
        self, call: Call, flow: ResponseBody, report: AttemptReport, attempts: int
    ) -> None:
        self._call = call
        self._flow = flow
        self._report = report
        self._attempts = attempts
        # Whether no more is read, and whether that is because all was.
        self._ended = self._whole = False
        # What was read already, to be given yet.
        self._looked_at: list[bytes] = []

    @property
    def size(self) -> int:
        """How many bytes have come so far."""
        return self._flow.size

    async def refusal(self) -> CallError | None:
        """Look whether it is an envelope that tells of an error, instead of a file."""
        if self._flow.content_type != "application/json":
            return None
        seen: list[bytes] = []
        while sum(map(len, seen)) < LARGEST_REFUSAL:
            data = await self.read()
            if isinstance(data, CallError):
                return data
            seen.append(data)
            if not data:
                break
        self._looked_at = [data for data in seen if data]
        try:
            read_response(self._call, self._flow.status, self._flow.content_type, b"".join(seen))
        except ResponseError:
            return None  # JSON of another kind, or of no kind: the file
        except CallError as refused:
            self.close()
            return self._about(refused.with_traceback(None))
        return None

    async def read(self) -> bytes | CallError:
        """Give the next bytes, and none at the end. A failure is given, not raised."""
        if self._looked_at:
            return self._looked_at.pop(0)
        if self._ended and not self._whole:
            return self._about(ConnectionLostError("it was closed before its end was read"))
        data = b"" if self._ended else await self._flow.read()
        if isinstance(data, CallError):
            self._ended = True
            self._report.failed(type(data).__name__, data.message, self._flow.seconds)
            self._about(data)
        elif not data and not self._ended:
            self._ended = self._whole = True
            self._report.answered(
                self._flow.status, size=self.size, seconds=self._flow.seconds, error=None, body=None
            )
        return data

    def close(self) -> None:
        """Read no more. May be called again, and in any state."""
        if not self._ended:
            self._ended = True
            self._report.failed("CancelledError", "it was left", self._flow.seconds)
        self._looked_at.clear()
        self._flow.close()

    def _about(self, error: CallError) -> CallError:
        error.status = self._flow.status
        error.attempts = self._attempts
        return annotate(error, self._call)
