"""Writing streams of records to files."""

from .accounts.account import export_account
from .accounts.estimate import Estimate, ResourceEstimate
from .accounts.manifest import Exported, Manifest, WrittenFile
from .accounts.progress import AccountProgress
from .accounts.state import is_unfinished
from .sinks.compression import Compression
from .sinks.csv_sink import CsvSink, Formulas
from .sinks.jsonlines_sink import JsonLinesSink
from .sinks.parquet_sink import Codec, ParquetSink
from .sinks.sink import BufferedSink, Checkpoint, ResumableSink, Sink
from .sinks.sqlite_sink import SqliteSink
from .stream_export import export

__all__ = [
    "AccountProgress",
    "BufferedSink",
    "Checkpoint",
    "Codec",
    "Compression",
    "CsvSink",
    "Estimate",
    "Exported",
    "Formulas",
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
    "is_unfinished",
]
