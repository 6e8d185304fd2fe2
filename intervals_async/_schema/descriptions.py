"""What fields and parameters mean: the docstrings below the attributes of their class."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from typing import Any

__all__ = ["descriptions"]


def descriptions(cls: type) -> Mapping[str, str]:
    """Read what each field of a record class, or each key of a TypedDict, means.

    They are the docstrings below the attributes, so they are read from the source code. Where
    that is missing, as in a frozen application, the result is empty.

    Args:
        cls: The record class or TypedDict, such as `TaskFilters`.

    Returns:
        The descriptions by name. Inherited attributes are included.
    """
    found: dict[str, str] = {}
    bases: tuple[Any, ...] = getattr(cls, "__orig_bases__", cls.__bases__)  # of a TypedDict, too
    for base in bases:
        if isinstance(base, type) and base.__module__.startswith(cls.__module__.partition(".")[0]):
            found |= descriptions(base)
    return found | _own(cls)


def _own(cls: type) -> dict[str, str]:
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):
        return {}
    found: dict[str, str] = {}
    name = ""
    for statement in getattr(ast.parse(source).body[0], "body", ()):
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Expr(value=ast.Constant(value=str(words))) if name:
                found[name] = inspect.cleandoc(words)
            case _:
                pass
    return found
