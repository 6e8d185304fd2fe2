"""Every code block of the README and the documentation works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .code_blocks import ROOT, blocks, pages

NOT_RUN = {
    "README.md": ["pip needs a package index", "CI runs it", "CI runs it"],
    "docs/index.md": ["pip needs a package index"],
    "docs/tutorial.md": [
        "pip needs a package index",
        "it needs Windows",
        "the sandbox runs until Ctrl-C",
        "it needs Windows",
        "the program above was run already",
        "it waits for the rate limit",
        "it waits for the rate limit",
    ],
    "docs/how-to/chat-bot.md": ["it needs discord.py and a bot token"],
    "docs/how-to/data-frames.md": ["pip needs a package index"],
    "docs/how-to/fastapi.md": ["pip needs a package index"],
    "docs/how-to/notebooks.md": ["pip needs a package index"],
    "docs/how-to/nightly-export.md": [
        "it is a systemd unit",
        "it is a systemd unit",
        "it needs systemd and root",
    ],
    "docs/how-to/proxies-and-certificates.md": [
        "there is no such proxy",
        "there is no such proxy",
        "there is no such certificate",
    ],
    "docs/how-to/several-processes.md": ["there is no Redis server of that name"],
    "docs/how-to/web-service.md": [
        "pip needs a package index",
        "the service runs until Ctrl-C",
    ],
}


def test_only_known_blocks_are_not_run() -> None:
    """Each block that is not run is listed here with its reason."""
    found = {
        str(page.relative_to(ROOT)): [block.reason for block in blocks(page) if block.reason]
        for page in pages()
    }
    assert {page: reasons for page, reasons in found.items() if reasons} == NOT_RUN


@pytest.mark.slow
@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    "page",
    [page for page in pages() if any(block.reason is None for block in blocks(page))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_blocks_run(page: Path, tmp_path: Path) -> None:
    """All blocks of a page run in order, in an empty folder, against the sandbox."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.docs.code_blocks", str(page)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr


def test_a_block_may_follow_a_reason(tmp_path: Path) -> None:
    """A reason applies to the block directly after it only, indented or not."""
    page = ROOT / "docs" / "example.md"
    text = "<!-- not run: no -->\n```sh\nfalse\n```\n\n- a\n  ```python\n  1\n  ```\n"
    path = tmp_path / page.name
    path.write_text(text)
    assert [(block.language, block.code, block.reason) for block in blocks(path)] == [
        ("sh", "false\n", "no"),
        ("python", "1\n", None),
    ]
