"""Which records were yielded, and what a stream requests if it does not find them again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async._streaming.delivered import (
    RECENT,
    UNPLACED,
    DeliveredIds,
    DeliveredTail,
)
from intervals_async._streaming.drift import REACH, Drift, request_around, request_before
from intervals_async._streaming.page_plan import WIDEST, PagePlan, PageRequest
from intervals_async._streaming.page_sizes import PageSizes

pages_of_ids = st.lists(st.lists(st.integers(1, 30), max_size=8), max_size=8)


def test_a_tail_has_sixteen_ids() -> None:
    """A bookmark holds the last 16 ids, as the documentation says."""
    assert DeliveredTail().followed_by(range(1, 40)).recent == tuple(range(24, 40))


@given(ids=st.lists(st.integers(1, 50), unique=True), cuts=st.lists(st.integers(0, 50)))
def test_a_tail_does_not_depend_on_the_batches(ids: list[int], cuts: list[int]) -> None:
    """A tail has the last ids in order, and whether all ids ascend, for any batches."""
    tail = DeliveredTail()
    begin = 0
    for cut in [*sorted(cuts), len(ids)]:
        tail = tail.followed_by(ids[begin:cut])
        begin = max(begin, cut)
    assert tail.recent == tuple(ids[-RECENT:])
    assert tail.ascending == (ids == sorted(ids))


@given(pages=pages_of_ids)
def test_add_returns_each_new_record_once(pages: list[list[int]]) -> None:
    """`add` returns only the indexes of new ids, and the tail has only ids that were added."""
    delivered = DeliveredIds()
    seen: list[int] = []
    for page in pages:
        taken = [page[index] for index in delivered.add(page)]
        assert set(seen).isdisjoint(taken)
        assert sorted({*seen, *page}) == sorted([*seen, *taken])
        seen += taken
        assert {*delivered.tail.recent} <= {*seen}
        assert len(delivered) == len(seen)
    assert all((id in delivered) == (id in seen) for id in range(32))


def test_add_returns_the_indexes_of_new_records() -> None:
    """`add` returns the index of each new id once, even if a page repeats an id."""
    delivered = DeliveredIds()
    assert delivered.add([3, 4, 5]) == [0, 1, 2]
    assert delivered.add([7, 8]) == [0, 1]
    assert delivered.add([8, 9]) == [1]
    assert delivered.add([10, 10]) == [0]
    assert delivered.add([]) == []


def test_the_records_of_a_bookmark_count_as_yielded() -> None:
    """The ids of a bookmark count as yielded, so `add` does not return them again."""
    delivered = DeliveredIds(DeliveredTail((5, 6, 7)), starts_midway=True)
    assert delivered.starts_midway
    assert [id for id in range(10) if id in delivered] == [5, 6, 7]
    assert delivered.add([6, 7, 8]) == [2]
    assert delivered.tail.recent == (5, 6, 7, 8)


@pytest.mark.parametrize(
    ("page", "meeting"),
    [
        ([5, 6, 7], (0, 1)),  # no row has moved
        ([3, 4, 5, 6], (0, 3)),
        ([7, 4, 5, 6], (1, 3)),
        ([2, 5, 4, 6], (0, 2)),  # the last yielded record counts, even if another one follows it
        ([2, 3, 8], (0, 2)),  # the last one is deleted, so an earlier one counts
        ([8, 2, 9, 3, 10], (1, 4)),
        ([6, 7], None),
        ([], None),
    ],
)
def test_meeting_finds_the_yielded_records_in_a_page(
    page: list[int], meeting: tuple[int, int] | None
) -> None:
    """`meeting` returns the range from the first yielded record to the last one in a page."""
    delivered = DeliveredIds()
    delivered.add([1, 2, 3, 4, 5])
    assert delivered.meeting(page, anywhere=True) == meeting


def test_an_old_record_alone_is_no_meeting_because_it_may_have_moved() -> None:
    """With `anywhere=False`, a record yielded long ago is no meeting, as it may have moved."""
    delivered = DeliveredIds()
    delivered.add(range(100))
    assert delivered.meeting([3, 200], anywhere=True) == (0, 1)
    assert delivered.meeting([3, 200], anywhere=False) is None
    assert delivered.meeting([3, 90, 200], anywhere=False) == (0, 2)


def test_any_number_of_repeated_records_is_skipped() -> None:
    """`add` skips any number of repeated records."""
    delivered = DeliveredIds()
    assert delivered.add(range(5000)) == [*range(5000)]
    assert delivered.add(range(5000)) == []
    assert delivered.add(range(5002)) == [5000, 5001]
    assert delivered.tail.recent[-3:] == (4999, 5000, 5001)


def test_trusted_ascending_ids_mark_the_position() -> None:
    """With a trusted order, every id up to the last one counts as yielded."""
    delivered = DeliveredIds(DeliveredTail((5, 8)), starts_midway=True)
    assert 6 not in delivered
    assert not delivered.trust_order()  # two ids may ascend by chance
    assert delivered.trust_order(sure=True)
    assert not delivered.trust_order(sure=True)  # the order is trusted already
    assert [id for id in range(12) if id not in delivered] == [9, 10, 11]
    assert delivered.add([6, 9, 8, 10, 10]) == [1, 3]
    assert delivered.meeting([6, 7, 11], anywhere=True) == (0, 2)


@pytest.mark.parametrize(
    "tail",
    [
        DeliveredTail(),
        DeliveredTail((5, 8)),
        DeliveredTail(tuple(range(2, 2 + RECENT)), ascending=False),
    ],
)
def test_an_unproven_order_is_not_trusted(tail: DeliveredTail) -> None:
    """Ascending ids are trusted only if as many as a bookmark remembers have ascended."""
    delivered = DeliveredIds(tail, starts_midway=True)
    assert not delivered.trust_order()
    assert 1 not in delivered


def test_growth_of_the_listcount_explains_moved_rows() -> None:
    """Rows that moved without growth of the listcount count as doubtful."""
    drift = Drift(100)
    drift.note_page(2, 102)
    drift.note_page(1, 105)
    drift.note_page(-3, 97)
    drift.note_page(0, 100)
    drift.note_page(1, None)
    assert drift == Drift(100, gained=4, doubtful=0)
    drift.note_page(3, 101)
    drift.note_page(1, 98)
    assert drift == Drift(100, gained=8, doubtful=3)
    drift.note_listcount(101)
    drift.note_page(1, 101)
    assert drift == Drift(101, gained=9, doubtful=4)
    unknown = Drift()
    unknown.note_page(1, 100)
    assert unknown == Drift(gained=1, doubtful=0)


@pytest.mark.parametrize(
    ("drift", "missing", "unexplained"),
    [
        (Drift(), 0, 0),
        (Drift(), 2, 2),
        (Drift(), -2, 0),
        (Drift(gained=3), 3, 0),
        (Drift(gained=3), 5, 2),
        (Drift(gained=3, doubtful=1), 3, 1),
        (Drift(gained=3, doubtful=1), 0, 1),
        (Drift(gained=3, doubtful=1), 7, 4),
    ],
)
def test_unexplained_records_may_be_missed(drift: Drift, missing: int, unexplained: int) -> None:
    """Missing records are unexplained unless rows were added before the position."""
    assert drift.unexplained(missing) == unexplained


@pytest.mark.parametrize(
    ("shift", "overlap", "wider"),
    [(0, 1, 1), (5, 1, 1), (-1, 1, 3), (-3, 1, 7), (-3, 16, 16), (-1000, 1, WIDEST)],
)
def test_the_overlap_grows_with_the_deleted_rows(shift: int, overlap: int, wider: int) -> None:
    """The overlap grows with the number of deleted rows, up to a maximum."""
    plan = PagePlan(PageSizes(), overlap=overlap)
    plan.widen_overlap(shift)
    assert plan.overlap == wider


@given(
    offset=st.integers(0, 10_000),
    limit=st.integers(1, 500),
    vanished=st.integers(0, 200),
)
def test_steps_back_reach_farther_until_the_first_row(
    offset: int, limit: int, vanished: int
) -> None:
    """Steps back cover all deleted rows and the page's first row, and reach row 0."""
    page = PageRequest(offset, limit)
    offsets: list[int] = []
    while not offsets or offsets[-1] > 0:
        before = request_before(page, len(offsets), vanished)
        assert before.overlap == 0
        assert before.end > offset
        assert 0 <= before.offset <= max(offset - max(vanished, REACH), 0)
        assert not offsets or before.offset < offsets[-1]
        offsets.append(before.offset)
    assert len(offsets) <= 7


