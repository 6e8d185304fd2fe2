"""The definition of a contestant: a way to read all notes."""

import importlib
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import attrs

TOKEN = "benchmark00"
AUTHORIZATION = {"Authorization": f"Basic {b64encode(f'{TOKEN}:X'.encode()).decode()}"}


@attrs.frozen(kw_only=True)
class Reading:
    """One reading of all notes.

    Attributes:
        url: The URL of the server.
        page_size: The page size, for contestants with such an option.
        rows: The number of notes; only the floors may use it.
        hurry: Whether to shorten the waits before retries, for contestants with such an option.
    """

    url: str
    page_size: int
    rows: int
    hurry: bool = False


Items = AsyncIterator[Any] | Iterator[Any]
Open = Callable[[Reading], AbstractAsyncContextManager[Items]]


@attrs.frozen(kw_only=True)
class Contestant:
    """A way to read all notes.

    Attributes:
        name: A short name, for the command line.
        title: The name in the tables.
        open: Opens a reading, to be iterated with ``for`` or ``async for``.
        yields: What it yields: ``records`` (or dicts), or undecoded ``pages``.
        sequential: Whether it waits for each page of 1,000 before it requests the next.
        waits: Whether it is also measured with a latency.
        reads_changes: Whether it is in the loss table.
        ours: Whether the contestant is this library.
    """

    name: str
    title: str
    open: Open
    yields: str = "records"
    sequential: bool = False
    waits: bool = True
    reads_changes: bool = False
    ours: bool = False


def peer(module: str) -> Any:
    """Import a library that only the environment of the benchmarks has."""
    return importlib.import_module(module)
