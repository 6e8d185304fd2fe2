"""The checks of an examination, in the order in which they spend requests."""

from __future__ import annotations

from . import access, clock, envelopes, errors, fields, filters, headers, order, paging, values
from ._base import Check as Check

__all__ = ["CHECKS", "Check"]

CHECKS: tuple[Check, ...] = (
    *errors.CHECKS,
    *paging.CHECKS,
    *envelopes.CHECKS,
    *filters.CHECKS,
    *fields.MEMBERS,
    *order.CHECKS,
    *access.CHECKS,
    *fields.MORE_MEMBERS,
    *filters.MORE_CHECKS,
    # These send nothing, and examine all responses.
    *fields.CHECKS,
    *values.CHECKS,
    *clock.CHECKS,
    *headers.CHECKS,
)
"""All checks, the most telling ones first."""
