"""Whatever a server sends, an examination ends with a report."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from intervals_async.doctor import Report
from intervals_async.resources import names
from intervals_async.testing import faults, quirks

from .examined import examined, report_of, server

BODIES: tuple[bytes, ...] = (
    b"",
    b"<html>",
    b"null",
    b"[]",
    b'"text"',
    b'{"code":{},"personid":[],"listcount":"x","status":7}',
    b'{"error":"text","code":400}',
    b'{"error":{"code":[1],"verbose":{"a":[]},"message":{}},"code":"400"}',
    b'{"listcount":-1,"NAME":null}',
    b'{"listcount":1e400,"NAME":{"id":[]}}',
    b'{"listcount":5,"NAME":[null,1,"x",[],{},{"id":{}},{"id":null,"":1,"\\u0000":[[]]}]}',
    b'{"NAME":[{"id":[1],"date":"9999-99-99","datedue":{}},{"id":[1],"title":["a"]},{"id":{}}]}',
    b'{"NAME":[{"id":"1","date":"2024-05-06","title":"a b c ddd eee"},{"id":"2"},{"id":"3"}]}',
    b"[" * 900 + b"]" * 900,
    b'{"NAME":' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"error":{"code":' + b"[" * 900 + b"]" * 900 + b"}}",
)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_no_body_breaks_an_examination(body: bytes, status: int) -> None:
    """Whatever a server sends after the first request, the result is a report."""
    async with server() as fake:
        for name in names():
            if name != "me":
                sent = body.replace(b"NAME", name.encode())
                fake.inject(faults.Raw(sent, status), times=None, path=f"/{name}/*")
        report = await examined(fake)
    assert len(report.findings) > 50
    assert report.to_json()


ODD_VALUES: tuple[Any, ...] = (
    None, "", 0, -1, 1e308, True, "t", "9" * 40, "\u00b2", "0000-00-00", "2024-02-30", "99/99/9999",
    "2024-05-06T24:00:00", "9999-12-31", "0001-01-01", "0001-01-01 00:00:00", "9999-12-31 23:59:59",
    "9999-12-31 23:59:59-12:00", "\x00", "a b", "&lt;x&gt;", "1_0", "nan", " 12 ", "+5", [], [[]],
    [1, None], {}, {"a": {"b": 1}}, [{"x y": 1, "ok": 2}],
)  # fmt: skip


class OddRows(quirks.Quirk):
    """Rows in which some values are odd, and some are absent."""

    name = "odd_rows"

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._share = self._random.choice((0.02, 0.2, 1.0))

    def row(self, row: dict[str, Any], shape: Any) -> dict[str, Any]:
        """Return the row with odd values."""
        if shape.resource.name == "quota":
            return row
        return {
            name: self._random.choice(ODD_VALUES) if self._random.random() < self._share else value
            for name, value in row.items()
            if self._random.random() > self._share / 3
        }


@pytest.mark.parametrize("seed", range(20))
async def test_no_row_breaks_an_examination(seed: int, tmp_path: Path) -> None:
    """Whatever rows hold, the report can be saved, loaded and played back."""
    report = await report_of([OddRows(seed)])
    report.save(tmp_path / "report.json")
    assert Report.load(tmp_path / "report.json") == report
    server(report)  # it takes the quirks
