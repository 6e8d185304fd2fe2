"""The texts of generated records, which are difficult to parse on purpose.

They contain quotes, ampersands, text that looks like the boundary between two JSON records or like
an HTML entity, emoji, tabs, line separators, backslashes, nested HTML and empty notes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

FIRST_NAMES = (
    "Ada",
    "Grace",
    "Zoë",
    "Linus",
    "Björk",
    "Mary-Ann",
    "Seán",
    "陽子",
    "Олена",
    "D'Arcy",
)
LAST_NAMES = (
    "Lovelace",
    "O'Brien",
    "Smith & Sons",
    "Müller",
    "van der Berg",
    "<Null>",
    "山田",
    "Ng",
)
JOBS = ("Designer", "Research & Development", 'The "Fixer"', "Accountant", None, "Engineer 🛠")
CLIENTS = ("Acme & Co", "Zeta", 'O"Neil Ltd', "<Initech>", "Café Zürich", "Umbrella", "Wayne's")
PROJECTS = ("Website", "Audit & Tax", "Re-launch 🚀", "Migration", "Customer's portal", '"Phoenix"')

_TITLES = (
    "Meeting notes {n}",
    "Call with the client, part {n}",
    'Q&A "as agreed" {n}',
    "It's done: <b>{n}</b>",
    '"}},{{"id":"{n}","title":"',
    "Entities &amp; &quot;{n}&quot;",
    "Emoji 🎉👩‍💻 {n}",
    "日本語のメモ {n}",
    "Path C:\\temp\\new\\{n}\\",
    "Tab\tand\u2028separator {n}",
    "Invoice {n} / 100 %",
    "}},{{ {n}",
)

_SENTENCES = (
    "We agreed to move the deadline by a week.",
    "The invoice &amp; the estimate differ by 3&nbsp;%.",
    'See <a href="https://example.org/?a=1&amp;b=2" title="it\'s here">the page</a>.',
    "<ul><li>one</li><li>two <em>and <strong>a half</strong></em></li></ul>",
    'They sent {"id":"1"},{"id":"2"} and "}]}" as text.',
    "<script>alert('stripped?')</script>",
    "A backslash \\ and a quote \" and '},{' once more.",
    "Zażółć gęślą jaźń, 日本語, 👩‍👩‍👧‍👦.",
    "<table><tr><td>1</td><td>&lt;2&gt;</td></tr></table>",
    "Nothing else to report\tfrom our side.\r\n",
    "<p style='color:#f00'>Please call back <br/>before noon.</p>",
    "",
)


def title(index: int, identity: int) -> str:
    """Return the title of the note at this index. The id in the title makes it unique."""
    return _TITLES[index % len(_TITLES)].format(n=identity)


def bodies(rng: random.Random, count: int, size: int) -> Sequence[str | None]:
    """Return note bodies of about ``size`` characters; the first is None, the second empty."""
    made: list[str | None] = [None, ""]
    while len(made) < count:
        target_size = rng.uniform(0.3, 1.7) * size
        parts = [f"<div><p>Note body {len(made)}.</p>"]
        while sum(map(len, parts)) < target_size:
            parts.append(f"<p>{rng.choice(_SENTENCES)}</p>")
        made.append("".join(parts) + "</div>")
    return made
