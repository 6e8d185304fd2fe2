"""Which failures are retried, and after which waits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from intervals_async import RetryPolicy, errors
from intervals_async.retry import FailureKind, failure_kind, retry_after


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.ConnectError("x"), FailureKind.NEVER_SENT),
        (errors.ConnectError("x", permanent=True), FailureKind.FINAL),
        (errors.ConnectionLostError("x"), FailureKind.FATE_UNKNOWN),
        (errors.RequestTimeoutError("x"), FailureKind.FATE_UNKNOWN),
        (errors.TooFastError("x", status=400, code=12), FailureKind.REFUSED),
        (errors.TooFastError("x", status=429), FailureKind.REFUSED),
        (errors.ServerError("x", status=502), FailureKind.FATE_UNKNOWN),
        (errors.ServerError("x", status=504), FailureKind.FATE_UNKNOWN),
        (errors.DatabaseError("x", status=500, code=19), FailureKind.SERVER_FAILED),
        (errors.ServerError("x", status=503), FailureKind.SERVER_FAILED),
        (errors.AccountSuspendedError("x", status=503, code=4), FailureKind.FINAL),
        (errors.DailyQuotaError("x", status=400, code=11), FailureKind.FINAL),
        (errors.NotFoundError("x", status=404), FailureKind.FINAL),
        (errors.ServerError("x", status=501), FailureKind.FINAL),
        (errors.ResponseError("x", status=200), FailureKind.FINAL),
    ],
)
def test_failures_are_classified(error: errors.CallError, kind: FailureKind) -> None:
    """Each failure is classified: not sent, refused, of unknown outcome, of the server, or final."""
    assert failure_kind(error) is kind


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("kind", FailureKind)
def test_only_safe_failures_are_retried(method: str, kind: FailureKind) -> None:
    """Every failure is retried except a final one, and a POST that may have been processed."""
    safe = kind in (FailureKind.NEVER_SENT, FailureKind.REFUSED)
    expected = kind is not FailureKind.FINAL and (method != "POST" or safe)
    assert RetryPolicy().allows_retry(method, kind, 1) is expected
    assert RetryPolicy(attempts=1).allows_retry(method, kind, 1) is False
    opted_in = RetryPolicy(retry_posts=True)
    assert opted_in.allows_retry(method, kind, 1) is (kind is not FailureKind.FINAL)


def test_attempts_are_bounded() -> None:
    """The number of attempts is limited, and the first one counts."""
    policy = RetryPolicy(attempts=3)
    assert policy.allows_retry("GET", FailureKind.NEVER_SENT, 2)
    assert not policy.allows_retry("GET", FailureKind.NEVER_SENT, 3)


def test_waits_double_up_to_the_maximum_with_full_jitter() -> None:
    """The wait doubles up to the maximum, and full jitter takes any part of it."""
    policy = RetryPolicy(wait_initial=1, wait_max=5)
    waits = [policy.wait(FailureKind.FATE_UNKNOWN, attempts, 1.0) for attempts in (1, 2, 3, 4, 99)]
    assert waits == [1, 2, 4, 5, 5]
    assert policy.wait(FailureKind.FATE_UNKNOWN, 3, 0.25) == 1
    assert policy.wait(FailureKind.FATE_UNKNOWN, 3, 0.0) == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("9" * 400, 999999999999.0),
        ("Sun, 22 Nov 2026 12:01:00 GMT", 60.0),
        ("Sun, 22 Nov 2026 12:01:00 -0000", 60.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Sunday, 22-Nov-26 12:00:30 GMT", 30.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", None),
        ("", None),
        ("\u0665", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    """Retry-After is seconds or an HTTP date. A past date is now, and anything else is ignored."""
    assert retry_after(header, datetime(2026, 11, 22, 12, tzinfo=UTC)) == seconds


def test_waits_after_too_fast_exceed_a_minute() -> None:
    """By default, the waits after TooFastError are longer than a minute together."""
    policy = RetryPolicy()
    waits = [policy.wait(FailureKind.REFUSED, n, 0.0) for n in range(1, policy.attempts)]
    assert sum(waits) > 60


def test_too_fast_waits_without_jitter_up_to_a_minute() -> None:
    """The wait after TooFastError doubles without jitter, up to a minute."""
    policy = RetryPolicy(wait_too_fast=10)
    assert [policy.wait(FailureKind.REFUSED, n, 0.0) for n in (1, 2, 3, 4)] == [10, 20, 40, 60]


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"wait_initial": -1}, {"wait_max": -1}, {"wait_too_fast": -1}]
)
def test_a_policy_is_checked(wrong: dict[str, Any]) -> None:
    """A policy with a number out of range is rejected."""
    with pytest.raises(ValueError):
        RetryPolicy(**wrong)
