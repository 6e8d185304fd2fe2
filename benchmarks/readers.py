"""Readers of exported files: the standard library, pandas, polars and DuckDB.

The readers get the names of the text columns, as in the documentation's table of types, and infer
the other types. For Parquet, they get nothing.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sqlite3
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
from contestant import peer
from wire_rows import KINDS, Field

INTEGER = re.compile(r"-?\d+")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Kinds whose cells are text in formats with few types.
TEXTS = ("text", "html", "decimal", "rank", "names", "objects", "extra")


@attrs.frozen
class File:
    """The file of one resource in an export; a database holds all resources."""

    path: Path
    resource: str
    fields: Sequence[Field]

    def of(self, *kinds: str) -> Sequence[str]:
        """Return the names of the fields of some kinds."""
        return [field.name for field in self.fields if field.kind in kinds]


@attrs.frozen
class Columns:
    """The columns that a reader found: their types by its own names, and the values."""

    types: Mapping[str, str]
    values: Mapping[str, Sequence[Any]]


@attrs.frozen
class Reader:
    """A reader of a format; `types` maps kinds of columns to the expected type names."""

    name: str
    read: Callable[[File], Columns]
    types: Mapping[str, Sequence[str]]

    def wrong_types(self, file: File, columns: Columns) -> Iterable[str]:
        """Yield the columns with a wrong type; a column without values has no type to check."""
        for field in file.fields:
            name = field.name
            wanted = self.types.get(field.kind)
            there = any(value is not None for value in columns.values[name])
            if wanted is not None and there and columns.types[name] not in wanted:
                yield f"{name} is of type {columns.types[name]}, not {' or '.join(wanted)}"


# ------------------------------------------------------------------------ the standard library


def json_lines(file: File) -> Columns:
    """Read JSON Lines, compressed or not, line by line."""
    with opened(file.path) as lines:
        records = [json.loads(line) for line in lines]
    names = [field.name for field in file.fields]
    for record in records:
        if list(record) != names:
            raise ValueError(f"a record has the fields {', '.join(record)}")
    return of_python({name: [record[name] for record in records] for name in names})


def opened(path: Path) -> Any:
    """Open a file of lines that may be compressed."""
    match path.suffix:
        case ".gz":
            return gzip.open(path)
        case ".zst":
            zstandard: Any = import_module("zstandard")
            # Each position from which an export can be resumed starts a new frame.
            unpacked = zstandard.ZstdDecompressor().stream_reader(
                path.open("rb"), read_across_frames=True
            )
            return io.BufferedReader(unpacked)
        case _:
            return path.open("rb")


def csv_rows(file: File) -> Columns:
    """Read CSV; a cell that does not match its kind stays text, which is then detected."""
    with file.path.open(newline="", encoding="utf-8") as lines:
        names, *rows = csv.reader(lines, strict=True)
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    cells = dict(zip(names, columns, strict=True))
    read: dict[str, Callable[[str], Any]] = {"int": integer, "bool": truth}
    return of_python(
        {
            field.name: [
                None if cell == "" else read.get(field.kind, str)(cell)
                for cell in cells[field.name]
            ]
            for field in file.fields
        }
    )


def integer(cell: str) -> int | str:
    """Return the integer of a text of digits."""
    return int(cell) if INTEGER.fullmatch(cell) else cell


def truth(cell: str) -> bool | str:
    """Return the boolean of a word."""
    return {"true": True, "false": False}.get(cell, cell)


def sqlite_rows(file: File) -> Columns:
    """Read a table of the database."""
    with closing(sqlite3.connect(file.path)) as database:
        rows = database.execute(f'SELECT * FROM "{file.resource}"')
        names = [column[0] for column in rows.description]
        values = zip(*rows.fetchall(), strict=True)
    return of_python(dict(zip(names, values, strict=True)))


def of_python(values: Mapping[str, Sequence[Any]]) -> Columns:
    """Return columns of Python values; the type of a mixed column names all its types."""
    types = {
        name: " and ".join(sorted({type(each).__name__ for each in column if each is not None}))
        for name, column in values.items()
    }
    return Columns(types, values)


# -------------------------------------------------------------------------------------- pyarrow


def arrow_table(file: File) -> Columns:
    """Read Parquet."""
    with file.path.open("rb") as stream:
        table = import_module("pyarrow.parquet").read_table(stream)
    types = {field.name: str(field.type) for field in table.schema}
    return Columns(types, {name: table[name].to_pylist() for name in types})


# --------------------------------------------------------------------------------------- pandas


def pandas_json(file: File) -> Columns:
    """Read JSON Lines, compressed or not."""
    with warnings.catch_warnings():
        # One release needs this option to infer no dates; a later one refuses the option.
        warnings.simplefilter("ignore")
        frame = peer("pandas").read_json(
            file.path, lines=True, dtype=False, convert_dates=False, dtype_backend="numpy_nullable"
        )
    return of_pandas(frame)


def pandas_csv(file: File) -> Columns:
    """Read CSV."""
    pandas = peer("pandas")
    moments = file.of("day", "utc", "local")
    frame = pandas.read_csv(
        file.path,
        dtype=dict.fromkeys([*file.of(*TEXTS, "ids"), *moments], "string"),
        dtype_backend="numpy_nullable",
        # Otherwise text such as "None" would be a missing value.
        keep_default_na=False,
        na_values=[""],
    )
    for name in moments:  # read_csv does this itself if no cell is empty
        frame[name] = pandas.to_datetime(frame[name], format="ISO8601")
    return of_pandas(frame)


def pandas_parquet(file: File) -> Columns:
    """Read Parquet."""
    return of_pandas(peer("pandas").read_parquet(file.path, dtype_backend="pyarrow"))


def of_pandas(frame: Any) -> Columns:
    """Return the columns of a frame, with None for missing values."""
    types = {name: str(frame[name].dtype) for name in frame.columns}
    there = {name: frame[name].notna().tolist() for name in types}
    values = {name: frame[name].astype(object).tolist() for name in types}
    return Columns(
        types,
        {
            name: [
                each if is_there else None
                for each, is_there in zip(values[name], there[name], strict=True)
            ]
            for name in types
        },
    )


# --------------------------------------------------------------------------------------- polars


def polars_json(file: File) -> Columns:
    """Read JSON Lines, compressed or not, with objects as text."""
    polars = peer("polars")
    asked = dict.fromkeys(file.of("objects", "extra"), polars.String)
    lazy = polars.scan_ndjson(file.path, infer_schema_length=None, schema_overrides=asked)
    return of_polars(lazy.collect())


def polars_csv(file: File) -> Columns:
    """Read CSV."""
    polars = peer("polars")
    asked = dict.fromkeys(file.of(*TEXTS, "ids"), polars.String)
    frame = polars.read_csv(
        file.path, infer_schema_length=None, try_parse_dates=True, schema_overrides=asked
    )
    return of_polars(frame)


def polars_parquet(file: File) -> Columns:
    """Read Parquet."""
    return of_polars(peer("polars").read_parquet(file.path))


def of_polars(frame: Any) -> Columns:
    """Return the columns of a frame."""
    types = {name: str(type) for name, type in frame.schema.items()}
    return Columns(types, {name: frame[name].to_list() for name in types})


# --------------------------------------------------------------------------------------- DuckDB

ASKED = {
    "int": "BIGINT",
    "bool": "BOOLEAN",
    "day": "DATE",
    "utc": "TIMESTAMPTZ",
    "local": "TIMESTAMP",
    "ids": "BIGINT[]",
    "rank": "JSON",
    "objects": "JSON",
    "extra": "JSON",
}


@cache
def duckdb() -> Any:
    """Return a database in memory that installs no extensions."""
    return peer("duckdb").connect(config={"autoinstall_known_extensions": "false"})


def duckdb_json(file: File) -> Columns:
    """Read JSON Lines, compressed or not, with inferred types and converted values."""
    asked = {field.name: ASKED.get(field.kind, "VARCHAR") for field in file.fields}
    lines = f"read_json({quoted(file.path)}, format = 'newline_delimited'"
    found = types_of(f"{lines}, sample_size = -1)")
    columns = ", ".join(f"{quoted(name)}: {quoted(type)}" for name, type in asked.items())
    values = dict(of_duckdb(f"{lines}, columns = {{{columns}}})").values)
    for name in file.of("rank"):
        values[name] = [None if each is None else json.loads(each) for each in values[name]]
    return Columns(found, values)


def duckdb_csv(file: File) -> Columns:
    """Read CSV."""
    asked = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in file.of(*TEXTS, "ids"))
    return of_duckdb(f"read_csv({quoted(file.path)}, sample_size = -1, types = {{{asked}}})")


def duckdb_parquet(file: File) -> Columns:
    """Read Parquet."""
    return of_duckdb(f"read_parquet({quoted(file.path)})")


def duckdb_sqlite(file: File) -> Columns:
    """Read a table of the database."""
    return of_duckdb(f"sqlite_scan({quoted(file.path)}, {quoted(file.resource)})")


def reads_sqlite() -> bool:
    """Return whether DuckDB's reader of SQLite, a separate package, is installed."""
    try:
        duckdb().execute("LOAD sqlite")
    except peer("duckdb").Error:
        return False
    return True


