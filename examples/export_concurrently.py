"""Export the notes of all projects and the contacts of all people concurrently, as JSON Lines.

    INTERVALS_TOKEN=... python examples/export_concurrently.py FOLDER

Notes take few large requests, so one stream reads several pages concurrently. Contacts take one
request per person, so several workers read them. All requests share the rate limits of one client.
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
    """Write the contacts of all people, person by person."""
    written = 0
    people = aiter(intervals.person.list())

    # Only one task may read a stream at a time, so the workers take turns.
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
    """Run both exports and print the numbers of records."""
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
        sys.exit("export_concurrently: interrupted; the files are incomplete")
    except* (IntervalsError, OSError) as errors:
        sys.exit(f"export_concurrently: {errors.exceptions[0]}")
