"""Bookmarks: a short text that restores the position of a stream, or is refused."""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Callable
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async._streaming.bookmark import Bookmark, fingerprint
from intervals_async._streaming.delivered import RECENT, DeliveredTail
from intervals_async.errors import ArgumentError

HERE = Bookmark(resource="projectnote", listing="abc", position=0)

counts = st.integers(0, 2**63 - 1)
ids = st.lists(st.integers(0, 2**63 - 1), max_size=RECENT, unique=True)
bookmarks = st.builds(
    Bookmark,
    resource=st.just("projectnote"),
    listing=st.just("abc"),
    position=counts,
    delivered=counts,
    listcount=st.none() | counts,
    tail=st.builds(
        DeliveredTail, ids.map(tuple), st.booleans(), ids.map(tuple), st.none() | counts
    ),
) | st.builds(
    Bookmark,
    resource=st.just("projectnote"),
    listing=st.just("abc"),
    position=counts,
    delivered=counts,
    partition=st.just("def"),
    partition_start=counts,
    partition_counted=counts,
    partition_rows=counts,
)
ALPHABET = string.ascii_letters + string.digits + "-_"


def forged(fields: object) -> str:
    """Write a bookmark of anything, with a checksum that fits."""
    plain = json.dumps(fields).encode()
    return "2." + base64.urlsafe_b64encode(crc32(plain).to_bytes(4, "big") + plain).decode()


def forged_with(**fields: object) -> str:
    """Write a bookmark of the current version with some of its fields replaced."""
    valid: dict[str, object] = {
        "resource": HERE.resource, "listing": HERE.listing, "position": 1, "delivered": 1,
        "listcount": None, "ascending": True, "recent": [], "unplaced": [], "former_end": None,
        "partition": None,
    }  # fmt: skip
    assert fields.keys() <= valid.keys()
    return forged([*(valid | fields).values()])


def read(text: object) -> Bookmark:
    """Read a bookmark of the listing here."""
    bookmark = Bookmark.parse(text)
    bookmark.check(HERE.resource, HERE.listing, ["def"])
    return bookmark


@given(bookmark=bookmarks)
def test_a_written_bookmark_is_read_back(bookmark: Bookmark) -> None:
    """A bookmark survives writing and parsing, with white space around it too."""
    assert read(str(bookmark)) == bookmark
    assert read(f" {bookmark}\n") == bookmark


@given(bookmark=bookmarks)
def test_a_bookmark_is_safe_in_urls_and_file_names(bookmark: Bookmark) -> None:
    """A bookmark consists of letters, digits, dots, dashes and underscores only."""
    assert set(str(bookmark)) <= {*ALPHABET, "."}


@pytest.mark.parametrize(
    ("text", "bookmark"),
    [
        (
            "2.uVxImVsicHJvamVjdG5vdGUiLCIwMTIzNDU2Nzg5YWJjZGVmIiwwLDAsbnVsbCx0cnVlLFtdLFtdLG51"
            "bGwsbnVsbF0",
            Bookmark(resource="projectnote", listing="0123456789abcdef", position=0),
        ),
        (
            "2.fT7iY1sidGFza25vdGUiLCIwMTIzNDU2Nzg5YWJjZGVmIiw0MSwxNDAsOTAwLGZhbHNlLFs1LDMsM10s"
            "WzksLTJdLDExLFsiZmVkY2JhOTg3NjU0MzIxMCIsMTAwLDMyMCw0Ml1d",
            Bookmark(
                resource="tasknote",
                listing="0123456789abcdef",
                position=41,
                delivered=140,
                listcount=900,
                tail=DeliveredTail((5, 8, 11), False, (9, 7), 11),
                partition="fedcba9876543210",
                partition_start=100,
                partition_counted=320,
                partition_rows=42,
            ),
        ),
    ],
)
def test_the_text_of_version_1_stays_the_same(text: str, bookmark: Bookmark) -> None:
    """The text of version 1 is stable, so stored bookmarks can be resumed by other releases."""
    assert str(bookmark) == text
    assert Bookmark.parse(text) == bookmark


def test_a_bookmark_is_short() -> None:
    """A bookmark with 16 ids of seven digits has fewer than 300 characters."""
    tail = DeliveredTail().followed_by(range(1_000_000, 1_001_000))
    bookmark = Bookmark(
        resource="projectnote",
        listing=fingerprint("projectnote", (), 0, None),
        position=25_000,
        delivered=25_000,
        listcount=100_000,
        tail=tail,
    )
    assert len(str(bookmark)) < 300


@given(bookmark=bookmarks, data=st.data())
def test_a_damaged_bookmark_is_refused(bookmark: Bookmark, data: st.DataObject) -> None:
    """A bookmark that is cut off or changed never leads to another position."""
    text = str(bookmark)
    index = data.draw(st.integers(2, len(text) - 1))
    letter = data.draw(st.sampled_from(ALPHABET))
    with pytest.raises(ArgumentError, match="resume"):
        read(text[:index])
    try:
        found = read(text[:index] + letter + text[index + 1 :])
    except ArgumentError:
        return
    assert found == bookmark  # not every bit of the last letter is used


