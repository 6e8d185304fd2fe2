"""Rules for the commands of every resource."""

from __future__ import annotations

import re
import shlex

import pytest

from intervals_async import resources
from intervals_async._cli.app import RESOURCE_GROUPS
from intervals_async.resources import descriptions, parameters
from intervals_async.testing import FakeIntervals

from .conftest import Invoke, read_json_lines, without_frame

PAIRS = [
    (verb, name)
    for name in resources.names()
    for verb, (group, _) in RESOURCE_GROUPS.items()
    if group.method in resources.resource_class(name).methods()
]
LISTED = [name for verb, name in PAIRS if verb == "list"]


@pytest.mark.parametrize(("verb", "name"), PAIRS)
def test_help_describes_every_option(invoke: Invoke, verb: str, name: str) -> None:
    """Every command's help describes each option once, marks required ones, and has examples."""
    result = invoke(verb, name, "--help")
    assert result.exit_code == 0
    kind = resources.resource_class(name)
    typed_dict = {
        "list": kind.filters,
        "export": kind.filters,
        "create": kind.creatable,
        "update": kind.updatable,
    }.get(verb)
    known = parameters(typed_dict) if typed_dict else {}
    lines = result.stdout.splitlines()
    shown = [line.split()[1] for line in lines if line.startswith("│ --")]
    assert len(shown) == len(set(shown))
    meanings = descriptions(typed_dict, kind.creatable) if typed_dict else {}
    text = without_frame(result.stdout)
    for parameter in known.values():
        if parameter.name != "password":
            assert f"--{parameter.name}" in shown
            first_words = meanings[parameter.name].replace("`", "").split()[:2]
            assert " ".join(first_words).rstrip(".") in text
    if verb in ("list", "export", "create"):
        required = [parameter for parameter in known.values() if parameter.required]
        assert result.stdout.count("[required]") == len(required)
    _check_examples(invoke, result.stdout)


@pytest.mark.parametrize("name", [name for verb, name in PAIRS if verb == "create"])
def test_examples_of_create_have_the_required_fields(
    account: FakeIntervals, invoke: Invoke, name: str
) -> None:
    """The first example of ``create`` has every field that the library requires."""
    first, *_ = _examples(invoke("create", name, "--help").stdout)
    invoke(*_arguments(first))
    assert [(call.method, call.path) for call in account.log] == [("POST", f"/{name}/")]


def _check_examples(invoke: Invoke, help: str) -> None:
    examples = _examples(help)
    assert examples
    for example in examples:
        assert all(len(line) < 80 for line in example.splitlines())
        result = invoke(*_arguments(example))
        # it lacks nothing but a token, a file, or a terminal to ask for confirmation
        if not isinstance(result.exception, FileNotFoundError):
            assert "API token: " in result.stderr or "--yes" in result.stderr


def _examples(help: str) -> list[str]:
    text = "\n".join(line.strip() for line in help.splitlines())
    return re.split(r"\n(?=intervals-async )", text.partition("\nExample")[2].strip())[1:]


def _arguments(example: str) -> list[str]:
    program, *arguments = shlex.split(example.replace("\\\n", " "))
    assert program == "intervals-async"
    return arguments


@pytest.mark.parametrize("name", LISTED)
def test_every_format_has_all_records(account: FakeIntervals, invoke: Invoke, name: str) -> None:
    """JSON Lines, CSV and a table of a resource have as many records as ``--count`` prints."""
    kind = resources.resource_class(name)
    rows = account.wire_rows(name)
    required = [each.name for each in parameters(kind.filters).values() if each.required]
    options = [word for each in required for word in (f"--{each}", str(rows[0][each]))]
    counted = int(invoke("list", name, "--count", *options).stdout)
    assert counted > 0
    result = invoke("list", name, *options)
    assert result.exit_code == 0
    assert len(read_json_lines(result.stdout)) == counted
    table = invoke("list", name, *options, "--format", "table").stdout.splitlines()
    assert len(table) == counted + 1
    assert invoke("list", name, *options, "--format", "csv").exit_code == 0
    exported = invoke("export", name, *options)
    assert exported.stdout == result.stdout


@pytest.mark.parametrize("verb", RESOURCE_GROUPS)
def test_help_of_a_group_lists_its_resources(invoke: Invoke, verb: str) -> None:
    """The help of a group lists exactly the resources with its method, and has examples."""
    text = invoke(verb, "--help").stdout
    shown = {line.split()[1] for line in text.splitlines() if line.startswith("│ ")}
    for name in resources.names():
        assert (name in shown) == ((verb, name) in PAIRS)
    _check_examples(invoke, text)
