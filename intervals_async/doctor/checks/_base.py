"""A check: its name, what is documented, and the function that makes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import attrs

from ..budget import NotTestedError
from ..examination import Examination
from ..report import Finding, Status
from ..samples import Sample

__all__ = ["Check", "Outcome", "check", "counted", "shown_code"]


@attrs.frozen(kw_only=True)
class Outcome:
    """What a check found.

    Attributes:
        found: What was found, or why it was not tested.
        status: How the server compares with its documentation.
        subject: What was examined; None for the subject of the check.
        documented: What is documented; None for the text of the check.
        quirks: The quirks of ``FakeIntervals`` that reproduce the difference.
    """

    found: str
    status: Status = Status.AS_DOCUMENTED
    subject: str | None = None
    documented: str | None = None
    quirks: Mapping[str, Any] = attrs.field(factory=dict[str, Any])

    @classmethod
    def of(cls, found: str, *, differs: bool, **details: Any) -> Outcome:
        """Return the outcome of a check that was made; quirks only if it differs."""
        if not differs:
            details.pop("quirks", None)
        status = Status.DIFFERS if differs else Status.AS_DOCUMENTED
        return cls(found=found, status=status, **details)


_CODES = frozenset(map(str, range(1, 21)))

Run: TypeAlias = Callable[[Examination], Awaitable[Outcome | Iterable[Outcome]]]


@attrs.frozen
class Check:
    """A check of the server.

    Attributes:
        name: The name, such as ``paging.cap``.
        subject: What is examined.
        documented: What is documented, or what the client assumes.
        run: Makes the check.
    """

    name: str
    subject: str
    documented: str
    run: Run

    async def findings(self, examination: Examination) -> Sequence[Finding]:
        """Make the check, and return its results."""
        try:
            found = await self.run(examination)
        except NotTestedError as error:
            found = Outcome(found=str(error), status=Status.NOT_TESTED)
        outcomes = [found] if isinstance(found, Outcome) else found
        return [
            Finding(
                check=self.name,
                subject=each.subject or self.subject,
                status=each.status,
                documented=each.documented or self.documented,
                found=each.found,
                quirks=each.quirks,
            )
            for each in outcomes
        ]


def check(name: str, subject: str, documented: str) -> Callable[[Run], Check]:
    """Make a function a check."""
    return lambda run: Check(name, subject, documented, run)


def counted(number: int, noun: str) -> str:
    """Format a number of things: ``1 row``, ``2 rows``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shown_code(sample: Sample) -> str:
    """Format the API's error code of a response; ``none`` unless it is one of the API's."""
    code = sample.error_code
    return str(code) if isinstance(code, int | str) and str(code) in _CODES else "none"
