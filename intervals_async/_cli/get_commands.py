"""``get``, ``me`` and ``quota``: print one record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from .common_options import AllFieldsOption, IdArgument, RecordFormatOption
from .connection import BaseUrlOption, TokenFileOption, connection
from .print_record import RecordCall, run_and_print
from .resource_commands import ResourceClass, ResourceGroup

__all__ = ["GetGroup", "make_command_without_id"]


class GetGroup(ResourceGroup):
    """The commands ``get RESOURCE``."""

    method = "get"
    group_examples = ("get task 42", "get task --localid 7 --format json")

    @staticmethod
    def make_examples(resource_class: ResourceClass) -> Sequence[str]:
        """Write the examples of ``get RESOURCE``."""
        name, methods = resource_class.name, resource_class.methods()
        if "get_by_localid" in methods:
            return f"get {name} 42", f"get {name} --localid 7"
        return (f"get {name} 42" if "list" in methods else f"get {name}",)

    @staticmethod
    def make_command(resource_class: ResourceClass) -> Callable[..., None]:
        """Make the function of ``get RESOURCE``."""
        if "get_by_localid" in resource_class.methods():
            return _make_command_with_localid(resource_class.name)
        # a token has one owner and one quota, which have no ids
        if "list" not in resource_class.methods():
            return make_command_without_id(resource_class.name)
        return _make_command_with_id(resource_class.name)


def make_command_without_id(name: str) -> Callable[..., None]:
    """Make the function that gets the one record of a resource."""

    def command(
        ctx: typer.Context,
        *,
        format: RecordFormatOption = None,
        all_fields: AllFieldsOption = False,
        token_file: TokenFileOption = None,
        base_url: BaseUrlOption = None,
    ) -> None:
        run_and_print(
            connection(ctx, token_file, base_url),
            lambda client: client.resource(name).get(),
            format,
            all_fields=all_fields,
        )

    return command


def _make_command_with_id(name: str) -> Callable[..., None]:
    def command(
        ctx: typer.Context,
        id: IdArgument,
        *,
        format: RecordFormatOption = None,
        all_fields: AllFieldsOption = False,
        token_file: TokenFileOption = None,
        base_url: BaseUrlOption = None,
    ) -> None:
        run_and_print(
            connection(ctx, token_file, base_url),
            lambda client: client.resource(name).get(id),
            format,
            all_fields=all_fields,
        )

    return command


def _make_command_with_localid(name: str) -> Callable[..., None]:
    def command(
        ctx: typer.Context,
        id: Annotated[
            int | None, typer.Argument(min=1, metavar="ID", help="ID of the record.")
        ] = None,
        *,
        localid: Annotated[
            int | None,
            typer.Option(
                min=1, metavar="NUMBER", help="Number in the web application, instead of the ID."
            ),
        ] = None,
        format: RecordFormatOption = None,
        all_fields: AllFieldsOption = False,
        token_file: TokenFileOption = None,
        base_url: BaseUrlOption = None,
    ) -> None:
        call: RecordCall
        if id is not None and localid is None:
            call = lambda client: client.resource(name).get(id)  # noqa: E731  as short as can be
        elif localid is not None and id is None:
            call = lambda client: client.resource(name).get_by_localid(localid)  # noqa: E731
        else:
            got = "neither" if id is None else "both"
            ctx.fail(f"{name}: expected an ID or --localid, got {got}.")
        run_and_print(connection(ctx, token_file, base_url), call, format, all_fields=all_fields)

    return command
