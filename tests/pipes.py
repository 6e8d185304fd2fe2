"""Pipes that tests write into: a device whose replacement would harm nobody."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["pipe_at"]


@contextmanager
def pipe_at(path: Path) -> Generator[list[bytes]]:
    """Make a pipe that is read until its writer closes it, and yield what was read at the end."""
    os.mkfifo(path)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()), daemon=True)
    reader.start()
    try:
        yield received
        reader.join(timeout=30)
        assert not reader.is_alive(), "nobody has opened the pipe"
        assert path.is_fifo(), "the pipe was replaced"
    finally:
        if reader.is_alive() and path.is_fifo():
            os.close(os.open(path, os.O_WRONLY))  # the reader waits for a writer
