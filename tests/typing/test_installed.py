"""Both type checkers accept the installed wheel in a user's project, in strict mode.

The environment variable ``INTERVALS_WHEEL`` names the wheel; without it, the wheel is built.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import pytest

import intervals_async
from intervals_async.resources._registry import RESOURCES, public_names

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent

# Names that the documentation shows, by module.
DOCUMENTED = re.compile(r"auto(?:class|function):: (intervals_async[\w.]*)\.(\w+)")
IMPORTED = re.compile(r"^\s*from (intervals_async[\w.]*) import (\w[\w, ]*)$", re.MULTILINE)

# The minimum share of public symbols with a known type.
COMPLETE = 0.99

CALLS = '''
"""Typical calls. Lines with ``type: ignore`` must not type-check; an unnecessary one is an error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Unpack, assert_type

from intervals_async import (
    ArgumentError,
    Column,
    IntervalsClient,
    Limit,
    LimitUse,
    Listing,
    ProjectNote,
    Record,
    Response,
    Stream,
    Task,
    TaskCreate,
    TaskFilters,
    columns_of,
    to_dict,
)
from intervals_async.resources import AnyResource, Parameter, TaskResource, names, parameters


def tasks(intervals: IntervalsClient, **filters: Unpack[TaskFilters]) -> Listing[Task]:
    return intervals.task.list(**filters)


async def create(resource: TaskResource, fields: TaskCreate) -> Task:
    return await resource.create(**fields)


async def main() -> None:
    async with IntervalsClient(limits=[Limit(50, per=60.0)]) as intervals:
        assert_type(intervals.task, TaskResource)
        notes = intervals.projectnote.list(projectid=[3, 5], search="invoice", limit=5)
        assert_type(notes, Listing[ProjectNote])
        async for note in notes:
            assert_type(note, ProjectNote)
            assert_type(note.title, str)
            assert_type(note.date, datetime)
            assert_type(note.extra, Mapping[str, object])
        async with notes.stream(concurrency=4) as stream:
            assert_type(stream, Stream[ProjectNote])
            assert_type(stream.bookmark, str)
        assert_type(await tasks(intervals, overdue=True).collect(), list[Task])
        task = await intervals.task.get(7)
        assert_type(task, Task)
        assert_type(task.estimate, Decimal | None)
        assert_type(to_dict(task), dict[str, Any])
        assert_type(await intervals.task.update(7, datedue=None), Task)
        assert_type(await intervals.task.delete(7), None)
        assert_type(await intervals.projectnote.list().first(), ProjectNote | None)
        assert_type(notes.filters, Mapping[str, str])
        assert_type(notes.record_class, type[ProjectNote])
        assert_type(Listing.chain([notes, notes]), Listing[ProjectNote])
        assert_type(intervals.limits, tuple[Limit, ...])
        assert_type(await intervals.limit_use(), tuple[LimitUse, ...])
        response = await intervals.raw_request("GET", "/task/", params={"limit": 1})
        assert_type(response, Response)
        assert_type(response.headers, Mapping[str, str])
        for name in names():
            resource = intervals.resource(name)
            assert_type(resource, AnyResource)
            assert_type(await resource.get(7), Record)
            assert_type(await resource.list(limit=5).count(), int)
        assert_type(columns_of(Task), tuple[Column, ...])
        assert_type(parameters(TaskFilters), Mapping[str, Parameter])
        try:
            intervals.with_options(timeout=5)
        except ArgumentError as error:
            assert_type(error, ArgumentError)


async def refused(intervals: IntervalsClient) -> None:
    intervals.tasks  # type: ignore[attr-defined]
    intervals.task.list(projctid=3)  # type: ignore[call-arg]
    intervals.task.list(projectid="3,5")  # type: ignore[arg-type]
    intervals.task.list(sortfield="colour")  # type: ignore[arg-type]
    await intervals.task.get("7")  # type: ignore[arg-type]
    await intervals.task.create(title="a")  # type: ignore[call-arg]
    await intervals.task.update(7, colour="red")  # type: ignore[call-arg]
    await intervals.worktype.delete(7)  # type: ignore[attr-defined]
    await intervals.me.get(7)  # type: ignore[call-arg]
    await intervals.raw_request("GET")  # type: ignore[call-arg]
    intervals.limits = ()  # type: ignore[misc]
    intervals.resource(7)  # type: ignore[arg-type]
    (await intervals.task.get(7)).title = "x"  # type: ignore[misc]
    for _ in intervals.task.list():  # type: ignore[attr-defined]
        pass
