"""``create``, ``update`` and ``delete``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias

import attrs
import typer

from .._schema.parameters import parameters
from .connection import BaseUrl, Connection, TokenFile, connection
from .fields import FromJson, cleared, read_fields
from .formats import RecordFormat
from .options import FIELDS, AsTyped, demand, names_option, note_on, options_of, with_options
from .progress import LimitNotice
from .records import HowShown, Id, show
from .resource_commands import Kind, ResourceGroup
from .running import fail, run
from .streams import standard_input

__all__ = ["CreateGroup", "DeleteGroup", "Mails", "UpdateGroup"]

Mails: TypeAlias = Annotated[
    bool,
    typer.Option("--send-notifications", help="Send the e-mails that go with it; else none are."),
]
NoActionNotes: TypeAlias = Annotated[
    bool,
    typer.Option("--disable-action-notes", help="Leave out the automatic action notes."),
]


@attrs.frozen
class Write:
    """What is to be written."""

    resource: str
    method: str
    ids: tuple[int, ...]
    fields: dict[str, Any]
    headers: dict[str, bool]
    checked: bool


class CreateGroup(ResourceGroup):
    """The resources that can be created."""

    method = "create"

    @staticmethod
    def note(kind: Kind) -> str:
        """Say how several ids, and a password, are given."""
        return note_on(kind.creatable)

    @staticmethod
    def make(kind: Kind) -> Callable[..., None]:
        """Make ``create RESOURCE``."""

        def command(
            ctx: typer.Context,
            *,
            source: FromJson = None,
            format: HowShown = None,
            send_notifications: Mails = False,
            disable_action_notes: NoActionNotes = False,
            as_is: AsTyped = False,
            token_file: TokenFile = None,
            base_url: BaseUrl = None,
            **given: Any,
        ) -> None:
            fields = read_fields(kind.creatable, given, source, as_is=as_is)
            if not as_is:
                demand(ctx, f"create {kind.name}", kind.creatable, fields)
            headers = _headers(send_notifications, disable_action_notes)
            write = Write(kind.name, "create", (), fields, headers, not as_is)
            run(_write(connection(ctx, token_file, base_url), write, format))

        options = options_of(kind.creatable, FIELDS)
        return with_options(command, options, without=_absent(kind))


class UpdateGroup(ResourceGroup):
    """The resources that can be changed."""

    method = "update"

    @staticmethod
    def note(kind: Kind) -> str:
        """Say how several ids, and a password, are given."""
        return note_on(kind.updatable)

    @staticmethod
    def make(kind: Kind) -> Callable[..., None]:
        """Make ``update RESOURCE``."""
        nullable = [each.name for each in parameters(kind.updatable).values() if each.nullable]

        def command(
            ctx: typer.Context,
            id: Id,
            *,
            source: FromJson = None,
            format: HowShown = None,
            send_notifications: Mails = False,
            disable_action_notes: NoActionNotes = False,
            as_is: AsTyped = False,
            token_file: TokenFile = None,
            base_url: BaseUrl = None,
            **given: Any,
        ) -> None:
            empty = cleared(kind.updatable, given.pop("clear", None), as_is=as_is)
            fields = read_fields(kind.updatable, given, source, as_is=as_is) | empty
            if not fields:
                ctx.fail("Say what to change: an option of a field, --clear or --json.")
            headers = _headers(send_notifications, disable_action_notes)
            write = Write(kind.name, "update", (id,), fields, headers, not as_is)
            run(_write(connection(ctx, token_file, base_url), write, format))

        options = options_of(kind.updatable, FIELDS)
        if nullable:
            options.append(names_option("clear", nullable, "The fields to empty."))
        return with_options(command, options, without=_absent(kind))


class DeleteGroup(ResourceGroup):
    """The resources that can be deleted."""

    method = "delete"

    @staticmethod
    def make(kind: Kind) -> Callable[..., None]:
        """Make ``delete RESOURCE``."""

        def command(
            ctx: typer.Context,
            ids: Annotated[
                list[int],
                typer.Argument(min=1, metavar="ID", help="The ids of the records."),
            ],
            *,
            yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
            send_notifications: Mails = False,
            token_file: TokenFile = None,
            base_url: BaseUrl = None,
            **_: Any,
        ) -> None:
            which = f"{kind.name} {', '.join(map(str, ids))}"
            if not yes:
                _ask(ctx, which)
            headers = _headers(send_notifications)
            run(_delete(connection(ctx, token_file, base_url), kind.name, ids, headers))

        return with_options(command, ())


def _ask(ctx: typer.Context, which: str) -> None:
    stream = standard_input()
    if not stream.isatty():
        ctx.fail(f"Nobody is there to be asked: say --yes to delete {which}.")
    try:
        typer.echo(f"Delete {which}? [y/N] ", nl=False, err=True)
        answer = stream.readline()
    except KeyboardInterrupt:
        fail("interrupted", code=130)
    if answer.strip().lower() not in ("y", "yes"):
        fail("nothing was deleted")


def _absent(kind: Kind) -> tuple[str, ...]:
    return () if kind.has_action_notes else ("disable_action_notes",)


def _headers(send_notifications: bool, disable_action_notes: bool = False) -> dict[str, bool]:
    headers = {
        "send_notifications": send_notifications,
        "disable_action_notes": disable_action_notes,
    }
    return {name: True for name, wanted in headers.items() if wanted}


async def _write(account: Connection, write: Write, format: RecordFormat | None) -> None:
    async with account.client(LimitNotice(), checked=write.checked) as client:
        resource: Any = getattr(client, write.resource)
        method: Any = getattr(resource, write.method)
        record = await method(*write.ids, **write.fields, **write.headers)
    show(record, format)


async def _delete(
    account: Connection, name: str, ids: Sequence[int], headers: dict[str, bool]
) -> None:
    async with account.client(LimitNotice()) as client:
        resource: Any = getattr(client, name)
        for id in ids:
            await resource.delete(id, **headers)
            # each at once: one that fails leaves those before it deleted
            typer.echo(f"deleted {name} {id}", err=True)
