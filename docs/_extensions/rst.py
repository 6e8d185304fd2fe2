"""Write reStructuredText: headings, tables and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

Row: TypeAlias = Sequence[str]


def heading(words: str, line: str = "-") -> str:
    """Write a heading."""
    return f"{words}\n{line * len(words)}"


def table(head: Row, rows: Iterable[Row]) -> str:
    """Write a table."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (head, *rows):
        lines += [f"   {'* -' if not i else '  -'} {cell}".rstrip() for i, cell in enumerate(row)]
    return "\n".join(lines)


def write_files(folder: Path, texts: Mapping[str, str]) -> None:
    """Write generated files, and remove those that are no longer generated."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        path = folder / name
        # Sphinx reads a file again if its time has changed.
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
