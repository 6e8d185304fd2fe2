"""Importing the library is light, and every public name is there all the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

import intervals_async
from intervals_async import IntervalsClient, resources

# What a program that only makes a client need not wait for.
LATER = (
    "cattrs",
    "intervals_async._streaming.listing",
    "intervals_async.resources.task",
    "rich",
    "typer",
)


def loaded(statements: str) -> set[str]:
    """Run statements in a process of its own, and give the modules that it has loaded."""
    code = f"import sys\n{statements}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_an_import_loads_little() -> None:
    """The readers of records come with the first resource, and only that resource."""
    assert loaded("import intervals_async").isdisjoint(LATER)
    made = loaded(
        "from intervals_async import IntervalsClient\n"
        "client = IntervalsClient('abc12345678')\n"
        "client.time.list(personid=3)"
    )
    assert {"cattrs", "intervals_async.resources.time"} <= made
    assert "intervals_async.resources.task" not in made


def test_each_public_name_is_there() -> None:
    """Those that are imported later too."""
    assert all(hasattr(intervals_async, name) for name in intervals_async.__all__)


@pytest.mark.parametrize("name", resources.names())
def test_each_resource_is_there(name: str) -> None:
    """On the client, and its classes by name; the client states the class that it gives."""
    client = IntervalsClient("abc12345678")
    cls = resources.resource_class(name)
    assert type(getattr(client, name)) is cls
    assert getattr(client, name) is getattr(client, name)
    assert IntervalsClient.__annotations__[name] == f"resources.{cls.__name__}"
    assert getattr(intervals_async, cls.__name__) is cls
    assert getattr(resources, cls.__name__) is cls
    assert name in dir(client)
    assert getattr(client.with_options(timeout=1), name) is not getattr(client, name)


def test_the_client_states_no_more_resources_than_there_are() -> None:
    """Its annotations and the modules are the same."""
    assert sorted(IntervalsClient.__annotations__) == list(resources.names())


def test_what_is_not_there_is_said_so() -> None:
    """As Python does, with a hint where a method is missing."""
    client = IntervalsClient("abc12345678")
    for owner, name in ((client, "tasks"), (intervals_async, "Tasks"), (resources, "Tasks")):
        with pytest.raises(AttributeError, match=name):
            getattr(owner, name)
    for owner, name in (
        (intervals_async, "Stream"),
        (intervals_async, "Task"),
        (resources, "Task"),
    ):
        assert name in dir(owner)
    with pytest.raises(AttributeError, match="'create' for worktype; there is list, get"):
        _ = client.worktype.create  # type: ignore[attr-defined]  # as a user would
    with pytest.raises(LookupError, match="no resource 'tasks'; there are client"):
        resources.resource_class("tasks")
