"""task: tasks."""

from __future__ import annotations

from intervals_async.testing.derive import derive

RESOURCE = derive(
    "task",
    # Set only in what is shown of a task: timers point to tasks, not tasks to timers.
    points_to={"timerid": None},
)
