"""The Python blocks of the guides to notebooks and FastAPI run one after another, as in a notebook."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn

from intervals_async.export import ExportResult
from intervals_async.testing import FakeIntervals

from .rows import ids

GUIDES = Path(__file__).parent.parent / "docs" / "how-to"


@pytest.fixture
def account(
    serving: Callable[[FakeIntervals], AbstractContextManager[FakeIntervals]],
) -> Iterator[FakeIntervals]:
    """Yield a small account that the environment variables name."""
    with serving(FakeIntervals(notes=10, seed=1, per_minute=None)) as fake:
        yield fake


async def run_blocks(guide: str) -> tuple[dict[str, Any], list[Any]]:
    """Run the blocks of a guide; return their names, and the values of their last expressions."""
    text = (GUIDES / guide).read_text("utf-8")
    names: dict[str, Any] = {"__name__": "__main__"}
    shown: list[Any] = []
    for code in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        block = ast.parse(code)
        match block.body[-1]:
            case ast.Expr(value=value) as last:
                block.body[-1] = ast.copy_location(
                    ast.Assign([ast.Name("_", ast.Store())], value), last
                )
                ast.fix_missing_locations(block)
            case _:
                names["_"] = None
        awaitable = eval(compile(block, guide, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
        if inspect.isawaitable(awaitable):
            await awaitable
        shown.append(names["_"])
    return names, shown


async def test_the_guide_to_notebooks(
    account: FakeIntervals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guide reads a data frame and exports a file with a progress bar."""
    monkeypatch.chdir(tmp_path)
    names, shown = await run_blocks("notebooks.md")
    billable = [row for row in account.rows("time") if row["billable"]]
    listing, estimate, hours, result = (each for each in shown[1:-1])
    assert "Listing of time" in listing._repr_html_()
    assert estimate.records == len(names["frame"]) == len(billable)
    assert hours.sum() == pytest.approx(sum(float(str(row["time"])) for row in billable))
    assert type(result) is ExportResult
    assert result == len(billable)
    assert (tmp_path / "time.csv").exists()


@asynccontextmanager
async def running(app: Any, port: int) -> AsyncGenerator[aiohttp.ClientSession]:
    """Serve an application on a port."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        server.should_exit = True
        await serving


async def test_the_guide_to_fastapi(account: FakeIntervals, unused_tcp_port: int) -> None:
    """The application of the guide returns records, a stream and some fields."""
    names, _ = await run_blocks("fastapi.md")
    first = ids(account, "task")[0]
    project = account.rows("project")[0]["id"]
    async with running(names["app"], unused_tcp_port) as web:
        async with web.get(f"/tasks/{first}") as response:
            task = await response.json()
        async with web.get(f"/titles/{first}") as response:
            assert await response.json() == {"id": first, "title": task["title"]}
        async with web.get("/tasks", params={"projectid": str(project)}) as response:
            assert response.content_type == "application/jsonl"
            lines = (await response.text()).split("\n")[:-1]
        expected = ids(account, "task", projectid=project)
        assert sorted(json.loads(line)["id"] for line in lines) == sorted(expected)
        async with web.get("/openapi.json") as response:
            assert {"Task", "TaskOwner"} <= {*(await response.json())["components"]["schemas"]}
