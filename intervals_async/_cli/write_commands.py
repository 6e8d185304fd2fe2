"""``create``, ``update`` and ``delete``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from ..resources import parameters
from .common_options import (
    AsIsOption,
    DisableActionNotesOption,
    IdArgument,
    RecordFormatOption,
    SendNotificationsOption,
)
from .confirm import confirm
from .connection import BaseUrlOption, Connection, TokenFileOption, connection
from .examples import example_options
from .generated_options import (
    FIELDS_PANEL,
    declare_options,
    name_list_option,
    options_note,
    options_of_typed_dict,
)
from .option_values import check_required
from .print_record import run_and_print
from .progress import RateLimitNotice
from .record_fields import JsonFileOption, read_cleared_fields, read_fields
from .resource_commands import ResourceClass, ResourceGroup
from .runner import run

__all__ = ["CreateGroup", "DeleteGroup", "UpdateGroup"]

# For resources that require one of several fields: the one that the example shows.
ALTERNATIVES = {"projectmodule": "moduleid", "projectworktype": "worktypeid", "time": "taskid"}


class CreateGroup(ResourceGroup):
    """The commands ``create RESOURCE``."""

    method = "create"
    group_examples = (
        "create time --taskid 42 --worktypeid 7 --personid 17 "
        "--date 2026-05-01 --time 1.5 --billable t",
        'create projectnote --json note.json --title "As agreed"',
    )

    @staticmethod
    def make_note(resource_class: ResourceClass) -> str:
        """Write the note about the fields."""
        return options_note(resource_class.creatable)

    @staticmethod
    def make_examples(resource_class: ResourceClass) -> Sequence[str]:
        """Write the examples of ``create RESOURCE``."""
        name = resource_class.name
        needed = [
            each
            for each in parameters(resource_class.creatable).values()
            if each.required or each.name == ALTERNATIVES.get(name)
        ]
        return f"create {name} {example_options(needed)}", f"create {name} --json {name}.json"

    @staticmethod
    def make_command(resource_class: ResourceClass) -> Callable[..., None]:
        """Make the function of ``create RESOURCE``."""
        name, typed_dict = resource_class.name, resource_class.creatable

        def command(
            ctx: typer.Context,
            *,
            json_file: JsonFileOption = None,
            format: RecordFormatOption = None,
            send_notifications: SendNotificationsOption = False,
            disable_action_notes: DisableActionNotesOption = False,
            as_is: AsIsOption = False,
            token_file: TokenFileOption = None,
            base_url: BaseUrlOption = None,
            **options: Any,
        ) -> None:
            fields = read_fields(typed_dict, options, json_file, as_is=as_is)
            if not as_is:
                check_required(ctx, f"create {name}", typed_dict, fields)
            headers = _headers(send_notifications, disable_action_notes)
            run_and_print(
                connection(ctx, token_file, base_url),
                lambda client: client.resource(name).create(**fields, **headers),
                format,
                checked=not as_is,
            )

        return declare_options(
            command,
            options_of_typed_dict(typed_dict, FIELDS_PANEL),
            without=_headers_to_omit(resource_class),
        )


class UpdateGroup(ResourceGroup):
    """The commands ``update RESOURCE``."""

    method = "update"
    group_examples = ('update task 42 --title "New title" --clear datedue,estimate',)

    @staticmethod
    def make_note(resource_class: ResourceClass) -> str:
        """Write the note about the fields."""
        return options_note(resource_class.updatable)

    @staticmethod
    def make_examples(resource_class: ResourceClass) -> Sequence[str]:
        """Write the examples of ``update RESOURCE``."""
        fields = parameters(resource_class.updatable).values()
        changed = next((each for each in fields if each.kind == "text"), None)
        command = f"update {resource_class.name} 42"
        cleared = [each.name for each in fields if each.nullable and each != changed]
        found = [f"{command} {example_options([changed or next(iter(fields))])}"]
        return [*found, *(f"{command} --clear {name}" for name in cleared[:1])]

    @staticmethod
    def make_command(resource_class: ResourceClass) -> Callable[..., None]:
        """Make the function of ``update RESOURCE``."""
        name, typed_dict = resource_class.name, resource_class.updatable

        def command(
            ctx: typer.Context,
            id: IdArgument,
            *,
            json_file: JsonFileOption = None,
            format: RecordFormatOption = None,
            send_notifications: SendNotificationsOption = False,
            disable_action_notes: DisableActionNotesOption = False,
            as_is: AsIsOption = False,
            token_file: TokenFileOption = None,
            base_url: BaseUrlOption = None,
            **options: Any,
        ) -> None:
            cleared = read_cleared_fields(typed_dict, options.pop("clear", None), as_is=as_is)
            fields = read_fields(typed_dict, options, json_file, as_is=as_is) | cleared
            if not fields:
                ctx.fail(
                    "expected a field to change, got none; pass a field's option, --clear or --json."
                )
            headers = _headers(send_notifications, disable_action_notes)
            run_and_print(
                connection(ctx, token_file, base_url),
                lambda client: client.resource(name).update(id, **fields, **headers),
                format,
                checked=not as_is,
            )

        options = options_of_typed_dict(typed_dict, FIELDS_PANEL, resource_class.creatable)
        nullable = [each.name for each in parameters(typed_dict).values() if each.nullable]
        if nullable:
            options.append(name_list_option("clear", nullable, "Clear these fields."))
        return declare_options(command, options, without=_headers_to_omit(resource_class))


class DeleteGroup(ResourceGroup):
    """The commands ``delete RESOURCE``."""

    method = "delete"
    group_examples = ("delete tasknote 97 98", "delete task 42 --yes")

    @staticmethod
    def make_examples(resource_class: ResourceClass) -> Sequence[str]:
        """Write the examples of ``delete RESOURCE``."""
        return f"delete {resource_class.name} 42", f"delete {resource_class.name} 97 98 --yes"

    @staticmethod
    def make_command(resource_class: ResourceClass) -> Callable[..., None]:
        """Make the function of ``delete RESOURCE``."""
        name = resource_class.name

        def command(
            ctx: typer.Context,
            ids: Annotated[
                list[int],
                typer.Argument(min=1, metavar="ID", help="IDs of the records."),
            ],
            *,
            yes: Annotated[
                bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")
            ] = False,
            send_notifications: SendNotificationsOption = False,
            token_file: TokenFileOption = None,
            base_url: BaseUrlOption = None,
        ) -> None:
            if not yes:
                confirm(ctx, f"{name} {', '.join(map(str, ids))}")
            headers = _headers(send_notifications)
            run(_delete(connection(ctx, token_file, base_url), name, ids, headers))

        return command


def _headers(send_notifications: bool, disable_action_notes: bool = False) -> dict[str, bool]:
    headers = {
        "send_notifications": send_notifications,
        "disable_action_notes": disable_action_notes,
    }
    return {name: True for name, wanted in headers.items() if wanted}


def _headers_to_omit(resource_class: ResourceClass) -> tuple[str, ...]:
    return () if resource_class.has_action_notes else ("disable_action_notes",)


async def _delete(
    account: Connection, name: str, ids: Sequence[int], headers: dict[str, bool]
) -> None:
    async with account.client(RateLimitNotice()) as client:
        resource = client.resource(name)
        for id in ids:
            await resource.delete(id, **headers)
            # printed at once: if a later one fails, the user knows which records are gone
            typer.echo(f"deleted {name} {id}", err=True)
