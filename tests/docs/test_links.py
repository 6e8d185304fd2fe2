"""The check of the site's links finds broken ones."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from .code_blocks import ROOT


def test_a_missing_file_and_a_missing_anchor_are_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link to a missing file or anchor is reported; other sites are not looked at."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "_checks")
    links = importlib.import_module("links")
    (tmp_path / "a").mkdir()
    (tmp_path / "index.html").write_text(
        '<a href="a/b.html#there"></a><a href="a/b.html#gone"></a><a href="gone.html"></a>'
        '<img src="gone.png"><a href="https://example.com/"></a><a href="#"></a>'
    )
    (tmp_path / "a" / "b.html").write_text('<p id="there"><a href="../index.html?q=1"></a></p>')
    assert sorted(links.broken(tmp_path)) == [
        "index.html: a/b.html#gone: no such anchor",
        "index.html: gone.html: no such file",
        "index.html: gone.png: no such file",
    ]
