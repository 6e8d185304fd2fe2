"""Change the code in small ways, and check that the tests of the module fail.

    python benchmarks/mutants.py [--sample 160] [--seed 1] [--jobs 2] [--only row_parser]

A mutant is one changed operator, constant, condition or return value of a module without I/O.
Only the tests that `ROOMS` names for the module run against it. Each survivor is listed: it shows
a missing test, or the change has no effect. The exit code is 1 if fewer than ``--least`` per cent
are killed. 160 mutants take about 6 minutes on two cores.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeAlias

import attrs

Change: TypeAlias = Callable[[Any], None]

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "intervals_async"

# The modules without I/O, and the tests that must fail if a module changes.
ROOMS: dict[str, tuple[str, ...]] = {
    "retry.py": ("tests/test_retry.py",),
    "errors.py": ("tests/test_errors.py",),
    "_json.py": ("tests/test_json.py",),
    "_schema/values.py": ("tests/schema/test_values.py",),
    "_schema/parameters.py": ("tests/schema/test_parameters.py",),
    "_http/messages.py": ("tests/http/test_messages.py", "tests/http/test_bad_responses.py"),
    "_http/row_parser.py": ("tests/http/test_row_parser.py",),
    "_http/final_errors.py": ("tests/http/test_retry_table.py",),
    "_streaming/page_plan.py": ("tests/streaming/test_page_plan.py",),
    "_streaming/delivered.py": ("tests/streaming/test_delivered.py",),
    "_streaming/id_set.py": ("tests/streaming/test_id_set.py",),
    "_streaming/bookmark.py": (
        "tests/streaming/test_bookmark.py",
        "tests/streaming/test_resume.py",
    ),
    "limits/limit.py": ("tests/limits/test_limiter.py", "tests/limits/test_stores.py"),
    "limits/limiter.py": ("tests/limits/test_limiter.py",),
    "export/accounts/estimate.py": ("tests/export/test_estimate.py",),
}

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}

# Seconds after which a mutant that never ends counts as killed.
PATIENCE = 120


@attrs.frozen
class Mutant:
    """One change: the module, the line, the change, and the changed source."""

    module: str
    line: int
    change: str
    source: str


def mutants_of(module: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    tree = ast.parse((PACKAGE / module).read_text("utf-8"))
    for number, node in enumerate(ast.walk(tree)):
        for change, mutate in _changes(node):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[number]
            mutate(target)
            yield Mutant(module, getattr(node, "lineno", 0), change, ast.unparse(changed))


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    match node:
        case ast.Compare(ops=[op, *_]) if type(op) in SWAPS:
            new = SWAPS[type(op)]
            yield f"{type(op).__name__} -> {new.__name__}", _set_first_op(new)
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op) if type(op) in SWAPS:
            new = SWAPS[type(op)]
            yield f"{type(op).__name__} -> {new.__name__}", _set("op", new())
        case ast.Constant(value=bool() as value):
            yield f"{value} -> {not value}", _set("value", not value)
        case ast.Constant(value=int() as value):
            yield f"{value} -> {value + 1}", _set("value", value + 1)
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            negated = ast.UnaryOp(ast.Not(), test)
            yield f"not ({ast.unparse(test)})", _set("test", negated)
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield f"return None, not {ast.unparse(value)}", _set("value", ast.Constant(None))
        case _:
            pass


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _set(name: str, value: object) -> Change:
    return lambda node: setattr(node, name, value)


def _set_first_op(new: type[ast.AST]) -> Change:
    def change(node: ast.Compare) -> None:
        node.ops[0] = new()  # type: ignore[call-overload]  # one of SWAPS' comparisons

    return change


def survives(mutant: Mutant, copy_of: Path) -> bool:
    """Run the module's tests against a mutant in a copy of the project."""
    target = copy_of / "intervals_async" / mutant.module
    original = target.read_text("utf-8")
    target.write_text(mutant.source, "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    environment = {**os.environ, "PYTHONPATH": str(copy_of), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, *ROOMS[mutant.module]],
            cwd=copy_of,
            env=environment,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    finally:
        target.write_text(original, "utf-8")
    return done.returncode == 0


def main() -> int:
    """Run the tests against a sample of mutants, and list the survivors."""
    parser = argparse.ArgumentParser(description="Mutation tests of the modules without I/O.")
    parser.add_argument("--sample", type=int, default=160, help="Number of mutants [160].")
    parser.add_argument("--seed", type=int, default=1, help="Seed of the sample [1].")
    parser.add_argument("--jobs", type=int, default=2, help="Number of test processes [2].")
    parser.add_argument(
        "--only", default="", help="Only modules whose path contains this text [all]."
    )
    parser.add_argument(
        "--least", type=float, default=80.0, help="Minimum percentage of killed mutants [80]."
    )
    options = parser.parse_args()
    everything = [m for module in ROOMS if options.only in module for m in mutants_of(module)]
    chance = random.Random(options.seed)
    sample = chance.sample(everything, min(options.sample, len(everything)))
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(options.jobs) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(options.jobs):
            folder = Path(scratch) / str(number)
            for part in ("intervals_async", "tests"):
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / part, folder / part, ignore=ignored)
            shutil.copy(ROOT / "pyproject.toml", folder)
            copies.put(folder)

        def run(mutant: Mutant) -> bool:
            folder = copies.get()
            try:
                return survives(mutant, folder)
            finally:
                copies.put(folder)

        alive = [
            mutant for mutant, lives in zip(sample, pool.map(run, sample), strict=True) if lives
        ]
    for mutant in sorted(alive, key=lambda each: (each.module, each.line)):
        print(f"survived: {mutant.module}:{mutant.line}: {mutant.change}")
    killed = 100 * (len(sample) - len(alive)) / max(len(sample), 1)
    print(f"{len(sample) - len(alive)} of {len(sample)} mutants killed ({killed:.0f} %)")
    return 0 if killed >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
