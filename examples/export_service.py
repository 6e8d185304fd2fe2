"""A web service that exports in the background, with one client for all exports.

INTERVALS_TOKEN=... python examples/export_service.py FOLDER [PORT]
curl -X POST localhost:8080/exports  # the complete account, into FOLDER/account
curl -X POST "localhost:8080/exports?name=backup&resources=projectnote,task&format=csv"
curl localhost:8080/exports/backup  # the progress
curl -X DELETE localhost:8080/exports/backup  # stops it; the same POST resumes it
"""

import asyncio
import logging
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from pathlib import Path

from aiohttp import web

from intervals_async import ArgumentError, IntervalsClient, IntervalsError
from intervals_async.events import Event, LimitWait, RequestSent
from intervals_async.export import AccountProgress, export_account


class Export:
    """An export into one folder: its task and its progress."""

    def __init__(self, work: Callable[..., Awaitable[object]]) -> None:
        self.error: Exception | None = None
        self.requests = 0
        self.waiting = set[asyncio.Task[object] | None]()
        self.progress = dict[str, AccountProgress]()
        self.begun = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(self.run(work))

    async def run(self, work: Callable[..., Awaitable[object]]) -> None:
        """Do the work, and keep its error for the state."""
        EXPORT.set(self)  # tasks inherit the context, so events find their export
        try:
            await work(on_progress=lambda each: self.progress.update({each.resource: each}))
        except (IntervalsError, OSError) as error:
            self.error = error
        except Exception:
            logging.getLogger("service").exception("an export failed")
            self.error = RuntimeError("internal error; see the log of the service")

    @property
    def state(self) -> str:
        """The state: running, cancelled, failed or done."""
        if not self.task.done():
            return "running"
        if self.task.cancelled():
            return "cancelled"
        return "failed" if self.error else "done"

    async def stop(self) -> None:
        """Cancel the export, and wait until it has released its folder."""
        self.task.cancel()
        await asyncio.wait([self.task])


CLIENT = web.AppKey("client", IntervalsClient)
EXPORTS = web.AppKey("exports", dict[str, Export])
FOLDER = web.AppKey("folder", Path)
EXPORT: ContextVar[Export | None] = ContextVar("EXPORT", default=None)

WORDS = {"name", "resources", "format"}
NAME = re.compile("[a-z0-9][a-z0-9-]{0,39}")  # names a folder, so it allows no path


def note(event: Event) -> None:
    """Record the events of an export; the client calls it in the task of the request."""
    export = EXPORT.get()
    if export is None or not isinstance(event, LimitWait | RequestSent):
        return
    if isinstance(event, LimitWait):
        export.waiting.add(asyncio.current_task())
    else:
        export.waiting.discard(asyncio.current_task())
        export.requests += 1
    if not export.begun.done():
        export.begun.set_result(None)


async def client_of_the_service(app: web.Application) -> AsyncIterator[None]:
    """Open the client when the service starts; stop all exports and close it at the end."""
    async with IntervalsClient(on_event=note) as app[CLIENT]:
        yield
        await asyncio.gather(*[export.stop() for export in app[EXPORTS].values()])


def status_of(app: web.Application, export: Export) -> dict[str, object]:
    """Return the state and the progress of an export."""
    # All exports share one queue for the limit, and only the first one reports a wait.
    running = [each for each in app[EXPORTS].values() if each.state == "running"]
    return {
        "state": export.state,
        "error": str(export.error) if export.error else None,
        "requests": export.requests,
        "waits_for_limit": export in running and any(each.waiting for each in running),
        "resources": {
            each.resource: {"records": each.records, "of": each.listcount, "ended": each.ended}
            for each in export.progress.values()
            if each.left_out is None
        },
        "left_out": {
            each.resource: each.left_out for each in export.progress.values() if each.left_out
        },
    }


async def start(request: web.Request) -> web.Response:
    """Start an export, or resume an unfinished one."""
    app, query = request.app, request.query
    if request.can_read_body or len(query) > len(WORDS & {*query}):
        raise web.HTTPBadRequest(
            text="expected POST /exports?name=backup&resources=task,time&format=csv without a body"
        )
    name = query.get("name", "account")
    if not NAME.fullmatch(name):
        raise web.HTTPBadRequest(
            text=f"name: expected up to 40 of a-z, 0-9 and -, starting without -, got {name!r}"
        )
    if name in app[EXPORTS] and app[EXPORTS][name].state == "running":
        raise web.HTTPConflict(text=f"{name} is running already")
    export = app[EXPORTS][name] = Export(
        partial(
            export_account,
            app[CLIENT],
            app[FOLDER] / name,
            resources=query["resources"].split(",") if "resources" in query else None,
            format=query.get("format", "jsonl"),
        )
    )
    # Argument errors come before the first request, which may have to wait for the limit.
    await asyncio.wait([export.task, export.begun], timeout=1, return_when=asyncio.FIRST_COMPLETED)
    if isinstance(export.error, ArgumentError):
        raise web.HTTPBadRequest(text=str(export.error))
    if isinstance(export.error, BlockingIOError):
        raise web.HTTPConflict(text=f"another process is writing {name}")
    address = f"/exports/{name}"
    return web.json_response(status_of(app, export), status=202, headers={"Location": address})


def named(request: web.Request) -> Export:
    """Find the export that the URL names."""
    name = request.match_info["name"]
    if name not in request.app[EXPORTS]:
        raise web.HTTPNotFound(
            text=f"no export {name!r} was started since the start of the service"
        )
    return request.app[EXPORTS][name]


async def show(request: web.Request) -> web.Response:
    """Show the state and the progress of an export."""
    return web.json_response(status_of(request.app, named(request)))


async def stop(request: web.Request) -> web.Response:
    """Stop an export, and keep its files so that it can be resumed."""
    export = named(request)
    await export.stop()
    return web.json_response(status_of(request.app, export))


def service(folder: Path) -> web.Application:
    """Create the application."""
    app = web.Application()
    app[FOLDER], app[EXPORTS] = folder, {}
    app.cleanup_ctx.append(client_of_the_service)
    app.router.add_post("/exports", start)
    app.router.add_get("/exports/{name}", show)
    app.router.add_delete("/exports/{name}", stop)
    return app


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or not all(word.isdecimal() for word in sys.argv[2:]):
        sys.exit("usage: export_service.py FOLDER [PORT]")
    port = int(sys.argv[2]) if sys.argv[2:] else 8080
    try:
        web.run_app(service(Path(sys.argv[1])), host="127.0.0.1", port=port)
    except (IntervalsError, OSError, OverflowError) as error:
        sys.exit(f"export_service: {error}")
