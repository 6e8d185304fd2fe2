"""All record classes, those of nested objects included."""

from __future__ import annotations

import pytest

from intervals_async import (
    DocumentVersion,
    ProjectManager,
    Record,
    TaskAssignee,
    TaskFollower,
    TaskOwner,
)
from intervals_async.resources import names, resource_class

__all__ = ["EVERY_RECORD_CLASS", "NESTED", "RECORD_CLASSES"]

NESTED: list[type[Record]] = [
    DocumentVersion,
    ProjectManager,
    TaskAssignee,
    TaskFollower,
    TaskOwner,
]

RECORD_CLASSES: list[type[Record]] = [
    *(vars(resource_class(name))["record"] for name in names()),
    *NESTED,
]

EVERY_RECORD_CLASS = pytest.mark.parametrize(
    "record_class", RECORD_CLASSES, ids=[each.__name__ for each in RECORD_CLASSES]
)
