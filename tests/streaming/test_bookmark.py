"""Bookmarks: a short text that brings back where a stream stood, or is refused."""

from __future__ import annotations

import base64
import json
import string
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
    return "1." + base64.urlsafe_b64encode(crc32(plain).to_bytes(4, "big") + plain).decode()


def read(text: object) -> Bookmark:
    """Read a bookmark of the listing here."""
    bookmark = Bookmark.parse(text)
    bookmark.check(HERE.resource, HERE.listing, ["def"])
    return bookmark


@given(bookmark=bookmarks)
def test_what_is_read_is_what_was_written(bookmark: Bookmark) -> None:
    """The place, the counts, and the records to meet again."""
    assert read(str(bookmark)) == bookmark
    assert read(f" {bookmark}\n") == bookmark


@given(bookmark=bookmarks)
def test_it_may_stand_in_an_address_and_in_a_files_name(bookmark: Bookmark) -> None:
    """There are letters, digits, dots, dashes and underscores in it, and nothing else."""
    assert set(str(bookmark)) <= {*ALPHABET, "."}


@pytest.mark.parametrize(
    ("text", "bookmark"),
    [
        (
            "1.uVxImVsicHJvamVjdG5vdGUiLCIwMTIzNDU2Nzg5YWJjZGVmIiwwLDAsbnVsbCx0cnVlLFtdLFtdLG51"
            "bGwsbnVsbF0",
            Bookmark(resource="projectnote", listing="0123456789abcdef", position=0),
        ),
        (
            "1.fT7iY1sidGFza25vdGUiLCIwMTIzNDU2Nzg5YWJjZGVmIiw0MSwxNDAsOTAwLGZhbHNlLFs1LDMsM10s"
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
    """Bookmarks that were stored before can be resumed, and new ones are read by old releases."""
    assert str(bookmark) == text
    assert Bookmark.parse(text) == bookmark


def test_it_is_short() -> None:
    """Sixteen records of seven digits fit into 300 characters."""
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
def test_one_that_was_damaged_is_refused(bookmark: Bookmark, data: st.DataObject) -> None:
    """Cut off anywhere, or with a letter changed: it never leads to another place."""
    text = str(bookmark)
    place = data.draw(st.integers(2, len(text) - 1))
    letter = data.draw(st.sampled_from(ALPHABET))
    with pytest.raises(
        ArgumentError, match=r"expected a complete bookmark|expected a bookmark, got other text"
    ):
        read(text[:place])
    try:
        found = read(text[:place] + letter + text[place + 1 :])
    except ArgumentError:
        return
    assert found == bookmark  # of the last letter not every bit counts


@pytest.mark.parametrize(
    "text", ["", " ", "1", "1.", ".", "x.abc", "-1.abc", "projectnote", "1,abc"]
)
def test_what_is_no_bookmark_is_refused(text: str) -> None:
    """The message says where to get one."""
    with pytest.raises(
        ArgumentError,
        match=r"expected a bookmark, got other text; pass the text of stream\.bookmark",
    ):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "1.abc",
        "1.a",
        "1.äöü",
        "1.\ud800",
        "1.😀" * 3,
        forged(None),
        forged([]),
        forged({}),
        forged("projectnote"),
        forged(["projectnote", "abc", 1]),
        forged(["projectnote", "abc", 1, 1, None, True, [], 1]),
        forged(["projectnote", "abc", "1", 1, None, True, []]),
        forged(["projectnote", "abc", -1, 1, None, True, []]),
        forged(["projectnote", "abc", True, 1, None, True, []]),
        forged(["projectnote", "abc", 1, 1.5, None, True, []]),
        forged(["projectnote", "abc", 1, 1, "x", True, []]),
        forged(["projectnote", "abc", 1, 1, None, True, None]),
        forged(["projectnote", "abc", 1, 1, None, True, ["1"]]),
        forged(["projectnote", "abc", 1, 1, None, True, [2**63]]),
        forged(json.loads("[" * 900 + "]" * 900)),
    ],
)
def test_what_only_looks_like_one_is_refused(text: str) -> None:
    """Whatever is in it, no other error comes out."""
    with pytest.raises(ArgumentError, match="got a damaged one"):
        read(text)


@pytest.mark.parametrize("value", [None, 1, b"1.abc", HERE])
def test_what_is_no_text_is_refused(value: object) -> None:
    """The message names its type."""
    with pytest.raises(
        ArgumentError, match=f"resume: expected a bookmark, got {type(value).__name__}"
    ):
        read(value)


@pytest.mark.parametrize("version", ["2", "10", "0", "1" * 30, "٢"])
def test_one_of_another_version_is_refused(version: str) -> None:
    """It is told apart from a damaged one."""
    with pytest.raises(
        ArgumentError, match=f"expected a bookmark of version 1, got version {version[:9]}"
    ):
        read(version + str(HERE)[1:])


def test_one_of_another_listing_is_refused() -> None:
    """Its place means nothing there."""
    other = Bookmark(resource="person", listing="abc", position=5)
    with pytest.raises(ArgumentError, match="bookmark of projectnote, got one of person"):
        read(str(other))
    other = Bookmark(resource="projectnote", listing="abd", position=5)
    with pytest.raises(ArgumentError, match="another listing of projectnote"):
        read(str(other))


def test_a_listing_is_known_by_what_it_asks_for() -> None:
    """The resource, the filters in any order, and the slice; not how it is read."""
    query = (("projectid", "3"), ("search", "invoice"))
    same = fingerprint("projectnote", query, 0, None)
    assert fingerprint("projectnote", query[::-1], 0, None) == same
    others = {
        fingerprint("person", query, 0, None),
        fingerprint("projectnote", query[:1], 0, None),
        fingerprint("projectnote", (("projectid", "3,search"),), 0, None),
        fingerprint("projectnote", query, 1, None),
        fingerprint("projectnote", query, 0, 1),
        fingerprint("projectnote", query, 0, 0),
    }
    assert same not in others
    assert len(others) == 6
