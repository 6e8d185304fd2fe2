"""Writing streams to files, whole or not at all."""

from .accounts.account import AccountProgress, export_account
from .accounts.estimate import Estimate, ResourceEstimate
from .accounts.manifest import Exported, Manifest, WrittenFile
from .sinks.compression import Compression
from .sinks.csv_sink import CsvSink, Formulas
from .sinks.jsonlines_sink import JsonLinesSink
from .sinks.parquet_sink import Codec, ParquetSink
from .sinks.sink import Checkpoint, GatheringSink, ResumableSink, Sink
from .sinks.sqlite_sink import SqliteSink
from .writing import export

__all__ = [
    "AccountProgress",
    "Checkpoint",
    "Codec",
    "Compression",
    "CsvSink",
    "Estimate",
    "Exported",
    "Formulas",
    "GatheringSink",
    "JsonLinesSink",
    "Manifest",
    "ParquetSink",
    "ResourceEstimate",
    "ResumableSink",
    "Sink",
    "SqliteSink",
    "WrittenFile",
    "export",
    "export_account",
]
