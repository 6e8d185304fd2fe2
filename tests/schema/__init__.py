"""Tests of `intervals_async._schema`."""
