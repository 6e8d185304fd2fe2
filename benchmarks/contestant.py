"""What a contestant is: a way to read all notes, opened for one reading."""

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
        url: Where the server is.
        page_size: The page size of those that are told one.
        rows: How many notes there are; only the floors may look at it.
        hurry: Whether waits before a retry are cut short, where a contestant lets one say so.
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
        title: What the tables call it.
        open: Opens it; what it gives is read to the end with ``for`` or ``async for``.
        gives: ``records`` (or dicts), or undecoded ``pages``.
        sequential: Whether it waits for each page of 1,000 before it asks for the next.
        waits: Whether it is measured with a latency too.
        reads_changes: Whether it is held to the loss table.
        ours: Whether it is this library.
    """

    name: str
    title: str
    open: Open
    gives: str = "records"
    sequential: bool = False
    waits: bool = True
    reads_changes: bool = False
    ours: bool = False


def peer(module: str) -> Any:
    """Import a library that is installed in the environment of the benchmarks alone."""
    return importlib.import_module(module)
