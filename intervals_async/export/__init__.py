"""Writing streams to files, whole or not at all."""

from .csv_sink import CsvSink
from .jsonlines_sink import JsonLinesSink
from .sink import Sink
from .writing import export

__all__ = ["CsvSink", "JsonLinesSink", "Sink", "export"]
