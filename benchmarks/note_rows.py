"""Random notes as the API sends them, about 1 KB of JSON each. A seed always gives the same rows."""

import json
import random
from array import array
from collections.abc import Iterator

FIRST_ID = 10_000_001
# Further rows repeat these with other ids, because making a million random rows takes minutes.
DISTINCT = 100_000

_WORDS = [
    "invoice",
    "meeting",
    "draft",
    "budget",
    "review",
    "launch",
    "brief",
    "client",
    "design",
    "scope",
    "estimate",
    "sprint",
    "feedback",
    "contract",
    "deadline",
    "support",
    "release",
    "hosting",
    "domain",
    "backup",
    "schedule",
    "travel",
    "quote",
    "approval",
    "layout",
    "content",
    "migration",
    "server",
    "report",
    "payment",
    "reminder",
    "workshop",
    "proposal",
]
_PEOPLE = ("Ada Byron", "Grace Hopper", "Jos\u00e9 Garc\u00eda", "Emmy Noether", "Mary O&#039;Neil")
_LABELS = (("Internal", "#3366cc"), ("Urgent", "#cc3333"), ("R&amp;D", "#339966"))


class NoteMaker:
    """A source of random notes; the caller numbers them."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def row(self, number: int) -> bytes:
        """Return a random row as JSON, with `number` as its id."""
        return b'{"id":"%d",' % number + self.body()

    def body(self) -> bytes:
        """Return the JSON of a random row after its id, with the closing brace."""
        chance = self._chance
        labelled = chance.random() < 0.3
        label, colour = chance.choice(_LABELS) if labelled else (None, None)
        body = {
            "projectid": str(chance.randint(100_000, 999_999)),
            "authorid": str(chance.randint(1_000, 99_999)),
            "title": self._title(),
            "note": self._html(),
            "date": (
                f"20{chance.randint(15, 25)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
                f" {chance.randint(0, 23):02}:{chance.randint(0, 59):02}:{chance.randint(0, 59):02}"
            ),
            "secure": chance.choice("fffft"),
            "localid": str(chance.randint(1, 9_999)),
            "projectactive": chance.choice("tttf"),
            "author": chance.choice(_PEOPLE),
            "projectlocalid": str(chance.randint(1, 999)),
            "clientlocalid": str(chance.randint(1, 999)) if chance.random() < 0.8 else None,
            "mod_authorlocalid": str(chance.randint(1, 99)) if chance.random() < 0.1 else "",
            "projectlabel": label,
            "projectlabelcolor": colour,
            "projectlabelactive": "t" if labelled else None,
        }
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()[1:]

    def _title(self) -> str:
        join = " &amp; " if self._chance.random() < 0.15 else " "
        return join.join(self._chance.choices(_WORDS, k=4)).capitalize()

    def _html(self) -> str:
        paragraphs = (
            " ".join(self._chance.choices(_WORDS, k=self._chance.randint(12, 36)))
            for _ in range(self._chance.randint(2, 4))
        )
        link = '<p><a href="https://example.com/notes?a=1&amp;b=2">more</a></p>'
        return "".join(f"<p>{text}.</p>" for text in paragraphs) + link


def rows(number: int, seed: int) -> Iterator[bytes]:
    """Yield `number` rows with consecutive ids."""
    maker = NoteMaker(seed)
    bodies = [maker.body() for _ in range(min(number, DISTINCT))]
    for index in range(number):
        yield b'{"id":"%d",' % (FIRST_ID + index) + bodies[index % DISTINCT]


class Shelf:
    """Rows in one buffer, separated by commas, so that a page is a slice of the buffer."""

    def __init__(self, number: int, seed: int) -> None:
        text = bytearray()
        self._ends = array("Q")
        for row in rows(number, seed):
            text += row
            self._ends.append(len(text))
            text += b","
        self._text = memoryview(text).toreadonly()

    def __len__(self) -> int:
        return len(self._ends)

    def cut(self, begin: int, end: int) -> memoryview:
        """Return the rows from `begin` up to, but not including, `end`. Nothing is copied."""
        end = min(end, len(self._ends))
        if begin >= end:
            return self._text[:0]
        return self._text[self._ends[begin - 1] + 1 if begin else 0 : self._ends[end - 1]]
