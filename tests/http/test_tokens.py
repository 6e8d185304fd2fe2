"""A token may come from a function, which is asked again when the server refuses its token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from intervals_async import (
    ArgumentError,
    AuthenticationError,
    Event,
    IntervalsClient,
    RetryScheduled,
)
from intervals_async.testing import FakeIntervals

from ..conftest import AT_ONCE

STALE = "stale-token"


class Tokens:
    """Returns tokens one after another, and the last one again and again."""

    def __init__(self, *tokens: str) -> None:
        self._tokens = [*tokens]
        self.asked = 0

    def __call__(self) -> str:
        """Return the next token."""
        self.asked += 1
        return self._tokens.pop(0) if len(self._tokens) > 1 else self._tokens[0]


def client_of(
    fake: FakeIntervals, tokens: Callable[[], str], on_event: Callable[[Event], None] | None = None
) -> IntervalsClient:
    """Return a client whose token comes from a function."""
    return IntervalsClient(tokens, base_url=fake.url, limits=(), retry=AT_ONCE, on_event=on_event)


async def test_the_function_is_asked_before_the_first_request(fake: FakeIntervals) -> None:
    """It is not asked when the client is created, and not again while its token is accepted."""
    tokens = Tokens(fake.token)
    async with client_of(fake, tokens) as client:
        assert tokens.asked == 0
        for _ in range(3):
            assert (await client.me.get()).id
    assert tokens.asked == 1


async def test_an_async_function_is_awaited(fake: FakeIntervals) -> None:
    """The function may be async."""

    async def token() -> str:
        await asyncio.sleep(0)
        return fake.token

    async with IntervalsClient(token, base_url=fake.url, limits=()) as client:
        assert (await client.me.get()).id


async def test_a_refused_token_is_replaced(fake: FakeIntervals) -> None:
    """The call is retried once with the new token: reads, writes, streams and downloads."""
    project = int(str(fake.rows("project")[0]["id"]))
    document = int(str(fake.rows("document")[0]["id"]))
    before = len(fake.rows("projectnote"))

    async def download(client: IntervalsClient) -> None:
        async with client.document.download(document).open() as chunks:
            async for _ in chunks:
                pass

    for act in (
        lambda client: client.me.get(),
        lambda client: client.projectnote.create(
            projectid=project, title="a", note="b", secure=False
        ),
        lambda client: client.projectnote.list().collect(),
        download,
    ):
        seen: list[Event] = []
        tokens = Tokens(STALE, fake.token)
        requests = fake.requests
        async with client_of(fake, tokens, seen.append) as client:
            await act(client)
        assert tokens.asked == 2
        assert fake.requests - requests == 2
        assert [event.error for event in seen if isinstance(event, RetryScheduled)] == [
            "AuthenticationError"
        ]
    assert len(fake.rows("projectnote")) == before + 1


async def test_concurrent_calls_ask_once(fake: FakeIntervals) -> None:
    """Many calls whose token was refused share the next one."""
    tokens = Tokens(STALE, fake.token)
    async with client_of(fake, tokens) as client:
        people = await asyncio.gather(*(client.me.get() for _ in range(20)))
    assert len({me.id for me in people}) == 1
    assert tokens.asked == 2


async def test_the_same_token_again_is_an_error(fake: FakeIntervals) -> None:
    """A token that the server has refused is not tried again."""
    tokens = Tokens(STALE)
    async with client_of(fake, tokens) as client:
        with pytest.raises(AuthenticationError):
            await client.me.get()
    assert (tokens.asked, fake.requests) == (2, 1)


async def test_a_call_asks_once(fake: FakeIntervals) -> None:
    """A function that returns one wrong token after another does not keep a call busy."""
    tokens = Tokens("one", "two", "three", "four")
    async with client_of(fake, tokens) as client:
        with pytest.raises(AuthenticationError):
            await client.me.get()
    assert (tokens.asked, fake.requests) == (2, 2)


async def test_errors_of_the_function_are_raised(fake: FakeIntervals) -> None:
    """Its own errors pass, and something that is no token is an ArgumentError."""

    def fail() -> str:
        raise LookupError("no vault")

    async with client_of(fake, fail) as client:
        with pytest.raises(LookupError):
            await client.me.get()
    async with client_of(fake, lambda: "a b") as client:
        with pytest.raises(ArgumentError):
            await client.me.get()
    assert fake.requests == 0
