"""The special behaviour of each resource on the fake server, one optional module per resource.

The server offers every resource of the client. A module here with the name of the resource defines
its ``RESOURCE``. Without such a module, ``derive`` uses the client's class alone.
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
    """Return all resources by name. They are built once and cached."""
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
