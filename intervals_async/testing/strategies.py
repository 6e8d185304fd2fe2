"""Hypothesis strategies for records. Hypothesis is not installed with the library."""

from __future__ import annotations

from datetime import UTC
from typing import Any, TypeVar

try:
    from hypothesis import strategies as st
except ImportError as error:
    raise ImportError(
        "intervals_async.testing.strategies requires Hypothesis; run: pip install hypothesis"
    ) from error

from intervals_async._schema.columns import Column, ColumnKind, columns_of
from intervals_async._schema.decoder import nested_class
from intervals_async._schema.record import Record, fields_of

__all__ = ["records"]

R = TypeVar("R", bound=Record)

_INTEGERS = st.integers(-(2**63), 2**63 - 1)
_PLAIN: dict[ColumnKind, st.SearchStrategy[Any]] = {
    ColumnKind.INTEGER: _INTEGERS,
    ColumnKind.BOOLEAN: st.booleans(),
    ColumnKind.TEXT: st.text(),
    ColumnKind.HTML: st.text(),
    # as many digits as an amount of money has at most
    ColumnKind.DECIMAL: st.decimals(-(10**12), 10**12, places=4),
    ColumnKind.DATE: st.dates(),
    ColumnKind.UTC_DATETIME: st.datetimes(timezones=st.just(UTC)),
    ColumnKind.LOCAL_DATETIME: st.datetimes(),
    ColumnKind.ID_LIST: st.lists(_INTEGERS, max_size=5).map(tuple),
    ColumnKind.NUMBER_OR_TEXT: _INTEGERS | st.text(),
}


def records(record_class: type[R], /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[R]:
    """Generate records of a class, with all values that their fields may have.

        @given(records(Task, estimate=st.none()))
        def test_my_report(task: Task) -> None: ...

    Args:
        record_class: The class of the records, such as `Task`.
        fields: Strategies for the values of some fields.

    .. versionadded:: 0.2.0
    """
    columns = {column.name: column for column in columns_of(record_class)}
    found = {
        field.name: _values(columns[field.name], nested_class(field.type))
        for field in fields_of(record_class)
        if field.name != "extra"
    }
    return st.builds(record_class, **(found | fields))


def _values(column: Column, nested: type[Record] | None) -> st.SearchStrategy[Any]:
    values = _PLAIN.get(column.kind, st.nothing())
    if nested is not None:
        values |= st.lists(records(nested), max_size=2).map(tuple)
        if column.kind is ColumnKind.TEXT_OR_OBJECTS:
            values |= st.text()
    return st.none() | values if column.nullable else values
