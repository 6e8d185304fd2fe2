"""IdSet behaves like a set of integers that takes a few bytes for each."""

from __future__ import annotations

import gc
import random
import sys
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async._streaming import id_set as _ids
from intervals_async._streaming.id_set import IdSet

LOWEST = -(2**63)
HIGHEST = 2**63 - 1

# A small range, so that ids repeat, and the limits of 64-bit integers.
numbers = st.integers(0, 40) | st.sampled_from([LOWEST, LOWEST + 1, -1, HIGHEST - 1, HIGHEST])
runs = st.builds(
    lambda begin, length, step: list(range(begin, begin + length * step, step)),
    st.integers(0, 40),
    st.integers(0, 12),
    st.sampled_from([1, -1, 2, -3]),
)


@given(
    steps=st.lists(numbers | runs | st.lists(numbers, max_size=8), max_size=25),
    block=st.sampled_from([1, 2, 3, 1024]),
)
def test_it_behaves_like_a_set(steps: list[int | list[int]], block: int) -> None:
    """Ids added in any order, one by one or together, are found as in a set."""
    model: set[int] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_ids, "BLOCK", block)
        ids = IdSet()
        for step in steps:
            added = [step] if isinstance(step, int) else step
            is_new = len(set(added)) == len(added) and model.isdisjoint(added)
            assert (ids.add(step) if isinstance(step, int) else ids.add_all(step)) is is_new
            if is_new:
                model.update(added)
            assert len(ids) == len(model)
    candidates = [*range(-2, 43), LOWEST, LOWEST + 1, HIGHEST - 1, HIGHEST]
    assert [id for id in candidates if id in ids] == [id for id in candidates if id in model]


def test_an_empty_set_contains_nothing() -> None:
    """An empty IdSet contains nothing, and adding no ids changes nothing."""
    ids = IdSet()
    assert 1 not in ids
    assert ids.add_all([])
    assert len(ids) == 0


def test_add_all_adds_all_ids_or_none() -> None:
    """`add_all` adds no id if one of them is a duplicate."""
    ids = IdSet()
    assert ids.add_all([10, 20, 30])
    for duplicates in ([5, 10], [11, 20], [30, 31], [40, 40], [1, 30, 2]):
        assert not ids.add_all(duplicates)
    assert [id for id in range(50) if id in ids] == [10, 20, 30]


def test_ids_beyond_64_bits_are_not_contained() -> None:
    """Numbers beyond 64 bits are not contained, and looking for them is no error."""
    ids = IdSet()
    ids.add_all([LOWEST, HIGHEST])
    assert LOWEST - 1 not in ids
    assert HIGHEST + 1 not in ids


MANY = 200_000


def deep_size(value: object) -> int:
    """Return the size in bytes of an object and all objects that it refers to."""
    inner = [each for each in gc.get_referents(value) if not isinstance(each, type)]
    return sys.getsizeof(value) + sum(map(deep_size, inner))


def shuffled() -> Sequence[int]:
    """Return the numbers in random order."""
    many = list(range(MANY))
    random.Random(1).shuffle(many)
    return many


@pytest.mark.parametrize(
    ("many", "page"),
    [(range(MANY), 1000), (range(MANY)[::-1], 1000), (range(MANY)[::-1], 1), (shuffled(), 1000)],
    ids=["ascending", "descending", "one by one", "random"],
)
def test_an_id_takes_at_most_10_bytes(many: Sequence[int], page: int) -> None:
    """An id takes at most 10 bytes, because streams remember millions of ids."""
    ids = IdSet()
    for begin in range(0, MANY, page):
        if page == 1:
            assert ids.add(many[begin])
        else:
            assert ids.add_all(many[begin : begin + page])
    assert len(ids) == MANY
    assert 8 * MANY <= deep_size(ids) <= 10 * MANY
    assert all(id in ids for id in range(0, MANY, 1009))
    assert -1 not in ids
    assert MANY not in ids


@pytest.mark.parametrize("step", [1, -1])
def test_it_grows_in_blocks(step: int) -> None:
    """While an IdSet grows, it takes at most 12 bytes for each id."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        ids = IdSet()
        for begin in range(0, MANY, 1000):
            ids.add_all(range(step * begin, step * (begin + 1000), step))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(ids) == MANY
    assert peak - before <= 12 * MANY
