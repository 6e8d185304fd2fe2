"""Which resources there are, and where: the modules beside this one."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._base import Resource

__all__ = ["find", "names", "offered", "resource_class"]


# What is imported from elsewhere, when it is asked for.
ELSEWHERE = {
    "AnyResource": "._any",
    "Parameter": ".._schema.parameters",
    "Resource": "._base",
    "descriptions": ".._schema.descriptions",
    "parameters": ".._schema.parameters",
}


@cache
def names() -> Sequence[str]:
    """The names of all resources, in the order of the alphabet."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return tuple(sorted(name for name in found if not name.startswith("_")))


@cache
def resource_class(name: str) -> type[Resource[Any]]:
    """Give a resource's class, by the name that the API has for it.

    Raises:
        LookupError: There is no such resource.
    """
    if name not in names():
        raise LookupError(f"there is no resource {name!r}; there are {', '.join(names())}")
    base: type[Resource[Any]] = find("Resource")
    offered = vars(_module(name))
    return next(
        each
        for each in (offered[one] for one in offered["__all__"])
        if inspect.isclass(each) and issubclass(each, base)
    )


def find(name: str) -> Any:
    """Give what a module here offers under this name, importing it if need be.

    The names that a module offers begin with its own: ``ProjectNoteFilters``, of projectnote;
    but ``TimeResource`` is of time, not of timer.
    """
    if name in ELSEWHERE:
        return getattr(import_module(ELSEWHERE[name], __package__), name)
    owners = [each for each in names() if name.lower().startswith(each) and name[:1].isupper()]
    for owner in sorted(owners, key=len, reverse=True):
        module = _module(owner)
        if name in module.__all__:
            return vars(module)[name]
    raise AttributeError(f"module {__package__!r} has no attribute {name!r}")


@cache
def offered() -> Sequence[str]:
    """All names that the modules here offer; all of them are imported for it."""
    return [*ELSEWHERE, *(each for name in names() for each in _module(name).__all__)]


def _module(name: str) -> Any:
    return import_module(f".{name}", __package__)
