"""Quirks of paths, paging, filters and order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from attrs import evolve, field, frozen, validators

from intervals_async.testing._fake.account import Account
from intervals_async.testing._fake.contract import Resource
from intervals_async.testing._fake.conventions import order_by
from intervals_async.testing._fake.wire import Json
from intervals_async.testing.quirks._base import Quirk, unexpected

_LOOKUPS = ("group", "invoiceterm")


@frozen
class CappedLimit(Quirk):
    """The server reduces a larger ``limit`` to ``rows``, with the correct listcount.

    The documentation says that ``limit`` has no cap.

    Args:
        rows: The largest number of rows of a page.
    """

    name: ClassVar[str] = "capped_limit"

    rows: int = field(validator=validators.ge(1))

    @classmethod
    def from_parameter(cls, value: Json) -> Self:
        """Return the quirk for a number of rows."""
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise unexpected(cls.name, "a positive integer", value)
        return cls(value)

    def parameter(self) -> Json:
        """Return the number of rows."""
        return self.rows

    def query(self, query: Mapping[str, str], rules: Resource) -> Mapping[str, str]:
        """Return the query with a smaller limit."""
        limit = query.get("limit", "")
        if rules.paginated and limit.isdecimal() and int(limit) > self.rows:
            return {**query, "limit": str(self.rows)}
        return query


@frozen
class PagedLookups(Quirk):
    """Resources without documented paging take ``offset`` and ``limit``.

    Args:
        default_limit: The number of rows of a list without ``limit``; None is all. The documented
            default of all other resources is 10.
    """

    name: ClassVar[str] = "paged_lookups"

    default_limit: int | None = 10

    @classmethod
    def from_parameter(cls, value: Json) -> Self:
        """Return the quirk for a default limit, which may be null, or 10 for ``true``."""
        if value is True:
            return cls()
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise unexpected(cls.name, "an integer or null", value)
        return cls(value)

    def parameter(self) -> Json:
        """Return the default limit."""
        return self.default_limit

    def resource(self, rules: Resource) -> Resource:
        """Return the description with paging."""
        if rules.paginated or rules.read is not None:
            return rules
        return evolve(rules, paginated=True, default_limit=self.default_limit)


@frozen
class LookupMembers(Quirk):
    """Single groups and invoice terms can be read, as the vendor's OpenAPI file says.

    The newer documentation calls both collections only.
    """

    name: ClassVar[str] = "lookup_members"

    def resource(self, rules: Resource) -> Resource:
        """Return the description with a GET on members."""
        if rules.name not in _LOOKUPS:
            return rules
        return evolve(rules, member={"GET": rules.collection["GET"]})


@frozen
class ExclusiveDates(Quirk):
    """Date ranges exclude both ends, as some descriptions say "after" and "before"."""

    name: ClassVar[str] = "exclusive_dates"

    def prepare(self, account: Account) -> None:
        """Change the comparison of dates."""
        account.exclusive_dates = True


@frozen
class ExactText(Quirk):
    """Filters by a text field, such as ``title``, compare the complete text, ignoring case."""

    name: ClassVar[str] = "exact_text"

    def prepare(self, account: Account) -> None:
        """Change the comparison of text."""
        account.exact_text = True


@frozen
class IdOrder(Quirk):
    """Lists without ``sortfield`` have the order of the ids.

    Args:
        direction: ``ascending``, or ``descending`` for the newest record first.
    """

    name: ClassVar[str] = "id_order"

    direction: Literal["ascending", "descending"] = field(
        default="ascending", validator=validators.in_(("ascending", "descending"))
    )

    @classmethod
    def from_parameter(cls, value: Json) -> Self:
        """Return the quirk for a direction, or ascending for ``true``."""
        if value is True or value == "ascending":
            return cls()
        if value == "descending":
            return cls("descending")
        raise unexpected(cls.name, "ascending or descending", value)

    def parameter(self) -> Json:
        """Return the direction."""
        return self.direction

    def resource(self, rules: Resource) -> Resource:
        """Return the description with another default order."""
        if rules.read is not None:
            return rules
        return evolve(rules, order=order_by("id", descending=self.direction == "descending"))
