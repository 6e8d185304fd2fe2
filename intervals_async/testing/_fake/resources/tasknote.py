"""tasknote: the notes on tasks, including automatic action notes.

Lists are sorted by date, the newest first. Without ``taskid`` a list covers at most 7 days, by default the last 7 days.

The contract leaves these points open, so the fake assumes:

- Date ranges include both ends. A range without an end extends to the current time, and a range
  without a beginning is refused.
- Creating or changing a note sets its time of modification. No field contains this time, which is
  in the account's time zone.
- The title of a note by a person is assumed.
- Executives can neither list nor read notes that are not public.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from intervals_async.testing._fake import notes
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.clock import local_now, midnight
from intervals_async.testing._fake.contract import Filter, Predicate, ReadContext, Write
from intervals_async.testing._fake.conventions import order_by
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.filters import SINCE, UNTIL, dated
from intervals_async.testing._fake.parsing import parse_instant
from intervals_async.testing._fake.refusals import not_valid
from intervals_async.testing._fake.wire import Row, columns

_NOTES = 150
_DAYS = 150
_WEEK = timedelta(days=7)
_RANGES = (("datebegin", "dateend"), ("datemodifiedbegin", "datemodifiedend"))


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("tasknote")
    # Some notes have a time of exactly midnight, to test the ends of date ranges.
    ages = [
        timedelta(
            days=rng.randrange(_DAYS), seconds=rng.choice((0, *rng.choices(range(86400), k=9)))
        )
        for _ in range(_NOTES)
    ]
    times = [midnight(account) - age for age in sorted(ages, reverse=True)]
    made = notes.generate(account, rng, "task", times)
    for written, row in zip(times, made, strict=False):
        later = timedelta(hours=rng.choice((0, 0, 0, 30)))
        yield {**row, "datemodified": (written + later).replace(tzinfo=None)}


def _complete(account: Account, row: Row, caller: int) -> None:
    notes.complete(account, row, caller, "task")
    row["datemodified"] = row.get("datemodified") or local_now(account)


def _check(account: Account, write: Write) -> None:
    write.row["datemodified"] = local_now(account)


def _visible(account: Account, context: ReadContext) -> Predicate | None:
    public = notes.only_public_for_executives(account, context)
    if context.member or "taskid" in context.query:
        return public
    _refuse_long_ranges(account, context.query)
    if any(name in context.query for name in ("date", "datebegin", "datemodifiedbegin")):
        return public
    begin = account.utc_now() - _WEEK

    def recent(row: Row) -> bool:
        written = row["date"]
        is_visible = public is None or public(row)
        return is_visible and isinstance(written, datetime) and written >= begin

    return recent


def _refuse_long_ranges(account: Account, query: Mapping[str, str]) -> None:
    for first, last in _RANGES:
        if last in query and first not in query:
            raise not_valid([(last, query[last])], missing=[first])
        if first not in query:
            continue
        begin = _moment(query[first])
        end = _moment(query[last]) if last in query else account.utc_now()
        if end - begin > _WEEK:
            raise not_valid([(first, query[first])])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(parse_instant(text, with_time=True)).replace(tzinfo=UTC)


def _on_day(account: Account, text: str) -> Predicate:
    day = parse_instant(text, with_time=True)[: len("YYYY-MM-DD")]
    return lambda row: str(row["date"]).startswith(day)


RESOURCE = derive(
    "tasknote",
    hidden=columns("datemodified:datetime"),
    filters=[
        Filter("date", _on_day),
        dated("datemodifiedbegin", "datemodified", SINCE, with_time=True),
        dated("datemodifiedend", "datemodified", UNTIL, with_time=True),
    ],
    order=order_by("date", descending=True),
    first_id=20_001,
    generate=_generate,
    complete=_complete,
    check=_check,
    visible=_visible,
)
