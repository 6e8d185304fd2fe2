"""Draw the pictures of the command line in docs/_static/pictures: `make pictures`.

Each picture is the real output of a command in a terminal of 100 columns. The server is a sandbox whose
date is fixed, so that the pictures change only if the output does.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from datetime import UTC, datetime
from pathlib import Path

from rich.console import CONSOLE_SVG_FORMAT, Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from intervals_async.testing import FakeIntervals

FOLDER = Path(__file__).parent.parent / "_static" / "pictures"
COLUMNS = 100

COMMANDS = {
    "list-time": "list time --limit 5",
    "export": "export project time projectnote --output backup",
}

# A picture in a page loads no fonts, and a site needs no addresses of other servers.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def output(arguments: str, server: FakeIntervals, folder: str) -> str:
    """Run a command in a terminal and return what it prints, colours included."""
    reader, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    account = {"INTERVALS_TOKEN": server.token, "INTERVALS_BASE_URL": server.url}
    with subprocess.Popen(
        [sys.executable, "-m", "intervals_async._cli", *arguments.split()],
        stdout=terminal,
        stderr=subprocess.PIPE if arguments.startswith("export") else terminal,
        cwd=folder,
        env=kept | account | {"TERM": "xterm-256color", "LANG": "C.UTF-8"},
    ) as process:
        os.close(terminal)
        printed = bytearray(process.stderr.read() if process.stderr else b"")
        try:
            while piece := os.read(reader, 65536):
                printed += piece
        except OSError:  # how Linux reports the end of a terminal
            pass
    os.close(reader)
    if process.returncode:
        raise RuntimeError(f"{arguments}: expected success, got {printed.decode()}")
    return printed.decode().replace("\r\n", "\n").rstrip()


def main() -> None:
    """Draw all pictures."""
    FOLDER.mkdir(exist_ok=True)

    def now() -> datetime:
        return datetime(2026, 5, 4, 9, 30, tzinfo=UTC)

    with FakeIntervals(notes=5000, seed=1, now=now, per_minute=None) as server:
        for name, arguments in COMMANDS.items():
            with tempfile.TemporaryDirectory() as folder:
                printed = output(arguments, server, folder)
            console = Console(record=True, width=COLUMNS, file=io.StringIO(), legacy_windows=False)
            console.print(Text(f"$ intervals-async {arguments}", style="bold"))
            console.print(Text.from_ansi(printed), soft_wrap=False)
            path = FOLDER / f"{name}.svg"
            svg = console.export_svg(
                title="intervals-async", theme=SVG_EXPORT_THEME, code_format=FORMAT, unique_id=name
            )
            path.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")
            print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
