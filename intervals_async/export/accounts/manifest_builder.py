"""Building the manifest of an export whose jobs have ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs

from ...errors import ArgumentError
from ..unreadable import RoundedField, UnreadableField, summarize
from .failures import reason_of
from .job import Job
from .manifest import Exported, Manifest, WrittenFile
from .plan import ExportPlan
from .state import RunInfo

__all__ = ["build_manifest"]


def build_manifest(
    folder: Path, plan: ExportPlan, jobs: Mapping[str, Job], run: RunInfo
) -> Manifest:
    """Build the manifest from the jobs and from what earlier exports have left in the folder."""
    files: dict[Path, WrittenFile] = {}
    exported: list[Exported] = []
    left_out: dict[str, str] = {}
    failed: dict[str, str] = {}
    further_requests = run.overhead_requests
    for name, job in sorted(jobs.items()):
        state = job.state
        if job.failure is None and state.left_out is None and name in plan.names:
            path = plan.format.path(folder, name)
            if path not in files:
                files[path] = WrittenFile.of(path)
            exported.append(_exported(plan, job, files[path], run.rewritten.get(name)))
            continue
        further_requests += state.requests
        if job.failure is not None:
            failed[name] = reason_of(job.failure)
        elif state.left_out is not None and name in plan.names:
            left_out[name] = state.left_out
    return Manifest(
        began=run.began,
        ended=datetime.now(UTC),
        exported=exported,
        left_out=left_out,
        failed=failed,
        further_requests=further_requests,
        kept=_kept(folder, exported),
    )


def _exported(plan: ExportPlan, job: Job, file: WrittenFile, rewritten: str | None) -> Exported:
    state = job.state
    assert state.began is not None  # noqa: S101  the job has ended
    assert state.ended is not None  # noqa: S101  the same
    return Exported(
        resource=job.name,
        filters=plan.filters_of(job.name),
        format=plan.format.name,
        records=state.records,
        listcount=state.listcount,
        requests=state.requests,
        drift=state.drift,
        began=state.began,
        ended=state.ended,
        since=job.query.since,
        file=file,
        unreadable=summarize(state.unreadable, UnreadableField),
        rounded=summarize(state.rounded, RoundedField),
        rewritten=rewritten,
    )


def _kept(folder: Path, exported: Sequence[Exported]) -> Sequence[Exported]:
    """List what earlier exports have left in the folder: it stays, and is verified as well."""
    try:
        last = Manifest.read(folder)
    except (FileNotFoundError, ArgumentError):
        return []
    new = {(each.resource, each.file.name) for each in exported}
    files = {each.file.name: each.file for each in exported}
    return [
        attrs.evolve(each, file=files.get(each.file.name, each.file))
        for each in (*last.exported, *last.kept)
        if (each.resource, each.file.name) not in new and (folder / each.file.name).exists()
    ]
