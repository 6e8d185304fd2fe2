"""Export all notes as JSON Lines, and resume an interrupted export when started again.

    INTERVALS_TOKEN=... python examples/resume_export.py FILE

Until the export is complete, FILE.bookmark holds the number of valid bytes of the file and the
stream's bookmark after them. It is always written after the lines that it counts.
"""

import asyncio
import json
import sys
from pathlib import Path

from intervals_async import ArgumentError, IntervalsClient, IntervalsError, to_dict

# The number of records between two bookmarks.
STRIDE = 500


def read(state: Path) -> tuple[int, str | None]:
    """Return the number of valid bytes and the bookmark, or 0 and None for a new export."""
    if not state.exists():
        return 0, None
    size, bookmark = state.read_text("ascii").split()
    return int(size), bookmark


def write(state: Path, size: int, bookmark: str) -> None:
    """Save the position of the export atomically."""
    new = state.with_name(f"{state.name}.new")
    new.write_text(f"{size} {bookmark}\n", "ascii")
    new.replace(state)


async def main(path: Path) -> None:
    """Export the remaining notes."""
    state = path.with_name(f"{path.name}.bookmark")
    size, bookmark = read(state)
    async with IntervalsClient() as intervals:
        stream = intervals.projectnote.list().stream(resume=bookmark)
        with path.open("r+b" if bookmark else "wb") as file:
            file.truncate(size)
            file.seek(size)
            async with stream:
                async for note in stream:
                    line = json.dumps(to_dict(note), ensure_ascii=False)
                    file.write(f"{line}\n".encode())
                    if stream.delivered % STRIDE == 0:
                        file.flush()
                        write(state, file.tell(), stream.bookmark)
    state.unlink(missing_ok=True)
    print(f"{stream.delivered} notes in {path}, {stream.requests} requests in this run")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: resume_export.py FILE")
    try:
        asyncio.run(main(Path(sys.argv[1])))
    except KeyboardInterrupt:
        sys.exit("resume_export: interrupted; start it again to resume")
    except (ArgumentError, ValueError) as error:
        sys.exit(f"resume_export: cannot resume: {error}")
    except (IntervalsError, OSError) as error:
        sys.exit(f"resume_export: {error}; start it again to resume")
