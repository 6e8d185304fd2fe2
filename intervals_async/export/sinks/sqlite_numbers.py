"""Pure: decimals as the numbers of SQLite, which are 64-bit integers and floating-point numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Context, Decimal, Inexact
from typing import Any

from ... import Column, Record
from ...errors import UnfitValueError

__all__ = ["numbers"]

# What a floating-point number of 64 bits holds, whatever the digits are.
DIGITS, EXPONENT = 15, 307


def numbers(
    column: Column,
    values: Sequence[Decimal | None],
    records: Sequence[Record],
    on_rounded: Callable[[str, Sequence[Record]], None],
) -> list[str | None]:
    """Round decimals half-even to 15 significant digits.

    Args:
        column: The column.
        values: The values of the records.
        records: The records.
        on_rounded: Called with the name of the field and the records whose value was rounded.

    Returns:
        Texts, which a column of NUMERIC affinity converts into numbers.

    Raises:
        UnfitValueError: A value is too large.
    """
    context = Context(prec=DIGITS, Emin=-EXPONENT, Emax=EXPONENT, traps=[])
    plus = context.plus
    rounded = [None if value is None else plus(value) for value in values]
    if context.flags[Inexact]:
        changed: list[Record] = []
        for record, value, number in zip(records, values, rounded, strict=True):
            if number is not None and number.is_infinite():
                raise UnfitValueError(
                    f"{_name(record)}: {column.name}: expected a number of less than "
                    f"1E+{EXPONENT + 1}, got {value!s:.60}"
                )
            if number != value:
                changed.append(record)
        on_rounded(column.name, changed)
    return [None if number is None else str(number) for number in rounded]


def _name(record: Record) -> str:
    id: Any = getattr(record, "id", None)
    resource = type(record).__name__.lower()
    return resource if id is None else f"{resource} {id}"
