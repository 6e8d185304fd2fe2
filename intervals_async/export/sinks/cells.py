"""Pure: records as the cells of a table whose own types are few: texts and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, TypeAlias

from ..._schema.columns import Kind, kept_as_json
from ..._schema.records import Record

__all__ = ["Cells", "table_of", "texts"]

Cells: TypeAlias = Callable[[Sequence[Any]], Iterable[Any]]
"""Gives the cells of a column's values."""


def texts(kind: Kind) -> Cells:
    """Give what makes texts of values that are neither text nor number; None stays None.

    Moments are in ISO 8601: UTC ones end in ``+00:00``, those in no stated zone carry none.
    """
    match kind:
        case Kind.INTEGER | Kind.BOOLEAN | Kind.TEXT:
            return iter
        case Kind.DECIMAL:
            return lambda values: [None if one is None else str(one) for one in values]
        case Kind.DATE | Kind.UTC | Kind.LOCAL:
            return lambda values: [None if one is None else one.isoformat() for one in values]
        case Kind.IDS | Kind.MIXED | Kind.JSON:
            return partial(kept_as_json, kind)


def table_of(
    records: Sequence[Record], names: Sequence[str], cells: Sequence[Cells]
) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a table: for each field, what `cells` makes of its values."""
    # attrgetter of one name alone gives no tuple; the class is thrown away again
    columns = zip(*map(attrgetter("__class__", *names), records), strict=True)
    next(columns, None)
    made = [each(values) for each, values in zip(cells, columns, strict=False)]
    return zip(*made, strict=True)
