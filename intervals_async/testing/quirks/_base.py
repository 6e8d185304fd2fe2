"""The base class of all quirks, and the validation of their parameters."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import ClassVar, Self

from attrs import frozen

from intervals_async.errors import ArgumentError
from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.contract import Resource
from intervals_async.testing._fake.log import SeenRequest
from intervals_async.testing._fake.wire import Envelope, Json, Response


@frozen
class Shape:
    """What a response shows.

    Attributes:
        resource: The description of the resource.
        member: Whether it is a member, ``/me/`` or ``/quota/`` instead of a list.
    """

    resource: Resource
    member: bool

    def names_of(self, *kinds: str) -> Iterable[str]:
        """Return the names of the columns of some kinds."""
        return (column.name for column in self.resource.columns if column.kind in kinds)


class Quirk:
    """An uncertain behaviour of the server. This base class changes nothing.

    Attributes:
        name: The name of the quirk in JSON.
    """

    __slots__ = ()

    name: ClassVar[str]

    @classmethod
    def from_parameter(cls, value: Json) -> Self:
        """Return the quirk with a parameter from JSON, which is ``true`` if it takes none.

        Raises:
            ArgumentError: The parameter does not fit.
        """
        if value is not True:
            raise unexpected(cls.name, "true", value)
        return cls()

    def parameter(self) -> Json:
        """Return the parameter as plain JSON, or ``True`` if the quirk takes none."""
        return True

    def prepare(self, account: Account) -> None:
        """Change settings of the account."""

    def resource(self, rules: Resource) -> Resource:
        """Return the changed description of a resource.

        Raises:
            ArgumentError: A parameter names a field that the resource does not have.
        """
        return rules

    def query(self, query: Mapping[str, str], rules: Resource) -> Mapping[str, str]:
        """Return the query that the server obeys instead of the one in the request."""
        return query

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the changed JSON object of a record."""
        return row

    def envelope(self, envelope: Envelope, shape: Shape) -> Envelope:
        """Return the changed envelope of a success."""
        return envelope

    def response(self, response: Response, request: SeenRequest) -> Response:
        """Return the changed response, which may be an error."""
        return response


def nearest(owner: str, name: object, known: Iterable[str]) -> ArgumentError:
    """Return the error for an unknown name, with the most similar known one."""
    choices = sorted(known)
    similar = get_close_matches(str(name), choices, 1)
    hint = f"did you mean {similar[0]!r}?" if similar else f"known are {', '.join(choices)}"
    return ArgumentError(f"{owner}: expected a known name, got {reprlib.repr(name)}; {hint}")


def unexpected(owner: str, expected: str, value: object) -> ArgumentError:
    """Return the error for a parameter that does not fit; a huge value is shortened."""
    return ArgumentError(f"{owner}: expected {expected}, got {reprlib.repr(value)}")


def object_of(owner: str, value: Json) -> dict[str, Json]:
    """Return the value, which must be a JSON object.

    Raises:
        ArgumentError: It is something else.
    """
    if not isinstance(value, dict):
        raise unexpected(owner, "an object", value)
    return value


def strings_of(owner: str, value: Json) -> tuple[str, ...]:
    """Return the value, which must be a JSON array of texts.

    Raises:
        ArgumentError: It is something else.
    """
    found = (
        tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
    )
    if not isinstance(value, list) or len(found) != len(value):
        raise unexpected(owner, "an array of texts", value)
    return found
