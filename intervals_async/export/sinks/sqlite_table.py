"""Pure: the statements that make, fill and refresh the table of a record class."""

from __future__ import annotations

from collections.abc import Sequence

from ..._schema.columns import ColumnKind, columns_of
from ..._schema.records import Record
from .cells import Cells

__all__ = ["Table", "quoted"]

TYPES = {ColumnKind.INTEGER: "INTEGER", ColumnKind.BOOLEAN: "INTEGER"}

# Not INTEGER, which would make the id the row's place, too: places tell what was written when.
KEY = "BIGINT PRIMARY KEY NOT NULL"


class Table:
    """A table: a column a field, and the record's id as its key where it has one.

    Attributes:
        name: The table's name.
        columns: The columns' names.
        types: The type of each column.
        cells: What makes the cells of each column.
        has_key: Whether there is an id.
    """

    __slots__ = ("cells", "columns", "has_key", "name", "types")

    def __init__(self, name: str, record_class: type[Record]) -> None:
        self.name = name
        fields = columns_of(record_class)
        self.columns: Sequence[str] = [field.name for field in fields]
        self.types: dict[str, str] = {
            field.name: KEY if field.name == "id" else TYPES.get(field.kind, "TEXT")
            for field in fields
        }
        self.cells: Sequence[Cells] = [field.plain for field in fields]
        self.has_key = "id" in self.types

    def create(self) -> str:
        """Make the table."""
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in self.types.items())
        return f"CREATE TABLE main.{quoted(self.name)} ({columns})"

    def add(self, column: str) -> str:
        """Add a column to a table that an older release has made."""
        return f"ALTER TABLE main.{quoted(self.name)} ADD {quoted(column)} {self.types[column]}"

    def insert(self) -> str:
        """Write a row, or write it anew."""
        values = ", ".join("?" * len(self.columns))
        return (
            f"INSERT INTO main.{quoted(self.name)} ({self._names()}) VALUES ({values})"  # noqa: S608  the names are quoted
            f"{self._update()}"
        )

    def remove_what_is_gone(self) -> str:
        """Remove the rows that the table of the same name in ``fresh`` has not; without a key all."""
        gone = ""
        if self.has_key:
            gone = f" WHERE id NOT IN (SELECT id FROM fresh.{quoted(self.name)})"  # noqa: S608  the names are quoted
        return f"DELETE FROM main.{quoted(self.name)}{gone}"  # noqa: S608  the names are quoted

    def take_over(self) -> str:
        """Take over the rows of the table of the same name in ``fresh``; touch what differs."""
        changed = " OR ".join(
            f"{quoted(self.name)}.{quoted(name)} IS NOT excluded.{quoted(name)}"
            for name in self.columns
        )
        update = f"{self._update()} WHERE {changed}" if self.has_key else ""
        # WHERE true: else the parser takes ON for the join's
        return (
            f"INSERT INTO main.{quoted(self.name)} ({self._names()}) SELECT {self._names()} "  # noqa: S608  the names are quoted
            f"FROM fresh.{quoted(self.name)} WHERE true{update}"
        )

    def _names(self) -> str:
        return ", ".join(map(quoted, self.columns))

    def _update(self) -> str:
        if not self.has_key:
            return ""
        new = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in self.columns)
        return f" ON CONFLICT (id) DO UPDATE SET {new}"


def quoted(name: str) -> str:
    """Write a name so that it is nothing else."""
    return '"' + name.replace('"', '""') + '"'
