"""Writing streams of records to files."""

from .accounts.account import export_account
from .accounts.estimate import Estimate, ResourceEstimate
from .accounts.failures import IncompleteExportError, ParentFailedError
from .accounts.manifest import Exported, Manifest, WrittenFile
from .accounts.progress import AccountProgress
from .accounts.state import is_unfinished
from .sinks.compression import Compression
from .sinks.csv_sink import CsvDialect, CsvSink, Formulas
from .sinks.jsonlines_sink import JsonLinesSink
from .sinks.parquet_sink import Codec, ParquetSink
from .sinks.sink import BufferedSink, Checkpoint, ResumableSink, Sink
from .sinks.sqlite_sink import SqliteSink
from .stream_export import ExportResult, export
from .unreadable import RoundedField, UnreadableField

__all__ = [
    "AccountProgress",
    "BufferedSink",
    "Checkpoint",
    "Codec",
    "Compression",
    "CsvDialect",
    "CsvSink",
    "Estimate",
    "ExportResult",
    "Exported",
    "Formulas",
    "IncompleteExportError",
    "JsonLinesSink",
    "Manifest",
    "ParentFailedError",
    "ParquetSink",
    "ResourceEstimate",
    "ResumableSink",
    "RoundedField",
    "Sink",
    "SqliteSink",
    "UnreadableField",
    "WrittenFile",
    "export",
    "export_account",
    "is_unfinished",
]
