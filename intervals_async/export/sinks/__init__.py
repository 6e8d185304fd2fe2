"""Sinks: the file formats that records are written to."""
