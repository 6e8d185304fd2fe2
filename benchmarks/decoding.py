"""Measure decoding rows into records: the library compared with hand-written constructors.

python benchmarks/decoding.py [--times 25]
"""

import argparse
import gc
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from contestant import peer
from floors import struct_decoder
from note_rows import Shelf
from result import print_result

from intervals_async._schema.decoder import record_decoder
from intervals_async._schema.values import boolean, html_text, integer, optional, text, utc_moment
from intervals_async.resources.projectnote import ProjectNote

ROWS = 1_000
# More texts than any cache of a converter holds, so that no round profits from the last one.
PAGES = 20

_maybe_integer: Callable[..., int | None] = optional(integer)
_maybe_boolean: Callable[..., bool | None] = optional(boolean)
_maybe_text: Callable[..., str | None] = optional(text)
_maybe_html: Callable[..., str | None] = optional(html_text)


def with_readers(row: Any) -> ProjectNote:
    """Create a record by hand, with the converters of the library."""
    return ProjectNote(
        id=integer(row["id"]),
        projectid=integer(row["projectid"]),
        authorid=integer(row["authorid"]),
        title=text(row["title"]),
        note=_maybe_html(row.get("note")),
        date=utc_moment(row["date"]),
        secure=boolean(row["secure"]),
        localid=integer(row["localid"]),
        projectactive=boolean(row["projectactive"]),
        author=text(row["author"]),
        projectlocalid=integer(row["projectlocalid"]),
        clientlocalid=_maybe_integer(row.get("clientlocalid")),
        mod_authorlocalid=_maybe_integer(row.get("mod_authorlocalid")),
        projectlabel=_maybe_text(row.get("projectlabel")),
        projectlabelcolor=_maybe_text(row.get("projectlabelcolor")),
        projectlabelactive=_maybe_boolean(row.get("projectlabelactive")),
    )


def inlined(row: Any) -> ProjectNote:
    """Create a record by hand, with all code inlined and without any checks."""
    title, author, label = row["title"], row["author"], row["projectlabel"]
    client, modifier = row["clientlocalid"], row["mod_authorlocalid"]
    active = row["projectlabelactive"]
    return ProjectNote(
        id=int(row["id"]),
        projectid=int(row["projectid"]),
        authorid=int(row["authorid"]),
        title=title.replace("&amp;", "&") if "&" in title else title,
        note=row["note"] or None,
        date=datetime.fromisoformat(row["date"] + "+00:00"),
        secure=row["secure"] == "t",
        localid=int(row["localid"]),
        projectactive=row["projectactive"] == "t",
        author=author.replace("&#039;", "'") if "&" in author else author,
        projectlocalid=int(row["projectlocalid"]),
        clientlocalid=int(client) if client else None,
        mod_authorlocalid=int(modifier) if modifier else None,
        projectlabel=(label.replace("&amp;", "&") if "&" in label else label) if label else None,
        projectlabelcolor=row["projectlabelcolor"] or None,
        projectlabelactive=active == "t" if active else None,
    )


def decoding(times: int) -> dict[str, list[float]]:
    """Return the seconds for some pages of rows; the ways take turns, each several times."""
    loads = peer("orjson").loads
    shelf = Shelf(ROWS * PAGES, 1)
    bodies = [
        b'{"projectnote":[' + bytes(shelf.cut(begin, begin + ROWS)) + b"]}"
        for begin in range(0, len(shelf), ROWS)
    ]
    pages: list[list[Any]] = [loads(body)["projectnote"] for body in bodies]
    decoder = record_decoder(ProjectNote)
    structs = struct_decoder()
    ways: dict[str, Callable[[int], object]] = {
        "cattrs": lambda page: decoder.decode(pages[page], "$.projectnote").records,
        "readers": lambda page: [with_readers(row) for row in pages[page]],
        "inlined": lambda page: [inlined(row) for row in pages[page]],
        "orjson": lambda page: loads(bodies[page]),
        "msgspec": lambda page: structs.decode(bodies[page]),
    }
    first = [ways[name](0) for name in ("cattrs", "readers", "inlined")]
    if not first[0] == first[1] == first[2]:
        raise RuntimeError("the ways do not make the same records")
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(times):
        for name, way in ways.items():
            gc.collect()
            began = time.process_time()
            for page in range(PAGES):
                way(page)
            seconds[name].append(time.process_time() - began)
    return {name: [took / ROWS / PAGES for took in all_of] for name, all_of in seconds.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=25)
    print_result(decoding(parser.parse_args().times))
