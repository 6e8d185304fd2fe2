"""Recognize paths that lead to an open stream of a process, such as ``/dev/stdout``."""

from __future__ import annotations

import os
import re

__all__ = ["leads_to_stream", "own_descriptor"]

# Linux follows at most 40 links, too.
MAX_LINKS = 40
_STREAM = re.compile(
    r"/dev/(?P<name>stdin|stdout|stderr)|/dev/fd/(?P<fd>\d{1,6})"
    r"|/proc/(?P<process>self|thread-self|\d+)(?:/task/\d+)?/fd/(?P<number>\d{1,6})"
)
_STANDARD_STREAMS = ("stdin", "stdout", "stderr")


def leads_to_stream(path: str | os.PathLike[str]) -> bool:
    """Whether a path is that of an open stream of any process, or a link to one."""
    return _find(path) is not None


def own_descriptor(path: str | os.PathLike[str]) -> int | None:
    """Return the number of an open stream of this process; None if the path leads to no such."""
    match = _find(path)
    if match is None:
        return None
    if match["name"]:
        return _STANDARD_STREAMS.index(match["name"])
    if match["fd"]:
        return int(match["fd"])
    own = ("self", "thread-self", os.path.basename(os.path.realpath("/proc/self")))
    return int(match["number"]) if match["process"] in own else None


def _find(path: str | os.PathLike[str]) -> re.Match[str] | None:
    text = os.path.abspath(os.fspath(path))
    for _ in range(MAX_LINKS):
        # The last part is not resolved: the link of a stream would lead to the file behind it.
        folder, name = os.path.split(text)
        for candidate in (text, os.path.join(os.path.realpath(folder), name)):
            if match := _STREAM.fullmatch(candidate):
                return match
        try:
            text = os.path.join(os.path.realpath(folder), os.readlink(text))
        except OSError:
            return None  # it is no link
    return None
