"""Write the reference of the commands and options at build time, from the Typer application.

The pages are written to ``docs/reference/commands``, which git ignores.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from rich.text import Text
from rst import Row, heading, table, write_files
from typer.main import get_command

from intervals_async import IntervalsClient
from intervals_async._cli.app import app as program
from intervals_async._cli.resource_commands import ResourceGroup

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PROGRAM = "intervals-async"

FLAGS = {
    "token": "--token-file",
    "base_url": "--base-url",
    "checked": "--as-is",
    "send_notifications": "--send-notifications",
    "disable_action_notes": "--disable-action-notes",
}
"""The flag that sets an option of the client."""

ENVIRONMENT = {
    "INTERVALS_TOKEN": ("token", "The API token."),
    "INTERVALS_BASE_URL": ("base_url", "The root URL of the API."),
    "INTERVALS_LIMIT_STORE": (
        "limit_store",
        "The limit store of the command line: the path of an SQLite file, or a ``redis://`` URL.",
    ),
    "HTTP_PROXY": ("proxy", 'The proxy of HTTP requests, with ``proxy="env"`` and in commands.'),
    "HTTPS_PROXY": ("proxy", "The proxy of HTTPS requests, likewise."),
    "ALL_PROXY": ("proxy", "The proxy of all other requests, likewise."),
    "NO_PROXY": ("proxy", "The hosts that are reached without a proxy, likewise."),
}
"""The environment variables, each with an option of the client and its meaning."""


def setup(app: Sphinx) -> Mapping[str, bool]:
    """Write the pages before Sphinx collects the sources."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(app: Sphinx) -> None:
    """Write all pages."""
    found = list(commands())
    texts = {f"{name}.rst": page(name, found) for name in dict.fromkeys(c.names[0] for c in found)}
    texts["overview.inc"] = table(
        ("command", "what it does"),
        (
            (f":doc:`{each.name} </reference/commands/{each.name}>`", each.summary)
            for each in found
            if len(each.names) == 1
        ),
    )
    texts["options.inc"] = table(
        ("option", "also", "default", "meaning"),
        [*client_rows(found), *flag_rows(found)],
    )
    texts["environment.inc"] = table(
        ("variable", "option of the client", "meaning"),
        ((f"``{name}``", f"`{option}`", words) for name, (option, words) in ENVIRONMENT.items()),
    )
    write_files(Path(app.srcdir, "reference", "commands"), texts)


@attrs.frozen
class Command:
    """A command, or a group of commands."""

    names: tuple[str, ...]
    typer: Any

    @property
    def name(self) -> str:
        """The words that the user types."""
        return " ".join(self.names)

    @property
    def words(self) -> str:
        """The help."""
        return inspect.cleandoc(Text.from_markup(self.typer.help or "").plain)

    @property
    def summary(self) -> str:
        """The first paragraph of the help."""
        return self.words.partition("\n\n")[0].replace("\n", " ")

    @property
    def options(self) -> Sequence[Any]:
        """The options, without ``--help``."""
        return [
            each
            for each in self.typer.params
            if each.param_type_name == "option" and "--help" not in each.opts
        ]

    @property
    def usage(self) -> str:
        """The usage line."""
        words = [PROGRAM, *self.names]
        if self.options:
            words.append("[OPTIONS]")
        words += (
            f"{each.metavar or each.name.upper()}{'...' if each.nargs == -1 else ''}"
            for each in self.typer.params
            if each.param_type_name == "argument"
        )
        if hasattr(self.typer, "commands"):
            words.append(self.typer.subcommand_metavar)
        return " ".join(words)

    def examples(self) -> str:
        """The examples of the epilog."""
        return (self.typer.epilog or "").rpartition("Example")[2].partition("\n")[2]

    def note(self) -> str:
        """The epilog without its examples."""
        return Text.from_markup((self.typer.epilog or "").rpartition("Example")[0]).plain.strip()


def commands() -> Iterator[Command]:
    """Yield the program and all its commands, groups before their commands."""
    root: Any = get_command(program)
    context = root.make_context(PROGRAM, ["list"], resilient_parsing=True)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        yield Command((name,), command)
        if hasattr(command, "commands"):
            inner = type(context)(command, info_name=name, parent=context)
            for child in command.list_commands(inner):
                _, built, _ = command.resolve_command(inner, [child])
                yield Command((name, child), built)


def root_command() -> Command:
    """Return the program itself, whose options all commands have."""
    return Command((), get_command(program))


