"""Columns of decimals that an older release has created as text become numbers."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable

from .sqlite_table import Table, quoted

__all__ = ["make_numeric"]

# A temporary table, which no other connection sees.
KEPT = "temp.intervals_async_kept"


def make_numeric(database: sqlite3.Connection, table: Table, columns: Iterable[str]) -> None:
    """Give columns of a table the type NUMERIC instead of TEXT, and convert their values.

    SQLite cannot change the type of a column, so the table is created again within the transaction.
    Its rows, indexes, triggers and the columns that others have added are kept. Columns whose
    definition others have written stay as they are.
    """
    owned = "FROM main.sqlite_master WHERE tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL AND type"
    (create,) = database.execute(f"SELECT sql {owned} = 'table'", [table.name]).fetchone()
    changed = create
    for column in columns:
        definition = rf"([(,]\s*{re.escape(quoted(column))}) TEXT\b"
        changed = re.sub(definition, r"\1 NUMERIC", changed, count=1)
    if changed == create:
        return
    parts = database.execute(f"SELECT sql {owned} IN ('index', 'trigger')", [table.name]).fetchall()
    name = quoted(table.name)
    # Without generated columns, which cannot be written.
    found = database.execute(f"PRAGMA main.table_info({name})").fetchall()
    names = ", ".join(quoted(column) for _, column, *_ in found)
    database.execute(f"CREATE TABLE {KEPT} AS SELECT {names} FROM main.{name} ORDER BY rowid")  # noqa: S608  the names are quoted
    database.execute(f"DROP TABLE main.{name}")
    database.execute(changed)
    database.execute(f"INSERT INTO main.{name} ({names}) SELECT {names} FROM {KEPT} ORDER BY rowid")  # noqa: S608  the names are quoted
    database.execute(f"DROP TABLE {KEPT}")
    for (statement,) in parts:
        database.execute(statement)
