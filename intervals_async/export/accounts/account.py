"""`export_account`: many resources into one folder, resumable after any interruption."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ... import Decimals, IntervalsClient
from ...errors import ArgumentError
from .estimate import Estimate
from .manifest import Manifest
from .plan import ExportPlan
from .progress import AccountProgress
from .run import Run, RunOptions
from .state import FOLDER, StateFolder

__all__ = ["export_account"]


async def export_account(
    client: IntervalsClient,
    folder: str | Path,
    *,
    resources: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    filters: Mapping[str, Mapping[str, object]] | None = None,
    since: datetime | None = None,
    incremental: bool = False,
    format: str = "jsonl",
    decimals: Decimals = "float",
    jobs: int = 4,
    checkpoint_every: float | None = None,
    wait_for_reset: bool = False,
    on_estimate: Callable[[Estimate], None] | None = None,
    on_progress: Callable[[AccountProgress], None] | None = None,
) -> Manifest:
    """Export resources of an account into a folder: a file for each, and ``manifest.json``.

    Several resources are read at the same time, within the client's rate limits. A file appears
    under its name when it is complete, and replaces that of an earlier export. Resources that the
    API lists for one parent only are listed for each parent: contact details for each person, lines
    for each invoice. Notes of tasks are listed by their tasks unless a filter gives a range.

    Before anything is written, the daily quota and the first page of each resource are requested;
    the first page holds the number of records. If the quota is not enough, the export does not
    start. The first pages are kept; no page is requested twice.

    A resource that cannot be read or written does not stop the others: they are written, the
    manifest names the one that failed, and `IncompleteExportError` is raised at the end. The same
    call then exports the rest. Errors that concern all resources end the export at once: rejected
    credentials, a used-up quota, a server that cannot be reached, a full disk.

    If the export is interrupted, by an error, a kill or a power cut, the same call resumes it from
    the state that is saved in the folder.

    Args:
        client: The client of the account.
        folder: The folder to write into, which is created if it does not exist.
        resources: The names of the resources to export [default: all].
        exclude: The names of resources to leave out.
        filters: For each resource, its filters by name.
        since: Leave out tasks, times and notes of tasks that were not modified since this time, in
            the account's own time zone. All records of other resources are read.
        incremental: Update the export in the folder: of tasks, times and notes of tasks, read only
            what was modified since, and merge it into their files. Deleted tasks and times are
            detected by the number of records; then all records are read. If records were created
            before they were counted, the changes are read again, up to three times, and then all
            records. Deleted notes of tasks stay until an export that is not incremental. Fields that describe other records, such
            as a task's sums of time or the names of projects and people, are as of the record's own
            last change.
        format: ``jsonl``, ``jsonl.gz``, ``jsonl.zst``, ``csv``, ``parquet`` or ``sqlite``.
        decimals: The type of decimals in Parquet; see `ParquetSink`.
        jobs: How many resources are read at the same time.
        checkpoint_every: Seconds between two checkpoints, from which the export can be resumed
            [default: 2; 20 for compressed files, 60 for Parquet, whose checkpoints cost more].
        wait_for_reset: Start even if the daily quota is too small, and wait for its reset when it
            is used up.
        on_estimate: Called once with the cost, before anything is written; if it raises, the export
            ends.
        on_progress: Called when a resource has made progress; it should be fast.

    Returns:
        What was written. `Manifest.left_out` names the resources that the user may not read.

    Raises:
        ArgumentError: A name or filter is unknown, or the folder holds an unfinished export of
            another kind. The saved progress or the manifest is damaged, or a file was changed since
            the unfinished export wrote it: the message says what to remove.
        ImportError: The format needs an extra that is not installed. Nothing was requested.
        BudgetError: The daily quota is not enough; the export was not started.
        DailyQuotaError: The daily quota is used up; the same call resumes the export tomorrow.
        IncompleteExportError: Some resources could not be exported; the same call exports them.
        CallError: Nothing can be read; the same call resumes the export.
        OSError: Nothing can be written; the same call resumes the export.

    .. versionadded:: 0.2.0
    """
    if jobs < 1:
        raise ArgumentError(f"jobs: expected at least 1, got {jobs}")
    plan = ExportPlan.of(
        client,
        resources=resources,
        exclude=exclude,
        filters=filters,
        format=format,
        decimals=decimals,
        since=since,
        incremental=incremental,
    )
    options = RunOptions(
        jobs=jobs,
        checkpoint_every=checkpoint_every,
        wait_for_reset=wait_for_reset,
        on_estimate=on_estimate,
        on_progress=on_progress,
        now=client.server_time,
    )
    folder = Path(folder)
    states = StateFolder(folder / FOLDER)
    created = [each for each in (folder, *folder.parents) if not each.exists()]
    with states.locked():
        try:
            manifest = await Run(client, folder, states, plan, options).export()
        except BaseException:
            if not states.has_run:
                with suppress(OSError):  # something else may be in the folder by now
                    states.remove()
                    for each in created:
                        each.rmdir()
            raise
        states.remove()
    return manifest