@given(position=st.integers(0, 10_000), moved=st.integers(0, 200))
def test_a_search_grows_in_both_directions(position: int, moved: int) -> None:
    """A search covers the moved rows in both directions, and soon starts at row 0."""
    requests = [request_around(position, steps, moved) for steps in range(6)]
    for around in requests:
        assert around.overlap == 0
        assert 0 <= around.offset <= max(position - max(moved, REACH), 0)
        assert around.end >= position + max(moved, REACH)
    assert requests[-1].offset == 0


def test_rows_inserted_before_the_position_do_not_become_the_position() -> None:
    """New rows before the position are yielded and remembered apart from the position."""
    delivered = DeliveredIds()
    delivered.add([1, 2, 3])
    assert delivered.tail == DeliveredTail((1, 2, 3))
    assert delivered.add_some([2, 9, 3, 4, 5]) == ([1], 3, False)
    assert delivered.last == 3
    assert delivered.tail == DeliveredTail((1, 2, 3), unplaced=(9,), former_end=3)
    assert delivered.add_some([4, 5]) == (range(2), 2, True)
    assert delivered.last == 5
    assert delivered.tail == DeliveredTail((1, 2, 3, 4, 5), unplaced=(9,), former_end=3)
    assert 9 in delivered
    assert delivered.add([8, 9, 6]) == [0, 2]


