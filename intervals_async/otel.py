"""What a client tells of its doings, as OpenTelemetry spans and a metric."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import attrs

from ._version import __version__
from .events import Event, LimitWait, RequestFailed, RequestSent, ResponseReceived, RetryScheduled

try:
    from opentelemetry import metrics, trace
except ImportError as _error:
    raise ImportError(
        'intervals_async.otel needs OpenTelemetry: pip install "intervals_async[otel]"'
    ) from _error

__all__ = ["OpenTelemetry"]

SCHEMA = "https://opentelemetry.io/schemas/1.30.0"

# Seconds; what the conventions advise for http.client.request.duration.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

# Far above what any limits let through at once; beyond it the oldest one must be lost.
MOST_OPEN = 10_000

PORTS = {"http": 80, "https": 443}


@attrs.frozen
class _Attempt:
    """An attempt under way."""

    span: trace.Span
    # When it began, in nanoseconds since 1970.
    begun: int
    # What the span and the metric have in common.
    attributes: dict[str, str | int]


class OpenTelemetry:
    """A hook that makes a span of each attempt, and measures how long it took.

    ``IntervalsClient(on_event=OpenTelemetry())`` is all it takes. Give each client a hook of
    its own: the events of two clients have the same numbers.

    The spans are of the kind CLIENT and called after what was asked, such as
    ``GET /projectnote/{id}/``; a call that is sent three times has three. The parent is the
    span that is current where the call is made. A span begins when the attempt's place under
    the limits is taken, and ends with the last byte of the answer. ``error.type`` is the
    class name of the error, ``CancelledError`` if the caller gave up, the status where that
    is all there is to tell, and ``_OTHER`` for an attempt whose end was never reported. Such
    a one is ended when its number comes again, or as the oldest of more than 10 000.

    The metric is the histogram ``http.client.request.duration``, in seconds, one value for
    each span whose end was reported.

    A retry and a wait for the limits become events of the current span, if it records:
    ``intervals_async.retry_scheduled`` and ``intervals_async.limit_wait``, both with
    ``intervals_async.wait`` in seconds, as far as it is known. Pages are left out: each has
    its request's span, and a long stream's would crowd out everything else.

    The query is part of ``url.full``, and may name what was searched for; the token never is
    part of it, and bodies are not recorded. An aiohttp instrumentation would make the same
    spans once more: use one of the two.

    See https://opentelemetry.io/docs/specs/semconv/http/http-spans/ and
    https://opentelemetry.io/docs/specs/semconv/http/http-metrics/ for what it follows.

    Args:
        tracer_provider: Makes the spans; by default the global one, which may be set later.
        meter_provider: Makes the metric; by default the global one, which may be set later.
        then: Another hook, which gets every event after this one.
    """

    __slots__ = ("_duration", "_open", "_then", "_tracer")

    def __init__(
        self,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
        then: Callable[[Event], None] | None = None,
    ) -> None:
        self._tracer = trace.get_tracer(
            "intervals_async", __version__, tracer_provider, schema_url=SCHEMA
        )
        self._duration = metrics.get_meter(
            "intervals_async", __version__, meter_provider, schema_url=SCHEMA
        ).create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=BUCKETS,
        )
        # By number, the oldest first.
        self._open: dict[int, _Attempt] = {}
        self._then = then

    def __call__(self, event: Event) -> None:
        """Take one event."""
        try:
            self._take(event)
        finally:
            if self._then is not None:
                self._then(event)

    def _take(self, event: Event) -> None:
        match event:
            case RequestSent():
                self._begin(event)
            case ResponseReceived() | RequestFailed():
                self._end(event)
            case RetryScheduled():
                _annotate(
                    "retry_scheduled",
                    {
                        "http.request.method": event.method,
                        "url.path": event.path,
                        "error.type": event.error,
                        "http.request.resend_count": event.attempt,
                    },
                    event.wait,
                )
            case LimitWait():
                _annotate("limit_wait", {"intervals_async.bulk": event.bulk}, event.seconds)
            case _:
                pass  # a page has its request's span already

    def _begin(self, event: RequestSent) -> None:
        self._give_up(event.attempt_id)
        if len(self._open) >= MOST_OPEN:
            self._give_up(next(iter(self._open)))
        parts = urlsplit(event.url)
        template = _template(parts.path, event.resource)
        attributes: dict[str, str | int] = {
            # A client sends none but well-known methods.
            "http.request.method": event.method,
            "server.address": parts.hostname or "",
            "server.port": parts.port or PORTS[parts.scheme],
            "url.template": template,
        }
        resent = {"http.request.resend_count": event.attempt - 1} if event.attempt > 1 else {}
        begun = time.time_ns()
        span = self._tracer.start_span(
            f"{event.method} {template}",
            kind=trace.SpanKind.CLIENT,
            attributes={**attributes, "url.full": event.url, **resent},
            start_time=begun,
        )
        self._open[event.attempt_id] = _Attempt(span, begun, attributes)

    def _end(self, event: ResponseReceived | RequestFailed) -> None:
        attempt = self._open.pop(event.attempt_id, None)
        if attempt is None:
            return
        outcome, status = _outcome(event)
        attempt.span.set_attributes(outcome)
        if status is not None:
            attempt.span.set_status(status)
        # The span is to last as long as the metric says, even if the wall clock is set.
        attempt.span.end(attempt.begun + round(event.seconds * 1e9))
        self._duration.record(
            event.seconds,
            {**attempt.attributes, **outcome},
            # so that an example of a slow request leads to its span
            context=trace.set_span_in_context(attempt.span),
        )

    def _give_up(self, attempt_id: int) -> None:
        attempt = self._open.pop(attempt_id, None)
        if attempt is not None:
            attempt.span.set_attribute("error.type", "_OTHER")
            attempt.span.set_status(trace.StatusCode.ERROR, "its end was never reported")
            attempt.span.end()


def _template(path: str, resource: str) -> str:
    """The path with ``{id}`` for whatever follows the resource."""
    root, _, member = f"{path.rstrip('/')}/".rpartition(f"/{resource}/")
    return f"{root}/{resource}/{'{id}/' if member else ''}"


def _outcome(
    event: ResponseReceived | RequestFailed,
) -> tuple[dict[str, str | int], trace.Status | None]:
    """What the end adds to the attributes, and the span's status, None for a good one."""
    if isinstance(event, RequestFailed):
        failed = trace.Status(trace.StatusCode.ERROR, event.reason)
        return {"error.type": event.error}, failed
    outcome: dict[str, str | int] = {"http.response.status_code": event.status}
    if event.error is None and event.status < 400:
        return outcome, None
    outcome["error.type"] = event.error or str(event.status)
    return outcome, trace.Status(trace.StatusCode.ERROR)


def _annotate(name: str, attributes: dict[str, str | int], wait: float) -> None:
    """Add an event to the current span; an infinite wait is unknown, and no JSON."""
    span = trace.get_current_span()
    if span.is_recording():
        known = {"intervals_async.wait": wait} if wait < float("inf") else {}
        span.add_event(f"intervals_async.{name}", {**attributes, **known})
