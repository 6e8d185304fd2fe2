"""The README shows what it says. `docs/test_code_blocks.py` runs its blocks."""

from __future__ import annotations

import re
import subprocess
import sys

from intervals_async.testing import FakeIntervals

from .docs.code_blocks import ROOT, blocks

BLOCKS = list(blocks(ROOT / "README.md"))


def test_the_quick_start_prints_notes(served: FakeIntervals) -> None:
    """The first Python block prints one line for each matching note."""
    code = next(block.code for block in BLOCKS if block.language == "python")
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    matching = [
        row
        for row in served.rows("projectnote")
        if "invoice" in f"{row['title']}{'' if row['secure'] else row['note']}".lower()
    ]
    assert output.count("\n") == len(matching) > 10


def test_it_is_short_and_works_on_a_package_index() -> None:
    """The README has fewer than 110 lines, and no link or picture of this repository's files."""
    text = (ROOT / "README.md").read_text("utf-8")
    assert text.count("\n") < 110
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert targets
    assert all(target.startswith("https://") for target in targets)


def test_make_commands_are_run_by_ci() -> None:
    """CI runs the make commands of the README as written, because a test cannot."""
    ci = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    make_commands = [block.code.strip() for block in BLOCKS if block.code.startswith("make ")]
    assert make_commands == ["make demo", "make test"]
    assert set(make_commands) <= set(ci)
