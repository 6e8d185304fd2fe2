"""What is sent again, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from intervals_async import RetryPolicy, errors
from intervals_async.retry import FailureKind, failure_kind, retry_after


@pytest.mark.parametrize(
    ("error", "what"),
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
def test_what_happened_is_told_apart(error: errors.CallError, what: FailureKind) -> None:
    """Never sent, refused unprocessed, fate unknown, failed, or final."""
    assert failure_kind(error) is what


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("what", FailureKind)
def test_only_what_is_safe_is_sent_again(method: str, what: FailureKind) -> None:
    """All but a POST that may have been carried out, and what is final."""
    safe = what in (FailureKind.NEVER_SENT, FailureKind.REFUSED)
    expected = what is not FailureKind.FINAL and (method != "POST" or safe)
    assert RetryPolicy().allows_retry(method, what, 1) is expected
    assert RetryPolicy(attempts=1).allows_retry(method, what, 1) is False
    opted_in = RetryPolicy(retry_posts=True)
    assert opted_in.allows_retry(method, what, 1) is (what is not FailureKind.FINAL)


def test_attempts_are_bounded() -> None:
    """The first one counts."""
    policy = RetryPolicy(attempts=3)
    assert policy.allows_retry("GET", FailureKind.NEVER_SENT, 2)
    assert not policy.allows_retry("GET", FailureKind.NEVER_SENT, 3)


def test_waits_double_up_to_the_longest_and_chance_takes_a_share() -> None:
    """Full jitter: anything from nothing to the doubled wait."""
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
    """Both forms of HTTP; what is neither is passed over, and the past is now."""
    assert retry_after(header, datetime(2026, 11, 22, 12, tzinfo=UTC)) == seconds


def test_too_fast_is_waited_for_beyond_a_minute() -> None:
    """By default a call is not given up before the server's minute has slid."""
    policy = RetryPolicy()
    waits = [policy.wait(FailureKind.REFUSED, n, 0.0) for n in range(1, policy.attempts)]
    assert sum(waits) > 60


def test_too_fast_waits_without_jitter_up_to_a_minute() -> None:
    """After a minute all places are free again."""
    policy = RetryPolicy(wait_too_fast=10)
    assert [policy.wait(FailureKind.REFUSED, n, 0.0) for n in (1, 2, 3, 4)] == [10, 20, 40, 60]


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"wait_initial": -1}, {"wait_max": -1}, {"wait_too_fast": -1}]
)
def test_a_policy_is_checked(wrong: dict[str, Any]) -> None:
    """A policy that makes no sense is refused when it is made."""
    with pytest.raises(ValueError, match="must be"):
        RetryPolicy(**wrong)
