"""A chat bot that uses one client: it responds to commands and reports new notes.

    INTERVALS_TOKEN=... python examples/bot.py [SECONDS BETWEEN TWO CHECKS]

Type ``note 100002``, ``search invoice``, ``quota`` or ``quit``.
"""

import asyncio
import sys
import threading

from intervals_async import IntervalsClient, IntervalsError

# The API documents no order, and no filter for new notes. In practice new notes are last, so
# each check starts this many notes before the previous end.
OVERLAP = 50


def say(words: str) -> None:
    """Print a line in the chat."""
    print(words, flush=True)


async def respond(intervals: IntervalsClient, line: str) -> None:
    """Respond to one command."""
    command, _, rest = line.strip().partition(" ")
    match command:
        case "note" if rest.isdecimal():
            note = await intervals.projectnote.get(int(rest))
            say(f"#{note.id} by {note.author}, {note.date.date()}: {note.title}")
        case "search" if rest:
            found = intervals.projectnote.list(search=rest, limit=3).stream()
            notes = [note async for note in found]
            say(f"{found.listcount} notes match {rest!r}")
            for note in notes:
                say(f"  #{note.id} {note.title}")
        case "quota":
            quota = await intervals.quota.get()
            say(f"{quota.quota - quota.used} of {quota.quota} requests are left today")
        case "":
            pass
        case _:
            say("commands: note ID, search WORDS, quota, quit")


async def chat(intervals: IntervalsClient, lines: asyncio.Queue[str]) -> None:
    """Respond to commands until ``quit`` or the end of the input."""
    while (line := await lines.get()) and line.strip() != "quit":
        try:
            await respond(intervals, line)
        except IntervalsError as error:
            say(f"sorry: {error}")
    say("bye")


async def watch(intervals: IntervalsClient, seconds: float) -> None:
    """Report new notes; a check takes one small request if there are none."""
    listing = intervals.projectnote.list()
    known: int | None = None
    seen: set[int] = set()
    while True:
        try:
            count = await listing.count()
            if count != known:
                start = max(min(count, known or count) - OVERLAP, 0)
                for note in await intervals.projectnote.list(offset=start).collect():
                    if known is not None and note.id not in seen:
                        say(f"new note #{note.id} by {note.author}: {note.title}")
                    seen.add(note.id)
                if known is None:
                    say(f"watching {count} notes")
                known = count
        except IntervalsError as error:
            say(f"cannot check for new notes: {error}")
        await asyncio.sleep(seconds)


def listen(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str]) -> None:
    """Pass the lines of the input to the loop; an empty text marks the end."""
    for line in iter(sys.stdin.readline, ""):
        loop.call_soon_threadsafe(lines.put_nowait, line)
    loop.call_soon_threadsafe(lines.put_nowait, "")


async def main(seconds: float) -> None:
    """Chat and watch for new notes concurrently, with one client."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    # Reading the terminal cannot be cancelled, so a daemon thread does it.
    loop = asyncio.get_running_loop()
    threading.Thread(target=listen, args=(loop, lines), daemon=True).start()
    async with IntervalsClient() as intervals:
        say(f"hello {(await intervals.me.get()).firstname}")
        watching = asyncio.create_task(watch(intervals, seconds))
        try:
            await chat(intervals, lines)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


if __name__ == "__main__":
    try:
        pause = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    except ValueError:
        sys.exit("usage: bot.py [SECONDS BETWEEN TWO CHECKS]")
    try:
        asyncio.run(main(max(pause, 0.0)))
    except KeyboardInterrupt:
        sys.exit(130)
    except IntervalsError as error:
        sys.exit(f"bot: {error}")
