"""What was given, and what is to be looked at when it is not met again."""

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


@given(ids=st.lists(st.integers(1, 50), unique=True), cuts=st.lists(st.integers(0, 50)))
def test_a_tail_is_the_same_however_it_arrived(ids: list[int], cuts: list[int]) -> None:
    """It holds the last ids in their order, and whether all of them were rising."""
    tail = DeliveredTail()
    begin = 0
    for cut in [*sorted(cuts), len(ids)]:
        tail = tail.followed_by(ids[begin:cut])
        begin = max(begin, cut)
    assert tail.recent == tuple(ids[-RECENT:])
    assert tail.ascending == (ids == sorted(ids))


@given(pages=pages_of_ids)
def test_each_record_is_taken_once(pages: list[list[int]]) -> None:
    """Only the places of new ids are given, and the trail holds only those."""
    delivered = DeliveredIds()
    seen: list[int] = []
    for page in pages:
        taken = [page[place] for place in delivered.add(page)]
        assert set(seen).isdisjoint(taken)
        assert sorted({*seen, *page}) == sorted([*seen, *taken])
        seen += taken
        assert {*delivered.tail.recent} <= {*seen}
        assert len(delivered) == len(seen)
    assert all((id in delivered) == (id in seen) for id in range(32))


def test_the_places_of_new_records_are_told() -> None:
    """Each id once, also within a page."""
    delivered = DeliveredIds()
    assert delivered.add([3, 4, 5]) == [0, 1, 2]
    assert delivered.add([7, 8]) == [0, 1]
    assert delivered.add([8, 9]) == [1]
    assert delivered.add([10, 10]) == [0]
    assert delivered.add([]) == []


def test_what_a_bookmark_remembers_counts_as_given() -> None:
    """It is met again, not given again."""
    delivered = DeliveredIds(DeliveredTail((5, 6, 7)), starts_midway=True)
    assert delivered.starts_midway
    assert [id for id in range(10) if id in delivered] == [5, 6, 7]
    assert delivered.add([6, 7, 8]) == [2]
    assert delivered.tail.recent == (5, 6, 7, 8)


@pytest.mark.parametrize(
    ("page", "meeting"),
    [
        ([5, 6, 7], (0, 1)),  # nothing has moved
        ([3, 4, 5, 6], (0, 3)),
        ([7, 4, 5, 6], (1, 3)),
        ([2, 5, 4, 6], (0, 2)),  # the last one, though another one stands behind it now
        ([2, 3, 8], (0, 2)),  # that is gone: another one that was given
        ([8, 2, 9, 3, 10], (1, 4)),
        ([6, 7], None),
        ([], None),
    ],
)
def test_a_page_meets_what_was_given(page: list[int], meeting: tuple[int, int] | None) -> None:
    """From the first row that was given, up to the last one given: that is where it goes on."""
    delivered = DeliveredIds()
    delivered.add([1, 2, 3, 4, 5])
    assert delivered.meeting(page, anywhere=True) == meeting


def test_a_record_from_far_before_may_have_moved() -> None:
    """Alone it tells that a page meets what was given only where it can not have moved."""
    delivered = DeliveredIds()
    delivered.add(range(100))
    assert delivered.meeting([3, 200], anywhere=True) == (0, 1)
    assert delivered.meeting([3, 200], anywhere=False) is None
    assert delivered.meeting([3, 90, 200], anywhere=False) == (0, 2)


def test_records_that_come_again_are_passed_over_however_many() -> None:
    """A step back, or a second pass, meets pages of nothing else."""
    delivered = DeliveredIds()
    assert delivered.add(range(5000)) == [*range(5000)]
    assert delivered.add(range(5000)) == []
    assert delivered.add(range(5002)) == [5000, 5001]
    assert delivered.tail.recent[-3:] == (4999, 5000, 5001)


def test_the_order_of_ids_may_stand_for_that_of_the_rows() -> None:
    """Then all up to the last one count as given, those that were never seen too."""
    delivered = DeliveredIds(DeliveredTail((5, 8)), starts_midway=True)
    assert 6 not in delivered
    assert not delivered.trust_order()  # two may rise by chance
    assert delivered.trust_order(sure=True)
    assert not delivered.trust_order(sure=True)  # that changes nothing any more
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
def test_an_order_that_is_none_is_not_trusted(tail: DeliveredTail) -> None:
    """It must have held so far, for as many records as are remembered."""
    delivered = DeliveredIds(tail, starts_midway=True)
    assert not delivered.trust_order()
    assert 1 not in delivered


def test_rows_that_others_added_explain_rows_that_moved() -> None:
    """What the listcount does not show may have come from behind, and be missed."""
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
def test_what_no_change_explains_may_be_missed(
    drift: Drift, missing: int, unexplained: int
) -> None:
    """Fewer than there are is right where others have added some before what was given."""
    assert drift.unexplained(missing) == unexplained


@pytest.mark.parametrize(
    ("shift", "overlap", "wider"),
    [(0, 1, 1), (5, 1, 1), (-1, 1, 3), (-3, 1, 7), (-3, 16, 16), (-1000, 1, WIDEST)],
)
def test_an_overlap_grows_with_what_vanishes(shift: int, overlap: int, wider: int) -> None:
    """The next time as many rows go, no step back is needed; but it has its limit."""
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
    """Each takes in all the rows before the page that vanished, and the page's first one."""
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


@given(place=st.integers(0, 10_000), moved=st.integers(0, 200))
def test_a_search_reaches_farther_to_both_sides(place: int, moved: int) -> None:
    """It takes in as many rows as have moved, on either side, and soon all."""
    requests = [request_around(place, steps, moved) for steps in range(6)]
    for around in requests:
        assert around.overlap == 0
        assert 0 <= around.offset <= max(place - max(moved, REACH), 0)
        assert around.end >= place + max(moved, REACH)
    assert requests[-1].offset == 0


def test_what_has_come_in_before_is_taken_apart_and_leaves_no_trail() -> None:
    """A bookmark there would take the records behind it for new ones."""
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


def test_while_the_end_is_not_met_new_records_are_remembered_beside_it() -> None:
    """They may stand before it, where others have put them, or behind it."""
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


def test_what_stands_beside_the_end_is_passed_over_but_leads_nowhere() -> None:
    """Who goes on from there does not take it for the end."""
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


def test_rows_before_a_slice_are_known_and_count_as_met() -> None:
    """They are where a page may be met should all that was given be deleted."""
    delivered = DeliveredIds(starts_midway=True)
    delivered.add_preceding([7, 8])
    assert delivered.meeting([8, 9], anywhere=True) == (0, 1)
