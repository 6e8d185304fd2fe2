"""The descriptions of fields and parameters: docstrings below the attributes of a class."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import cache

__all__ = ["descriptions"]


def descriptions(cls: type, *others: type) -> Mapping[str, str]:
    """Read what each field of a record class, or each key of a TypedDict, means.

    The descriptions are the docstrings below the attributes, so they are read from the source code.
    If the source is missing, as in some frozen applications, the result is empty.

    Args:
        cls: The record class or TypedDict, such as `TaskFilters`.
        others: Where to look for what `cls` does not describe itself: `TaskUpdate` describes only
            those fields that differ from `TaskCreate`.

    Returns:
        The descriptions by name, in the order of the attributes of `cls`.

    .. versionadded:: 0.2.0
    """
    found = {name: words for each in (*reversed(others), cls) for name, words in _own(each).items()}
    return {name: found[name] for name in cls.__annotations__ if name in found}


@cache
def _own(cls: type) -> Mapping[str, str]:
    """Read the docstrings below the attributes of a class."""
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
