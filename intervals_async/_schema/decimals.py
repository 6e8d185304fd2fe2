"""Pure: decimals as the numbers of a table, rounded where its type holds fewer digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Context, Decimal, Inexact
from math import isinf
from typing import Any, Literal, TypeAlias

from ..errors import UnfitValueError
from .columns import Column
from .record import Record

__all__ = ["Decimals", "OnRounded", "fixed", "floats"]

Decimals: TypeAlias = Literal["float", "decimal"]
"""How Arrow and Parquet hold decimals: as float64, or as decimal128."""

OnRounded: TypeAlias = Callable[[str, Sequence[Record]], None]
"""Called with the name of a field, and with the records whose value was rounded."""

Values: TypeAlias = Sequence[Decimal | None]

# A double holds any 15 significant digits, and some numbers of 16 or 17.
_DIGITS, _EXPONENT = 15, 307
# Enough digits to round any number of hours and any amount of money without an error.
_WIDE = Context(prec=80)


def floats(
    column: Column, values: Values, records: Sequence[Record], on_rounded: OnRounded
) -> list[float | None]:
    """Convert decimals into floats; binary noise, such as 2.8499999999999996, is kept.

    Args:
        column: The column.
        values: The values of the records.
        records: The records.
        on_rounded: Called if a float cannot hold all digits of a value.

    Raises:
        UnfitValueError: A value is too large.
    """
    found = [None if value is None else float(value) for value in values]
    if _has_more_digits(values):
        changed: list[Record] = []
        for record, value, number in zip(records, values, found, strict=True):
            if value is None or number is None:
                continue
            if isinf(number):
                raise _unfit(column, record, "a number of less than 1E+308", value)
            if Decimal(repr(number)) != value:
                changed.append(record)
        if changed:
            on_rounded(column.name, changed)
    return found


def fixed(
    column: Column, values: Values, records: Sequence[Record], on_rounded: OnRounded
) -> list[Decimal | None]:
    """Round decimals half-even to the decimal places of their column.

    The arguments are those of `floats`.

    Raises:
        UnfitValueError: A value has more digits before its point than the column.
    """
    precision, scale = column.precision, column.scale
    before_point = precision - scale
    last_place = Decimal(1).scaleb(-scale)
    fitted: list[Decimal | None] = []
    changed: list[Record] = []
    for record, value in zip(records, values, strict=True):
        number = value
        if value is not None:
            # Checked before rounding, which fails for huge numbers, and after it: 9.99 becomes 10.
            if value.adjusted() < before_point:
                number = value.quantize(last_place, context=_WIDE)
            if number is None or number.adjusted() >= before_point:
                expected = f"at most {before_point} digits before the decimal point"
                raise _unfit(column, record, expected, value)
            if number != value:
                changed.append(record)
        fitted.append(number)
    if changed:
        on_rounded(column.name, changed)
    return fitted


def _has_more_digits(values: Values) -> bool:
    """Whether some value is larger or more precise than all doubles."""
    context = Context(prec=_DIGITS, Emin=-_EXPONENT, Emax=_EXPONENT, traps=[])
    plus = context.plus
    for value in values:
        if value is not None:
            plus(value)
    return bool(context.flags[Inexact])


def _unfit(column: Column, record: Record, expected: str, value: Decimal) -> UnfitValueError:
    """Return the error of a value that does not fit; it names the record and the field."""
    id: Any = getattr(record, "id", None)
    owner = type(record).__name__.lower()
    return UnfitValueError(
        f"{owner if id is None else f'{owner} {id}'}: {column.name}: expected {expected}, "
        f"got {value!s:.60}"
    )
