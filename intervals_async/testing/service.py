"""From a request to its answer by the rules of the contract, without any network.

The order of the rules where several are broken is the fake's own: the minute, the credentials, the
day, the resource, the action, the method, the group, the id, the parameters. Also its own: a path
without the trailing slash is an unknown resource, and a PUT without an id creates and a POST with
one changes ("interchangeable on the server").
"""

from __future__ import annotations

from intervals_async.testing import reading, refusals, writing
from intervals_async.testing.account import Account
from intervals_async.testing.contract import Groups, Resource
from intervals_async.testing.limits import MinuteLimit
from intervals_async.testing.log import SeenRequest
from intervals_async.testing.refusals import RefusedError
from intervals_async.testing.resources import CATALOG
from intervals_async.testing.wire import Answer, Envelope, Row, id_of

_XML = b'<?xml version="1.0" encoding="UTF-8"?>\n<intervals/>\n'


class Service:
    """Answers requests out of an account, within the limit of the minute."""

    __slots__ = ("_account", "_minute")

    def __init__(self, account: Account, minute: MinuteLimit) -> None:
        self._account = account
        self._minute = minute

    def answer(self, seen: SeenRequest) -> Answer:
        """Answer one request; who does not accept JSON gets an empty XML document."""
        caller = self._account.caller(seen.headers.get("authorization", ""))
        try:
            answer = self._admit(seen, caller).answer()
        except RefusedError as refusal:
            answer = refusal.answer(caller)
        if "application/json" not in seen.headers.get("accept", ""):
            return Answer(answer.status, _XML, "text/xml; charset=utf-8")
        return answer

    def _admit(self, seen: SeenRequest, caller: int | None) -> Envelope:
        if not self._minute.admit():
            raise refusals.too_fast()
        person = self._account.person(caller)
        name, identity, action = _split(seen.path)
        if name != "quota" and not self._account.day.admit():
            raise refusals.day_used_up()
        if name not in CATALOG:
            raise refusals.unknown_resource()
        if action:
            raise refusals.unknown_action()
        _permit(CATALOG[name], seen.method, identity is not None, person)
        return self._act(CATALOG[name], seen, identity, id_of(person))

    def _act(
        self, resource: Resource, seen: SeenRequest, identity: str | None, caller: int
    ) -> Envelope:
        account = self._account
        if identity is None and seen.method == "GET":
            return reading.collection(account, resource, seen.query, caller)
        old = None if identity is None else reading.find(account, resource, identity)
        if seen.query:
            raise refusals.not_recognized(seen.query)
        if old is None:
            return writing.create(account, resource, seen, caller)
        if seen.method == "GET":
            return reading.member(account, resource, old, caller)
        if seen.method == "DELETE":
            return writing.delete(account, resource, old, caller)
        return writing.change(account, resource, seen, old, caller)


def _split(path: str) -> tuple[str, str | None, bool]:
    """Split a path into the resource, the id and whether something follows."""
    parts = path.split("/")
    if len(parts) < 3 or parts[-1]:
        return "", None, False
    return parts[1], parts[2] if len(parts) > 3 else None, len(parts) > 4


def _permit(resource: Resource, method: str, member: bool, person: Row) -> None:
    offered = dict(resource.member if member else resource.collection)
    # A new record has no id yet: its path is the collection's, its right stands at the member.
    for name in () if member else ("POST", "PUT"):
        if name in resource.member:
            offered[name] = resource.member[name]
    if method not in offered:
        raise refusals.method_not_available()
    groups: Groups = offered[method]
    if groups is not None and person["group"] not in groups:
        raise refusals.no_permission()
