"""Which errors concern one resource of an export, and which end all of it."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from ...errors import (
    AccountBannedError,
    AccountSuspendedError,
    AuthenticationError,
    ClientClosedError,
    ConnectError,
    DailyQuotaError,
    IntervalsError,
    LimitStoreError,
    ListingError,
    PaymentRequiredError,
)
from .manifest import Manifest
from .state import DamagedStateError

__all__ = ["IncompleteExportError", "ParentFailedError", "concerns_all", "reason_of"]

# The account, the server, this client or the saved progress cannot be used, whatever the resource.
FATAL = (
    AccountBannedError,
    AccountSuspendedError,
    AuthenticationError,
    ClientClosedError,
    ConnectError,
    DailyQuotaError,
    DamagedStateError,
    LimitStoreError,
    PaymentRequiredError,
)

# The disk of the folder is full or cannot be written.
FATAL_NUMBERS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class IncompleteExportError(IntervalsError):
    """Some resources could not be exported; all others were. The same call exports the rest.

    Attributes:
        manifest: What was written; `Manifest.failed` names the resources that failed.
        errors: The error of each resource that failed. Its ``__cause__`` is the first of them.

    .. versionadded:: 0.2.0
    """

    def __init__(self, manifest: Manifest, errors: Mapping[str, Exception]) -> None:
        super().__init__(manifest, errors)
        self.manifest = manifest
        self.errors = errors

    def __str__(self) -> str:
        """Name each resource, and say why it failed."""
        reasons = "; ".join(f"{name}: {why}" for name, why in self.manifest.failed.items())
        return f"not exported: {reasons}"


class ParentFailedError(ListingError):
    """A resource is listed by the records of another one, which could not be read.

    .. versionadded:: 0.2.0
    """


def concerns_all(error: Exception) -> bool:
    """Whether an error concerns all resources of an export, so that none can be continued."""
    if isinstance(error, OSError) and not isinstance(error, IntervalsError):
        return error.errno in FATAL_NUMBERS
    return isinstance(error, FATAL) or not isinstance(error, IntervalsError)


def reason_of(error: Exception) -> str:
    """Describe an error in one line."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__
