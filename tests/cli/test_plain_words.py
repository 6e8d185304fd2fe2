"""Errors speak to a user of the command: of what to type, not of Python's types and arguments."""

from __future__ import annotations

import pytest

from intervals_async._cli.option_values import read_option
from intervals_async._cli.runner import describe_error
from intervals_async.errors import BudgetError
from intervals_async.resources import Parameter
from intervals_async.testing import FakeIntervals, faults

from .conftest import Invoke, without_frame


@pytest.mark.parametrize(
    ("text", "value"),
    [("t", True), ("TRUE", True), ("yes", True), ("f", False), ("false", False), ("No", False)],
)
def test_true_and_false(text: str, value: bool) -> None:
    """A boolean may be typed as the help, as a table or as a programmer writes it."""
    assert read_option(Parameter("billable", "boolean"), text) is value


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("list", "time", "--billable", "perhaps"), "expected t or f, got 'perhaps'"),
        (
            ("create", "time", "--time", "1,5"),
            "expected hours such as 1.5, 1:30 or 1h30m, got '1,5'",
        ),
        (("create", "payment", "--amount", "x"), "expected a number such as 1.5, got 'x'"),
        (("list", "task", "--projectid", "3,x"), "expected a whole number, got 'x'"),
        (("timer", "pause", "3", "--at", "x"), "expected a time such as 2026-05-01T09:30"),
        (("get", "task", "abc"), "expected a whole number, got 'abc'"),
        (("get", "task", "1.5"), "expected a whole number, got '1.5'"),
        (("get", "task", "0"), "expected at least 1, got '0'"),
        (("delete", "task", "3", "x"), "expected a whole number, got 'x'"),
        (("list", "task", "--limit", "-1"), "expected at least 0, got '-1'"),
        (("sandbox", "--port", "99999"), "expected at most 65535, got '99999'"),
        (("sandbox", "--latency", "x"), "expected a number, got 'x'"),
        (
            ("export", "task", "--csv-dialect", "semicolon"),
            "expected one of rfc4180, excel, excel-semicolon, got 'semicolon'",
        ),
        (("list", "task", "--format", "xml"), "expected one of table, jsonl, json, csv, got 'xml'"),
    ],
)
def test_wrong_values(invoke: Invoke, words: tuple[str, ...], expected: str) -> None:
    """The error about a value says what to type instead."""
    result = invoke(*words)
    assert result.exit_code == 2
    assert expected in without_frame(result.stderr)


def test_wrong_token(account: FakeIntervals, invoke: Invoke) -> None:
    """The error about a wrong token names the command's ways to pass one."""
    account.inject(faults.Status(401, 9, "User bad auth"))
    assert invoke("me").stderr.endswith("User bad auth; check INTERVALS_TOKEN or --token-file\n")


def test_token_in_the_url(invoke: Invoke) -> None:
    """So does the error about a URL that holds one."""
    result = invoke("me", "--base-url", "http://a:b@localhost/", env={"INTERVALS_TOKEN": "x"})
    assert result.stderr.endswith("; pass the token in INTERVALS_TOKEN or --token-file\n")


def test_small_quota() -> None:
    """The error about a small quota names the option alone."""
    error = BudgetError("too small; pass wait_for_reset=True (--wait-for-reset)")
    assert describe_error(error) == "too small; pass --wait-for-reset"
