"""Pure: records as the cells of a table whose own types are few: texts and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

from ..._schema.records import Record

__all__ = ["Cells", "table_of"]

Cells: TypeAlias = Callable[[Sequence[Any]], Iterable[Any]]
"""Gives the cells of a column's values."""


def table_of(
    records: Sequence[Record], names: Sequence[str], cells: Sequence[Cells]
) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a table: for each field, what `cells` makes of its values."""
    # attrgetter of one name alone gives no tuple; the class is thrown away again
    columns = zip(*map(attrgetter("__class__", *names), records), strict=True)
    next(columns, None)
    made = [each(values) for each, values in zip(cells, columns, strict=False)]
    return zip(*made, strict=True)
