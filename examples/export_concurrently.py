"""Export the notes of all projects and the contacts of all people at once, as JSON Lines.

    INTERVALS_TOKEN=... python examples/export_concurrently.py FOLDER

Notes take few, big requests, so they are one stream with some pages under way. Contacts take
one request a person, so some people are asked for at once. All of it keeps to one budget of
requests, since it goes through one client.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import TextIO

from intervals_async import IntervalsClient, IntervalsError, Record, to_dict

PEOPLE_AT_ONCE = 8


def write(file: TextIO, record: Record) -> None:
    """Write a record as one line."""
    file.write(json.dumps(to_dict(record), ensure_ascii=False) + "\n")


async def export_notes(intervals: IntervalsClient, file: TextIO) -> int:
    """Write all notes in the server's order."""
    async with intervals.projectnote.list().stream(concurrency=4) as notes:
        async for note in notes:
            write(file, note)
    return notes.delivered


async def export_contacts(intervals: IntervalsClient, file: TextIO) -> int:
    """Write the contacts of all people, a person's together."""
    written = 0
    people = aiter(intervals.person.list())

    # A stream has one reader, so the workers take turns at it; the asking is done at once.
    turn = asyncio.Lock()

    async def worker() -> None:
        nonlocal written
        while True:
            async with turn:
                person = await anext(people, None)
            if person is None:
                return
            for contact in await intervals.personcontact.list(personid=person.id).collect():
                write(file, contact)
                written += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(PEOPLE_AT_ONCE):
            group.create_task(worker())
    return written


async def main(folder: Path) -> None:
    """Run both exports and say what they wrote."""
    with (
        (folder / "projectnote.jsonl").open("w", encoding="utf-8") as notes_file,
        (folder / "personcontact.jsonl").open("w", encoding="utf-8") as contacts_file,
    ):
        async with IntervalsClient() as intervals, asyncio.TaskGroup() as group:
            notes = group.create_task(export_notes(intervals, notes_file))
            contacts = group.create_task(export_contacts(intervals, contacts_file))
    print(f"{notes.result()} notes and {contacts.result()} contacts in {folder}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: export_concurrently.py FOLDER")
    try:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
        asyncio.run(main(Path(sys.argv[1])))
    except* KeyboardInterrupt:
        sys.exit("export_concurrently: interrupted; the files are not whole")
    except* (IntervalsError, OSError) as errors:
        sys.exit(f"export_concurrently: {errors.exceptions[0]}")
