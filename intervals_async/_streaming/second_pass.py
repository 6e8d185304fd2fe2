"""Whether a listing was read completely, and the second pass that looks for missed records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from .._schema.record import Record
from ..errors import DriftError
from .delivered import DeliveredIds
from .drift import Drift
from .options import Verify
from .page_plan import MARGIN, PagePlan
from .source import PageSource

__all__ = ["SecondPass", "drift_error"]

R = TypeVar("R", bound=Record)

# How often the second pass is repeated if so many rows are inserted meanwhile that they do not
# fit into one response.
PASSES = 3


def drift_error(source: PageSource[R], plan: PagePlan, drift: Drift, message: str) -> DriftError:
    """Return a `DriftError` that says where the stream stands."""
    error = source.annotate(DriftError(message))
    error.position = plan.position
    error.delivered = plan.yielded
    error.listcount = source.listcount
    error.listcount_before = drift.listcount_before
    return error


class SecondPass(Generic[R]):
    """Checks the number of records, and reads everything once more if some may be missing.

    One response with everything in it is right whatever the order. If the server returns fewer
    rows than that, rows may move between two responses of the pass.
    """

    __slots__ = (
        "_complained", "_delivered", "_drift", "_listcount", "_met_again", "_met_any", "_passes",
        "_plan", "_source", "_verify",
    )  # fmt: skip

    def __init__(
        self,
        source: PageSource[R],
        plan: PagePlan,
        delivered: DeliveredIds,
        drift: Drift,
        verify: Verify,
    ) -> None:
        self._source = source
        self._plan = plan
        self._delivered = delivered
        self._drift = drift
        self._verify = verify
        # How many passes were begun after the first.
        self._passes = 0
        # Whether the current response has met a record that was yielded, and whether any has.
        self._met_again = self._met_any = False
        # The listcount at the beginning of the pass.
        self._listcount: int | None = None
        # Whether a `DriftError` reported records that may be missing.
        self._complained = False

    @property
    def active(self) -> bool:
        """Whether everything is read once more."""
        return self._passes > 0

    def is_complete(self) -> bool:
        """Check the number of records against the listcount; False if a second pass begins.

        Raises:
            DriftError: Records are missing, and no change that was seen explains it.
        """
        listcount = self._source.listcount
        if not self._verify or listcount is None or self._complained:
            return True
        missing = self._plan.missing(listcount)
        if not self.active:
            missing = self._drift.unexplained(missing)
        elif self._listcount is not None:  # inserted since the pass began
            missing -= max(listcount - self._listcount, 0)
        if missing <= 0 or (self._met_any and self._delivered.starts_midway):
            return True  # rows before a slice, or before a bookmark, cannot be counted
        if self._verify != "second-pass" or self._passes == PASSES:
            self._complained = True
            raise drift_error(
                self._source,
                self._plan,
                self._drift,
                f"{missing} of {listcount} records may have been missed; use "
                "stream(verify='second-pass') to look for them, or stream(snapshot=True)",
            )
        self._passes += 1
        self.restart()
        return False

    def begin_early(self) -> bool:
        """Begin before the end of the first pass, if that is allowed and may help.

        Of a server that repeats pages because it ignores the offset it brings everything.
        """
        allowed = self._verify == "second-pass" and not self._delivered.starts_midway
        if self.active or not allowed or self._source.listcount is None:
            return False
        self._passes = 1
        self.restart()
        return True

    def restart(self) -> None:
        """Begin a pass, or begin it again because its response broke off."""
        self.begin_response()
        self._plan.restart((self._source.listcount or 0) + MARGIN * 4**self._passes)

    def begin_response(self) -> None:
        """Note that a response begins: rows may have moved since the one before."""
        self._met_again = False

    def note_page(self, offset: int, listcount: int | None) -> None:
        """Note the end of a page."""
        if self.active and offset == 0:
            self._listcount = listcount

    def rows_before_own(self, ids: Sequence[int]) -> int:
        """Return how many of these rows stand before all that were yielded.

        They may be those before the caller's slice, or those that were yielded before a bookmark.
        """
        if not self._delivered.starts_midway or self._met_again:
            return 0
        for index, id in enumerate(ids):
            if self._delivered.was_yielded(id):
                self._met_again = self._met_any = True
                return index
        return len(ids)
