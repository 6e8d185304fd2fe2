"""Updating the file of the last export: looking for newer changes, and merging them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import attrs

from ..._in_thread import run_in_thread
from ..unreadable import replace_counted
from .formats import Format
from .merging import Merging
from .query import ResourceQuery
from .saved_state import SavedState
from .state import LastExport, ResourceState, ids_of

__all__ = ["has_new_records", "merge_changes"]


async def has_new_records(query: ResourceQuery, state: ResourceState, began: datetime) -> bool:
    """Whether a record that was not read was created or changed since the export began.

    Args:
        query: The changes that were read.
        state: Holds the ids of these changes; the requests are added to it.
        began: When the export began, in UTC.
    """
    known = {*state.ids}
    async with attrs.evolve(query, since=began).listing().stream() as stream:
        try:
            while records := await stream.batch():
                if not known.issuperset(ids_of(records)):
                    return True
        finally:
            state.requests += stream.requests
    return False


async def merge_changes(
    saved: SavedState,
    query: ResourceQuery,
    format: Format,
    paths: tuple[Path, Path],
    last: LastExport,
    expected: int | None,
) -> bool:
    """Merge changes into the file of the last export; return whether that was possible.

    Args:
        saved: The state of the resource.
        query: The changes that were read.
        format: The format of the files.
        paths: The file, and that of the changes.
        last: What the last export has written.
        expected: The number of records that there should be, if known.
    """
    base, changes = paths

    def merge() -> int | None:
        if not base.exists():  # it was removed since this export started
            return None

        def save(digest: str) -> None:
            saved.save_now(merged=digest)

        return format.merge(
            Merging(
                base=base,
                changes=changes,
                record_class=query.record_class,
                name=query.name,
                expected=expected,
                on_merged=save,
            )
        )

    records = await run_in_thread(merge)
    if records is None:
        return False
    state = saved.current
    state.records = records
    state.unreadable = await run_in_thread(
        replace_counted, last.unreadable, state.ids, state.unreadable
    )
    state.rounded = await run_in_thread(replace_counted, last.rounded, state.ids, state.rounded)
    return True
