"""The docstrings below the attributes of a class: the help of filters and fields."""

from __future__ import annotations

import ast
import inspect
import textwrap

__all__ = ["attribute_docstrings"]


def attribute_docstrings(cls: type) -> dict[str, str]:
    """Read the docstring of each attribute; none if the source code is not available."""
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):
        return {}
    definition = ast.parse(source).body[0]
    found: dict[str, str] = {}
    name = ""
    for statement in getattr(definition, "body", ()):
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Expr(value=ast.Constant(value=str(words))) if name:
                found[name] = inspect.cleandoc(words)
            case _:
                pass
    return found
