"""milestonenote: the notes and events of a milestone.

The contract does not state the title of a note by a person; it is assumed. The fake also assumes
that Executives can neither list nor read notes that are not public.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from intervals_async.testing._fake import notes
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.clock import midnight
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.wire import Row

_NOTES = 40
_SECONDS = 60 * 24 * 3600


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("milestonenote")
    ages = sorted(rng.sample(range(_SECONDS), _NOTES), reverse=True)
    times = [midnight(account) - timedelta(seconds=age) for age in ages]
    return notes.generate(account, rng, "milestone", times)


def _complete(account: Account, row: Row, caller: int) -> None:
    notes.complete(account, row, caller, "milestone")


RESOURCE = derive(
    "milestonenote",
    first_id=8501,
    generate=_generate,
    complete=_complete,
    visible=notes.only_public_for_executives,
)
