"""Turns the events of a client into OpenTelemetry spans and a metric."""

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
        'intervals_async.otel requires OpenTelemetry: pip install "intervals_async[otel]"'
    ) from _error

__all__ = ["OpenTelemetry"]

SCHEMA = "https://opentelemetry.io/schemas/1.30.0"

# In seconds, as the conventions advise for http.client.request.duration.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

# Far more than any rate limit allows at once, so beyond it the oldest attempt must be lost.
MAX_OPEN = 10_000

PORTS = {"http": 80, "https": 443}


@attrs.frozen
class _Attempt:
    """An attempt in progress."""

    span: trace.Span
    # When it started, in nanoseconds since 1970.
    started: int
    # The attributes that the span and the metric share.
    attributes: dict[str, str | int]


class OpenTelemetry:
    """A hook that creates a span for each attempt and records its duration.

    Pass it to a client: ``IntervalsClient(on_event=OpenTelemetry())``. Each client needs a hook
    of its own, because two clients number their attempts alike.

    The spans have the kind CLIENT and a name such as ``GET /projectnote/{id}/`` or
    ``GET /document/{id}/download/``. A call with two
    retries has three spans. The parent is the current span of the caller. A span starts when
    the attempt has a slot of the rate limits, and ends with the last byte of the response.

    The attribute ``error.type`` is the class name of the error, and ``CancelledError`` if the
    call was cancelled. It is the HTTP status if there is no class, and ``_OTHER`` if the end of
    an attempt was never reported. Such a span is ended when its number is used again, or when
    more than 10,000 spans are open.

    The metric is the histogram ``http.client.request.duration`` in seconds. It has one value for
    each span whose end was reported.

    A retry and a wait for the rate limits become events of the current span, if that is
    recording: ``intervals_async.retry_scheduled`` and ``intervals_async.limit_wait``. Both have
    ``intervals_async.wait`` in seconds, if it is known. Pages add no events: each has the span
    of its request, and those of a long stream would crowd out everything else.

    The query is part of ``url.full`` and may hold search terms. The token and bodies are never
    recorded. Do not use an aiohttp instrumentation as well: it would create the same spans.

    Spans and metric follow https://opentelemetry.io/docs/specs/semconv/http/http-spans/ and
    https://opentelemetry.io/docs/specs/semconv/http/http-metrics/.

    Args:
        tracer_provider: Creates the spans. The default is the global one, which may be set later.
        meter_provider: Creates the metric. The default is the global one, which may be set
            later.
        then: Another hook, which receives every event after this one.
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
        # By `attempt_id`, the oldest first.
        self._open: dict[int, _Attempt] = {}
        self._then = then

    def __call__(self, event: Event) -> None:
        """Handle one event."""
        try:
            self._handle(event)
        finally:
            if self._then is not None:
                self._then(event)

    def _handle(self, event: Event) -> None:
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
                pass  # a page has the span of its request already

    def _begin(self, event: RequestSent) -> None:
        self._give_up(event.attempt_id)
        if len(self._open) >= MAX_OPEN:
            self._give_up(next(iter(self._open)))
        parts = urlsplit(event.url)
        template = _template(parts.path, event.resource)
        attributes: dict[str, str | int] = {
            # A client sends well-known methods only.
            "http.request.method": event.method,
            "server.address": parts.hostname or "",
            "server.port": parts.port or PORTS[parts.scheme],
            "url.template": template,
        }
        resent = {"http.request.resend_count": event.attempt - 1} if event.attempt > 1 else {}
        started = time.time_ns()
        span = self._tracer.start_span(
            f"{event.method} {template}",
            kind=trace.SpanKind.CLIENT,
            attributes={**attributes, "url.full": event.url, **resent},
            start_time=started,
        )
        self._open[event.attempt_id] = _Attempt(span, started, attributes)

    def _end(self, event: ResponseReceived | RequestFailed) -> None:
        attempt = self._open.pop(event.attempt_id, None)
        if attempt is None:
            return
        outcome, status = _outcome(event)
        attempt.span.set_attributes(outcome)
        if status is not None:
            attempt.span.set_status(status)
        # The span lasts as long as the metric says, even if the wall clock is set meanwhile.
        attempt.span.end(attempt.started + round(event.seconds * 1e9))
        self._duration.record(
            event.seconds,
            {**attempt.attributes, **outcome},
            # so that an exemplar of a slow request links to its span
            context=trace.set_span_in_context(attempt.span),
        )

    def _give_up(self, attempt_id: int) -> None:
        attempt = self._open.pop(attempt_id, None)
        if attempt is not None:
            attempt.span.set_attribute("error.type", "_OTHER")
            attempt.span.set_status(
                trace.StatusCode.ERROR, "the end of the attempt was never reported"
            )
            attempt.span.end()


def _template(path: str, resource: str) -> str:
    """Return the path with ``{id}`` instead of what is no word after the resource."""
    root, _, rest = f"{path.rstrip('/')}/".rpartition(f"/{resource}/")
    parts = (part if part.isalpha() else "{id}" for part in rest.split("/") if part)
    return f"{root}/{resource}/{''.join(f'{part}/' for part in parts)}"


def _outcome(
    event: ResponseReceived | RequestFailed,
) -> tuple[dict[str, str | int], trace.Status | None]:
    """Return the attributes of the end, and the status of the span; None for a success."""
    if isinstance(event, RequestFailed):
        failed = trace.Status(trace.StatusCode.ERROR, event.reason)
        return {"error.type": event.error}, failed
    outcome: dict[str, str | int] = {"http.response.status_code": event.status}
    if event.error is None and event.status < 400:
        return outcome, None
    outcome["error.type"] = event.error or str(event.status)
    return outcome, trace.Status(trace.StatusCode.ERROR)


def _annotate(name: str, attributes: dict[str, str | int], wait: float) -> None:
    """Add an event to the current span. An infinite wait is left out: it is not valid JSON."""
    span = trace.get_current_span()
    if span.is_recording():
        known = {"intervals_async.wait": wait} if wait < float("inf") else {}
        span.add_event(f"intervals_async.{name}", {**attributes, **known})
