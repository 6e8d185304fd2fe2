"""The spans and the metric that the OpenTelemetry hook creates from events."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping

import attrs
import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, Metric
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue

from intervals_async import IntervalsClient, _version
from intervals_async.events import (
    Event,
    LimitWait,
    PageReceived,
    RequestFailed,
    RequestSent,
    ResponseReceived,
    RetryScheduled,
)
from intervals_async.otel import OpenTelemetry
from intervals_async.testing import FakeIntervals

NOTES = "https://api.myintervals.com/projectnote/?projectid=3&limit=2"
NOTE = "https://api.myintervals.com/projectnote/5/"


def sent(number: int = 0, *, method: str = "GET", url: str = NOTES, attempt: int = 1) -> Event:
    return RequestSent(
        attempt_id=number, method=method, url=url, resource="projectnote", attempt=attempt
    )


def received(
    number: int = 0, status: int = 200, error: str | None = None, seconds: float = 0.25
) -> Event:
    return ResponseReceived(
        attempt_id=number,
        method="GET",
        url=NOTES,
        status=status,
        size=9,
        seconds=seconds,
        error=error,
    )


def failed(number: int = 0, error: str = "ConnectError", reason: str = "no connection") -> Event:
    return RequestFailed(
        attempt_id=number, method="GET", url=NOTES, seconds=1.5, error=error, reason=reason
    )


def attributes_of(span: ReadableSpan) -> Mapping[str, AttributeValue]:
    return span.attributes or {}


@attrs.frozen
class Telemetry:
    """Providers that keep what they record."""

    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader
    tracer_provider: TracerProvider
    meter_provider: MeterProvider

    def hook(self, then: Callable[[Event], None] | None = None) -> OpenTelemetry:
        """Return a hook to test."""
        return OpenTelemetry(self.tracer_provider, self.meter_provider, then)

    def tracer(self) -> trace.Tracer:
        """Return a tracer of the caller."""
        return self.tracer_provider.get_tracer("tests")

    def spans(self) -> tuple[ReadableSpan, ...]:
        """Return the spans that have ended, in that order."""
        return self.exporter.get_finished_spans()

    def span(self) -> ReadableSpan:
        """Return the only span that has ended."""
        (span,) = self.spans()
        return span

    def metrics(self) -> list[Metric]:
        """Return the recorded metrics."""
        data = self.reader.get_metrics_data()
        if data is None:
            return []
        return [
            metric
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]

    def points(self) -> list[HistogramDataPoint]:
        """Return the data points, one for each set of attributes."""
        points = [point for metric in self.metrics() for point in metric.data.data_points]
        return [point for point in points if isinstance(point, HistogramDataPoint)]


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    exporter = InMemorySpanExporter()
    reader = InMemoryMetricReader()
    telemetry = Telemetry(exporter, reader, TracerProvider(), MeterProvider([reader]))
    telemetry.tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield telemetry
    telemetry.tracer_provider.shutdown()
    telemetry.meter_provider.shutdown()


def test_an_attempt_is_a_client_span(telemetry: Telemetry) -> None:
    """An attempt becomes a CLIENT span with the attributes of the stable conventions."""
    hook = telemetry.hook()
    hook(sent())
    assert telemetry.spans() == ()
    hook(received())
    span = telemetry.span()
    assert span.kind is SpanKind.CLIENT
    assert span.name == "GET /projectnote/"
    assert span.status.status_code is StatusCode.UNSET
    assert attributes_of(span) == {
        "http.request.method": "GET",
        "server.address": "api.myintervals.com",
        "server.port": 443,
        "url.full": NOTES,
        "url.template": "/projectnote/",
        "http.response.status_code": 200,
    }


def test_the_scope_of_a_span(telemetry: Telemetry) -> None:
    """The scope of a span is the library with its version and the schema of the conventions."""
    hook = telemetry.hook()
    hook(sent())
    hook(received())
    scope = telemetry.span().instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.version) == ("intervals_async", _version.__version__)
    assert scope.schema_url == "https://opentelemetry.io/schemas/1.30.0"


@pytest.mark.parametrize(
    ("url", "template", "address", "port"),
    [
        (NOTE, "/projectnote/{id}/", "api.myintervals.com", 443),
        ("http://localhost:8080/projectnote/5/", "/projectnote/{id}/", "localhost", 8080),
        ("http://[::1]/v1/projectnote/", "/v1/projectnote/", "::1", 80),
        ("http://127.0.0.1/projectnote/5/projectnote/7/",
         "/projectnote/5/projectnote/{id}/", "127.0.0.1", 80),
    ],
)  # fmt: skip
def test_span_names_hold_no_ids(
    telemetry: Telemetry, url: str, template: str, address: str, port: int
) -> None:
    """The name of a span holds the path of the root, but not the id of the member."""
    hook = telemetry.hook()
    hook(sent(method="PUT", url=url))
    hook(received())
    span = telemetry.span()
    assert span.name == f"PUT {template}"
    assert attributes_of(span)["url.template"] == template
    assert attributes_of(span)["server.address"] == address
    assert attributes_of(span)["server.port"] == port
    assert attributes_of(span)["url.full"] == url


def test_each_attempt_has_its_span(telemetry: Telemetry) -> None:
    """Each attempt has a span, which counts the resends before it."""
    hook = telemetry.hook()
    for attempt in (1, 2, 3):
        hook(sent(attempt, attempt=attempt))
        hook(received(attempt))
    assert [attributes_of(span).get("http.request.resend_count") for span in telemetry.spans()] == [
        None,
        1,
        2,
    ]


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, "TooFastError", "TooFastError"),
        (503, "ServiceOfflineError", "ServiceOfflineError"),
        (404, None, "404"),
        (200, "ResponseError", "ResponseError"),
    ],
)
def test_an_error_response_is_an_error(
    telemetry: Telemetry, status: int, error: str | None, kind: str
) -> None:
    """A span with a status from 400 on, or with an error in the response, has the status ERROR."""
    hook = telemetry.hook()
    hook(sent())
    hook(received(status=status, error=error))
    span = telemetry.span()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description is None
    assert attributes_of(span)["http.response.status_code"] == status
    assert attributes_of(span)["error.type"] == kind


@pytest.mark.parametrize("error", ["ConnectError", "CancelledError"])
def test_an_attempt_without_a_response_is_an_error(telemetry: Telemetry, error: str) -> None:
    """A span without a response has the status ERROR, and the reason as its description."""
    hook = telemetry.hook()
    hook(sent())
    hook(failed(error=error, reason="cancelled"))
    span = telemetry.span()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "cancelled"
    assert attributes_of(span)["error.type"] == error
    assert "http.response.status_code" not in attributes_of(span)


def test_the_parent_is_the_span_of_the_caller(telemetry: Telemetry) -> None:
    """The parent of a span is the current span of the caller, which stays current."""
    hook = telemetry.hook()
    with telemetry.tracer().start_as_current_span("caller") as caller:
        hook(sent())
        assert trace.get_current_span() is caller
    hook(received())
    span = telemetry.spans()[-1]
    assert span.parent == caller.get_span_context()


def test_without_a_callers_span_it_has_no_parent(telemetry: Telemetry) -> None:
    """Without a current span, the span of an attempt has no parent."""
    hook = telemetry.hook()
    hook(sent())
    hook(received())
    assert telemetry.span().parent is None


async def test_attempts_of_many_tasks_are_kept_apart(telemetry: Telemetry) -> None:
    """The spans of concurrent attempts have their own parents and ends."""
    hook = telemetry.hook()
    all_sent = asyncio.Barrier(3)

    async def call(number: int) -> None:
        with telemetry.tracer().start_as_current_span(f"task {number}"):
            hook(sent(number))
            await all_sent.wait()
            hook(received(number, status=200 + number))

    await asyncio.gather(*map(call, range(3)))
    callers = {
        span.context.span_id: span.name
        for span in telemetry.spans()
        if span.kind is SpanKind.INTERNAL and span.context is not None
    }
    found = {
        attributes_of(span)["http.response.status_code"]: callers[span.parent.span_id]
        for span in telemetry.spans()
        if span.parent is not None
    }
    assert found == {200: "task 0", 201: "task 1", 202: "task 2"}


def test_the_metric_is_a_histogram_in_seconds(telemetry: Telemetry) -> None:
    """The metric is a histogram in seconds with the boundaries of the conventions."""
    hook = telemetry.hook()
    hook(sent())
    hook(received(seconds=0.25))
    (metric,) = telemetry.metrics()
    assert (metric.name, metric.unit) == ("http.client.request.duration", "s")
    (point,) = telemetry.points()
    assert (point.count, point.sum) == (1, 0.25)
    assert list(point.explicit_bounds) == [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]  # fmt: skip
    assert point.attributes == {
        "http.request.method": "GET",
        "server.address": "api.myintervals.com",
        "server.port": 443,
        "url.template": "/projectnote/",
        "http.response.status_code": 200,
    }


def test_the_metric_has_a_series_for_each_error_class(telemetry: Telemetry) -> None:
    """The metric has a series for each class of error, and none for ids and attempts."""
    hook = telemetry.hook()
    for number in (0, 1):
        url = f"https://api.myintervals.com/projectnote/{number}/"
        hook(sent(number, url=url, attempt=number + 1))
        hook(failed(number))
    (point,) = telemetry.points()
    assert (point.count, point.sum) == (2, 3.0)
    assert point.attributes == {
        "http.request.method": "GET",
        "server.address": "api.myintervals.com",
        "server.port": 443,
        "url.template": "/projectnote/{id}/",
        "error.type": "ConnectError",
    }


def test_a_span_lasts_as_long_as_the_metric_says(telemetry: Telemetry) -> None:
    """The span and the metric have the same duration."""
    hook = telemetry.hook()
    hook(sent())
    hook(failed())
    span = telemetry.span()
    assert span.start_time is not None
    assert span.end_time == span.start_time + 1_500_000_000


def test_an_exemplar_links_to_the_span_of_the_attempt(telemetry: Telemetry) -> None:
    """The exemplar of a value links to the span of the attempt, not to that of the caller."""
    hook = telemetry.hook()
    with telemetry.tracer().start_as_current_span("caller"):
        hook(sent())
        hook(received())
    span = telemetry.spans()[0]
    (point,) = telemetry.points()
    assert span.context is not None
    assert [example.span_id for example in point.exemplars] == [span.context.span_id]


def test_an_end_without_a_start_is_ignored(telemetry: Telemetry) -> None:
    """The end of an unknown attempt is ignored, and no span is ended twice."""
    hook = telemetry.hook()
    hook(received())
    assert telemetry.spans() == ()
    hook(sent())
    hook(received())
    hook(failed())
    assert telemetry.span().status.status_code is StatusCode.UNSET
    assert [point.count for point in telemetry.points()] == [1]


def test_a_repeated_number_ends_the_lost_attempt(telemetry: Telemetry) -> None:
    """A span whose number is used again ends with an error, and without a value of the metric."""
    hook = telemetry.hook()
    hook(sent(0, url=NOTE))
    hook(sent(0))
    span = telemetry.span()
    assert span.name == "GET /projectnote/{id}/"
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "the end of the attempt was never reported"
    assert attributes_of(span)["error.type"] == "_OTHER"
    assert telemetry.points() == []
    hook(received(0))
    assert [span.name for span in telemetry.spans()][1:] == ["GET /projectnote/"]


def test_lost_attempts_do_not_pile_up(telemetry: Telemetry) -> None:
    """At most 10,000 spans are open; then the oldest is ended."""
    hook = telemetry.hook()
    hook(sent(0, url=NOTE))
    for number in range(1, 10_000):
        hook(sent(number))
    assert telemetry.spans() == ()
    hook(sent(10_000))
    span = telemetry.span()
    assert span.name == "GET /projectnote/{id}/"
    assert span.status.description == "the end of the attempt was never reported"


def test_a_retry_is_an_event_of_the_callers_span(telemetry: Telemetry) -> None:
    """A retry becomes an event of the caller's span."""
    hook = telemetry.hook()
    with telemetry.tracer().start_as_current_span("caller"):
        hook(
            RetryScheduled(
                method="GET", path="/projectnote/", attempt=1, wait=2.5, error="ServerError"
            )
        )
    (event,) = telemetry.span().events
    assert event.name == "intervals_async.retry_scheduled"
    assert event.attributes == {
        "http.request.method": "GET",
        "url.path": "/projectnote/",
        "error.type": "ServerError",
        "http.request.resend_count": 1,
        "intervals_async.wait": 2.5,
    }


