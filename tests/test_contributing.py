"""The steps of CONTRIBUTING.md for adding a resource work in a copy of the package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
LINES = re.findall(r"^\| `(intervals_async/[\w/.]+)` \| `(.+)` \|$", PAGE, re.MULTILINE)

ATTRIBUTES = "intervals_async/resources/_attributes.py"

USE = """
import asyncio
from datetime import date

from intervals_async import Holiday, IntervalsClient
from intervals_async.testing import FakeIntervals


async def main() -> None:
    async with FakeIntervals(notes=5) as fake:
        async with IntervalsClient(fake.token, base_url=fake.url) as intervals:
            assert await intervals.holiday.list().collect()
            new = await intervals.holiday.create(name="May Day", date=date(2026, 5, 1))
            assert isinstance(await intervals.holiday.get(new.id), Holiday)


asyncio.run(main())
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the package with the resource added as the page describes."""
    folder = tmp_path_factory.mktemp("copy")
    clutter = shutil.ignore_patterns("__pycache__")
    for part in ("intervals_async", "tests/contract", "tests/resources", "tests/testing"):
        shutil.copytree(ROOT / part, folder / part, ignore=clutter)
    for name in ("__init__.py", "conftest.py", "record_classes.py", "rows.py"):
        shutil.copy(ROOT / "tests" / name, folder / "tests")
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "tests/contract/holiday.toml").write_text(BLOCKS["toml"], "utf-8")
    (folder / "intervals_async/resources/holiday.py").write_text(BLOCKS["python"], "utf-8")
    for name, line in LINES:
        path = folder / name
        lines = path.read_text("utf-8").splitlines()
        before = f"{line.partition('holiday')[0]}group"  # the previous one in alphabetical order
        place = next(i for i, old in enumerate(lines) if old.startswith(before)) + 1
        path.write_text("\n".join([*lines[:place], line, *lines[place:]]) + "\n", "utf-8")
    path = folder / ATTRIBUTES
    next_one = "    @cached_property\n    def invoice("
    text = path.read_text("utf-8").replace(next_one, f"{BLOCKS['py']}\n{next_one}")
    path.write_text(text, "utf-8")
    return folder


def run(copy: Path, *arguments: str) -> str:
    """Run Python in the copy, and return its output."""
    # The coverage of the copy is not measured.
    environment = {name: it for name, it in os.environ.items() if not name.startswith("COVERAGE")}
    environment |= {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=copy,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_shows_every_step() -> None:
    """The page shows two new files, two new lines, and the attribute of the client."""
    assert [name for name, _ in LINES] == [
        "intervals_async/resources/__init__.py",
        "intervals_async/resources/_registry.py",
    ]
    assert f"`{ATTRIBUTES}`" in PAGE
    assert BLOCKS.keys() == {"toml", "python", "py", "sh"}


def test_the_tests_of_the_new_resource_pass(copy: Path) -> None:
    """The tests of the new resource pass with the command of the page."""
    command = next(line for line in BLOCKS["sh"].splitlines() if " pytest " in line)
    _, _, *arguments = command.split()
    printed = run(copy, "-m", *arguments, "-q", "-p", "no:cacheprovider")
    assert "passed" in printed


def test_client_server_and_command_line_have_the_new_resource(copy: Path) -> None:
    """The client, the fake server and the command line support the new resource."""
    run(copy, "-c", USE)
    for verb in ("list", "create", "export"):
        assert "closed" in run(copy, "-m", "intervals_async._cli", verb, "holiday", "--help")
