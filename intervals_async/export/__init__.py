"""Writing streams to files, whole or not at all."""

from .account import AccountProgress, export_account
from .compression import Compression
from .csv_sink import CsvSink, Formulas
from .estimate import Estimate, ResourceEstimate
from .jsonlines_sink import JsonLinesSink
from .manifest import Exported, Manifest, WrittenFile
from .parquet_sink import Codec, ParquetSink
from .sink import GatheringSink, Mark, ResumableSink, Sink
from .sqlite_sink import SqliteSink
from .writing import export

__all__ = [
    "AccountProgress",
    "Codec",
    "Compression",
    "CsvSink",
    "Estimate",
    "Exported",
    "Formulas",
    "GatheringSink",
    "JsonLinesSink",
    "Manifest",
    "Mark",
    "ParquetSink",
    "ResourceEstimate",
    "ResumableSink",
    "Sink",
    "SqliteSink",
    "WrittenFile",
    "export",
    "export_account",
]
