"""``schema``: it prints the JSON Schema of the records of each resource."""

from __future__ import annotations

import json
from typing import NoReturn

import pytest

from intervals_async import json_schema, resources

from .conftest import Invoke, without_frame
from .test_completion import complete


@pytest.mark.parametrize("name", resources.names())
def test_the_schema_of_each_resource_is_printed(invoke: Invoke, name: str) -> None:
    """``schema`` prints the JSON Schema of the records of every resource, without an account."""
    result = invoke("schema", name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == json_schema(vars(resources.resource_class(name))["record"])


def test_an_unknown_resource_is_refused(invoke: Invoke) -> None:
    """``schema`` refuses an unknown resource, and suggests the nearest one."""
    result = invoke("schema", "taks")
    assert result.exit_code == 2
    assert "expected a resource, got 'taks'; did you mean 'task'?" in without_frame(result.stderr)


def test_without_pydantic_the_extra_is_named(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without pydantic, ``schema`` says in one line what to install."""

    def without_pydantic(record_class: object) -> NoReturn:
        raise ImportError("pydantic is not installed; run this")

    monkeypatch.setattr("intervals_async._cli.schema.json_schema", without_pydantic)
    result = invoke("schema", "task")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "intervals-async: pydantic is not installed; run this\n"


def test_resources_are_completed(invoke: Invoke) -> None:
    """Completion offers the resources."""
    assert complete(invoke, "bash", "schema", "projectn").split() == ["projectnote"]
