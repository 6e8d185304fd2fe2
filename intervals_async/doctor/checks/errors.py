"""Checks of error responses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..budget import NotTestedError
from ..examination import Examination
from ..formats import format_of
from ..samples import LIST, MEMBER, Sample, sample_of
from ._base import Check, Outcome, check, shown_code

__all__ = ["CHECKS"]


def _error(sample: Sample) -> Mapping[str, Any]:
    error = sample.envelope.get("error")
    return error if isinstance(error, dict) else {}


async def _wrong_filter(examination: Examination) -> Sample:
    return sample_of("task", LIST, await examination.get("/task/", {"nosuchfilter": 1}))


async def _missing_record(examination: Examination) -> Sample:
    return sample_of("task", MEMBER, await examination.get(f"/task/{2**31 - 1}/"))


def _outcome(sample: Sample, status: int, code: int) -> Outcome:
    if sample.is_success:
        return Outcome.of("a success", differs=True)
    if sample.status == 403:
        raise NotTestedError(sample.problem or "")
    return Outcome.of(
        f"HTTP {sample.status}, code {shown_code(sample)}",
        differs=(sample.status, shown_code(sample)) != (status, str(code)),
    )


@check("errors.wrong_filter", "task", "an unknown filter is HTTP 400, code 17")
async def wrong_filter(examination: Examination) -> Outcome:
    """Send a filter that does not exist."""
    return _outcome(await _wrong_filter(examination), 400, 17)


@check("errors.missing_record", "task", "a missing record is HTTP 404, code 14")
async def missing_record(examination: Examination) -> Outcome:
    """Request a record that does not exist."""
    return _outcome(await _missing_record(examination), 404, 14)


@check("errors.verbose", "errors", "verbose is a list of texts")
async def verbose(examination: Examination) -> Outcome:
    """Examine the details of an error."""
    sample = await _wrong_filter(examination)
    error = _error(sample)
    if not error:
        raise NotTestedError("the response has no error object")
    if "verbose" not in error:
        return Outcome.of("absent", differs=True, quirks={"error_verbose": "absent"})
    value = error["verbose"]
    if isinstance(value, list):
        texts = all(isinstance(each, str) for each in value)
        return Outcome.of(
            "a list of texts" if texts else "a list of other values", differs=not texts
        )
    form = "object" if isinstance(value, dict) else "text" if isinstance(value, str) else ""
    return Outcome.of(
        form or format_of(value),
        differs=True,
        quirks={"error_verbose": form} if form else {},
    )


@check("errors.body", "errors", "personid, status, code and error with code, message, verbose")
async def body(examination: Examination) -> Iterable[Outcome]:
    """Examine the bodies of two errors."""
    outcomes: list[Outcome] = []
    for subject, sample in (
        ("wrong filter", await _wrong_filter(examination)),
        ("missing record", await _missing_record(examination)),
    ):
        if sample.is_success:
            continue
        if not sample.envelope:
            outcomes.append(Outcome.of("no JSON object", differs=True, subject=subject))
            continue
        absent = [each for each in ("personid", "status", "code") if each not in sample.envelope]
        absent += [f"error.{each}" for each in ("code", "message") if each not in _error(sample)]
        types = [
            f"{name} is {format_of(holder[name])}"
            for holder, name in (
                (sample.envelope, "personid"),
                (sample.envelope, "code"),
                (_error(sample), "code"),
            )
            if name in holder
        ]
        words = f"without {', '.join(absent)}; " if absent else ""
        outcomes.append(
            Outcome.of(f"{words}{', '.join(types)}", differs=bool(absent), subject=subject)
        )
    if not outcomes:
        raise NotTestedError("no request was refused")
    return outcomes


CHECKS: tuple[Check, ...] = (wrong_filter, missing_record, verbose, body)