def of_duckdb(table: str) -> Columns:
    """Return the columns of a table."""
    types = types_of(table)
    zoned = [name for name, type in types.items() if type == "TIMESTAMP WITH TIME ZONE"]
    # Aware datetimes of Python would require another package, so this reads microseconds.
    wanted = [f'epoch_us("{name}")' if name in zoned else f'"{name}"' for name in types]
    rows = duckdb().execute(f"SELECT {', '.join(wanted)} FROM {table}").fetchall()
    columns = zip(*rows, strict=True) if rows else [()] * len(types)
    values: dict[str, Sequence[Any]] = dict(zip(types, columns, strict=True))
    for name in zoned:
        values[name] = [
            None if each is None else EPOCH + timedelta(microseconds=each) for each in values[name]
        ]
    return Columns(types, values)


def types_of(table: str) -> Mapping[str, str]:
    """Return the types of a table's columns."""
    rows = duckdb().execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    return {name: type for name, type, *_ in rows}


def quoted(text: object) -> str:
    """Quote a text for SQL."""
    return "'" + str(text).replace("'", "''") + "'"


# ------------------------------------------------------------------------------ what is expected


def types(*, of_text: str, **others: str | Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return the types of kinds, with one type for all text kinds."""
    each = dict.fromkeys(KINDS.values(), of_text) | {"extra": of_text} | others
    return {kind: [one] if isinstance(one, str) else one for kind, one in each.items()}


# The types of Python values, from JSON and from formats that keep JSON in text.
JSON_TYPES = types(
    of_text="str", int="int", bool="bool", ids="list", objects="list", extra="dict",
    rank=["int", "str", "int and str"],
)  # fmt: skip
CSV_TYPES = types(of_text="str", int="int", bool="bool")
SQLITE_TYPES = types(
    of_text="str", int="int", bool="int", decimal=["int", "float", "float and int"]
)

ARROW_TYPES = types(
    of_text="string", int="int64", bool="bool", decimal="double", day="date32[day]",
    utc="timestamp[us, tz=UTC]", local="timestamp[us]", ids="list<element: int64>",
)  # fmt: skip

# pandas has datetimes of several units, and no dates.
MOMENTS = [f"datetime64[{unit}]" for unit in ("s", "us", "ns")]
MOMENTS_UTC = [f"datetime64[{unit}, UTC]" for unit in ("s", "us", "ns")]
PANDAS_JSON = types(
    of_text="string", int="Int64", bool="boolean", ids="object", objects="object", extra="object",
    rank=["Int64", "string", "object"],
)  # fmt: skip
PANDAS_CSV = types(
    of_text="string", int="Int64", bool="boolean", day=MOMENTS, utc=MOMENTS_UTC, local=MOMENTS
)
PANDAS_PARQUET = {
    kind: [f"{name}[pyarrow]" for name in names] for kind, names in ARROW_TYPES.items()
}

POLARS_JSON = types(
    of_text="String", int="Int64", bool="Boolean", ids="List(Int64)", rank=["Int64", "String"]
)
POLARS_CSV = types(
    of_text="String", int="Int64", bool="Boolean", day="Date",
    utc="Datetime(time_unit='us', time_zone='UTC')",
    local="Datetime(time_unit='us', time_zone=None)",
)  # fmt: skip
POLARS_PARQUET = {
    **POLARS_CSV,
    "ids": ["List(Int64)"],
    "decimal": ["Float64"],
}

DUCKDB_CSV = types(
    of_text="VARCHAR", int="BIGINT", bool="BOOLEAN", day="DATE", utc="TIMESTAMP WITH TIME ZONE",
    local="TIMESTAMP",
)  # fmt: skip
DUCKDB_PARQUET = {**DUCKDB_CSV, "ids": ["BIGINT[]"], "decimal": ["DOUBLE"]}
DUCKDB_SQLITE = types(of_text="VARCHAR", int="BIGINT", bool="BIGINT", decimal="DOUBLE")
# In JSON Lines, dates and datetimes are strings, which DuckDB may infer as such; objects can
# have any inferred type.
DUCKDB_JSON = {
    **{kind: names for kind, names in DUCKDB_CSV.items() if kind not in ("objects", "extra")},
    "ids": ["BIGINT[]"],
    "rank": ["BIGINT", "VARCHAR"],
    "day": ["DATE", "VARCHAR"],
    "utc": ["TIMESTAMP WITH TIME ZONE", "VARCHAR"],
    "local": ["TIMESTAMP", "VARCHAR"],
}

LINES = (
    Reader("json", json_lines, JSON_TYPES),
    Reader("pandas", pandas_json, PANDAS_JSON),
    Reader("polars", polars_json, POLARS_JSON),
    Reader("duckdb", duckdb_json, DUCKDB_JSON),
)

# The first reader of each format needs no further package than the library.
KNOWN: Mapping[str, Sequence[Reader]] = {
    "jsonl": LINES,
    "jsonl.gz": LINES,
    "jsonl.zst": LINES,
    "csv": (
        Reader("csv", csv_rows, CSV_TYPES),
        Reader("pandas", pandas_csv, PANDAS_CSV),
        Reader("polars", polars_csv, POLARS_CSV),
        Reader("duckdb", duckdb_csv, DUCKDB_CSV),
    ),
    "parquet": (
        Reader("pyarrow", arrow_table, ARROW_TYPES),
        Reader("pandas", pandas_parquet, PANDAS_PARQUET),
        Reader("polars", polars_parquet, POLARS_PARQUET),
        Reader("duckdb", duckdb_parquet, DUCKDB_PARQUET),
    ),
    "sqlite": (
        Reader("sqlite3", sqlite_rows, SQLITE_TYPES),
        Reader("duckdb", duckdb_sqlite, DUCKDB_SQLITE),
    ),
}


def readers(format: str) -> Sequence[Reader]:
    """Return the installed readers of a format."""
    return [
        reader
        for reader in KNOWN[format]
        if find_spec(reader.name) is not None
        and (reader.read is not duckdb_sqlite or reads_sqlite())
    ]
