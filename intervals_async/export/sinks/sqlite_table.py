"""Pure: the SQL statements that create, fill and update the table of a record class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ... import ColumnKind, Record, column_values, columns_of
from .sqlite_numbers import numbers

__all__ = ["Table", "quoted"]

TYPES = {
    ColumnKind.INTEGER: "INTEGER",
    ColumnKind.BOOLEAN: "INTEGER",
    ColumnKind.DECIMAL: "NUMERIC",
}

# Not INTEGER: an INTEGER key would become the rowid, but the rowid keeps the order of writing.
# An id that could not be read is null.
KEY_TYPE = "BIGINT PRIMARY KEY"


class Table:
    """A table with a column for each field, and the id as its key if the records have one.

    Attributes:
        name: The name of the table.
        columns: The names of the columns.
        types: The SQL type of each column.
        has_key: Whether the records have an id.
    """

    __slots__ = ("_fields", "columns", "has_key", "name", "types")

    def __init__(self, name: str, record_class: type[Record]) -> None:
        self.name: str = name
        self._fields = fields = columns_of(record_class)
        self.columns: Sequence[str] = [field.name for field in fields]
        self.types: dict[str, str] = {
            field.name: KEY_TYPE if field.name == "id" else TYPES.get(field.kind, "TEXT")
            for field in fields
        }
        self.has_key: bool = "id" in self.types

    def rows(
        self,
        records: Sequence[Record],
        on_rounded: Callable[[str, Sequence[Record]], None],
    ) -> list[tuple[Any, ...]]:
        """Convert records into rows; `on_rounded` gets a field and the records rounded in it.

        Raises:
            UnfitValueError: A decimal is too large for SQLite.
        """
        cells = [
            numbers(field, values, records, on_rounded)
            if field.kind is ColumnKind.DECIMAL
            else field.plain(values)
            for field, values in zip(
                self._fields, column_values(records, self.columns), strict=True
            )
        ]
        return list(zip(*cells, strict=True))

    def text_decimals(self, types: Mapping[str, str]) -> list[str]:
        """Name the columns of decimals that an older release has created as text.

        Args:
            types: The types of the columns of the existing table.
        """
        return [
            name
            for name, type in self.types.items()
            if type == TYPES[ColumnKind.DECIMAL] and types.get(name) == "TEXT"
        ]

    def create(self) -> str:
        """Return the statement that creates the table."""
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in self.types.items())
        return f"CREATE TABLE main.{quoted(self.name)} ({columns})"

    def add_column(self, column: str) -> str:
        """Return the statement that adds a column to a table created by an older release."""
        return f"ALTER TABLE main.{quoted(self.name)} ADD {quoted(column)} {self.types[column]}"

    def insert(self) -> str:
        """Return the statement that inserts a row, or replaces the row with the same id."""
        values = ", ".join("?" * len(self.columns))
        return (
            f"INSERT INTO main.{quoted(self.name)} ({self._names()}) VALUES ({values})"  # noqa: S608  the names are quoted
            f"{self._update()}"
        )

    def delete_missing(self) -> str:
        """Return the statement that deletes all rows that the same table in ``source`` lacks.

        Without a key it deletes all rows.
        """
        missing = ""
        if self.has_key:
            # Rows without an id are written again: nothing tells which of them are missing.
            there = f"SELECT id FROM source.{quoted(self.name)} WHERE id IS NOT NULL"  # noqa: S608  the names are quoted
            missing = f" WHERE id IS NULL OR id NOT IN ({there})"
        return f"DELETE FROM main.{quoted(self.name)}{missing}"  # noqa: S608  the names are quoted

    def copy_rows(self) -> str:
        """Return the statement that copies all rows of the same table in ``source``.

        With a key it updates only rows that differ.
        """
        changed = " OR ".join(
            f"{quoted(self.name)}.{quoted(name)} IS NOT excluded.{quoted(name)}"
            for name in self.columns
        )
        update = f"{self._update()} WHERE {changed}" if self.has_key else ""
        # WHERE true, because otherwise the parser takes ON for the ON of a join.
        return (
            f"INSERT INTO main.{quoted(self.name)} ({self._names()}) SELECT {self._names()} "  # noqa: S608  the names are quoted
            f"FROM source.{quoted(self.name)} WHERE true{update}"
        )

    def _names(self) -> str:
        return ", ".join(map(quoted, self.columns))

    def _update(self) -> str:
        if not self.has_key:
            return ""
        new = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in self.columns)
        return f" ON CONFLICT (id) DO UPDATE SET {new}"


def quoted(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'