def test_new_records_are_unplaced_until_the_position_is_found() -> None:
    """Until the former end is found again, new records are remembered as unplaced."""
    delivered = DeliveredIds()
    delivered.add([1, 2, 3])
    delivered.note_moved()
    assert delivered.add([1, 9, 2, 8, 7]) == [1, 3, 4]
    assert delivered.tail == DeliveredTail((1, 2, 3), unplaced=(9, 8, 7), former_end=3)
    assert delivered.add([6, 3, 5]) == [0, 2]
    assert not delivered.uncertain
    assert delivered.tail == DeliveredTail((1, 2, 3, 5), unplaced=(9, 8, 7, 6), former_end=3)
    delivered.add(range(10, 10 + RECENT))
    assert delivered.tail == DeliveredTail(tuple(range(10, 10 + RECENT)))


def test_an_end_that_does_not_come_back_is_given_up() -> None:
    """More records than a bookmark holds beside the end are forgotten, and the tail says so."""
    delivered = DeliveredIds(starts_midway=True)
    delivered.add([1])
    delivered.note_moved()
    for id in range(2, UNPLACED + 2):
        delivered.add([id])
    assert len(delivered.tail.unplaced) == UNPLACED
    delivered.add([UNPLACED + 2])
    assert delivered.tail == DeliveredTail((1,), former_end=1)
    assert delivered.tail.forgets
    delivered.add([UNPLACED + 3])
    assert delivered.tail == DeliveredTail((1,), former_end=1)


def test_a_forgetful_tail_recovers_behind_its_end() -> None:
    """A tail forgets nothing any more when all of it stands behind the end that was met."""
    delivered = DeliveredIds(starts_midway=True)
    delivered.add([1])
    delivered.note_moved()
    delivered.add(range(100, 101 + UNPLACED))
    delivered.add([1])
    assert delivered.tail.forgets
    delivered.add(range(2, 1 + RECENT))
    assert delivered.tail.forgets
    delivered.add([50])
    assert delivered.tail == DeliveredTail((*range(2, 1 + RECENT), 50))


def test_a_tail_that_was_met_is_kept_beside_a_new_end() -> None:
    """If one of the tail was met before many records, only the rest of the tail may follow."""
    delivered = DeliveredIds()
    delivered.add([1, 2, 3])
    delivered.note_moved()
    delivered.add([2, *range(10, 11 + UNPLACED)])
    new = tuple(range(11 + UNPLACED - RECENT, 11 + UNPLACED))
    assert delivered.tail == DeliveredTail(new, False, (3,), 3)
    assert not delivered.uncertain
    assert not delivered.tail.forgets
    delivered.add([5])
    assert delivered.tail == DeliveredTail((*new[1:], 5), False, (3,), 3)
    delivered.add([3])
    assert delivered.tail == DeliveredTail((*new[1:], 5), False)


def test_if_all_yielded_records_are_known_they_are_kept_beside_a_new_end() -> None:
    """Of a few records none is forgotten, even if none of them was met again."""
    delivered = DeliveredIds()
    delivered.add([1, 2, 3])
    delivered.note_moved()
    delivered.add([7, 8])
    delivered.note_moved()
    delivered.add(range(10, 10 + UNPLACED))
    new = tuple(range(10 + UNPLACED - RECENT, 10 + UNPLACED))
    assert delivered.tail == DeliveredTail(new, False, (1, 2, 3, 7, 8), 3)


def test_unplaced_records_count_as_yielded_but_mark_no_position() -> None:
    """Unplaced records are skipped, but do not mark the position of a resumed stream."""
    delivered = DeliveredIds(
        DeliveredTail((1, 2), unplaced=(9, 5), former_end=2), starts_midway=True
    )
    assert delivered.uncertain
    assert [id for id in range(10) if id in delivered] == [1, 2, 5, 9]
    assert [id for id in range(10) if delivered.marks_position(id)] == [1, 2]
    assert delivered.meeting([9, 4], anywhere=True) is None
    assert delivered.meeting([1, 9, 4], anywhere=True) == (0, 1)
    assert delivered.add([9, 4, 5, 6]) == [1, 3]
    assert delivered.tail == DeliveredTail((1, 2), unplaced=(9, 5, 4, 6), former_end=2)


def test_rows_before_a_slice_mark_its_start() -> None:
    """The rows before a slice mark its start if all yielded records are deleted."""
    delivered = DeliveredIds(starts_midway=True)
    delivered.add_preceding([7, 8])
    assert delivered.meeting([8, 9], anywhere=True) == (0, 1)
