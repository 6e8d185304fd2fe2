"""The pytest plugin, and the lazy imports of the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from intervals_async import testing

ASYNC_TEST = """
import pytest
import pytest_asyncio
import urllib.request
from intervals_async import IntervalsClient

async def use(fake):
    assert len(fake.rows("projectnote")) == 50
    async with IntervalsClient(fake.token, base_url=fake.url, timeout=20) as client:
        assert await client.projectnote.list().count() == 50

@pytest.mark.asyncio
async def test_own_loop(fake_intervals):
    await use(fake_intervals)

@pytest.mark.asyncio(loop_scope="session")
async def test_loop_of_the_session(fake_intervals):
    await use(fake_intervals)

@pytest.mark.asyncio
async def test_blocked_loop(fake_intervals):
    with pytest.raises(urllib.request.HTTPError) as caught:
        urllib.request.urlopen(fake_intervals.url + "me/", timeout=20)
    assert caught.value.code == 401
    caught.value.close()
"""

SYNC_TEST = """
import urllib.request
import pytest

def test_without_a_loop(fake_intervals):
    with pytest.raises(urllib.request.HTTPError) as caught:
        urllib.request.urlopen(fake_intervals.url + "me/", timeout=20)
    assert caught.value.code == 401
    caught.value.close()
"""

# Load the plugin by its module, so that the tests do not need the installed entry point.
PLUGIN = ["-p", "no:intervals_async", "-p", "intervals_async.testing.plugin"]


def run_pytest(folder: Path, test: str, *arguments: str) -> str:
    """Run pytest with the plugin in a process of its own, and return its output."""
    (folder / "test_it.py").write_text(test)
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-qc", "/dev/null", *PLUGIN, *arguments, "test_it.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return process.stdout + process.stderr


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_fixture(tmp_path: Path, mode: str) -> None:
    """The fixture serves tests with a loop of their own, of the session, and a blocked one."""
    output = run_pytest(tmp_path, ASYNC_TEST, "-o", f"asyncio_mode={mode}")
    assert "3 passed" in output, output


@pytest.mark.slow
def test_without_pytest_asyncio(tmp_path: Path) -> None:
    """The fixture serves synchronous tests, and does not need pytest-asyncio."""
    output = run_pytest(tmp_path, SYNC_TEST, "-p", "no:asyncio")
    assert "1 passed" in output, output


@pytest.mark.slow
def test_the_plugin_imports_nothing_heavy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of pytest without the fixture imports neither aiohttp nor the client."""
    test = f"""
        import sys

        def test_imports():
            assert "intervals_async.testing.plugin" in sys.modules
            assert [name for name in {HEAVY!r} if name in sys.modules] == []
    """
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # others import asyncio
    output = run_pytest(tmp_path, dedent(test))
    assert "1 passed" in output, output


HEAVY = (
    "aiohttp",
    "asyncio",
    "cattrs",
    "intervals_async._http",
    "intervals_async.client",
    "intervals_async.testing._fake",
    "multidict",
    "ssl",
    "yarl",
)


def test_the_package_is_lazy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package provides its public names on access, and no others."""
    # A module that was imported before is already an attribute of the package.
    monkeypatch.delattr(testing, "faults", raising=False)
    for name in testing.__all__:
        assert getattr(testing, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = testing.nothing  # type: ignore[attr-defined]  # the test accesses an unknown name
