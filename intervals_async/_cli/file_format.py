"""The format of a single file, which follows from its name and ``--format``."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import Any, Self

import attrs
import typer

from .._device_file import is_device
from ..export import Compression, CsvSink, JsonLinesSink, ParquetSink, Sink, SqliteSink
from .output_formats import DecimalType, Dialect, ExportFormat, record_output
from .standard_streams import standard_output

__all__ = ["FileFormat", "names_a_format"]

CSV, JSON_LINES, PARQUET, SQLITE = "csv", "jsonl", "parquet", "sqlite"
FORMATS = {
    ".csv": CSV,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
    ".parquet": PARQUET,
    ".db": SQLITE,
    ".sqlite": SQLITE,
    ".sqlite3": SQLITE,
}
COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}


@attrs.frozen
class FileFormat:
    """The format of a single file.

    Attributes:
        name: The name of the format, without its compression.
        compression: How the file is compressed; None if it is not.
    """

    name: str
    compression: Compression | None

    @classmethod
    def of(cls, path: Path | None, option: ExportFormat | None) -> Self:
        """Choose the format of a file.

        Args:
            path: The path of the file; None is standard output.
            option: The value of ``--format``; None if it is not set.

        Raises:
            BadParameter: The name says no format or another one, or the format needs a file.
        """
        name, compression = (None, None) if path is None else _named_format(path)
        if option is not None:
            asked, _, suffix = option.value.partition(".")
            asked_compression = COMPRESSIONS.get(f".{suffix}")
            contradicts = name is not None and name != asked
            if asked_compression is not None and (name or compression):
                contradicts |= compression != asked_compression
            if path is not None and contradicts:
                raise typer.BadParameter(
                    f"expected the format of {path.name!r}, got {option.value!r}; change the name, "
                    "or leave out --format",
                    param_hint="--format",
                )
            name, compression = asked, asked_compression or compression
        elif name is None and (path is None or is_device(path)):
            name = JSON_LINES
        if name is None:
            raise typer.BadParameter(
                "expected a name that ends in .jsonl, .csv, .parquet or .sqlite, or in .jsonl.gz, "
                f"got {'' if path is None else path.name!r}; pass --format",
                param_hint="--output",
            )
        if name in (PARQUET, SQLITE) and (path is None or compression is not None):
            got = "standard output" if path is None else f"{path.name!r}"
            raise typer.BadParameter(
                f"expected a name that ends in .{name}, because {name} is written to an "
                f"uncompressed file only, got {got}",
                param_hint="--output",
            )
        return cls(name, compression)

    @property
    def in_folder(self) -> ExportFormat:
        """A format of files in a folder that needs the same extras."""
        if self.name in (PARQUET, SQLITE):
            return ExportFormat(self.name)
        return ExportFormat.JSONL_ZST if self.compression == "zstd" else ExportFormat.JSONL

    def check_dialect(self, dialect: Dialect | None) -> None:
        """Raise BadParameter if there is a dialect, but the format is not CSV."""
        if dialect is not None and self.name != CSV:
            raise typer.BadParameter(
                f"expected CSV, got {self.name}; pass --format csv", param_hint="--csv-dialect"
            )

    def check_decimals(self, decimals: DecimalType) -> None:
        """Raise BadParameter if decimals have another type than float, but the format has not."""
        if decimals is not DecimalType.FLOAT and self.name != PARQUET:
            raise typer.BadParameter(
                f"expected Parquet, got {self.name}; pass --format parquet", param_hint="--decimals"
            )

    def make_sink(
        self,
        path: Path | None,
        record_class: type[Any],
        *,
        resource: str,
        force: bool,
        dialect: Dialect | None,
        decimals: DecimalType,
    ) -> Sink:
        """Make the sink.

        Args:
            path: The path of the file; None is standard output.
            record_class: The class of the records.
            resource: The name of the resource, which becomes that of a table.
            force: Whether an existing file is replaced.
            dialect: The dialect of CSV.
            decimals: The type of decimals in Parquet.

        Raises:
            BadParameter: Standard output is a terminal, or the database exists.
            ImportError: The format needs an extra that is not installed.
            OSError: Standard output is closed.
        """
        if path is not None and self.name == PARQUET:
            return ParquetSink(path, record_class, force=force, decimals=decimals.value)
        if path is not None and self.name == SQLITE:
            if os.path.isfile(path) and not force:
                raise typer.BadParameter(
                    f"{path.name!r} exists; pass --force to refresh its table {resource}",
                    param_hint="--output",
                )
            return SqliteSink(path, record_class, table=resource)
        if path is None and self.compression is not None and standard_output().isatty():
            raise typer.BadParameter(
                "expected a file for compressed records, got a terminal", param_hint="--output"
            )
        target = record_output(self.name) if path is None else path
        compression = self.compression or "none"
        if self.name == JSON_LINES:
            return JsonLinesSink(target, force=force, compression=compression)
        return CsvSink(
            target,
            record_class,
            force=force,
            compression=compression,
            dialect=(dialect or Dialect.RFC4180).value,
        )


def names_a_format(path: Path) -> bool:
    """Whether a name ends like that of a file in one of the formats."""
    return _named_format(path)[0] is not None


def _named_format(path: Path) -> tuple[str | None, Compression | None]:
    """Read the format and the compression out of a name."""
    compression = COMPRESSIONS.get(path.suffix.lower())
    suffix = PurePath(path.stem).suffix if compression is not None else path.suffix
    return FORMATS.get(suffix.lower()), compression
