"""`export_account`: many resources into a folder, whole, and gone on with where it broke off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs

from ..client import IntervalsClient
from ..errors import ArgumentError, DailyQuotaError, PermissionDeniedError
from .formats import Format, format_named
from .job import Job
from .manifest import Exported, Manifest, WrittenFile
from .part_file import PartFile
from .sources import can_be_exported, listing_of, parent_of
from .state import FOLDER, ResourceState, RunState

__all__ = ["AccountProgress", "export_account"]


@attrs.frozen(kw_only=True)
class AccountProgress:
    """How far the export of one resource has come.

    Attributes:
        resource: Its name.
        records: How many records were written.
        listcount: How many there are, as far as is known yet.
        requests: What they took.
        ended: Whether its file is complete.
        left_out: Why it is left out; None where it is not.
    """

    resource: str
    records: int
    listcount: int | None
    requests: int
    ended: bool
    left_out: str | None


async def export_account(
    client: IntervalsClient,
    folder: str | Path,
    *,
    resources: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    filters: Mapping[str, Mapping[str, object]] | None = None,
    format: str = "jsonl",
    jobs: int = 4,
    checkpoint_every: float | None = None,
    wait_for_reset: bool = False,
    on_progress: Callable[[AccountProgress], None] | None = None,
) -> Manifest:
    """Export resources of an account into a folder: a file each, and ``manifest.json``.

    Some are read at once, all on the client's one budget of requests. A file appears under its
    name when it is whole, and replaces that of an earlier export. What the API lists for one
    parent alone is listed for each of them: contact details for each person, lines for each
    invoice. Notes of tasks are read by their tasks, unless a filter gives a range.

    Broken off at any moment, by an error, a kill or a power cut, the same call goes on where it
    stopped: what it needs for that is in the folder.

    Args:
        client: Whose account.
        folder: Where to write. It is made if it is not there.
        resources: What to export, by their names; None for all.
        exclude: What to leave out of these.
        filters: Filters, by the names of resources and then their own.
        format: ``jsonl``, ``jsonl.gz``, ``jsonl.zst``, ``csv``, ``parquet`` or ``sqlite``.
        jobs: How many resources are read at once.
        checkpoint_every: Seconds between two moments that can be gone on from; None for what
            suits the format.
        wait_for_reset: Whether to wait when the day's requests are used up, and go on then.
        on_progress: Called when a resource has come further; it should be quick.

    Returns:
        What was written. What the caller may not read is named in its `left_out`.

    Raises:
        ArgumentError: An unknown name or filter, or an unfinished export of another kind in
            the folder.
        DailyQuotaError: The day's requests are used up; the same call goes on tomorrow.
        CallError: Something could not be read; the same call goes on.
        OSError: Something could not be written; the same call goes on.
    """
    if jobs < 1:
        raise ArgumentError(f"jobs is a whole number from 1 up, not {jobs}")
    names = _chosen(resources, exclude)
    filters = filters or {}
    for name in filters:
        if name not in names:
            raise ArgumentError(f"there are filters for {name!r}, which is not exported")
        if (
            "list" in getattr(client, name).methods()
        ):  # what is wrong is said before anything is sent
            listing_of(client, name, filters[name], [1])
    chosen = format_named(format)
    folder = Path(folder)
    states = RunState(folder / FOLDER)
    states.folder.mkdir(parents=True, exist_ok=True)
    lock = PartFile(states.folder / "lock")
    lock.open()
    try:
        asked = {"resources": names, "filters": filters, "format": format}
        run = _Run(
            client=client,
            folder=folder,
            states=states,
            began=states.begin(asked, datetime.now(UTC)),
            filters=filters,
            format=chosen,
            checkpoint_every=checkpoint_every,
            wait_for_reset=wait_for_reset,
            on_progress=on_progress,
            places=asyncio.Semaphore(jobs),
        )
        manifest = await run.all(names)
        states.remove()
    finally:
        lock.suspend()
    return manifest


def _chosen(resources: Sequence[str] | None, exclude: Sequence[str]) -> list[str]:
    known = can_be_exported()
    wanted = known if resources is None else resources
    for name in (*wanted, *exclude):
        if name not in known:
            raise ArgumentError(
                f"there is no resource {name!r} to export; there are {', '.join(known)}"
            )
    return sorted({*wanted} - {*exclude})


async def _sleep_until(moment: datetime) -> None:
    await asyncio.sleep(max((moment - datetime.now(UTC)).total_seconds(), 1.0))


@attrs.define(kw_only=True)
class _Run:
    client: IntervalsClient
    folder: Path
    states: RunState
    began: datetime
    filters: Mapping[str, Mapping[str, object]]
    format: Format
    checkpoint_every: float | None
    wait_for_reset: bool
    on_progress: Callable[[AccountProgress], None] | None
    places: asyncio.Semaphore
    started: float = attrs.field(factory=time.time)
    # The exports of those that others are listed by, and those that are read for their ids alone.
    parents: dict[str, asyncio.Task[ResourceState]] = attrs.field(
        factory=dict[str, "asyncio.Task[ResourceState]"]
    )

    async def all(self, names: Sequence[str]) -> Manifest:
        """Export all of these, and write the manifest."""
        wanted = {parent_of(name, self.filters.get(name, {})) for name in names}
        parents = sorted(each for each in wanted if each is not None)
        tasks: dict[str, asyncio.Task[ResourceState]] = {}
        failure: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for name in [*parents, *(each for each in names if each not in parents)]:
                    work = self._one(name) if name in names else self._ids_alone(name)
                    tasks[name] = group.create_task(work)
                    if name in parents:
                        self.parents[name] = tasks[name]
        except* Exception as errors:  # noqa: BLE001  the first of them is raised below
            failure = errors.exceptions[0]
        if failure is not None:
            raise failure
        done = {name: tasks[name].result() for name in names}
        manifest = await asyncio.to_thread(self._manifest, done)
        manifest.write(self.folder)
        return manifest

    async def _one(self, name: str) -> ResourceState:
        """Export one resource, from where it stands, when it is its turn."""
        state = await asyncio.to_thread(self.states.load, name)
        if not state.is_done:
            filters = self.filters.get(name, {})
            job = Job(
                client=self.client,
                name=name,
                filters=filters,
                folder=self.folder,
                format=self.format,
                states=self.states,
                checkpoint_every=self.checkpoint_every,
                keep_ids=name in self.parents,
                tell=self._tell,
            )
            ids = await self._parent_ids(name, filters, state)
            if not state.is_done:
                async with self.places:
                    state = await self._in_its_time(job, state, ids)
            await asyncio.to_thread(self.states.save, name, state)
        self._tell(name, state)
        return state

    async def _in_its_time(
        self, job: Job, state: ResourceState, ids: Sequence[int]
    ) -> ResourceState:
        """Run a job; on the next day too, if that is wanted. Give the state in the end."""
        while True:
            try:
                await job.run(state, ids)
            except PermissionDeniedError as error:
                state.left_out = str(error)
            except DailyQuotaError as error:
                if not self.wait_for_reset or error.reset is None:
                    raise
                await _sleep_until(error.reset)
                # what was read since the last checkpoint is read again
                state = await asyncio.to_thread(self.states.load, job.name)
                continue
            return state

    async def _parent_ids(
        self, name: str, filters: Mapping[str, object], state: ResourceState
    ) -> Sequence[int]:
        """Wait for what a resource is listed by; say why it is left out if that is not there."""
        parent = parent_of(name, filters)
        if parent is None:
            return ()
        told = await self.parents[parent]
        if told.left_out is not None:
            state.left_out = f"it is listed by {parent}, which cannot be read: {told.left_out}"
        elif len(told.ids) < told.records:
            state.left_out = f"it is listed by the ids of {parent}, which the API does not tell"
        return told.ids

    async def _ids_alone(self, name: str) -> ResourceState:
        """Read the ids of a resource that is not exported itself; those that were read stay."""
        state = await asyncio.to_thread(self.states.load, name)
        if not state.is_done:
            async with self.places:
                try:
                    records = await listing_of(self.client, name, {}).collect()
                except PermissionDeniedError as error:
                    state.left_out = str(error)
                else:
                    state.add_ids(records)
                    state.records = len(records)
                    state.ended = datetime.now(UTC)
            await asyncio.to_thread(self.states.save, name, state)
        return state

    def _tell(self, name: str, state: ResourceState) -> None:
        if self.on_progress is not None:
            self.on_progress(
                AccountProgress(
                    resource=name,
                    records=state.records,
                    listcount=state.listcount,
                    requests=state.requests,
                    ended=state.ended is not None,
                    left_out=state.left_out,
                )
            )

    def _manifest(self, done: Mapping[str, ResourceState]) -> Manifest:
        files: dict[Path, WrittenFile] = {}
        exported: list[Exported] = []
        for name, state in done.items():
            if state.began is None or state.ended is None:
                continue
            path = self.format.path(self.folder, name)
            if path not in files:
                files[path] = WrittenFile.of(path)
            exported.append(
                Exported(
                    resource=name,
                    filters=self.filters.get(name, {}),
                    format=self.format.name,
                    records=state.records,
                    listcount=state.listcount,
                    requests=state.requests,
                    drift=state.drift,
                    began=state.began,
                    ended=state.ended,
                    file=files[path],
                )
            )
        if self.format.one_file is not None:
            # what SQLite forgets where it is killed while it writes two databases at once
            for path in self.folder.glob(f"{self.format.one_file}-mj*"):
                if path.stat().st_mtime < self.started:
                    path.unlink()
        left_out = {name: state.left_out for name, state in done.items() if state.left_out}
        return Manifest(
            began=self.began, ended=datetime.now(UTC), exported=exported, left_out=left_out
        )
