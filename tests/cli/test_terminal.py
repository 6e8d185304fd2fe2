"""A terminal only shows what the server sends: it obeys none of it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async import FieldUnreadable
from intervals_async._cli.progress import Notices
from intervals_async._cli.terminal import TerminalStream, clean_ascii_json, clean_json, clean_text
from intervals_async.testing import FakeIntervals, faults

from .conftest import Invoke, OnTerminal

# An escape sequence that renames the window, the same with one byte, and text from right to left.
ATTACK = "k\x1b]0;PWN\x07 \x9b31m \u202egnp.exe \x7f"


@pytest.fixture
def signed_in(account: FakeIntervals, monkeypatch: pytest.MonkeyPatch) -> FakeIntervals:
    """Return a server that the environment names."""
    monkeypatch.setenv("INTERVALS_TOKEN", account.token)
    monkeypatch.setenv("INTERVALS_BASE_URL", account.url)
    return account


@given(st.text())
def test_cleaned_json_is_the_same_json(text: str) -> None:
    """Escapes stand for the same characters, and every other character stays."""
    written = json.dumps({"a": text}, ensure_ascii=False)
    cleaned = clean_json(written)
    assert json.loads(cleaned) == json.loads(written)
    assert clean_json(cleaned) == cleaned


@pytest.mark.parametrize("clean", [clean_text, clean_json])
def test_nothing_that_a_terminal_obeys_is_left(clean: Callable[[str], str]) -> None:
    """Control characters and those that change the direction of text are replaced."""
    cleaned = clean(f"{ATTACK}\n日本語 é\t|")
    assert not {"\x1b", "\x07", "\x9b", "\x7f", "\u202e"} & {*cleaned}
    assert cleaned.endswith("\n日本語 é\t|")


def test_a_stream_cleans_what_is_written() -> None:
    """It writes UTF-8 without what a terminal would obey."""
    target = io.BytesIO()
    stream = TerminalStream(target, clean_text)
    assert stream.isatty()
    assert stream.writable()
    assert stream.write(f"a{ATTACK}".encode()) == len(f"a{ATTACK}".encode())
    stream.flush()
    assert b"\x1b" not in target.getvalue()


ROW = {
    "id": "1", "name": ATTACK, "active": "t", "localid": "1", "localidunpadded": "1", ATTACK: ATTACK,
}  # fmt: skip
OBEYED = ("\x1b]", "\x07", "\x9b", "\x7f", "\u202e")


@pytest.mark.parametrize("words", [(), ("--format", "jsonl"), ("--format", "csv")])
def test_the_message_of_an_error_is_cleaned(
    signed_in: FakeIntervals, invoke: Invoke, words: tuple[str, ...]
) -> None:
    """What the server says about an error reaches the terminal in one line, without escapes."""
    error = {"error": {"code": 18, "message": ATTACK, "verbose": [ATTACK]}}
    signed_in.inject(faults.Raw(json.dumps(error).encode(), status=400))
    result = invoke("list", "client", *words)
    assert result.exit_code == 1
    assert "PWN" in result.stderr
    assert not any(each in result.stderr for each in OBEYED)
    assert result.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("list", "client", "--format", "table"),
        ("list", "client", "--format", "jsonl"),
        ("list", "client", "--format", "csv"),
        ("get", "client", "1", "--format", "json"),
        ("get", "client", "1", "--format", "table"),
    ],
)
def test_records_on_a_terminal_are_cleaned(
    signed_in: FakeIntervals, on_terminal: OnTerminal, words: tuple[str, ...]
) -> None:
    """In every format, neither values nor names of unknown fields reach the terminal raw."""
    rows = ROW if words[0] == "get" else [ROW]
    signed_in.inject(faults.Raw(json.dumps({"listcount": 1, "client": rows}).encode()))
    code, seen = on_terminal(*words)
    assert code == 0
    assert "PWN" in seen
    assert not any(each in seen for each in OBEYED)


def test_a_notice_is_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning about a field is one line, which a terminal only shows."""
    Notices()(FieldUnreadable(resource="task", field=ATTACK, record_id=1, reason=f"{ATTACK}\nx"))
    seen = capsys.readouterr().err
    assert seen.count("\n") == 1
    assert seen.count("PWN") == 2
    assert not any(each in seen for each in OBEYED)


@pytest.mark.slow
def test_the_doctor_cleans_what_it_prints(
    signed_in: FakeIntervals, on_terminal: OnTerminal
) -> None:
    """A hostile server cannot reach the terminal through names of fields or messages of errors."""
    body = json.dumps({"listcount": 1, "client": [ROW], "code": 200, ATTACK: ATTACK})
    signed_in.inject(faults.Raw(body.encode()), times=None)
    _, seen = on_terminal("doctor", "--yes")
    assert "request" in seen
    assert not any(each in seen for each in OBEYED)


@given(st.text())
def test_json_for_ascii_terminals_is_the_same_json(text: str) -> None:
    """Escapes stand for all characters that ASCII lacks."""
    cleaned = clean_ascii_json(json.dumps([text], ensure_ascii=False))
    assert cleaned.isascii()
    assert json.loads(cleaned) == [text]
