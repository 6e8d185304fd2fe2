"""Pure: where a stream stands, as a short text that another process goes on from."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection
from itertools import accumulate, pairwise
from typing import Self
from zlib import crc32

import attrs

from .. import _json
from ..errors import ArgumentError
from .delivered import DeliveredTail

__all__ = ["Bookmark", "Part", "fingerprint"]

VERSION = "1"


@attrs.frozen
class Part:
    """Where a stream stands in a listing that is read part after part.

    Attributes:
        name: The fingerprint of the part.
        before: How many records were given before it.
        counted: How many records the server has counted in the parts before it.
        rows: How many rows of it were read, those that a part before it has given included.
    """

    name: str
    before: int
    counted: int
    rows: int = 0


@attrs.frozen(kw_only=True)
class Bookmark:
    """Where a stream stands.

    Attributes:
        resource: The resource's name.
        listing: The fingerprint of what is listed.
        position: The place of the record to give next, as the server counted.
        delivered: How many records were given.
        listcount: How many matched in all.
        trail: The last ones that were given.
        part: The part that it stands in, where the listing has parts.
    """

    resource: str
    listing: str
    position: int
    delivered: int = 0
    listcount: int | None = None
    trail: DeliveredTail = attrs.field(factory=DeliveredTail)
    part: Part | None = None

    def __str__(self) -> str:
        """Write it in letters, digits, ``.``, ``-`` and ``_``."""
        fields = [
            self.resource, self.listing, self.position, self.delivered, self.listcount,
            self.trail.rising, _steps(self.trail.recent), _steps(self.trail.beside),
            self.trail.former,
            self.part and attrs.astuple(self.part),
        ]  # fmt: skip
        plain = json.dumps(fields, separators=(",", ":")).encode()
        return f"{VERSION}.{base64.urlsafe_b64encode(_sealed(plain)).decode().rstrip('=')}"

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read a bookmark.

        Raises:
            ArgumentError: It is none, is damaged, or of a newer version.
        """
        if not isinstance(text, str):
            raise ArgumentError(f"resume is a bookmark's text, not {type(text).__name__}")
        version, _, body = text.strip().partition(".")
        if not body or not version.isdecimal():
            raise ArgumentError("resume is no bookmark: give what stream.bookmark gave")
        if version != VERSION:
            raise ArgumentError(
                f"the bookmark is of version {version[:9]}; this release reads version {VERSION}"
            )
        try:
            fields = _json.loads(_unsealed(body))
            resource, listing, position, delivered, listcount, rising, *ids = fields
            recent, beside, former, part = ids
            return cls(
                resource=_text(resource),
                listing=_text(listing),
                position=_number(position, least=0),
                delivered=_number(delivered, least=0),
                listcount=None if listcount is None else _number(listcount, least=0),
                trail=DeliveredTail(
                    _summed(recent),
                    bool(rising),
                    _summed(beside),
                    None if former is None else _number(former),
                ),
                part=None if part is None else _part(*part),
            )
        except (ValueError, TypeError):
            raise ArgumentError("the bookmark is damaged: give it whole") from None

    def check(self, resource: str, listing: str, parts: Collection[str] = ()) -> None:
        """Make sure that it is of this listing, and of one of its parts if it has such.

        Raises:
            ArgumentError: It is of another one.
        """
        if self.resource != resource:
            raise ArgumentError(f"the bookmark is of {self.resource}, not of {resource}")
        if self.listing != listing or (self.part is not None and self.part.name not in parts):
            raise ArgumentError(
                f"the bookmark is of another listing of {self.resource}: its filters, offset or "
                "limit differ"
            )


def fingerprint(
    resource: str, query: tuple[tuple[str, str], ...], offset: int, limit: int | None
) -> str:
    """What tells one listing from another."""
    what = json.dumps([resource, sorted(query), offset, limit])
    return hashlib.sha256(what.encode()).hexdigest()[:16]


def _number(value: object, *, least: int = -(2**63)) -> int:
    # whoever forges a bookmark is told that it is none, and no more
    if type(value) is not int or not least <= value < 2**63:
        raise ValueError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _part(name: object, *numbers: object) -> Part:
    before, counted, rows = (_number(number, least=0) for number in numbers)
    return Part(_text(name), before, counted, rows)


def _steps(ids: tuple[int, ...]) -> list[int]:
    # from one id to the next: ids that were given in a row are near to one another
    return [id - before for before, id in pairwise((0, *ids))]


def _summed(steps: list[int]) -> tuple[int, ...]:
    return tuple(map(_number, accumulate(map(_number, steps))))


def _sealed(plain: bytes) -> bytes:
    return crc32(plain).to_bytes(4, "big") + plain


def _unsealed(text: str) -> bytes:
    sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _sealed(sealed[4:]) != sealed:
        raise ValueError
    return sealed[4:]
