"""Writing streams to files, whole or not at all."""

from .compression import Compression
from .csv_sink import CsvSink, Formulas
from .jsonlines_sink import JsonLinesSink
from .parquet_sink import Codec, ParquetSink
from .sink import GatheringSink, Mark, ResumableSink, Sink
from .sqlite_sink import SqliteSink
from .writing import export

__all__ = [
    "Codec",
    "Compression",
    "CsvSink",
    "Formulas",
    "GatheringSink",
    "JsonLinesSink",
    "Mark",
    "ParquetSink",
    "ResumableSink",
    "Sink",
    "SqliteSink",
    "export",
]
