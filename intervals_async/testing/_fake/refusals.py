"""The API's errors, raised wherever a request breaks a rule.

The messages of code 9 and code 17 and the ``verbose`` text of an invalid value are recorded from
the real API. All other messages are assumed, because only their codes are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from intervals_async.testing._fake.wire import Json, Response, error_response


class RefusedError(Exception):
    """Reports a refused request with its HTTP status, API code and message."""

    def __init__(self, status: int, code: int, message: str, verbose: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.verbose = tuple(verbose)

    def response(self, personid: int | None) -> Response:
        """Return the error response for the caller ``personid``."""
        verbose: list[Json] = [*self.verbose]
        return error_response(self.status, self.code, self.message, verbose, personid=personid)


def bad_credentials() -> RefusedError:
    """Return the error for missing or unknown credentials."""
    return RefusedError(401, 9, "User bad auth")


def person_not_found() -> RefusedError:
    """Return the error for a token whose owner has been deleted."""
    return RefusedError(401, 7, "User not found")


def person_not_active() -> RefusedError:
    """Return the error for a token whose owner is inactive."""
    return RefusedError(401, 8, "User not active")


def no_permission() -> RefusedError:
    """Return the error for a group without this permission."""
    return RefusedError(403, 10, "No permission")


def day_used_up() -> RefusedError:
    """Return the error for an exhausted daily quota."""
    return RefusedError(400, 11, "Daily request limit exceeded")


def too_fast() -> RefusedError:
    """Return the error for too many requests within a minute."""
    return RefusedError(400, 12, "Requests too fast")


def unknown_resource() -> RefusedError:
    """Return the error for an unknown resource or a missing trailing slash."""
    return RefusedError(400, 13, "Resource type does not exist")


def not_found() -> RefusedError:
    """Return the error for an unknown id."""
    return RefusedError(404, 14, "Resource does not exist")


def unknown_action() -> RefusedError:
    """Return the error for an unknown path below a member."""
    return RefusedError(400, 15, "Action not available for this resource")


def method_not_available() -> RefusedError:
    """Return the error for an HTTP method that the resource does not offer."""
    return RefusedError(400, 16, "HTTP method not available for this resource")


def not_recognized(names: Iterable[str]) -> RefusedError:
    """Return the error for filters or body fields that the resource does not document."""
    listed = ", ".join(names)
    verbose = f"You supplied a field/filter that isn't available for this resource: {listed}"
    return RefusedError(400, 17, "Parameter not recognized", [verbose])


def not_valid(values: Iterable[tuple[str, Json]], missing: Iterable[str] = ()) -> RefusedError:
    """Return the error for invalid values, by field, and for missing required fields."""
    verbose = [
        f"Validation failed for the value ({value}) passed to the following field: {name}"
        for name, value in values
    ]
    verbose += [f"The following required field is missing: {name}" for name in missing]
    return RefusedError(400, 18, "Validation error has occurred (see verbose)", verbose)


def unreadable_body(reason: str) -> RefusedError:
    """Return the error for a body that is not a flat JSON object."""
    return RefusedError(400, 18, "Validation error has occurred (see verbose)", [reason])
