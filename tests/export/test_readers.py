"""Other programs read the exported files: polars, DuckDB and sqlite3 find the rows and types."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Context
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import pytest

from intervals_async import IntervalsClient, Record, to_dict
from intervals_async._schema.columns import Column, ColumnKind, columns_of
from intervals_async._schema.decoder import record_decoder
from intervals_async.export import export_account
from intervals_async.export.accounts.formats import FORMATS
from intervals_async.resources import names
from intervals_async.testing import FakeIntervals

from .made_up import record_class

pytestmark = pytest.mark.slow

# They are not tables of the server, and quota counts the requests of the export itself.
WITHOUT_TABLES = ["me", "quota"]
RESOURCES = [name for name in names() if name not in WITHOUT_TABLES]

# The server's clock stands still, so that a running timer always has the same duration.
NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Kinds that are text in formats without types of their own.
MIXED = {ColumnKind.NUMBER_OR_TEXT, ColumnKind.TEXT_OR_OBJECTS}
TYPED = {ColumnKind.TEXT, ColumnKind.HTML, *MIXED}
TEXTS = {*TYPED, ColumnKind.DECIMAL, ColumnKind.ID_LIST, ColumnKind.OBJECTS}

DATABASE = "sqlite"


@attrs.frozen
class Exports:
    """An account exported in each format, and the records on the server."""

    folder: Path
    records: Mapping[str, Sequence[Record]]

    def path(self, format: str, resource: str) -> Path:
        """Return the path of a resource's file."""
        return FORMATS[format].path(self.folder / format, resource)


@attrs.frozen
class Table:
    """A table as a reader finds it: the reader's names of the types, and the values."""

    types: Mapping[str, str]
    values: Mapping[str, Sequence[Any]]


Read: TypeAlias = Callable[[Path, str, Sequence[Column]], Table]


async def _export(folder: Path) -> Mapping[str, Sequence[Record]]:
    async with (
        FakeIntervals(notes=100, per_minute=None, per_day=None, now=lambda: NOW) as fake,
        IntervalsClient(fake.token, base_url=fake.url, limits=()) as client,
    ):
        for format in READERS:
            await export_account(client, folder / format, exclude=WITHOUT_TABLES, format=format)
        return {
            name: record_decoder(record_class(name)).decode(fake.wire_rows(name), "$").records
            for name in RESOURCES
        }


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """Return an account with 100 notes, exported once in each format."""
    folder = tmp_path_factory.mktemp("exports")
    return Exports(folder, asyncio.run(_export(folder)))


# -------------------------------------------------------------------------------------- readers


def polars_json(path: Path, resource: str, columns: Sequence[Column]) -> Table:
    """Read JSON Lines; objects are left as text."""
    polars: Any = import_module("polars")
    texts = {each.name: polars.String for each in columns if each.kind is ColumnKind.OBJECTS}
    frame = polars.read_ndjson(path, infer_schema_length=None, schema_overrides=texts)
    return of_polars(frame)


def polars_csv(path: Path, resource: str, columns: Sequence[Column]) -> Table:
    """Read CSV, with the text columns declared."""
    polars: Any = import_module("polars")
    texts = {each.name: polars.String for each in columns if each.kind in TEXTS}
    frame = polars.read_csv(
        path, infer_schema_length=None, try_parse_dates=True, schema_overrides=texts
    )
    return of_polars(frame)


def polars_parquet(path: Path, resource: str, columns: Sequence[Column]) -> Table:
    """Read Parquet."""
    return of_polars(import_module("polars").read_parquet(path))


def polars_sqlite(path: Path, resource: str, columns: Sequence[Column]) -> Table:
    """Read a table of a database."""
    polars: Any = import_module("polars")
    with closing(sqlite3.connect(path)) as database:
        query = f'SELECT * FROM "{resource}"'
        return of_polars(polars.read_database(query, database, infer_schema_length=None))


def of_polars(frame: Any) -> Table:
    """Return the columns of a frame."""
    types = {name: str(type) for name, type in frame.schema.items()}
    return Table(types, {name: frame[name].to_list() for name in types})


def duckdb_json(path: Path, resource: str, columns: Sequence[Column]) -> Table:
    """Read JSON Lines."""
    return of_duckdb("read_json(?, format = 'newline_delimited', sample_size = -1)", path)


