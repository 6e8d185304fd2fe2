"""The asyncio client library for the Intervals API (myintervals.com)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import resources
from ._version import __version__
from .client import Budget, IntervalsClient, LimitUse
from .errors import (
    AccountBannedError,
    AccountInactiveError,
    AccountNotFoundError,
    AccountSuspendedError,
    ActionNotAvailableError,
    AmbiguousWriteError,
    APIError,
    ArgumentError,
    AuthenticationError,
    BadRequestError,
    BudgetError,
    CallError,
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    DailyQuotaError,
    DatabaseError,
    DriftError,
    GeneralServerError,
    IncompleteListingError,
    IntervalsError,
    InvalidCredentialsError,
    LimitStoreError,
    ListingError,
    MethodNotAvailableError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    RecordError,
    RequestTimeoutError,
    ResponseError,
    ResumeError,
    ServerError,
    ServiceOfflineError,
    SnapshotBrokenError,
    TooFastError,
    TransportError,
    UnfitValueError,
    UnknownParameterError,
    UnknownResourceError,
    UserInactiveError,
    UserNotFoundError,
    ValidationError,
)
from .events import (
    DriftFound,
    Event,
    LimitWait,
    PageReceived,
    RequestFailed,
    RequestSent,
    ResponseReceived,
    RetryScheduled,
    SnapshotBroken,
)
from .limits import Limit, LimitStore, MemoryLimitStore
from .retry import RetryPolicy

if TYPE_CHECKING:
    from ._http.download import Download
    from ._http.response import Response
    from ._schema.arrow import ArrowConverter
    from ._schema.columns import Column, ColumnKind, columns_of
    from ._schema.parameters import AsIs
    from ._schema.records import Record, to_dict
    from ._streaming.listing import Listing, Page, Pages, Stream
    from .resources import *

__all__ = [
    "APIError",
    "AccountBannedError",
    "AccountInactiveError",
    "AccountNotFoundError",
    "AccountSuspendedError",
    "ActionNotAvailableError",
    "AmbiguousWriteError",
    "ArgumentError",
    "ArrowConverter",
    "AsIs",
    "AuthenticationError",
    "BadRequestError",
    "Budget",
    "BudgetError",
    "CallError",
    "ClientClosedError",
    "Column",
    "ColumnKind",
    "ConnectError",
    "ConnectionLostError",
    "DailyQuotaError",
    "DatabaseError",
    "Download",
    "DriftError",
    "DriftFound",
    "Event",
    "GeneralServerError",
    "IncompleteListingError",
    "IntervalsClient",
    "IntervalsError",
    "InvalidCredentialsError",
    "Limit",
    "LimitStore",
    "LimitStoreError",
    "LimitUse",
    "LimitWait",
    "Listing",
    "ListingError",
    "MemoryLimitStore",
    "MethodNotAvailableError",
    "NotFoundError",
    "Page",
    "PageReceived",
    "Pages",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "RateLimitError",
    "Record",
    "RecordError",
    "RequestFailed",
    "RequestSent",
    "RequestTimeoutError",
    "Response",
    "ResponseError",
    "ResponseReceived",
    "ResumeError",
    "RetryPolicy",
    "RetryScheduled",
    "ServerError",
    "ServiceOfflineError",
    "SnapshotBroken",
    "SnapshotBrokenError",
    "Stream",
    "TooFastError",
    "TransportError",
    "UnfitValueError",
    "UnknownParameterError",
    "UnknownResourceError",
    "UserInactiveError",
    "UserNotFoundError",
    "ValidationError",
    "__version__",
    "columns_of",
    "to_dict",
]

# What is imported when it is asked for. The names of records are found by `resources`.
_LATER = {
    "ArrowConverter": "_schema.arrow",
    "AsIs": "_schema.parameters",
    "Column": "_schema.columns",
    "ColumnKind": "_schema.columns",
    "Download": "_http.download",
    "Listing": "_streaming.listing",
    "Page": "_streaming.listing",
    "Pages": "_streaming.listing",
    "Record": "_schema.records",
    "Response": "_http.response",
    "Stream": "_streaming.listing",
    "columns_of": "_schema.columns",
    "to_dict": "_schema.records",
}


if not TYPE_CHECKING:  # to a type checker, what is not there is not there

    def __getattr__(name: str) -> Any:
        if name in _LATER:
            return getattr(import_module(f".{_LATER[name]}", __name__), name)
        try:
            return getattr(resources, name if name[:1].isupper() else "")
        except AttributeError:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__, *resources.offered()})
