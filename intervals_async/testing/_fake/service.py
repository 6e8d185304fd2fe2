"""The handling of a request by the rules of the contract, without any network.

The contract leaves these points open, so the fake assumes:

- If a request breaks several rules, the first of these counts: rate limit, credentials, daily
  quota, resource, action, method, group, id, parameters.
- A GET of a member ignores the documented filters of the collection, as recorded for tasks.
- A PUT without an id creates a record, and a POST with an id changes one. The documentation calls
  the two methods "interchangeable on the server".
"""

from __future__ import annotations

from collections.abc import Collection

from intervals_async.testing._fake import reading, refusals, writing
from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.contract import Groups, Resource
from intervals_async.testing._fake.limits import MinuteLimit
from intervals_async.testing._fake.log import SeenRequest
from intervals_async.testing._fake.refusals import RefusedError
from intervals_async.testing._fake.variants import Variants
from intervals_async.testing._fake.wire import JSON, Envelope, Response, Row, id_of
from intervals_async.testing._fake.xml_form import xml_response


class Service:
    """A service that responds to requests from the data of an account."""

    __slots__ = ("_account", "_catalog", "_minute", "_variants")

    def __init__(self, account: Account, variants: Variants, minute: MinuteLimit) -> None:
        self._account = account
        self._variants = variants
        self._catalog = variants.catalog
        self._minute = minute

    def respond(self, request: SeenRequest) -> Response:
        """Return the response to one request.

        A request that does not accept JSON receives XML. Files are sent anyway.
        """
        caller = self._account.caller(request.headers.get("authorization", ""))
        try:
            response = self._admit(request, caller)
        except RefusedError as refusal:
            response = refusal.response(caller)
        response = self._variants.response(response, request)
        if response.content_type == JSON and not _accepts_json(request):
            return xml_response(response, self._html_fields(response))
        return response

    def _html_fields(self, response: Response) -> Collection[str]:
        key = response.envelope.key if response.envelope is not None else None
        columns = self._catalog[key].columns if key is not None else ()
        return {column.name for column in columns if column.kind == "html"}

    def _admit(self, request: SeenRequest, caller: int | None) -> Response:
        if not self._minute.admit():
            raise refusals.too_fast()
        person = self._account.person(caller)
        name, identity, action = _split(request.path)
        if name != "quota" and not self._account.day_limit.admit():
            raise refusals.day_used_up()
        if name not in self._catalog:
            raise refusals.unknown_resource()
        resource = self._catalog[name]
        if action is not None and action not in resource.actions:
            raise refusals.unknown_action()
        if action is not None and request.method != "GET":
            raise refusals.method_not_available()
        _permit(resource, request.method, identity is not None, person)
        if action is not None and identity is not None:
            return self._perform(resource, request, identity, action, person)
        request = self._variants.request(request, resource)
        envelope = self._dispatch(resource, request, identity, person)
        return self._variants.envelope(envelope, resource).response()

    def _perform(
        self, resource: Resource, request: SeenRequest, identity: str, action: str, person: Row
    ) -> Response:
        row = reading.find(self._account, resource, identity, person)
        if request.query:
            raise refusals.not_recognized(request.query)
        return resource.actions[action](self._account, row, id_of(person))

    def _dispatch(
        self, resource: Resource, request: SeenRequest, identity: str | None, person: Row
    ) -> Envelope:
        account = self._account
        if identity is None and request.method == "GET":
            return reading.collection(account, resource, request.query, person)
        old = None if identity is None else reading.find(account, resource, identity, person)
        self._refuse_unknown(resource, request)
        if old is None:
            return writing.create(account, resource, request, person)
        if request.method in resource.method_handlers:
            return resource.method_handlers[request.method](account, request, old, id_of(person))
        if request.method == "GET":
            return reading.member(account, resource, old, person)
        if request.method == "DELETE":
            return writing.delete(account, resource, old, person)
        return writing.change(account, resource, request, old, person)

    @staticmethod
    def _refuse_unknown(resource: Resource, request: SeenRequest) -> None:
        ignored = reading.known_parameters(resource) if request.method == "GET" else ()
        unknown = [name for name in request.query if name not in ignored]
        if unknown:
            raise refusals.not_recognized(unknown)


def _accepts_json(request: SeenRequest) -> bool:
    accepted = request.headers.get("accept", "").lower()
    return any(each in accepted for each in ("application/json", "application/*", "*/*"))


def _split(path: str) -> tuple[str, str | None, str | None]:
    """Split a path into the resource, the id and the action below the id.

    The trailing slash is optional, as in the requests of public clients.
    """
    name, *rest = path.removeprefix("/").removesuffix("/").split("/")
    return name, rest[0] if rest else None, "/".join(rest[1:]) or None


def _permit(resource: Resource, method: str, member: bool, person: Row) -> None:
    offered = dict(resource.member if member else resource.collection)
    # A new record is sent to the collection's path, but the groups are stated for the member.
    for name in () if member else ("POST", "PUT"):
        if name in resource.member and name not in resource.method_handlers:
            offered[name] = resource.member[name]
    if method not in offered:
        raise refusals.method_not_available()
    groups: Groups = offered[method]
    if groups is not None and person["group"] not in groups:
        raise refusals.no_permission()
