"""The store in a file: exact, off the loop's thread, and new after each boot."""

from __future__ import annotations

import asyncio
import math
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intervals_async import Limit
from intervals_async.limits.limit import SlidingLog
from intervals_async.limits.sqlite import SqliteLimitStore

from .conftest import take

LIMIT = Limit(1, per=60.0)

steps = st.one_of(
    st.tuples(st.just("take"), st.booleans()),
    st.tuples(st.just("free"), st.booleans()),
    st.tuples(st.just("pass"), st.floats(0, 15)),
)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 5), st.integers(0, 4), st.lists(steps, max_size=40))
def test_it_decides_as_the_sliding_log_does(
    most: int, reserved: int, schedule: list[tuple[str, float]]
) -> None:
    """Two processes that share a file are let through as one would be."""
    limit = Limit(most, per=10.0, reserved=min(reserved, most - 1))
    now = 0.0

    async def main(path: Path) -> None:
        nonlocal now
        log = SlidingLog(limit)
        stores = [SqliteLimitStore(path, clock=lambda: now) for _ in range(2)]
        under_way: list[tuple[SqliteLimitStore, str]] = []
        for number, (what, how) in enumerate(schedule):
            store = stores[number % 2]
            if what == "take":
                expected = log.wait(now, bulk=bool(how))
                wait = await take(store, str(number), limit, bulk=bool(how))
                assert (wait == 0) == (expected == 0)
                assert wait <= expected
                if wait == 0:
                    log.begin()
                    under_way.append((store, str(number)))
            elif what == "pass":
                now += how
            elif under_way:
                owner, place = under_way.pop(0)
                await owner.free(place, [limit], sent=bool(how))
                log.end(now, sent=bool(how))
            assert await store.used([limit]) == [log.used(now)]
        for store in stores:
            await store.close()

    with TemporaryDirectory() as directory:
        asyncio.run(main(Path(directory) / "limits.sqlite"))


async def test_what_is_left_from_before_a_boot_is_dropped(tmp_path: Path) -> None:
    """The clock begins anew, so that it lies in a future that will not come for days."""
    now = 1e6
    before = SqliteLimitStore(tmp_path / "limits.sqlite", clock=lambda: now)
    assert await take(before, "a", LIMIT) == 0.0
    await before.hold(30.0)
    await before.close()
    now = 7.0
    after = SqliteLimitStore(tmp_path / "limits.sqlite", clock=lambda: now)
    assert await after.used([LIMIT]) == [0]
    assert await take(after, "b", LIMIT) == 0.0
    await after.close()


async def test_the_loop_never_waits_for_the_disk(tmp_path: Path) -> None:
    """All is done in one thread, which is there from the first question until the end."""
    asked: set[str] = set()

    def clock() -> float:
        asked.add(threading.current_thread().name)
        return 0.0

    threads = threading.active_count()
    store = SqliteLimitStore(tmp_path / "limits.sqlite", clock=clock)
    assert threading.active_count() == threads
    await asyncio.gather(*(take(store, str(number), Limit(10)) for number in range(10)))
    assert threading.active_count() == threads + 1
    assert len(asked - {threading.main_thread().name}) == 1
    await store.close()
    assert threading.active_count() == threads


async def test_a_file_that_cannot_be_used_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is named, with what SQLite says of it; it is used as soon as it can be."""
    now = 0.0
    path = tmp_path / "missing" / "limits.sqlite"
    store = SqliteLimitStore(path, clock=lambda: now)
    assert str(path) in repr(store)
    assert await take(store, "a", LIMIT) == 0.0
    assert f"{path} cannot be asked (unable to open database file)" in caplog.text
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)
    now = 5.0
    assert await take(store, "b", LIMIT) > 0.0
    assert len(caplog.records) == 1
    path.unlink()
    now = 70.0
    await store.free("a", [LIMIT], sent=False)
    assert await take(store, "c", LIMIT) == 0.0
    assert path.read_bytes().startswith(b"SQLite format 3")
    await store.close()


async def test_the_wait_is_exact_when_it_is_near(tmp_path: Path) -> None:
    """Nobody sleeps past the moment at which a place comes free."""
    now = 0.0
    one = SqliteLimitStore(tmp_path / "limits.sqlite", clock=lambda: now)
    other = SqliteLimitStore(tmp_path / "limits.sqlite", clock=lambda: now)
    await take(one, "a", LIMIT)
    await one.free("a", [LIMIT], sent=True)
    now = 59.75
    assert await take(other, "b", LIMIT) == 0.25
    assert math.isclose(await take(one, "c", LIMIT), 0.25)
    await one.close()
    await other.close()
