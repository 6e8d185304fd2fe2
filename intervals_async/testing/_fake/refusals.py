"""The API's own refusals, raised wherever a rule is broken and answered in one place.

Wording: code 9, code 17 and the ``verbose`` of an invalid value are recorded; the other messages
are the fake's own, since only their codes are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from intervals_async.testing._fake.wire import Json, Response, error_response


class RefusedError(Exception):
    """A request that the API refuses, with its HTTP status, API code and words."""

    def __init__(self, status: int, code: int, message: str, verbose: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.verbose = tuple(verbose)

    def answer(self, personid: int | None) -> Response:
        """Return the answer that tells this refusal to the caller ``personid``."""
        verbose: list[Json] = [*self.verbose]
        return error_response(self.status, self.code, self.message, verbose, personid=personid)


def bad_credentials() -> RefusedError:
    """No credentials, or ones that nobody has."""
    return RefusedError(401, 9, "User bad auth")


def person_not_found() -> RefusedError:
    """The token's owner has been removed."""
    return RefusedError(401, 7, "User not found")


def person_not_active() -> RefusedError:
    """The token's owner is not active."""
    return RefusedError(401, 8, "User not active")


def no_permission() -> RefusedError:
    """The caller's group may not do this."""
    return RefusedError(403, 10, "No permission")


def day_used_up() -> RefusedError:
    """The account has no request left today."""
    return RefusedError(400, 11, "Daily request limit exceeded")


def too_fast() -> RefusedError:
    """More requests within a minute than allowed."""
    return RefusedError(400, 12, "Requests too fast")


def unknown_resource() -> RefusedError:
    """There is no resource of that name, or the trailing slash is missing."""
    return RefusedError(400, 13, "Resource type does not exist")


def not_found() -> RefusedError:
    """There is no record with that id."""
    return RefusedError(404, 14, "Resource does not exist")


def unknown_action() -> RefusedError:
    """The path goes on after the id, but the resource offers nothing there."""
    return RefusedError(400, 15, "Action not available for this resource")


def method_not_available() -> RefusedError:
    """The resource does not offer the HTTP method."""
    return RefusedError(400, 16, "HTTP method not available for this resource")


def not_recognized(names: Iterable[str]) -> RefusedError:
    """A filter or body field that the resource does not document."""
    listed = ", ".join(names)
    verbose = f"You supplied a field/filter that isn't available for this resource: {listed}"
    return RefusedError(400, 17, "Parameter not recognized", [verbose])


def not_valid(values: Iterable[tuple[str, Json]], missing: Iterable[str] = ()) -> RefusedError:
    """Values of the wrong kind, by field, and required fields that are missing."""
    verbose = [
        f"Validation failed for the value ({value}) passed to the following field: {name}"
        for name, value in values
    ]
    verbose += [f"The following required field is missing: {name}" for name in missing]
    return RefusedError(400, 18, "Validation error has occurred (see verbose)", verbose)


def unreadable_body(why: str) -> RefusedError:
    """A body that is not a flat JSON object."""
    return RefusedError(400, 18, "Validation error has occurred (see verbose)", [why])