def duckdb_csv(path: Path, resource: str, columns: Sequence[Column]) -> Table:
    """Read CSV, with the text columns declared."""
    texts = ", ".join(f"'{each.name}': 'VARCHAR'" for each in columns if each.kind in TEXTS)
    return of_duckdb(f"read_csv(?, sample_size = -1, types = {{{texts}}})", path)


def duckdb_parquet(path: Path, resource: str, columns: Sequence[Column]) -> Table:
    """Read Parquet."""
    return of_duckdb("read_parquet(?)", path)


def of_duckdb(table: str, path: Path) -> Table:
    """Return the columns of a table.

    Times with a zone are read as numbers, because DuckDB needs pytz to convert them.
    """
    duckdb: Any = import_module("duckdb")
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as database:
        rows = database.execute(f"DESCRIBE SELECT * FROM {table}", [str(path)]).fetchall()
        types = {name: type for name, type, *_ in rows}
        zoned = [name for name, type in types.items() if type == "TIMESTAMP WITH TIME ZONE"]
        wanted = [f'epoch_us("{name}")' if name in zoned else f'"{name}"' for name in types]
        query = f"SELECT {', '.join(wanted)} FROM {table}"
        columns = zip(*database.execute(query, [str(path)]).fetchall(), strict=True)
    values: dict[str, Sequence[Any]] = dict(zip(types, columns, strict=True))
    for name in zoned:
        values[name] = [
            None if each is None else EPOCH + timedelta(microseconds=each) for each in values[name]
        ]
    return Table(types, values)


def python_sqlite(path: Path, resource: str, columns: Sequence[Column]) -> Table:
    """Read a table of a database; the types are those of the stored values."""
    with closing(sqlite3.connect(path)) as database:
        cursor = database.execute(f'SELECT * FROM "{resource}"')
        names = [column[0] for column in cursor.description]
        values = dict(zip(names, zip(*cursor.fetchall(), strict=True), strict=True))
        types = {
            name: " and ".join(
                kind
                for (kind,) in database.execute(
                    f'SELECT DISTINCT typeof("{name}") FROM "{resource}" '
                    f'WHERE "{name}" IS NOT NULL ORDER BY 1'
                )
            )
            for name in names
        }
    return Table(types, values)


READERS: Mapping[str, Mapping[str, Read]] = {
    "jsonl": {"polars": polars_json, "duckdb": duckdb_json},
    "csv": {"polars": polars_csv, "duckdb": duckdb_csv},
    "parquet": {"polars": polars_parquet, "duckdb": duckdb_parquet},
    DATABASE: {"polars": polars_sqlite, "sqlite3": python_sqlite},
}

EACH_READER = pytest.mark.parametrize(
    ("format", "reader"), [(format, reader) for format in READERS for reader in READERS[format]]
)

# --------------------------------------------------------------- types, as the documentation states


def kinds(text: str, **others: str | tuple[str, ...]) -> Mapping[ColumnKind, Sequence[str]]:
    """Return the names of the types of each kind: the text type, or another one."""
    named = {kind: others.get(kind.name.lower(), text) for kind in ColumnKind}
    return {kind: [one] if isinstance(one, str) else one for kind, one in named.items()}


POLARS = {
    "integer": "Int64",
    "boolean": "Boolean",
    "date": "Date",
    "utc_datetime": "Datetime(time_unit='us', time_zone='UTC')",
    "local_datetime": "Datetime(time_unit='us', time_zone=None)",
}
DUCKDB = {
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "utc_datetime": "TIMESTAMP WITH TIME ZONE",
    "local_datetime": "TIMESTAMP",
}

