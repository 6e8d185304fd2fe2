"""A web service that shares one client among all of its requests.

INTERVALS_TOKEN=... python examples/service.py [PORT]
curl "localhost:8080/notes?projectid=301"  # JSON Lines, as they arrive
curl localhost:8080/notes/100002
curl localhost:8080/quota
"""

import json
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from intervals_async import (
    ArgumentError,
    IntervalsClient,
    IntervalsError,
    NotFoundError,
    RateLimitError,
    Record,
    to_dict,
)

CLIENT = web.AppKey("client", IntervalsClient)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def as_json(record: Record) -> str:
    """Write a record as one line of JSON."""
    return json.dumps(to_dict(record), ensure_ascii=False)


async def client_of_the_service(app: web.Application) -> AsyncIterator[None]:
    """Open the client when the service starts, and close it at the end."""
    async with IntervalsClient() as app[CLIENT]:
        yield


@web.middleware
async def errors_as_responses(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn errors of the client into HTTP responses."""
    try:
        return await handler(request)
    except ArgumentError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    except NotFoundError as error:
        raise web.HTTPNotFound(text=error.message) from error
    except RateLimitError as error:
        raise web.HTTPServiceUnavailable(text=error.message) from error
    except IntervalsError as error:
        logging.getLogger("service").exception("intervals failed")
        raise web.HTTPBadGateway(text="the request to Intervals failed") from error


async def notes(request: web.Request) -> web.StreamResponse:
    """Stream the notes of some projects until the caller disconnects."""
    try:
        projects = [int(word) for word in request.query["projectid"].split(",")]
    except (KeyError, ValueError):
        raise web.HTTPBadRequest(text="expected /notes?projectid=3,5") from None
    async with request.app[CLIENT].projectnote.list(projectid=projects).stream() as stream:
        # Request the first page before the response starts, so that its errors have a status.
        await stream.read_ahead()
        response = web.StreamResponse(headers={"Content-Type": "application/jsonl"})
        with suppress(ConnectionResetError):  # the caller has disconnected
            await response.prepare(request)
            try:
                while records := await stream.batch():
                    lines = "".join(f"{as_json(note)}\n" for note in records)
                    await response.write(lines.encode())
            except IntervalsError as error:
                # The status is sent already, so only a broken connection can tell the caller.
                logging.getLogger("service").warning("%s broke off: %s", request.path, error)
                if request.transport is not None:
                    request.transport.abort()
                return response
            await response.write_eof()
    return response


async def one_note(request: web.Request) -> web.Response:
    """Return one note."""
    note = await request.app[CLIENT].projectnote.get(int(request.match_info["id"]))
    return web.json_response(text=as_json(note))


async def quota(request: web.Request) -> web.Response:
    """Return the use of the daily quota."""
    return web.json_response(text=as_json(await request.app[CLIENT].quota.get()))


def service() -> web.Application:
    """Create the application."""
    app = web.Application(middlewares=[errors_as_responses])
    app.cleanup_ctx.append(client_of_the_service)
    app.router.add_get("/notes", notes)
    app.router.add_get(r"/notes/{id:\d+}", one_note)
    app.router.add_get("/quota", quota)
    return app


if __name__ == "__main__":
    if len(sys.argv) > 2 or not all(word.isdecimal() for word in sys.argv[1:]):
        sys.exit("usage: service.py [PORT]")
    try:
        web.run_app(service(), host="127.0.0.1", port=int(sys.argv[1]) if sys.argv[1:] else 8080)
    except (IntervalsError, OSError, OverflowError) as error:
        sys.exit(f"service: {error}")
