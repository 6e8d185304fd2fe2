"""The reference names every error, option, environment variable and command, and true costs."""

from __future__ import annotations

import importlib
import inspect
import re
from types import ModuleType
from typing import Any

import pytest

from intervals_async import IntervalsClient, IntervalsError, errors, export, resources
from intervals_async.testing import FakeIntervals

from ..conftest import PACKAGE
from ..rows import ids
from .code_blocks import ROOT

REFERENCE = ROOT / "docs" / "reference"


@pytest.fixture
def command_pages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the extension that writes the reference of the commands."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "_extensions")
    return importlib.import_module("command_pages")


@pytest.fixture
def resource_pages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the extension that writes the reference of the resources."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "_extensions")
    monkeypatch.syspath_prepend(ROOT / "tests")
    return importlib.import_module("resource_pages")


def test_every_error_has_one_remedy() -> None:
    """The table of errors names each public error of the library exactly once."""
    rows = [
        line
        for line in (REFERENCE / "errors.md").read_text("utf-8").splitlines()
        if line.startswith("| **")
    ]
    found = [name for row in rows for name in re.findall(r"{exc}`~[\w.]+\.(\w+)`", row)]
    public = {**vars(errors), **{name: vars(export)[name] for name in export.__all__}}
    known = [
        name
        for name, each in public.items()
        if isinstance(each, type) and issubclass(each, IntervalsError)
    ]
    assert sorted(found) == sorted(known)


def test_every_option_of_the_client_is_in_the_table(command_pages: ModuleType) -> None:
    """The table has each option of the client, with its meaning, its flag and its variables."""
    rows = {row[0]: row for row in command_pages.client_rows(list(command_pages.commands()))}
    names = [f"``{name}``" for name in inspect.signature(IntervalsClient).parameters]
    assert list(rows) == names
    assert all(row[3].endswith(".") for row in rows.values())
    assert "with_options" in rows["``timeout``"][1]
    assert rows["``token``"][1] == "``--token-file``, ``INTERVALS_TOKEN``"


def test_every_flag_is_in_the_table_or_on_the_page_of_its_resource(
    command_pages: ModuleType,
) -> None:
    """Each flag of each command is in the table, or is a filter or field of a resource."""
    found = list(command_pages.commands())
    table = str([*command_pages.client_rows(found), *command_pages.flag_rows(found)])
    assert len(found) > 150
    for command in [command_pages.root_command(), *found]:
        page = command_pages.page(command.names[0], found) if command.names else table
        for option in command.options:
            for flag in (*option.opts, *option.secondary_opts):
                assert f"``{flag}``" in page, (command.name, flag)
                if option.rich_help_panel in ("Filters", "Fields"):
                    assert flag[2:] in _filters_and_fields(command.names[-1])
                else:
                    assert f"``{flag}``" in table, (command.name, flag)


def _filters_and_fields(name: str) -> set[str]:
    resource: Any = resources.resource_class(name)
    typed_dicts = (resource.filters, resource.creatable, resource.updatable)
    return {each for taken in typed_dicts for each in resources.parameters(taken)}


def test_every_environment_variable_is_in_the_table(command_pages: ModuleType) -> None:
    """The table has each environment variable that the source code reads."""
    named = {
        name
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r"\b(INTERVALS_[A-Z_]+|[A-Z]+_PROXY)\b", path.read_text("utf-8"))
    }
    assert named == set(command_pages.ENVIRONMENT)


async def test_the_requests_of_each_resource_are_as_stated(
    resource_pages: ModuleType, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """A short list takes one request, as the page of each resource states."""
    for name in resources.names():
        page = resource_pages.Page(name)
        if "list" not in page.cls.methods():
            continue
        filters: dict[str, Any] = {
            each.name: fake.rows(each.name.removesuffix("id"))[0]["id"]
            for each in page.filters.values()
            if each.required
        }
        before = fake.requests
        await intervals.resource(name).list(**filters).count()
        assert (name, fake.requests - before) == (name, 1)
        assert page._requests("list").startswith("1")


async def test_the_requests_of_a_timer_are_as_stated(
    resource_pages: ModuleType, fake: FakeIntervals, intervals: IntervalsClient
) -> None:
    """`start` takes one request; `pause` and `resume` read the timer first."""
    page = resource_pages.Page("timer")
    person = ids(fake, "person")[0]
    sent: dict[str, int] = {}
    before = fake.requests
    timer = await intervals.timer.start(person)
    sent["start"], before = fake.requests - before, fake.requests
    await intervals.timer.pause(timer.id)
    sent["pause"], before = fake.requests - before, fake.requests
    await intervals.timer.resume(timer.id)
    sent["resume"] = fake.requests - before
    assert {name: str(number) for name, number in sent.items()} == {
        name: page._requests(name) for name in sent
    }