'''


def run(
    *command: object, cwd: Path | None = None, python: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program without this process's import paths, and with `python` first on the PATH."""
    kept = {name: it for name, it in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")}
    if python is not None:
        kept["PATH"] = os.pathsep.join([str(python.parent), kept["PATH"]])
    return subprocess.run(
        [str(each) for each in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=kept,
    )


def imports() -> str:
    """Return code that imports every public name, and each import of the documentation."""
    found = {("intervals_async", name) for name in vars(intervals_async)["__all__"]}
    for name in public_names():
        found.add(("intervals_async.resources", name))
    found |= {("intervals_async", name) for names in RESOURCES.values() for name in names}
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        text = page.read_text("utf-8")
        found |= {(module, name) for module, name in DOCUMENTED.findall(text)}
        for module, names in IMPORTED.findall(text):
            found |= {(module, name.strip()) for name in names.split(",")}
    lines = [
        f"from {module} import {name} as _{number}\nprint(_{number})\n"
        for number, (module, name) in enumerate(sorted(found))
    ]
    return "".join(lines)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of the wheel."""
    if named := os.environ.get("INTERVALS_WHEEL"):
        return Path(named).resolve()
    if find_spec("build") is None:
        pytest.skip("a wheel cannot be built: the package 'build' is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    offline = ["--no-isolation"] if find_spec("hatchling") else []
    done = run(sys.executable, "-m", "build", "--wheel", *offline, "--outdir", folder, ROOT)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()
        pytest.skip(f"no wheel was built: {reason[-1] if reason else 'no reason'}")
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a new environment, and return its Python."""
    folder = tmp_path_factory.mktemp("installed")
    made = run(sys.executable, "-m", "venv", "--without-pip", folder)
    assert made.returncode == 0, made.stderr
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    done = run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel)
    if done.returncode:
        pytest.skip(f"the wheel cannot be installed: {done.stderr.strip()}")
    # The dependencies come from this environment, so nothing is downloaded.
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    where = run(python, "-P", "-c", "import intervals_async; print(intervals_async.__file__)")
    assert where.stdout.startswith(str(site_packages)), where.stdout + where.stderr
    return python


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create the project of a user."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "imports.py").write_text(imports(), "utf-8")
    (folder / "calls.py").write_text(CALLS.lstrip(), "utf-8")
    config = {"typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": True}
    (folder / "pyrightconfig.json").write_text(json.dumps(config), "utf-8")
    return folder


def pyright(project: Path, python: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run pyright, or skip the test if pyright is missing or would have to be downloaded."""
    if find_spec("pyright") is None:
        pytest.skip("pyright is not installed")
    if (looked := run(sys.executable, "-m", "pyright", "--version")).returncode:
        pytest.skip(f"pyright does not run here: {looked.stderr.strip()[-200:]}")
    # --verifytypes ignores --pythonpath
    return run(sys.executable, "-m", "pyright", *arguments, cwd=project, python=python)


def test_public_names_can_be_imported(python: Path, project: Path) -> None:
    """Every public and documented name can be imported from the installed wheel."""
    done = run(python, "-P", project / "imports.py")
    assert done.returncode == 0, done.stderr


def test_pyright_accepts_the_wheel(python: Path, project: Path) -> None:
    """Pyright accepts every documented name and typical calls, and refuses wrong calls."""
    done = pyright(project, python)
    assert done.returncode == 0, done.stdout


def test_mypy_accepts_the_wheel(python: Path, project: Path) -> None:
    """Mypy accepts every documented name and typical calls, and refuses wrong calls."""
    if find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    done = run(
        *(sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull),
        *("--python-executable", python, "imports.py", "calls.py"),
        cwd=project,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_are_complete(python: Path, project: Path) -> None:
    """The public symbols are annotated, so that all type checkers infer the same types."""
    options = ("--ignoreexternal", "--verifytypes", "intervals_async", "--outputjson")
    done = pyright(project, python, *options)
    report = json.loads(done.stdout)["typeCompleteness"]
    unclear = [each["name"] for each in report["symbols"] if not each["isTypeKnown"]]
    assert report["completenessScore"] >= COMPLETE, unclear