def page(name: str, found: Iterable[Command]) -> str:
    """Write the page of one command, with the commands in it."""
    first, *rest = [each for each in found if each.names[0] == name]
    parts = [heading(name, "="), first.words, code(first.usage), *examples(first)]
    if first.options:
        parts += [heading("Options"), options(first.options)]
    own = {each.names: each.options for each in rest}
    if isinstance(first.typer, ResourceGroup):
        common = shared(own.values())
        if common:
            parts += [heading("Options of every resource"), options(common)]
        known = {key(each) for each in common}
        own = {
            names: [each for each in these if key(each) not in known]
            for names, these in own.items()
        }
        if rest:
            parts.append(heading("Resources"))
    for each in rest:
        parts += [f".. _command-{'-'.join(each.names)}:", heading(each.name, "~"), each.summary]
        parts += [code(each.usage), *([each.note()] if each.note() else []), *examples(each)]
        if own[each.names]:
            parts.append(options(own[each.names]))
    return "\n\n".join(parts) + "\n"


def shared(all_options: Iterable[Sequence[Any]]) -> Sequence[Any]:
    """Return the options that every command has."""
    first, *rest = all_options
    return [
        each
        for each in first
        if all(key(each) in {key(other) for other in others} for others in rest)
    ]


def key(option: Any) -> object:
    """Return what makes two options the same."""
    return flags(option), option.help


def options(found: Iterable[Any]) -> str:
    """Write a table of options."""
    return table(
        ("option", "value", "meaning", "default"),
        ((flags(each), value(each), words(each), default(each)) for each in found),
    )


def flags(option: Any) -> str:
    """Write the flags of an option."""
    return ", ".join(f"``{flag}``" for flag in [*option.opts, *option.secondary_opts])


def value(option: Any) -> str:
    """Write the placeholder of an option's value."""
    if getattr(option, "is_flag", False):
        return ""
    return f"``{metavar(option)}``"


def metavar(option: Any) -> str:
    """Return the placeholder of an option's value: its metavar, or its choices."""
    if option.metavar:
        return str(option.metavar)
    choices: Iterable[Any] = option.type_descriptor.annotation
    return "|".join(each.value for each in choices)


def words(option: Any) -> str:
    """Write the help of an option, as reStructuredText."""
    plain = " ".join(Text.from_markup(option.help or "").plain.split())
    return re.sub(r"([*|\\]|`(?!`))", r"\\\1", plain)


def default(option: Any) -> str:
    """Write the default of an option; nothing if it is off or unset."""
    if isinstance(option.show_default, str):
        return option.show_default.replace("$", "")
    if option.default is None or option.default is False or callable(option.default):
        return ""
    if option.default is True:
        return f"``{option.opts[0]}``"
    return f"``{getattr(option.default, 'value', option.default)}``"


def examples(command: Command) -> Sequence[str]:
    """Write the examples of a command."""
    return [code(command.examples())] if command.examples() else []


def code(text: str) -> str:
    """Write a block of shell commands."""
    lines = "\n".join(f"   {line}" for line in text.splitlines())
    return f".. code-block:: text\n\n{lines}"


def client_rows(found: Sequence[Command]) -> Iterator[Row]:
    """Yield a row for each option of the client."""
    described = arguments(IntervalsClient)
    changeable = inspect.signature(IntervalsClient.with_options).parameters
    known = {flag for each in [*found, root_command()] for o in each.options for flag in o.opts}
    for name, parameter in inspect.signature(IntervalsClient).parameters.items():
        flag = FLAGS.get(name, "")
        if flag and flag not in known:
            raise ValueError(f"FLAGS: expected flags of the command line, got {flag}")
        also = [
            *(["`with_options`"] if name in changeable else []),
            *([f"``{flag}``"] if flag else []),
        ]
        also += (f"``{variable}``" for variable, (of, _) in ENVIRONMENT.items() if of == name)
        shown = repr(parameter.default).replace(
            "(Limit(requests=100, per=60.0, reserved=2),)", "100 a minute"
        )
        yield f"``{name}``", ", ".join(also), f"``{shown}``", described[name]


def arguments(cls: type) -> Mapping[str, str]:
    """Return the first sentence on each argument in the docstring of a class."""
    section = (inspect.getdoc(cls) or "").partition("Args:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", section, re.MULTILINE)
    return {
        name: re.split(r"(?<=\.) (?=[A-Z`])", " ".join(text.split()))[0] for name, text in entries
    }


def flag_rows(found: Sequence[Command]) -> Iterator[Row]:
    """Yield a row for each flag that sets no option of the client, except filters and fields."""
    rows: dict[tuple[str, str], list[str]] = {}
    for each in [root_command(), *found]:
        for option in each.options:
            panel = getattr(option, "rich_help_panel", None)
            if option.opts[0] in FLAGS.values() or panel in ("Filters", "Fields"):
                continue
            names = rows.setdefault((flags(option), f"{default(option)}\0{words(option)}"), [])
            name = each.names[0] if each.names else PROGRAM
            if name not in names:
                names.append(name)
    for (shown, rest), names in rows.items():
        standard, meaning = rest.split("\0")
        yield shown, ", ".join(f"`{name}`" for name in names), standard, meaning
