"""Finds and runs the code blocks of Markdown pages.

A block is run unless a comment directly before it gives a reason: ``<!-- not run: reason -->``. The
Python blocks of a page share one namespace, with ``intervals``, a client of the sandbox. A block
with ``asyncio.run`` is a program of its own; a block with tests is run by pytest. A block whose
first line is a comment such as ``# service.py`` is also saved under this name, so that later blocks
can import it.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from types import CodeType
from typing import Any

import attrs

from intervals_async import IntervalsClient

ROOT = Path(__file__).parent.parent.parent

FENCE = re.compile(
    r"(?:^ *<!-- not run: (?P<reason>.+?) -->\n\s*)?"
    r"^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)

# These need no test: outputs of commands, and directives of Sphinx, which the build checks.
PLAIN = re.compile(r"text|\{.*\}.*")


@attrs.frozen
class Block:
    """A code block."""

    page: Path
    line: int
    language: str
    code: str
    reason: str | None
    """Why the block is not run."""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """List the README and all written pages of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    """Yield the code blocks of a page."""
    text = page.read_text("utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start("code")) + 1
        code = dedent(found["code"])
        if not PLAIN.fullmatch(found["language"]):
            yield Block(page, line, found["language"], code, found["reason"])


class Runner:
    """Runs the blocks of one page, one after another, in the current folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._namespace: dict[str, Any] = {"__name__": "page"}
        programs = folder / ".bin"
        programs.mkdir()
        command = programs / "intervals-async"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m intervals_async._cli "$@"\n')
        command.chmod(0o755)
        # Child processes do without the development mode, which reports slow steps.
        self._environment = {
            **{name: each for name, each in os.environ.items() if name != "PYTHONDEVMODE"},
            "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
            "PYTHONWARNINGS": "error",
        }

    def run(self, page: Path) -> None:
        """Run all blocks of a page. They may change the process, for example its logging."""
        with asyncio.Runner() as loop:
            client = IntervalsClient(limits=())  # no test waits for a minute to end
            try:
                for block in blocks(page):
                    if block.reason is None:
                        self._namespace["intervals"] = client  # a block may define its own
                        self._run_block(block, loop)
            finally:
                loop.run(client.close())

    def _run_block(self, block: Block, loop: asyncio.Runner) -> None:
        if block.language == "python":
            self._run_python(block, loop)
        elif block.language == "sh":
            self._run_process("bash", "-euo", "pipefail", "-c", block.code, block=block)
        elif block.language == "json":
            json.loads(block.code)
        elif block.language == "toml":
            tomllib.loads(block.code)
        else:
            raise ValueError(
                f"{block}: expected a language that can be run, got {block.language!r}"
            )

    def _run_python(self, block: Block, loop: asyncio.Runner) -> None:
        if named := re.match(r"# (\w+\.py)\n", block.code):
            (self._folder / named[1]).write_text(block.code, "utf-8")
        if "asyncio.run(" in block.code:
            self._run_process(sys.executable, "-c", block.code, block=block)
        elif re.search(r"^(async )?def test_", block.code, re.MULTILINE):
            test = self._folder / f"test_line_{block.line}.py"
            test.write_text(block.code, "utf-8")
            (self._folder / "pytest.ini").write_text(
                "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
            )
            self._run_process(sys.executable, "-m", "pytest", test, block=block)
        else:
            # Empty lines before the code make tracebacks show the lines of the page.
            tree = ast.parse("\n" * (block.line - 1) + block.code, str(block.page))
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            code: CodeType = compile(tree, str(block.page), "exec", flags, dont_inherit=True)
            result = eval(code, self._namespace)
            if inspect.iscoroutine(result):
                loop.run(result)

    def _run_process(self, *command: object, block: Block) -> None:
        done = subprocess.run(
            [str(each) for each in command],
            capture_output=True,
            text=True,
            check=False,
            env=self._environment,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, f"{block}\n{done.stderr}"


if __name__ == "__main__":
    Runner(Path.cwd()).run(Path(sys.argv[1]))
