"""A web service with FastAPI: three workers share the rate limit, and records are streamed.

INTERVALS_TOKEN=... uvicorn --app-dir examples --workers 3 fastapi_service:app
curl localhost:8000/time/30001
curl -N "localhost:8000/time?projectid=301&projectid=302"  # JSON Lines, as they arrive
"""

import logging
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse

from intervals_async import (
    ArgumentError,
    CallError,
    IntervalsClient,
    IntervalsError,
    LimitTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    Stream,
    Time,
)
from intervals_async.limits.sqlite import SqliteLimitStore

# The file in which all workers count their requests.
LIMITS = os.environ.get("INTERVALS_LIMITS", Path(tempfile.gettempdir()) / "intervals-limits.sqlite")

STATUSES: dict[type[IntervalsError], int] = {
    ArgumentError: 400,
    PermissionDeniedError: 403,
    NotFoundError: 404,
    RateLimitError: 503,
    LimitTimeoutError: 503,
}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open one client for each worker when it starts, and close it at the end."""
    async with (
        SqliteLimitStore(LIMITS) as store,
        IntervalsClient(limit_store=store) as app.state.intervals,
    ):
        yield


app = FastAPI(title="Time entries", lifespan=lifespan)


@app.exception_handler(IntervalsError)
async def error_as_response(request: Request, error: IntervalsError) -> JSONResponse:
    """Turn an error of the client into an HTTP response."""
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            detail = error.message if isinstance(error, CallError) else str(error)
            return JSONResponse({"detail": detail}, status)
    logging.getLogger("uvicorn.error").error("%s: %s", request.url.path, error)
    return JSONResponse({"detail": "the request to Intervals failed"}, 502)


def client_of_the_worker(request: Request) -> IntervalsClient:
    """Return the client."""
    client: IntervalsClient = request.app.state.intervals
    return client


Client = Annotated[IntervalsClient, Depends(client_of_the_worker)]


async def time_of_projects(
    intervals: Client, projectid: Annotated[list[int], Query()]
) -> AsyncIterator[Stream[Time]]:
    """Open the stream of a response. It is closed when the response ends or the caller leaves."""
    async with intervals.time.list(projectid=projectid).stream() as stream:
        # Request the first page before the response starts, so that its errors have a status.
        await stream.read_ahead()
        yield stream


@app.get("/time")
async def time(stream: Annotated[Stream[Time], Depends(time_of_projects)]) -> AsyncIterator[Time]:
    """Stream the time entries of some projects as JSON Lines."""
    async for entry in stream:
        yield entry


@app.get("/time/{id}")
async def time_entry(intervals: Client, id: int) -> Time:
    """Return one time entry."""
    return await intervals.time.get(id)
