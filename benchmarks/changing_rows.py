"""Rows that change, and responses that fail, between the requests of a reader."""

import random
from collections.abc import Callable
from functools import cache
from typing import Literal

import attrs
from note_rows import FIRST_ID, NoteMaker, rows

ROWS = 3_000
# The share of requests, after the first, before which the rows change.
CHANGE_SHARE = 0.2
# One in so many requests meets a fault; the next request succeeds.
FAULT_EVERY = 7
CAP = 300

CHANGES = ("delete", "insert", "both")
FAULTS = (
    "drop_before",
    "drop_in_body",
    "status_500",
    "too_fast",
    "error_in_200",
    "truncated",
    "empty_page",
    "null_page",
    "capped_limit",
)


@attrs.frozen
class Response:
    """A response: the parts of the body, and whether the connection is cut."""

    pieces: tuple[bytes | memoryview, ...]
    status: int = 200
    cut: Literal["", "before", "within"] = ""


def envelope(listcount: int, page: bytes | memoryview) -> tuple[bytes | memoryview, ...]:
    """Return the body of a page of rows, in parts."""
    head = b'{"personid":10001,"status":"OK","code":200,"listcount":%d,"projectnote":['
    return (head % listcount, page, b"]}")


def _refusal(status: int, word: str, code: int, message: str) -> bytes:
    text = (
        f'{{"personid":1,"status":"{word}","code":{status},'
        f'"error":{{"code":{code},"message":"{message}","verbose":[]}}}}'
    )
    return text.encode()


def _truncated(pieces: tuple[bytes | memoryview, ...]) -> Response:
    body = b"".join(pieces)
    return Response((body[: len(body) * 6 // 10],))


# How each fault changes a response; `_ONCE` names the faults that happen once a run.
_FAULTS: dict[str, Callable[[tuple[bytes | memoryview, ...], int], Response]] = {
    "drop_before": lambda pieces, _: Response(pieces, cut="before"),
    "drop_in_body": lambda pieces, _: Response(pieces, cut="within"),
    "status_500": lambda *_: Response((_refusal(500, "Error", 1, "Unknown"),), status=500),
    "too_fast": lambda *_: Response((_refusal(400, "Bad Request", 12, "Too fast"),), status=400),
    "error_in_200": lambda *_: Response((_refusal(500, "Error", 1, "Unknown"),)),
    "truncated": lambda pieces, _: _truncated(pieces),
    "empty_page": lambda _, listcount: Response(envelope(listcount, b"")),
    "null_page": lambda _, listcount: Response(
        (
            b'{"personid":10001,"status":"OK","code":200,"listcount":%d,' % listcount,
            b'"projectnote":null}',
        )
    ),
}
_ONCE = ("empty_page", "null_page")


@cache
def _originals() -> dict[int, bytes]:
    return dict(enumerate(rows(ROWS, 1), FIRST_ID))


class ChangingRows:
    """A listing that other users write to, on a server that may fail."""

    def __init__(self, seed: int, setting: str) -> None:
        self._chance = random.Random(seed)
        self._seed = seed
        self._setting = setting
        self._maker = NoteMaker(seed)
        self._rows = dict(_originals())
        self._order = list(self._rows)
        self._next_id = FIRST_ID + ROWS
        # The rows that exist from the first request to the last.
        self.permanent = set(self._order)
        self._requests = 0
        self._misbehaved = False

    def page(self, offset: int, limit: int) -> Response:
        """Return the response to one request."""
        self._requests += 1
        if self._requests > 1 and self._chance.random() < CHANGE_SHARE:
            self._change()
        if self._setting == "capped_limit":
            limit = min(limit, CAP)
        wanted = self._order[offset : offset + limit]
        pieces = envelope(len(self._order), b",".join(self._rows[one] for one in wanted))
        spoil = _FAULTS.get(self._setting)
        due = (self._requests + self._seed) % FAULT_EVERY == 0
        if spoil is None or not due or (self._misbehaved and self._setting in _ONCE):
            return Response(pieces)
        self._misbehaved = True
        return spoil(pieces, len(self._order))

    def _change(self) -> None:
        if self._setting in ("delete", "both"):
            gone = self._order.pop(self._chance.randrange(len(self._order)))
            self.permanent.discard(gone)
        if self._setting in ("insert", "both"):
            self._rows[self._next_id] = self._maker.row(self._next_id)
            self._order.insert(self._chance.randrange(len(self._order) + 1), self._next_id)
            self._next_id += 1