@pytest.mark.parametrize(
    ("seconds", "known"), [(1.5, {"intervals_async.wait": 1.5}), (float("inf"), {})]
)
def test_a_wait_for_the_limits_is_an_event_of_the_callers_span(
    telemetry: Telemetry, seconds: float, known: dict[str, float]
) -> None:
    """A wait for the rate limits becomes an event of the caller's span, without an infinite wait."""
    hook = telemetry.hook()
    with telemetry.tracer().start_as_current_span("caller"):
        hook(LimitWait(seconds=seconds, bulk=True))
    (event,) = telemetry.span().events
    assert event.name == "intervals_async.limit_wait"
    assert event.attributes == {"intervals_async.bulk": True, **known}


def test_waits_add_no_span(telemetry: Telemetry) -> None:
    """Without a current span, a wait for the rate limits adds nothing."""
    hook = telemetry.hook()
    hook(LimitWait(seconds=1.0, bulk=False))
    assert telemetry.spans() == ()


def test_pages_add_no_events(telemetry: Telemetry) -> None:
    """A page adds no event, because its request has a span."""
    hook = telemetry.hook()
    with telemetry.tracer().start_as_current_span("caller"):
        hook(PageReceived(resource="projectnote", offset=0, records=2, listcount=2))
    assert telemetry.span().events == ()


