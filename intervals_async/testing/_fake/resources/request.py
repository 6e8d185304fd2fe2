"""request: the work requests that people have submitted.

Administrators may do everything. Managers may change and delete the requests of projects to which
they have access, but may not change the person. Resource users and Executives may change and delete
only their own requests. A request without a project is visible to its owner and to the people whom
the mail queue notifies.

The contract leaves these points open, so the fake assumes:

- The mail queue notifies all Administrators and Managers, who may also change such requests.
- ``priority`` is the name of the priority, ``email`` is the submitter's first e-mail address, and
  the client is the client of the project.
- ``date`` is in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from intervals_async.testing._fake import refusals
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import Predicate, ReadContext, Write
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.resources.contacttype import EMAIL
from intervals_async.testing._fake.resources.projectteam import people_with_access
from intervals_async.testing._fake.wire import Row, Value

_MANAGING = ("Administrator", "Manager")
_COUNT = 24
_EPOCH = datetime(2025, 2, 3, 9)  # noqa: DTZ001 - the API does not tell the zone
_TITLES = ("Please change the logo", "Login doesn't work", "Terms & conditions", 'New "About us"')


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("request")
    people = account.table("person").ids
    projects = account.table("project").ids
    priorities = account.table("taskpriority").ids
    submitted = _EPOCH
    for index in range(_COUNT):
        submitted += timedelta(minutes=rng.randrange(5000))
        yield {
            "title": f"{_TITLES[index % len(_TITLES)]} ({index + 1})",
            "date": submitted,
            "datedue": submitted.date() + timedelta(days=rng.choice((3, 7, 30))),
            # The first four people, one per group, each have some requests of their own.
            "personid": people[index % 4] if index < 8 and len(people) >= 4 else rng.choice(people),
            "projectid": rng.choice((None, *projects)) if index % 5 else None,
            "priorityid": rng.choice(priorities),
            "description": rng.choice((None, "<p>It's <b>urgent</b> &amp; important</p>")),
        }


def _complete(account: Account, row: Row, caller: int) -> None:
    row.setdefault("personid", caller)
    row.setdefault("title", f"Request {row['id']}")
    row.setdefault("date", account.utc_now().replace(tzinfo=None))
    if row.get("datedue") is None:
        submitted = row["date"]
        if isinstance(submitted, date):
            day = submitted.date() if isinstance(submitted, datetime) else submitted
            row["datedue"] = day + timedelta(days=7)
    row["clientid"] = account.related("project", row.get("projectid")).get("clientid")
    row["email"] = _email(account, row["personid"])


def _email(account: Account, person: Value) -> Value:
    contacts = account.table("personcontact")
    mine = (row for row in contacts if row["personid"] == person)
    return next((row["value"] for row in mine if row["contact_type_id"] == EMAIL), None)


def _check(account: Account, write: Write) -> None:
    if write.old is None:
        return
    _permit(account, write.old, write.caller)
    if write.row["personid"] != write.old["personid"]:
        caller = account.related("person", write.caller)
        if caller["group"] != "Administrator":
            raise refusals.no_permission()


def _permit(account: Account, row: Row, caller: int) -> None:
    """Raise RefusedError unless the caller may change and delete this request."""
    group = account.related("person", caller)["group"]
    project = row["projectid"]
    if group in _MANAGING:
        if project is None or caller in people_with_access(account, project):
            return
    elif row["personid"] == caller:
        return
    raise refusals.no_permission()


def _visible(account: Account, context: ReadContext) -> Predicate | None:
    if context.group in _MANAGING:
        return None
    return lambda row: row["projectid"] is not None or row["personid"] == context.caller


RESOURCE = derive(
    "request",
    after=("personcontact",),
    first_id=8001,
    generate=_generate,
    complete=_complete,
    check=_check,
    removable=_permit,
    visible=_visible,
)
