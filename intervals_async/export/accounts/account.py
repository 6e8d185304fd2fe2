"""`export_account`: many resources into a folder, whole, and gone on with where it broke off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ...client import IntervalsClient
from ...errors import ArgumentError
from .estimate import Estimate
from .manifest import Manifest
from .plan import ExportPlan
from .run import AccountProgress, Run
from .state import FOLDER, RunState

__all__ = ["AccountProgress", "export_account"]


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
    jobs: int = 4,
    checkpoint_every: float | None = None,
    wait_for_reset: bool = False,
    on_estimate: Callable[[Estimate], None] | None = None,
    on_progress: Callable[[AccountProgress], None] | None = None,
) -> Manifest:
    """Export resources of an account into a folder: a file each, and ``manifest.json``.

    Some are read at once, all on the client's one budget of requests. A file appears under its
    name when it is whole, and replaces that of an earlier export. What the API lists for one
    parent alone is listed for each of them: contact details for each person, lines for each
    invoice. Notes of tasks are read by their tasks, unless a filter gives a range.

    Before anything is written it asks what is left of the day, and for the first page of each
    resource, which tells how many records there are. If the day's requests do not suffice, it
    is not begun. The first pages are kept: none is asked for twice.

    Broken off at any moment, by an error, a kill or a power cut, the same call goes on where it
    stopped: what it needs for that is in the folder.

    Args:
        client: Whose account.
        folder: Where to write. It is made if it is not there.
        resources: What to export, by their names; None for all.
        exclude: What to leave out of these.
        filters: Filters, by the names of resources and then their own.
        since: Leave out what was not changed since this moment, in the account's own time zone,
            where the API tells: of tasks, times and notes of tasks. Other resources are read
            whole.
        incremental: Build upon the export that is in the folder: of tasks, times and notes of
            tasks read only what was changed since, and put it into their files. What was deleted
            shows in the number of tasks and times, which are read whole then; deleted notes of
            tasks stay until an export that is not incremental. What a record tells of others is
            as of its own last change: a task's sums of time, names of projects and people.
        format: ``jsonl``, ``jsonl.gz``, ``jsonl.zst``, ``csv``, ``parquet`` or ``sqlite``.
        jobs: How many resources are read at once.
        checkpoint_every: Seconds between two moments that can be gone on from; None for what
            suits the format.
        wait_for_reset: Whether to begin although the day's requests do not suffice, to wait when
            they are used up, and to go on then.
        on_estimate: Called once with what it will cost, before anything is written; what it
            raises ends the export.
        on_progress: Called when a resource has come further; it should be quick.

    Returns:
        What was written. What the caller may not read is named in its `left_out`.

    Raises:
        ArgumentError: An unknown name or filter, or an unfinished export of another kind in
            the folder.
        BudgetError: The day's requests do not suffice; nothing was begun.
        DailyQuotaError: The day's requests are used up; the same call goes on tomorrow.
        CallError: Something could not be read; the same call goes on.
        OSError: Something could not be written; the same call goes on.
    """
    if jobs < 1:
        raise ArgumentError(f"jobs is a whole number from 1 up, not {jobs}")
    plan = ExportPlan.of(
        client,
        resources=resources,
        exclude=exclude,
        filters=filters,
        format=format,
        since=since,
        incremental=incremental,
    )
    folder = Path(folder)
    states = RunState(folder / FOLDER)
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    with states.held():
        run = Run(
            client=client,
            folder=folder,
            states=states,
            plan=plan,
            jobs=jobs,
            checkpoint_every=checkpoint_every,
            wait_for_reset=wait_for_reset,
            on_estimate=on_estimate,
            on_progress=on_progress,
        )
        try:
            manifest = await run.all()
        except BaseException:
            if not states.is_begun:
                with suppress(OSError):  # somebody else may have put something there
                    states.remove()
                    for each in made:
                        each.rmdir()
            raise
        states.remove()
    return manifest
