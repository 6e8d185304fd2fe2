"""Importing the package is fast, and still provides every public name."""

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

# Modules that creating a client must not import.
LATER = (
    "cattrs",
    "intervals_async._streaming.listing",
    "intervals_async.resources.task",
    "rich",
    "typer",
)

EVERY_RESOURCE = pytest.mark.parametrize("name", resources.names())


def loaded(statements: str) -> set[str]:
    """Run statements in a new process, and return the modules that they load."""
    code = f"import sys\n{statements}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_modules_are_loaded_when_they_are_first_used() -> None:
    """The first use of a resource loads its module and cattrs, but no other resource."""
    assert loaded("import intervals_async").isdisjoint(LATER)
    made = loaded(
        "from intervals_async import IntervalsClient\n"
        "client = IntervalsClient('abc12345678')\n"
        "dir(client)\n"
        "client.time.list(personid=3)"
    )
    assert {"cattrs", "intervals_async.resources.time"} <= made
    assert "intervals_async.resources.task" not in made


def test_every_public_name_exists_and_is_listed() -> None:
    """Every name of `__all__` is an attribute and in `dir()`, also if it is imported lazily."""
    names: list[str] = vars(intervals_async)["__all__"]
    assert len(names) == len({*names})
    for name in names:
        assert hasattr(intervals_async, name)
        assert name in dir(intervals_async)


@EVERY_RESOURCE
def test_each_resource_is_an_attribute_of_the_client(name: str) -> None:
    """A client returns the registered class of each resource, as its annotation states."""
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
def test_both_packages_export_the_names_of_each_resource(name: str) -> None:
    """`intervals_async` and its `resources` export every name of a resource's module."""
    module = import_module(f"intervals_async.resources.{name}")
    assert sorted(_registry.RESOURCES[name]) == sorted(module.__all__)
    for each in module.__all__:
        assert getattr(intervals_async, each) is getattr(resources, each) is vars(module)[each]
        assert each in dir(intervals_async)
        assert each in dir(resources)


def test_every_resource_is_registered() -> None:
    """The registry, the modules and the client's attributes list the same resources."""
    modules = [each.name for each in pkgutil.iter_modules(resources.__path__)]
    assert sorted(each for each in modules if not each.startswith("_")) == [*resources.names()]
    stated = [name for name, it in vars(ResourceAttributes).items() if type(it) is cached_property]
    assert stated == [*resources.names()]


def test_a_frozen_application_finds_every_module(tmp_path: Path) -> None:
    """Import statements name every resource module, so that PyInstaller finds all of them."""
    script = tmp_path / "script.py"
    script.write_text("import intervals_async")
    finder = ModuleFinder([str(PACKAGE.parent)])  # searches the library alone
    finder.run_script(str(script))
    expected = {f"intervals_async.resources.{name}" for name in resources.names()}
    assert expected <= finder.modules.keys()


def test_the_package_works_from_a_zip_archive(tmp_path: Path) -> None:
    """All resources work if the package is imported from a zip archive."""
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


def test_errors_name_the_missing_attribute() -> None:
    """Unknown attributes raise AttributeError with their name, and methods list alternatives."""
    client = IntervalsClient("abc12345678")
    for owner, name in ((client, "tasks"), (intervals_async, "Tasks"), (resources, "Tasks")):
        with pytest.raises(AttributeError, match=name):
            getattr(owner, name)
    with pytest.raises(AttributeError, match="no method 'create'; the API allows list, get"):
        _ = client.worktype.create  # type: ignore[attr-defined]  # as a user would
    with pytest.raises(LookupError, match="got 'tasks'; the API has client"):
        resources.resource_class("tasks")
