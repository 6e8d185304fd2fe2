"""Importing the library is light, and every public name is there all the same."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from functools import cached_property
from importlib import import_module
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any, get_type_hints
from zipfile import ZipFile

import pytest

import intervals_async
from intervals_async import IntervalsClient, resources
from intervals_async.resources import _registry
from intervals_async.resources._attributes import ResourceAttributes

PACKAGE = Path(intervals_async.__file__).parent

# A program that only makes a client need not wait for these.
LATER = (
    "cattrs",
    "intervals_async._streaming.listing",
    "intervals_async.resources.task",
    "rich",
    "typer",
)

EVERY_RESOURCE = pytest.mark.parametrize("name", resources.names())


def loaded(statements: str) -> set[str]:
    """Run statements in a process of its own, and return the modules that it has loaded."""
    code = f"import sys\n{statements}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_an_import_loads_little() -> None:
    """The readers of records come with the first resource, and only that resource."""
    assert loaded("import intervals_async").isdisjoint(LATER)
    made = loaded(
        "from intervals_async import IntervalsClient\n"
        "client = IntervalsClient('abc12345678')\n"
        "dir(client)\n"
        "client.time.list(personid=3)"
    )
    assert {"cattrs", "intervals_async.resources.time"} <= made
    assert "intervals_async.resources.task" not in made


def test_each_public_name_is_there() -> None:
    """Those that are imported later too."""
    names: list[str] = vars(intervals_async)["__all__"]
    assert len(names) == len({*names})
    for name in names:
        assert hasattr(intervals_async, name)
        assert name in dir(intervals_async)


@EVERY_RESOURCE
def test_each_resource_is_there(name: str) -> None:
    """On the client, and its classes by name; the client states the class that it returns."""
    client = IntervalsClient("abc12345678")
    cls = resources.resource_class(name)
    assert cls.name == name
    assert type(getattr(client, name)) is cls
    assert getattr(client, name) is getattr(client, name)
    stated: cached_property[Any] = vars(ResourceAttributes)[name]
    assert get_type_hints(stated.func, {"resources": resources}) == {"return": cls}
    assert name in dir(client)
    assert getattr(client.with_options(timeout=1), name) is not getattr(client, name)


@EVERY_RESOURCE
def test_each_name_of_a_resource_is_there(name: str) -> None:
    """The names that its module defines, in both packages."""
    module = import_module(f"intervals_async.resources.{name}")
    assert sorted(_registry.RESOURCES[name]) == sorted(module.__all__)
    for each in module.__all__:
        assert getattr(intervals_async, each) is getattr(resources, each) is vars(module)[each]
        assert each in dir(intervals_async)
        assert each in dir(resources)


def test_no_resource_is_left_out() -> None:
    """The registry, the modules and the client's attributes are the same."""
    modules = [each.name for each in pkgutil.iter_modules(resources.__path__)]
    assert sorted(each for each in modules if not each.startswith("_")) == [*resources.names()]
    stated = [name for name, it in vars(ResourceAttributes).items() if type(it) is cached_property]
    assert stated == [*resources.names()]


def test_a_frozen_application_finds_every_module(tmp_path: Path) -> None:
    """Each is imported by a statement, so that PyInstaller and its like see it."""
    script = tmp_path / "script.py"
    script.write_text("import intervals_async")
    finder = ModuleFinder([str(PACKAGE.parent)])  # of the library alone
    finder.run_script(str(script))
    expected = {f"intervals_async.resources.{name}" for name in resources.names()}
    assert expected <= finder.modules.keys()


def test_it_works_from_an_archive(tmp_path: Path) -> None:
    """Where there is no folder to look for modules in."""
    archive = tmp_path / "archive.zip"
    with ZipFile(archive, "w") as file:
        for path in PACKAGE.rglob("*.py"):
            file.write(path, path.relative_to(PACKAGE.parent))
    code = (
        "import intervals_async as library\n"
        "client = library.IntervalsClient('abc12345678')\n"
        "print(library.__file__)\n"
        "print(*(client.resource(name).name for name in library.resources.names()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(archive)},
    )
    where, found = done.stdout.splitlines()
    assert where.startswith(str(archive))
    assert found.split() == [*resources.names()]


def test_what_is_not_there_is_said_so() -> None:
    """As Python does, with a hint where a method is missing."""
    client = IntervalsClient("abc12345678")
    for owner, name in ((client, "tasks"), (intervals_async, "Tasks"), (resources, "Tasks")):
        with pytest.raises(AttributeError, match=name):
            getattr(owner, name)
    with pytest.raises(AttributeError, match="'create' for worktype; there is list, get"):
        _ = client.worktype.create  # type: ignore[attr-defined]  # as a user would
    with pytest.raises(LookupError, match="no resource 'tasks'; there are client"):
        resources.resource_class("tasks")
