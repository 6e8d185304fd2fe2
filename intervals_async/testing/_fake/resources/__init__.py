"""What is special about each resource of the fake server: one module each, all of them optional.

Whatever the client has is served. A module of the resource's name here holds its ``RESOURCE``;
where there is none, the client's class alone says what it is (see ``derive``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType

from intervals_async import resources
from intervals_async.testing._fake.contract import Resource
from intervals_async.testing._fake.derive import derive


def catalog() -> Mapping[str, Resource]:
    """Return all resources by name; they are made once."""
    return _catalog(tuple(resources.names()))


@cache
def _catalog(names: Sequence[str]) -> Mapping[str, Resource]:
    return MappingProxyType({name: _resource(name) for name in names})


def _resource(name: str) -> Resource:
    module = f"{__name__}.{name}"
    if find_spec(module) is None:
        return derive(name)
    found: Resource = import_module(module).RESOURCE
    return found
