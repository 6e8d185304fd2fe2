"""Pure: which class of error each code and status of the API stands for."""

from __future__ import annotations

from ..errors import (
    AccountBannedError,
    AccountInactiveError,
    AccountNotFoundError,
    AccountSuspendedError,
    ActionNotAvailableError,
    APIError,
    AuthenticationError,
    BadRequestError,
    DailyQuotaError,
    DatabaseError,
    GeneralServerError,
    InvalidCredentialsError,
    MethodNotAvailableError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    ServerError,
    ServiceOfflineError,
    TooFastError,
    UnknownParameterError,
    UnknownResourceError,
    UserInactiveError,
    UserNotFoundError,
    ValidationError,
)

__all__ = ["error_class"]

_BY_CODE: dict[int, type[APIError]] = {
    1: GeneralServerError,
    2: AccountNotFoundError,
    3: AccountInactiveError,
    4: AccountSuspendedError,
    5: AccountBannedError,
    6: PaymentRequiredError,
    7: UserNotFoundError,
    8: UserInactiveError,
    9: InvalidCredentialsError,
    10: PermissionDeniedError,
    11: DailyQuotaError,
    12: TooFastError,
    13: UnknownResourceError,
    14: NotFoundError,
    15: ActionNotAvailableError,
    16: MethodNotAvailableError,
    17: UnknownParameterError,
    18: ValidationError,
    19: DatabaseError,
    20: ServiceOfflineError,
}

_BY_STATUS: dict[int, type[APIError]] = {
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: PermissionDeniedError,
    404: NotFoundError,
    418: AccountBannedError,
    429: TooFastError,
}


def error_class(status: int, code: int | None) -> type[APIError]:
    """Return the class of an API error: by its code, else by the HTTP status."""
    if code is not None and code in _BY_CODE:
        return _BY_CODE[code]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return ServerError
    if 400 <= status < 500:
        return BadRequestError
    return APIError
