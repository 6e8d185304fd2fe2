"""Stream all matching project notes, without paging.

INTERVALS_TOKEN=... python examples/stream_notes.py [WORDS]
"""

import asyncio
import os
import sys

from intervals_async import IntervalsClient, IntervalsError, Listing, ProjectNote


def matching(intervals: IntervalsClient, words: str) -> Listing[ProjectNote]:
    """Select the notes; this sends no request yet."""
    if words:
        return intervals.projectnote.list(search=words)
    return intervals.projectnote.list()


async def main() -> None:
    """Print a line for each note, then the numbers of notes and requests."""
    async with IntervalsClient() as intervals:
        async with matching(intervals, " ".join(sys.argv[1:])).stream() as notes:
            async for note in notes:
                print(f"{note.date.date()}  #{note.id}  {note.author}: {note.title}")
        print(f"{notes.delivered} of {notes.listcount} notes; requests: {notes.requests}")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except IntervalsError as error:
        sys.exit(f"stream_notes: {error}")
