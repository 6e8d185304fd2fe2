"""An answer whose rows are read while they arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import CallError, ConnectionLostError
from .connection import ResponseBody
from .messages import Call, Response, annotate, read_envelope, read_response, unreadable
from .reporting import AttemptReport
from .row_parser import BrokenBodyError, RowParser, TruncatedBodyError

__all__ = ["StreamedResponse"]


class StreamedResponse:
    """A good answer, so far, whose rows are read while they arrive."""

    __slots__ = ("_answer", "_bodies", "_call", "_cutter", "_ended", "_flow", "_judged", "_report")

    def __init__(
        self,
        call: Call,
        flow: ResponseBody,
        report: AttemptReport,
        *,
        attempts: int,
        most_bytes: int,
        show_body: bool,
    ) -> None:
        self._call = call
        self._flow = flow
        self._cutter = RowParser(call.resource, most_bytes)
        self._report = report
        self._answer = Response(call, flow.status, {}, attempts)
        # How much of the envelope was judged: its first part, the whole.
        self._judged: Mapping[str, Any] | None = None
        self._bodies: list[bytes] | None = [] if show_body else None
        self._ended = False

    @property
    def listcount(self) -> int | None:
        """How many records match in all, as far as the answer has said yet."""
        return self._answer.listcount

    @property
    def seconds(self) -> float:
        """How long was waited for it so far."""
        return self._flow.seconds

    @property
    def size(self) -> int:
        """How many bytes have come so far."""
        return self._flow.size

    def annotate(self, error: CallError) -> CallError:
        """Write into an error that it tells of this answer."""
        return self._answer.annotate(error)

    async def rows(self) -> list[object]:
        """Give the next rows; none at the end.

        Raises:
            TransportError: The answer broke off.
            APIError: It tells of an error.
            ResponseError: It cannot be understood.
        """
        rows: list[object] = []
        while not rows and not self._ended:
            data = await self._flow.read()
            failure: CallError | None = None
            try:
                rows = self._take(data)
            except CallError as error:
                failure = error.with_traceback(None)
            if failure is not None:
                raise self._answer.annotate(failure)
        return rows

    def close(self) -> None:
        """Read no more. May be called again, and in any state."""
        if not self._ended:
            self._ended = True
            self._flow.close()
            self._report.failed("CancelledError", "it was left", self._flow.seconds)

    def __del__(self) -> None:
        if not self._ended:
            self._flow.in_loop(self.close)

    def _take(self, data: bytes | CallError) -> list[object]:
        if isinstance(data, CallError):
            raise self._broken_off(data)
        if self._bodies is not None:
            self._bodies.append(data)
        try:
            rows = self._cutter.feed(data) if data else self._last()
            self._judge()
        except TruncatedBodyError as broken:
            lost = ConnectionLostError(f"{broken}, after {self._flow.size} bytes")
            raise self._broken_off(lost) from None
        except BrokenBodyError as broken:
            error = unreadable(self._call, str(broken))
            self._end(error)
            raise error from None
        except CallError as refused:
            self._end(refused)
            raise
        if not data:
            self._end(None)
        return rows

    def _last(self) -> list[object]:
        rows = self._cutter.close()
        if self._cutter.envelope is None:
            flow = self._flow
            whole = read_response(self._call, flow.status, flow.content_type, self._cutter.body)
            self._answer = Response(self._call, flow.status, whole.envelope, self._answer.attempts)
            self._judged = None
            rows = self._answer.rows()
            if self._call.resource not in whole.envelope and self._answer.listcount is None:
                raise unreadable(self._call, "neither rows nor a listcount are in it")
        return rows

    def _judge(self) -> None:
        """Look at the envelope, once when the rows begin and once when all is there."""
        envelope = self._cutter.envelope
        if envelope is not self._judged and envelope is not None:
            self._judged = envelope
            read_envelope(self._call, self._flow.status, envelope)
            self._answer = Response(self._call, self._flow.status, envelope, self._answer.attempts)

    def _broken_off(self, error: CallError) -> CallError:
        told, self._ended = self._ended, True
        self._flow.close()
        if not told:
            self._report.failed(type(error).__name__, error.message, self._flow.seconds)
        return annotate(error, self._call)

    def _end(self, error: CallError | None) -> None:
        if self._ended:  # it was closed meanwhile
            return
        self._ended = True
        self._flow.close()
        self._report.answered(
            self._flow.status,
            size=self._flow.size,
            seconds=self._flow.seconds,
            error=None if error is None else type(error).__name__,
            body=None if self._bodies is None else b"".join(self._bodies),
        )
