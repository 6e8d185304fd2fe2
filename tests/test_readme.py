"""Every code block of the README works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from intervals_async.testing import FakeIntervals

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(
    r"^```(\w+)\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
)
PYTHON = [code for language, code in BLOCKS if language == "python"]
SHELL = [line for language, code in BLOCKS if language == "sh" for line in code.splitlines()]


def test_every_language_of_a_block_has_a_test() -> None:
    """The README has blocks of Python and sh only, and the tests run both."""
    assert {language for language, _ in BLOCKS} == {"python", "sh"}
    assert len(PYTHON) >= 3


@pytest.mark.slow
@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("code", PYTHON, ids=range(len(PYTHON)))
def test_python_blocks_run(code: str) -> None:
    """Each Python block runs as a program, with warnings as errors."""
    # The development mode is off, because it reports slow steps on a busy machine.
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONDEVMODE"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=plain,
    )
    assert done.stderr == ""
    assert done.returncode == 0


def test_the_quick_start_prints_notes(served: FakeIntervals) -> None:
    """The first Python block prints one line for each matching note."""
    output = subprocess.run(
        [sys.executable, "-c", PYTHON[0]], capture_output=True, text=True, check=True
    ).stdout
    matching = [
        row
        for row in served.rows("projectnote")
        if "invoice" in f"{row['title']}{'' if row['secure'] else row['note']}".lower()
    ]
    assert output.count("\n") == len(matching) > 10


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("intervals-async ")])
def test_commands_run(served: FakeIntervals, tmp_path: Path, line: str) -> None:
    """Each command of the README runs as written, in an empty folder."""
    words = line.replace("201", str(served.rows("personcontact")[0]["personid"])).split()
    done = subprocess.run(
        [sys.executable, "-m", "intervals_async._cli", *words[1:]],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or list(tmp_path.iterdir())


def test_make_commands_are_run_by_ci() -> None:
    """CI runs the make commands of the README as written, because a test cannot."""
    ci = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    make_commands = [line for line in SHELL if not line.startswith("intervals-async ")]
    assert make_commands == ["make demo", "make test"]
    assert set(make_commands) <= set(ci)
