"""Pure: records as rows of a table that knows text and numbers only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

from ... import Record

__all__ = ["Cells", "table_rows"]

Cells: TypeAlias = Callable[[Sequence[Any]], Iterable[Any]]
"""Converts the values of a column into cells."""


def table_rows(
    records: Sequence[Record], names: Sequence[str], cells: Sequence[Cells]
) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a table: each field's values converted by its function."""
    # With a single name, attrgetter returns no tuple. So the class is added, and dropped again.
    columns = zip(*map(attrgetter("__class__", *names), records), strict=True)
    next(columns, None)
    made = [each(values) for each, values in zip(cells, columns, strict=False)]
    return zip(*made, strict=True)
