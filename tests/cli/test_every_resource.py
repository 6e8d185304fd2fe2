"""What holds for the commands of each of the resources."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intervals_async import resources
from intervals_async._cli.app import RESOURCE_GROUPS
from intervals_async.resources import descriptions, parameters
from intervals_async.testing import FakeIntervals

PAIRS = [
    (verb, name)
    for name in resources.names()
    for verb, (group, _) in RESOURCE_GROUPS.items()
    if group.method in resources.resource_class(name).methods()
]
LISTED = [name for verb, name in PAIRS if verb == "list"]


@pytest.mark.parametrize(("verb", "name"), PAIRS)
def test_the_help_names_every_option_with_its_meaning(invoke: Any, verb: str, name: str) -> None:
    """Each command's help is there; no two options have the same name."""
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
    text = " ".join(result.stdout.replace("│", " ").split())
    for parameter in known.values():
        if parameter.name != "password":
            assert f"--{parameter.name}" in shown
            first_words = meanings[parameter.name].replace("`", "").split()[:2]
            assert " ".join(first_words).rstrip(".") in text
    if verb in ("list", "export", "create"):
        required = [parameter for parameter in known.values() if parameter.required]
        assert result.stdout.count("[required]") == len(required)


@pytest.mark.parametrize("name", LISTED)
def test_it_is_listed_in_each_format(account: FakeIntervals, invoke: Any, name: str) -> None:
    """JSON Lines, CSV and a table show the same records."""
    kind = resources.resource_class(name)
    rows = account.wire_rows(name)
    required = [each.name for each in parameters(kind.filters).values() if each.required]
    given = [word for each in required for word in (f"--{each}", str(rows[0][each]))]
    counted = int(invoke("list", name, "--count", *given).stdout)
    assert counted > 0
    result = invoke("list", name, *given)
    assert result.exit_code == 0
    records = [json.loads(line) for line in result.stdout.split("\n")[:-1]]
    assert len(records) == counted
    table = invoke("list", name, *given, "--format", "table").stdout.splitlines()
    assert len(table) == counted + 1
    assert invoke("list", name, *given, "--format", "csv").exit_code == 0
    exported = invoke("export", name, *given)
    assert exported.stdout == result.stdout


@pytest.mark.parametrize("verb", RESOURCE_GROUPS)
def test_each_group_names_its_resources(invoke: Any, verb: str) -> None:
    """``list --help`` shows each resource with what it is, and no other."""
    text = invoke(verb, "--help").stdout
    shown = {line.split()[1] for line in text.splitlines() if line.startswith("│ ")}
    for name in resources.names():
        assert (name in shown) == ((verb, name) in PAIRS)