TYPES: Mapping[tuple[str, str], Mapping[ColumnKind, Sequence[str]]] = {
    ("jsonl", "polars"): kinds(
        "String",
        integer="Int64",
        boolean="Boolean",
        id_list="List(Int64)",
        number_or_text=("Int64", "String"),
        text_or_objects=("Int64", "String"),
    ),
    # Dates and times are strings in JSON, whose type DuckDB may infer.
    ("jsonl", "duckdb"): kinds(
        "VARCHAR",
        integer="BIGINT",
        boolean="BOOLEAN",
        id_list="BIGINT[]",
        date=("DATE", "VARCHAR"),
        utc_datetime=("TIMESTAMP WITH TIME ZONE", "VARCHAR"),
        local_datetime=("TIMESTAMP", "VARCHAR"),
        number_or_text=("BIGINT", "VARCHAR"),
        text_or_objects=("BIGINT", "VARCHAR"),
    ),
    ("csv", "polars"): kinds("String", **POLARS),
    ("csv", "duckdb"): kinds("VARCHAR", **DUCKDB),
    ("parquet", "polars"): kinds("String", **POLARS, id_list="List(Int64)", decimal="Float64"),
    ("parquet", "duckdb"): kinds("VARCHAR", **DUCKDB, id_list="BIGINT[]", decimal="DOUBLE"),
    (DATABASE, "polars"): kinds(
        "String", integer="Int64", boolean="Int64", decimal=("Int64", "Float64")
    ),
    (DATABASE, "sqlite3"): kinds(
        "text",
        integer="integer",
        boolean="integer",
        decimal=("integer", "integer and real", "real"),
    ),
}


def written(kind: ColumnKind, value: Any, format: str) -> Any:
    """Return the value that a file holds: dates and times in ISO 8601, objects as JSON."""
    if value is None or (value == {} and format != "jsonl"):
        return None
    match kind:
        case ColumnKind.BOOLEAN if format == DATABASE:
            return int(value)
        case ColumnKind.DECIMAL:
            if format == DATABASE:
                return float(Context(prec=15).plus(value))
            return float(value) if format == "parquet" else str(value)
        case ColumnKind.DATE | ColumnKind.UTC_DATETIME | ColumnKind.LOCAL_DATETIME:
            return value.isoformat()
        case _ if kind in TYPED and format != "jsonl":
            return csv_text(str(value)) if format == "csv" else str(value)
        case ColumnKind.ID_LIST | ColumnKind.OBJECTS:
            return json.loads(json.dumps(value, default=to_dict))  # a tuple becomes a list
        case _:
            return value


def csv_text(text: str) -> str | None:
    """Return the text in a cell of CSV: None if empty, with an apostrophe before a formula."""
    return f"'{text}" if text[:1] in {*"=+-@\t\r\n"} else text or None


def read(kind: ColumnKind, value: Any) -> Any:
    """Return the value that a reader has found, in the same form."""
    match value:
        case int() if kind is ColumnKind.DECIMAL:  # of SQLite
            return float(value)
        case date():
            return value.isoformat()
        case str() if kind in {ColumnKind.ID_LIST, ColumnKind.OBJECTS}:
            return json.loads(value)
        case _:
            return value


@EACH_READER
def test_readers_find_the_same_rows(exports: Exports, format: str, reader: str) -> None:
    """Each reader finds every record of the server once, with all its values."""
    for resource in RESOURCES:
        columns = columns_of(record_class(resource))
        table = READERS[format][reader](exports.path(format, resource), resource, columns)
        found = zip(*(_read(table, column) for column in columns), strict=True)
        wanted = [
            tuple(written(each.kind, getattr(record, each.name), format) for each in columns)
            for record in exports.records[resource]
        ]
        assert sorted(found, key=repr) == sorted(wanted, key=repr), resource
        assert wanted, resource


def _read(table: Table, column: Column) -> Sequence[Any]:
    return [read(column.kind, value) for value in table.values[column.name]]


@EACH_READER
def test_readers_find_the_documented_types(exports: Exports, format: str, reader: str) -> None:
    """Each reader finds the documented types of the columns; in Parquet, of empty ones, too."""
    found: set[ColumnKind] = set()
    for resource in RESOURCES:
        columns = columns_of(record_class(resource))
        table = READERS[format][reader](exports.path(format, resource), resource, columns)
        for column in columns:
            filled = any(value is not None for value in table.values[column.name])
            if format == "parquet" or (filled and column.kind is not ColumnKind.OBJECTS):
                assert table.types[column.name] in TYPES[format, reader][column.kind], column
                found.add(column.kind)
    assert found >= {*ColumnKind} - {ColumnKind.OBJECTS}
