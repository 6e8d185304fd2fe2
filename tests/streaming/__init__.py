"""Streams of records: their pages, their order, their end, and what others do meanwhile."""
