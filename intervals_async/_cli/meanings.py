"""What the parameters of a resource mean: the docstrings under the attributes of a TypedDict."""

from __future__ import annotations

import ast
import inspect
import textwrap

__all__ = ["meanings"]


def meanings(typed_dict: type) -> dict[str, str]:
    """Read the docstrings under its parameters; none where the source is not there."""
    try:
        source = textwrap.dedent(inspect.getsource(typed_dict))
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
