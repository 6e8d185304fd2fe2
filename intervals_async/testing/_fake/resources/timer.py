"""timer: the stopwatches of people, on a task or general. All times are in UTC.

A timer with a ``starttime`` is running. A person has at most one timer per task, and Executives
have no timers. By default a list contains only timers on tasks.

The contract leaves these points open, so the fake assumes:

- A new timer without ``starttime`` starts at once, also with a ``time``, as a client of 2011 expects.
  A new timer with an empty ``starttime`` and a ``time`` is paused.
- A person can have any number of general timers.
- Starting and stopping a timer sets ``lastupdate``, unless the request sets it.
- ``gettimerinfo`` adds no columns, because the real ones are unknown.
- Everybody sees all timers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from intervals_async.testing._fake import parsing
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.clock import midnight
from intervals_async.testing._fake.contract import BodyField, Predicate, ReadContext, Write
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.filters import checked_only, one_id
from intervals_async.testing._fake.hours import as_float
from intervals_async.testing._fake.refusals import not_valid
from intervals_async.testing._fake.wire import Json, Row, Value

_TIMERS = 12
_GENERAL = 4


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("timer")
    people = [row["id"] for row in account.table("person") if _may_have_one(row)]
    tasks = account.table("task").ids
    pairs = [(task, person) for task in tasks for person in people]
    chosen = rng.sample(pairs, min(len(pairs), _TIMERS - _GENERAL))
    general = [(None, rng.choice(people)) for _ in range(_GENERAL if people else 0)]
    for task, person in [*chosen, *general]:
        started = midnight(account) - timedelta(seconds=rng.randrange(1, 200_000))
        is_running = rng.random() < 0.5
        yield {
            "taskid": task,
            "personid": person,
            "starttime": started if is_running else None,
            "time": rng.choice((0, 90, 3600)) if is_running else rng.randrange(1, 30_000),
            "name": rng.choice((None, "", "Call & e-mail", "<b>Fix</b> it")),
            "lastupdate": started,
        }


def _may_have_one(person: Row) -> bool:
    return person.get("group") in ("Administrator", "Manager", "Resource")


def _complete(account: Account, row: Row, caller: int) -> None:
    row.setdefault("personid", caller)
    is_new = "isrunning" not in row
    if is_new and "starttime" not in row:
        row["starttime"] = account.utc_now()
    row["time"] = row.get("time") or 0
    row["lastupdate"] = row.get("lastupdate") or account.utc_now()
    row["isrunning"] = row.get("starttime") is not None
    row["tasklocalid"] = account.related("task", row.get("taskid")).get("localid")


def _check(account: Account, write: Write) -> None:
    row, body = write.row, write.body
    if not _may_have_one(account.related("person", row["personid"])):
        raise not_valid([("personid", str(row["personid"]))])
    if write.old is not None and all(
        body.get(name, write.old[name]) is None for name in ("starttime", "time")
    ):
        raise not_valid([], missing=["starttime", "time"])
    for other in account.table("timer"):
        is_duplicate = other["taskid"] == row["taskid"] and other["personid"] == row["personid"]
        if row["taskid"] is not None and is_duplicate and other["id"] != row["id"]:
            raise not_valid([("taskid", str(row["taskid"]))])
    if write.old is not None and "lastupdate" not in body and {"starttime", "time"} & body.keys():
        row["lastupdate"] = account.utc_now()


def _show(account: Account, row: Row, context: ReadContext) -> Row:
    started = row["starttime"]
    elapsed = 0
    if isinstance(started, datetime):
        elapsed = max(0, int((account.utc_now() - started).total_seconds()))
    return {**row, "timelapsed": elapsed, "totaltime": as_float(row["time"]) + elapsed}


def _visible(account: Account, context: ReadContext) -> Predicate | None:
    if context.member or parsing.parse_boolean(context.query.get("gettimerinfo", "f")):
        return None
    general = parsing.parse_boolean(context.query.get("generaltimers", "f"))
    return lambda row: (row["taskid"] is None) == general


def _parse_datetime(value: Json) -> Value:
    """Parse a datetime in UTC, also with the separator T, which public clients send."""
    text = str(value)
    return parsing.body_utc_datetime(text[:10] + text[10:].replace("T", " ", 1))


def _parse_date_or_datetime(value: Json) -> Value:
    """Parse a date, which the documentation states, or a datetime, which responses contain."""
    text = str(value)
    if len(text) == len("YYYY-MM-DD"):
        return datetime.combine(parsing.parse_date(text), time(), UTC)
    return _parse_datetime(text)


RESOURCE = derive(
    "timer",
    filters=[
        checked_only("generaltimers", parsing.parse_boolean),
        checked_only("gettimerinfo", parsing.parse_boolean),
        one_id("projectid", through="task"),
        one_id("clientid", through="task"),
    ],
    body_fields=[
        BodyField("starttime", _parse_datetime),
        BodyField("timelapsed", parsing.body_decimal, column=None),
        BodyField("lastupdate", _parse_date_or_datetime),
    ],
    first_id=1001,
    generate=_generate,
    complete=_complete,
    check=_check,
    visible=_visible,
    show=_show,
)
