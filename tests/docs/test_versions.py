"""The docstrings say in which version each public name was added."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from intervals_async import resources
from intervals_async._cli import resource_commands

MODULES = (
    "",
    ".client",
    ".doctor",
    ".errors",
    ".events",
    ".export",
    ".limits",
    ".limits.redis",
    ".limits.sqlite",
    ".otel",
    ".resources",
    ".retry",
    ".testing",
    ".testing.faults",
    ".testing.quirks",
)

RESOURCE_NAMES = ("names", "resource_class", *resources._registry.public_names())

MARK = re.compile(r"\.\. version(?:added|changed):: ")

NAMES_OF_0_1_0 = Path(__file__).with_name("names_0_1_0.txt")
"""The public names of release 0.1.0: a class with its methods and properties in each line."""


def public_names() -> Iterator[tuple[str, Any, str]]:
    """Yield each public class and function: its name, the object, and the name of its module."""
    for name in MODULES:
        module = importlib.import_module(f"intervals_async{name}")
        for each in getattr(module, "__all__", RESOURCE_NAMES):
            found = inspect.unwrap(getattr(module, each))
            if inspect.isclass(found) or inspect.isfunction(found):
                yield each, found, module.__name__


def members(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties that the library defines for a class."""
    defined = {
        name: found
        for each in reversed(cls.__mro__)
        if each.__module__.startswith("intervals_async")
        for name, found in vars(each).items()
        if not name.startswith("_")
    }
    for name, found in defined.items():
        function = getattr(found, "__func__", found)
        if isinstance(function, property) or inspect.isfunction(function):
            yield name, function


def is_marked(found: Any) -> bool:
    """Tell whether a docstring says since when its object exists, or how it has changed."""
    return bool(MARK.search(inspect.getdoc(found) or ""))


def is_new_name_marked(found: Any) -> bool:
    """Tell whether an object is marked, or the resource that it belongs to."""
    defined = vars(importlib.import_module(found.__module__))
    is_of_resource = found.__module__.startswith("intervals_async.resources.")
    owners = [each for name, each in defined.items() if name.endswith("Resource")]
    return any(map(is_marked, [found, *(owners if is_of_resource else ())]))


def is_member_marked(cls: type, name: str, member: Any) -> bool:
    """Tell whether a method is marked, or is named in a mark of a class that has it."""
    marks = (words for each in cls.__mro__ for words in MARK.split(each.__doc__ or "")[1:])
    return is_marked(member) or any(f"`{name}`" in words for words in marks)


def unmarked_names() -> Iterator[str]:
    """Yield the public names that are new since 0.1.0 and not marked."""
    lines = NAMES_OF_0_1_0.read_text("utf-8").splitlines()
    known = {name: {*rest.split()} for name, _, rest in (line.partition(":") for line in lines)}
    for name, found, module in public_names():
        if is_marked(importlib.import_module(module)):
            continue
        if name not in known:
            if not is_new_name_marked(found):
                yield name
        elif inspect.isclass(found):
            for each, member in members(found):
                if each not in known[name] and not is_member_marked(found, each, member):
                    yield f"{name}.{each}"


def test_each_new_name_is_marked() -> None:
    """Each public name that 0.1.0 did not have is marked with the version that added it."""
    assert [*unmarked_names()] == []


def test_the_help_of_commands_has_no_marks() -> None:
    """The help of a resource on the command line does not show the marks of its docstring."""
    for name in resources.names():
        help = resource_commands._description(resources.resource_class(name))
        assert help.splitlines()[0]
        assert ".. version" not in help