def test_every_event_is_passed_on(telemetry: Telemetry) -> None:
    """The next hook receives every event in order."""
    events = [sent(), LimitWait(seconds=1.0, bulk=False), received()]
    seen: list[Event] = []
    hook = telemetry.hook(then=seen.append)
    for event in events:
        hook(event)
    assert seen == events


def test_a_failure_of_the_next_hook_costs_no_span(telemetry: Telemetry) -> None:
    """An error of the next hook is raised after the span is recorded."""

    def refuse(event: Event) -> None:
        raise ZeroDivisionError

    hook = telemetry.hook(then=refuse)
    for event in (sent(), received()):
        with pytest.raises(ZeroDivisionError):
            hook(event)
    assert telemetry.span().end_time is not None


async def test_a_client_takes_the_hook(telemetry: Telemetry, fake: FakeIntervals) -> None:
    """A client with the hook creates spans, which do not hold the token."""
    async with IntervalsClient(
        fake.token, base_url=fake.url, on_event=telemetry.hook()
    ) as intervals:
        await intervals.me.get()
    span = telemetry.span()
    assert span.name == "GET /me/"
    assert fake.token not in span.to_json()


async def test_a_download_has_a_span_of_its_own_name(
    telemetry: Telemetry, fake: FakeIntervals
) -> None:
    """The name of a download's span tells it from a request for a document."""
    document = int(str(fake.rows("document")[0]["id"]))
    async with (
        IntervalsClient(fake.token, base_url=fake.url, on_event=telemetry.hook()) as intervals,
        intervals.document.download(document).open() as chunks,
    ):
        async for _ in chunks:
            pass
    assert telemetry.spans()[0].name == "GET /document/{id}/download/"


