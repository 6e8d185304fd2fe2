"""Streams of records: pages, order, end, bookmarks, and changes while they are read."""
