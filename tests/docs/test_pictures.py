"""The pictures of the command line show what it prints."""

from __future__ import annotations

import html
import importlib
import re
from pathlib import Path

import pytest

from .code_blocks import ROOT

PICTURES = ROOT / "docs" / "_static" / "pictures"


@pytest.mark.slow
def test_the_pictures_are_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing the pictures again changes none of their texts; if it does: `make pictures`."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "_scripts")
    script = importlib.import_module("pictures")
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    script.main()
    drawn = {path.name: _texts(path) for path in tmp_path.iterdir()}
    assert drawn == {path.name: _texts(path) for path in PICTURES.iterdir()}


def _texts(picture: Path) -> list[str]:
    """Return the texts of a picture; the time that a command took may differ."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", picture.read_text("utf-8"))
    return [re.sub(r"\d+\.\d(?=\ss\b)", "…", html.unescape(text)).rstrip() for text in texts]