async def test_closing_the_client_ends_the_spans_of_half_read_responses(
    telemetry: Telemetry, fake: FakeIntervals
) -> None:
    """The span of a half-read stream ends when its client is closed."""
    client = IntervalsClient(fake.token, base_url=fake.url, on_event=telemetry.hook())
    for _ in range(200):
        fake.insert("projectnote", note="x" * 10_000)
    async with client:
        stream = client.projectnote.list().stream(snapshot=True)
        await anext(stream)
        (counting,) = telemetry.spans()
    ended = telemetry.spans()
    assert ended[0] is counting
    assert attributes_of(ended[1])["error.type"] == "CancelledError"
    await stream.aclose()
    assert telemetry.spans() == ended


def python(program: str) -> str:
    return subprocess.check_output([sys.executable, "-c", program], text=True).strip()


def test_global_providers_may_be_set_later() -> None:
    """The global providers may be set after the hook is created."""
    program = """
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from intervals_async.events import ResponseReceived, RequestSent
from intervals_async.otel import OpenTelemetry

hook = OpenTelemetry()
url = "https://api.myintervals.com/me/"

def call():
    hook(RequestSent(attempt_id=0, method="GET", url=url, resource="me", attempt=1))
    hook(ResponseReceived(attempt_id=0, method="GET", url=url, status=200, size=2, seconds=0.5))

call()
exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
spans = TracerProvider()
spans.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(spans)
metrics.set_meter_provider(MeterProvider([reader]))
call()
(resource,) = reader.get_metrics_data().resource_metrics
print(len(exporter.get_finished_spans()), resource.scope_metrics[0].metrics[0].name)
"""
    assert python(program) == "1 http.client.request.duration"


def test_opentelemetry_is_imported_by_the_hook_only() -> None:
    """Importing the package does not import OpenTelemetry."""
    program = "import sys, intervals_async; print('opentelemetry' in sys.modules)"
    assert python(program) == "False"


def test_a_missing_opentelemetry_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OpenTelemetry, the import error names the extra."""
    monkeypatch.delitem(sys.modules, "intervals_async.otel")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ImportError, match=r'pip install "intervals_async\[otel\]"'):
        importlib.import_module("intervals_async.otel")