@pytest.mark.parametrize(
    "text", ["", " ", "1", "2.", ".", "x.abc", "-1.abc", "projectnote", "1,abc"]
)
def test_other_text_is_refused(text: str) -> None:
    """Text that is not a bookmark is refused, and the error says how to get a bookmark."""
    with pytest.raises(ArgumentError, match=r"stream\.bookmark"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "2.abc",
        "2.a",
        "2.äöü",
        "2.\ud800",
        "2.😀" * 3,
        forged(None),
        forged(7),
        forged([]),
        forged({}),
        forged("projectnote"),
        forged(["projectnote", "abc", 1]),
        forged(["projectnote", "abc", 1, 1, None, True, [], 1]),
        forged_with(resource=1),
        forged_with(listing=None),
        forged_with(position="1"),
        forged_with(position=True),
        forged_with(delivered=1.5),
        forged_with(listcount="x"),
        forged_with(recent=None),
        forged_with(recent=["1"]),
        forged_with(partition=["def", 0, 0]),
        forged_with(partition=[1, 0, 0, 0]),
        forged(json.loads("[" * 900 + "]" * 900)),
    ],
)
def test_a_forged_bookmark_is_refused(text: str) -> None:
    """A forged bookmark with invalid fields is refused as damaged, with no other error."""
    with pytest.raises(ArgumentError, match="damaged"):
        read(text)


COUNTS: dict[str, Callable[[int], str]] = {
    "position": lambda number: forged_with(position=number),
    "delivered": lambda number: forged_with(delivered=number),
    "listcount": lambda number: forged_with(listcount=number),
    "partition_start": lambda number: forged_with(partition=["def", number, 0, 0]),
    "partition_counted": lambda number: forged_with(partition=["def", 0, number, 0]),
    "partition_rows": lambda number: forged_with(partition=["def", 0, 0, number]),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_range_from_0_to_63_bits(name: str) -> None:
    """A forged count is accepted from 0 to 2**63 - 1, and refused as damaged beyond."""
    for number in (0, 1, 2**63 - 1):
        assert getattr(read(COUNTS[name](number)), name) == number
    for number in (-1, -(2**63), 2**63):
        with pytest.raises(ArgumentError, match="damaged"):
            read(COUNTS[name](number))


@pytest.mark.parametrize("name", ["recent", "unplaced", "former_end"])
def test_ids_range_over_64_bits(name: str) -> None:
    """A forged id is accepted from -2**63 to 2**63 - 1, and refused as damaged beyond."""
    for number in (-(2**63), -1, 0, 2**63 - 1):
        forgery = forged_with(**{name: number if name == "former_end" else [number]})
        found = getattr(read(forgery).tail, name)
        assert found == (number if name == "former_end" else (number,))
    for number in (-(2**63) - 1, 2**63):
        with pytest.raises(ArgumentError, match="damaged"):
            read(forged_with(**{name: number if name == "former_end" else [number]}))


@pytest.mark.parametrize("name", ["recent", "unplaced"])
@pytest.mark.parametrize(
    "differences", [[2**63 - 1, 1], [-(2**63), -1], [-(2**63), 2**64 - 1], [1, True]]
)
def test_forged_differences_of_ids_are_refused(name: str, differences: list[int]) -> None:
    """Differences of ids, and the ids that they add up to, are integers of at most 64 bits."""
    with pytest.raises(ArgumentError, match="damaged"):
        read(forged_with(**{name: differences}))


def test_the_counts_of_a_bookmark_default_to_zero() -> None:
    """A bookmark without a partition has no rows or counts of one, written or parsed."""
    for bookmark in (HERE, read(str(HERE)), read(forged_with())):
        assert bookmark.partition is None
        assert bookmark.partition_start == 0
        assert bookmark.partition_counted == 0
        assert bookmark.partition_rows == 0
    assert HERE.delivered == 0
    assert HERE.listcount is None


@pytest.mark.parametrize("value", [None, 1, b"2.abc", HERE])
def test_other_types_are_refused(value: object) -> None:
    """A value that is not text is refused, and the error names its type."""
    with pytest.raises(ArgumentError, match=rf"resume\b.*\b{type(value).__name__}$"):
        read(value)


@pytest.mark.parametrize("version", ["1", "10", "0", "1" * 30, "٢"])
def test_a_bookmark_of_another_version_is_refused(version: str) -> None:
    """The error about another version differs from that about a damaged bookmark."""
    with pytest.raises(ArgumentError, match=rf"version 2\b.*version {version[:9]} of another"):
        read(version + str(HERE)[1:])


def test_a_bookmark_of_another_listing_is_refused() -> None:
    """A bookmark of another resource or listing is refused."""
    other = Bookmark(resource="person", listing="abc", position=5)
    with pytest.raises(ArgumentError, match=r"\bprojectnote\b.*'person'$"):
        read(str(other))
    other = Bookmark(resource="projectnote", listing="abd", position=5)
    with pytest.raises(ArgumentError, match="another listing"):
        read(str(other))


def test_a_fingerprint_identifies_a_listing() -> None:
    """The fingerprint depends on the resource, the filters in any order, and the slice."""
    query = (("projectid", "3"), ("search", "invoice"))
    same = fingerprint("projectnote", query, 0, None)
    assert fingerprint("projectnote", query[::-1], 0, None) == same
    different = {
        fingerprint("person", query, 0, None),
        fingerprint("projectnote", query[:1], 0, None),
        fingerprint("projectnote", (("projectid", "3,search"),), 0, None),
        fingerprint("projectnote", query, 1, None),
        fingerprint("projectnote", query, 0, 1),
        fingerprint("projectnote", query, 0, 0),
    }
    assert same not in different
    assert len(different) == 6
