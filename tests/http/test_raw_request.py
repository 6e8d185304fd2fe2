"""`IntervalsClient.raw_request`: requests that no resource covers."""

from __future__ import annotations

import pickle
from datetime import date
from typing import Any

import pytest

from intervals_async import (
    AmbiguousWriteError,
    APIError,
    ArgumentError,
    ConnectionLostError,
    IntervalsClient,
    Limit,
    NotFoundError,
    Response,
    ResponseError,
    TooFastError,
)
from intervals_async.events import Event, RequestSent, ResponseReceived, RetryScheduled
from intervals_async.testing import FakeIntervals, faults

from ..conftest import AT_ONCE


async def test_a_response_is_returned_unchanged(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A raw request returns status, headers and body; its params are encoded as filters."""
    params = {"projectid": [3, 5], "overdue": False, "datedue": date(2026, 1, 2), "limit": 1}
    response = await intervals.raw_request("GET", "/task/", params=params)
    assert response.status == 200
    assert response.headers["content-type"].startswith("application/json")
    assert response.json()["listcount"] is not None
    assert response.body.startswith(b"{")
    assert fake.log[-1].query == {
        "projectid": "3,5",
        "overdue": "f",
        "datedue": "2026-01-02",
        "limit": "1",
    }
    assert pickle.loads(pickle.dumps(response)) == response
    assert "{" not in repr(response).replace("headers={", "")


async def test_a_body_is_sent_as_json(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """A body is sent as JSON, together with the headers."""
    fields = {"projectid": fake.rows("project")[0]["id"], "title": "a", "note": "b", "secure": "f"}
    headers = {"X-Intervals-Send-Notifications": "t"}
    response = await intervals.raw_request("post", "/projectnote/", body=fields, headers=headers)
    assert response.json()["projectnote"]["title"] == "a"
    assert fake.log[-1].headers["x-intervals-send-notifications"] == "t"
    assert "authorization" not in {name.lower() for name in response.headers}


async def test_a_body_that_is_not_json_raises_in_json_only() -> None:
    """Only `json()` raises if the body is not JSON."""
    response = Response(status=200, headers={"X-A": "b"}, body=b"<html>")
    assert response.headers == {"x-a": "b"}
    with pytest.raises(ResponseError):
        response.json()


async def test_a_response_needs_no_envelope(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A successful response without an envelope is no error of a raw request."""
    fake.inject(faults.Raw(b"plain", content_type="text/plain"))
    assert (await intervals.raw_request("GET", "/task/")).body == b"plain"


async def test_errors_are_those_of_every_call(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A raw request raises the errors of every call, also for an error inside a 200."""
    with pytest.raises(NotFoundError) as caught:
        await intervals.raw_request("GET", "/task/99999999/")
    assert (caught.value.method, caught.value.path) == ("GET", "/task/99999999/")
    fake.inject(faults.ErrorInside200(), times=None)
    with pytest.raises(APIError):
        await intervals.raw_request("GET", "/task/")


@pytest.mark.parametrize(
    ("path", "status", "code"), [("/task/?", 400, 17), ("/task/1/", 404, 14), ("/nosuch/", 400, 13)]
)
async def test_an_error_response_is_returned_on_request(
    intervals: IntervalsClient, path: str, status: int, code: int
) -> None:
    """With ``raise_errors=False`` the response to a refused request is returned with its body."""
    params = {"nosuch": 1} if path.endswith("?") else None
    response = await intervals.raw_request(
        "GET", path.rstrip("?"), params=params, raise_errors=False
    )
    assert response.status == status
    assert response.json()["error"]["code"] == code


async def test_an_error_response_is_returned_after_the_last_attempt(fake: FakeIntervals) -> None:
    """``raise_errors=False`` retries as usual, and returns the response of the last attempt."""
    async with IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE) as client:
        fake.inject(faults.Status(500, 1), times=None)
        fake.inject(faults.ErrorInside200(), times=None)
        response = await client.raw_request("GET", "/task/", raise_errors=False)
        assert (response.status, fake.requests) == (500, AT_ONCE.attempts)


async def test_what_is_no_response_is_raised_anyway(fake: FakeIntervals) -> None:
    """With ``raise_errors=False``, a rate limit and a failed connection still raise."""
    async with IntervalsClient(fake.token, base_url=fake.url, limits=(), retry=AT_ONCE) as client:
        for fault, kind in (
            (faults.TooFast(), TooFastError),
            (faults.DropBefore(), ConnectionLostError),
        ):
            fake.inject(fault, times=None)
            with pytest.raises(kind):
                await client.raw_request("GET", "/task/", raise_errors=False)
            fake.heal()


async def test_a_raw_request_is_limited_retried_and_reported(fake: FakeIntervals) -> None:
    """A raw request uses the rate limits, the retries and the events of every call."""
    events: list[Event] = []
    async with IntervalsClient(
        fake.token,
        base_url=fake.url,
        limits=(Limit(100, per=60.0),),
        retry=AT_ONCE,
        on_event=events.append,
    ) as client:
        fake.inject(faults.Status(502))
        assert (await client.raw_request("GET", "/task/", params={"limit": 1})).status == 200
        (use,) = await client.limit_use()
        assert use.used == 2
    kinds = [type(event) for event in events]
    assert kinds == [RequestSent, ResponseReceived, RetryScheduled, RequestSent, ResponseReceived]
    assert isinstance(events[0], RequestSent)
    assert events[0].resource == "task"


async def test_a_post_of_unknown_fate_is_not_retried(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A raw POST of unknown fate raises AmbiguousWriteError, and a refused one is retried."""
    fake.inject(faults.DropAfter())
    with pytest.raises(AmbiguousWriteError):
        await intervals.raw_request("POST", "/projectnote/", body={"title": "a"})
    assert fake.requests == 1
    fake.inject(faults.TooFast())
    with pytest.raises(APIError) as caught:
        await intervals.raw_request("POST", "/projectnote/", body={"title": "a"})
    assert not isinstance(caught.value, TooFastError)
    assert fake.requests == 3


async def test_a_retried_delete_that_finds_nothing_succeeds(
    fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A raw DELETE of unknown fate succeeds if its retry finds nothing."""
    note = fake.rows("projectnote")[0]["id"]
    fake.inject(faults.DropAfter())
    assert (await intervals.raw_request("DELETE", f"/projectnote/{note}/")).status == 404
    with pytest.raises(NotFoundError):
        await intervals.raw_request("DELETE", f"/projectnote/{note}/")


async def test_a_redirect_is_not_followed(fake: FakeIntervals, intervals: IntervalsClient) -> None:
    """A redirect raises ResponseError, because following it would pass on the token."""
    fake.inject(faults.Status(302, headers={"Location": "https://example.org/"}))
    with pytest.raises(ResponseError):
        await intervals.raw_request("GET", "/task/")
    assert fake.requests == 1


@pytest.mark.parametrize(
    "path",
    [
        "",
        "task/",
        "//evil.example/",
        "https://evil.example/",
        "/../secret/",
        "/task/%2e%2E/me/",
        "/task/.%2e%2fme/",
        "/task/..%5cme/",
        "/task/..;/me/",
        "/task/%2e%2e;x=1/me/",
        None,
        "/./task/",
        "/task/?limit=1",
        "/task/#x",
        "/task/ x/",
        "/task\\x/",
        "/t\u00e4sk/",
        "/task/\n",
        "/task/\r\nX-A: b",
    ],
)
async def test_a_path_stays_below_the_base_url(intervals: IntervalsClient, path: Any) -> None:
    """A path with a host, a parent folder, a query or unencoded characters is rejected."""
    with pytest.raises(ArgumentError, match="path"):
        await intervals.raw_request("GET", path)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"method": "PATCH"}, "method"),
        ({"method": None}, "method"),
        ({"headers": {"X-A": 5}}, "X-A"),
        ({"headers": {"content-type": "text/plain"}}, "content-type"),
        ({"body": {"x": float("nan")}}, "body"),
        ({"body": [{"x": float("inf")}]}, "body"),
        ({"headers": {"authorization": "Basic x"}}, "authorization"),
        ({"headers": {"Host": "evil.example"}}, "Host"),
        ({"headers": {"X-A": "b\r\nX-C: d"}}, "X-A"),
        ({"headers": {"X A": "b"}}, "X A"),
        ({"params": {"x": b"bytes"}}, "x"),
        ({"body": {"x": object()}}, "body"),
    ],
)
async def test_an_argument_that_cannot_be_sent_is_rejected(
    fake: FakeIntervals, intervals: IntervalsClient, wrong: dict[str, Any], named: str
) -> None:
    """An argument that cannot be sent is named, and no request is sent."""
    arguments: dict[str, Any] = {"method": "GET", "path": "/task/", **wrong}
    with pytest.raises(ArgumentError, match=named):
        await intervals.raw_request(**arguments)
    assert fake.requests == 0
