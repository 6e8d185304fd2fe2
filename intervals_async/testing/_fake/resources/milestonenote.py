"""milestonenote: notes and events of milestones, listed for one milestone.

Assumed where the contract says nothing: the title of what a person writes, and that an Executive
gets a note which is not public neither in the list nor alone.
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
    moments = [midnight(account) - timedelta(seconds=age) for age in ages]
    return notes.generate(account, rng, "milestone", moments)


def _complete(account: Account, row: Row, caller: int) -> None:
    notes.complete(account, row, caller, "milestone")


RESOURCE = derive(
    "milestonenote",
    first_id=8501,
    generate=_generate,
    complete=_complete,
    visible=notes.only_public_for_executives,
)
