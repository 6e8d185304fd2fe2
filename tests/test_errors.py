"""The error classes: one for each code, with the details of the call."""

from __future__ import annotations

import copy
import pickle

import pytest

import intervals_async
from intervals_async import errors
from intervals_async._http.error_classes import error_class
from intervals_async.errors import CallError, RecordError

EXPECTED = {
    1: errors.GeneralServerError,
    2: errors.AccountNotFoundError,
    3: errors.AccountInactiveError,
    4: errors.AccountSuspendedError,
    5: errors.AccountBannedError,
    6: errors.PaymentRequiredError,
    7: errors.UserNotFoundError,
    8: errors.UserInactiveError,
    9: errors.InvalidCredentialsError,
    10: errors.PermissionDeniedError,
    11: errors.DailyQuotaError,
    12: errors.TooFastError,
    13: errors.UnknownResourceError,
    14: errors.NotFoundError,
    15: errors.ActionNotAvailableError,
    16: errors.MethodNotAvailableError,
    17: errors.UnknownParameterError,
    18: errors.ValidationError,
    19: errors.DatabaseError,
    20: errors.ServiceOfflineError,
}


@pytest.mark.parametrize(("code", "kind"), EXPECTED.items())
def test_each_code_has_its_own_class(code: int, kind: type[errors.APIError]) -> None:
    """The API's error code decides the class of the error, whatever the HTTP status is."""
    assert error_class(400, code) is kind
    assert error_class(599, code) is kind


def test_no_two_codes_share_a_class() -> None:
    """Each of the 20 error codes has a class of its own."""
    assert len(set(EXPECTED.values())) == 20


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequestError),
        (401, errors.AuthenticationError),
        (402, errors.PaymentRequiredError),
        (403, errors.PermissionDeniedError),
        (404, errors.NotFoundError),
        (418, errors.AccountBannedError),
        (429, errors.TooFastError),
        (451, errors.BadRequestError),
        (500, errors.ServerError),
        (503, errors.ServerError),
        (302, errors.APIError),
    ],
)
@pytest.mark.parametrize("code", [None, 0, 99])
def test_without_a_known_code_the_status_decides(
    status: int, code: int | None, kind: type[errors.APIError]
) -> None:
    """Without a known error code, the HTTP status decides the class of the error."""
    assert error_class(status, code) is kind


def an_error(kind: type[CallError] = errors.ValidationError) -> CallError:
    return kind(
        "Validation error has occurred",
        method="POST",
        path="/projectnote/",
        filters={"a": "1"},
        status=400,
        code=18,
        verbose=["title is too long"],
        attempts=2,
    )


def test_the_text_of_an_error_is_one_line() -> None:
    """The text of an error holds the call, the status, the code, the message and the details."""
    assert str(an_error()) == (
        "POST /projectnote/: HTTP 400, code 18: Validation error has occurred "
        "(title is too long) [after 2 attempts]"
    )
    assert str(CallError("broken")) == "broken"
    assert str(CallError("broken", status=500)) == "HTTP 500: broken"


@pytest.mark.parametrize("pickled", [True, False])
def test_every_error_can_be_pickled_and_copied(pickled: bool) -> None:
    """Pickling and copying keep the message, the class and all attributes of an error."""
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    for kind in classes:
        if not issubclass(kind, CallError):
            continue
        error = an_error(kind)
        twin = pickle.loads(pickle.dumps(error)) if pickled else copy.copy(error)
        assert type(twin) is kind
        assert vars(twin) == vars(error)
        assert str(twin) == str(error)


def test_a_record_error_keeps_its_path_when_pickled() -> None:
    """Pickling keeps the JSON path of a RecordError."""
    error = RecordError("wrong", json_path="$.projectnote[3].date", status=200)
    assert pickle.loads(pickle.dumps(error)).json_path == "$.projectnote[3].date"


def test_errors_have_builtin_base_classes() -> None:
    """Some errors are also errors of Python's own classes."""
    assert issubclass(errors.ArgumentError, ValueError)
    assert issubclass(errors.RequestTimeoutError, TimeoutError)
    assert issubclass(errors.ClientClosedError, RuntimeError)


def test_all_errors_are_public() -> None:
    """Every error class can be imported from the package."""
    for name in errors.__all__:
        assert getattr(intervals_async, name) is getattr(errors, name)
        assert name in vars(intervals_async)["__all__"]
