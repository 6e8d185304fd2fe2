"""`AccountProgress`: how far the export of one resource has come, and its reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs

from .state import ResourceState

__all__ = ["AccountProgress", "ProgressReporter"]


@attrs.frozen(kw_only=True)
class AccountProgress:
    """How far the export of one resource has come.

    Attributes:
        resource: The name of the resource.
        records: The number of records written.
        listcount: The number of records according to the server, as far as is known.
        requests: The number of requests.
        ended: Whether the file is complete.
        left_out: Why the resource is left out; None if it is not.
        failed: Why the resource could not be exported; None if there was no error.
        waits_until: When it continues, in UTC, if it waits for the daily quota to be reset.

    .. versionadded:: 0.2.0
    """

    resource: str
    records: int
    listcount: int | None
    requests: int
    ended: bool
    left_out: str | None
    failed: str | None = None
    waits_until: datetime | None = None


@attrs.define
class ProgressReporter:
    """Reports progress to the caller of `export_account`, if wanted.

    Attributes:
        on_progress: The caller's function.
        error: The error that it has raised; None if it has not.
    """

    on_progress: Callable[[AccountProgress], None] | None
    error: Exception | None = None

    def report(
        self,
        name: str,
        state: ResourceState,
        *,
        failed: str | None = None,
        waits_until: datetime | None = None,
    ) -> None:
        """Report the progress of one resource."""
        if self.on_progress is None:
            return
        progress = AccountProgress(
            resource=name,
            records=state.records,
            listcount=state.listcount,
            requests=state.requests,
            ended=state.ended is not None,
            left_out=state.left_out,
            failed=failed,
            waits_until=waits_until,
        )
        try:
            self.on_progress(progress)
        except Exception as error:
            self.error = error
            raise
