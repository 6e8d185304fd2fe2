"""Pure: the position of a stream as a short text, from which another process can resume."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection
from itertools import accumulate, pairwise
from typing import Any, Self
from zlib import crc32

import attrs

from .. import _json
from ..errors import ArgumentError
from .delivered import DeliveredTail

__all__ = ["Bookmark", "fingerprint"]

VERSION = "2"


@attrs.frozen(kw_only=True)
class Bookmark:
    """The position of a stream.

    Attributes:
        resource: The name of the resource.
        listing: The fingerprint of the listing.
        position: The offset of the record to yield next, as the server counted.
        delivered: The number of yielded records.
        listcount: The total number of matching records.
        tail: The last records that were yielded.
        partition: The fingerprint of the partition that the position is in, if the listing is
            read partition by partition. Then the position counts within it.
        partition_start: How many records were yielded before that partition.
        partition_counted: The sum of the listcounts of the partitions before it.
        partition_rows: How many rows of it were read, including those that an earlier partition
            had yielded.
    """

    resource: str
    listing: str
    position: int
    delivered: int = 0
    listcount: int | None = None
    tail: DeliveredTail = attrs.field(factory=DeliveredTail)
    partition: str | None = None
    partition_start: int = 0
    partition_counted: int = 0
    partition_rows: int = 0

    def __str__(self) -> str:
        """Encode it with letters, digits, ``.``, ``-`` and ``_``."""
        partition = (
            self.partition, self.partition_start, self.partition_counted, self.partition_rows,
        )  # fmt: skip
        fields = [
            self.resource, self.listing, self.position, self.delivered, self.listcount,
            self.tail.ascending, _differences(self.tail.recent), _differences(self.tail.unplaced),
            self.tail.former_end, None if self.partition is None else partition,
        ]  # fmt: skip
        plain = json.dumps(fields, separators=(",", ":")).encode()
        return f"{VERSION}.{base64.urlsafe_b64encode(_sealed(plain)).decode().rstrip('=')}"

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read a bookmark.

        Raises:
            ArgumentError: The text is not a bookmark, is damaged, or has another version.
        """
        if not isinstance(text, str):
            raise ArgumentError(f"resume: expected a bookmark, got {type(text).__name__}")
        version, _, body = text.strip().partition(".")
        if not body or not version.isdecimal():
            raise ArgumentError(
                "resume: expected a bookmark, got other text; pass the text of stream.bookmark"
            )
        if version != VERSION:
            raise ArgumentError(
                f"resume: expected a bookmark of version {VERSION}, got version {version[:9]} of "
                "another release; start again without it"
            )
        try:
            return cls._read(_json.loads(_unsealed(body)))
        except (ValueError, TypeError):
            raise ArgumentError(
                "resume: expected a complete bookmark, got a damaged one; copy all of it"
            ) from None

    @classmethod
    def _read(cls, fields: list[Any]) -> Self:
        resource, listing, position, delivered, listcount, ascending, *tail_and_partition = fields
        recent, unplaced, former_end, partition = tail_and_partition
        name, start, counted, rows = (None, 0, 0, 0) if partition is None else partition
        return cls(
            resource=_text(resource),
            listing=_text(listing),
            position=_number(position, least=0),
            delivered=_number(delivered, least=0),
            listcount=None if listcount is None else _number(listcount, least=0),
            tail=DeliveredTail(
                _sums(recent),
                _boolean(ascending),
                _sums(unplaced),
                None if former_end is None else _number(former_end),
            ),
            partition=None if partition is None else _text(name),
            partition_start=_number(start, least=0),
            partition_counted=_number(counted, least=0),
            partition_rows=_number(rows, least=0),
        )

    def check(self, resource: str, listing: str, partitions: Collection[str] = ()) -> None:
        """Check that it belongs to a listing, and to one of its partitions if there are any.

        Raises:
            ArgumentError: It belongs to another one.
        """
        if self.resource != resource:
            raise ArgumentError(
                f"resume: expected a bookmark of {resource}, got one of {self.resource[:40]!r}"
            )
        if self.listing != listing or not (self.partition is None or self.partition in partitions):
            raise ArgumentError(
                f"resume: expected a bookmark of this listing, got one of another listing of "
                f"{self.resource}; pass the same filters, offset and limit"
            )


def fingerprint(
    resource: str, query: tuple[tuple[str, str], ...], offset: int, limit: int | None
) -> str:
    """Return a short text that differs for different listings."""
    what = json.dumps([resource, sorted(query), offset, limit])
    return hashlib.sha256(what.encode()).hexdigest()[:16]


def _number(value: object, *, least: int = -(2**63)) -> int:
    # A forged bookmark is refused as damaged, without further detail.
    if type(value) is not int or not least <= value < 2**63:
        raise ValueError
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _differences(ids: tuple[int, ...]) -> list[int]:
    # Consecutive ids are close to one another, so their differences are shorter.
    return [id - before for before, id in pairwise((0, *ids))]


def _sums(differences: list[object]) -> tuple[int, ...]:
    return tuple(map(_number, accumulate(map(_number, differences))))


def _sealed(plain: bytes) -> bytes:
    return crc32(plain).to_bytes(4, "big") + plain


def _unsealed(text: str) -> bytes:
    sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _sealed(sealed[4:]) != sealed:
        raise ValueError
    return sealed[4:]
