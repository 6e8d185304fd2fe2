"""Pure: records as rows of a table that knows text and numbers only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from ... import Record, column_values

__all__ = ["Cells", "table_rows"]

Cells: TypeAlias = Callable[[Sequence[Any]], Iterable[Any]]
"""Converts the values of a column into cells."""


def table_rows(
    records: Sequence[Record], names: Sequence[str], cells: Sequence[Cells]
) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a table: each field's values converted by its function."""
    columns = column_values(records, names)
    made = [each(values) for each, values in zip(cells, columns, strict=True)]
    return zip(*made, strict=True)
