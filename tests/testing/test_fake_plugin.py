"""The pytest plugin, and the lazy imports of the package."""

from __future__ import annotations

import subprocess
import sys
from importlib import reload
from pathlib import Path

import pytest

from intervals_async import testing
from intervals_async.testing import plugin

TEST = """
import pytest

@pytest.mark.asyncio
async def test_it(fake_intervals):
    assert len(fake_intervals.rows("projectnote")) == 50
    assert fake_intervals.url.startswith("http://127.0.0.1:")
"""


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_fixture(tmp_path: Path, mode: str) -> None:
    """The fixture provides a started server in both modes of pytest-asyncio."""
    (tmp_path / "test_it.py").write_text(TEST)
    # Load the plugin by its module, so that the test does not need the installed entry point.
    plugins = ["-p", "no:intervals_async", "-p", "intervals_async.testing.plugin"]
    arguments = [*plugins, "-o", f"asyncio_mode={mode}"]
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", *arguments, "test_it.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in process.stdout, process.stdout + process.stderr


def test_without_pytest_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin offers no fixture without pytest-asyncio, and raises no error."""
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "pytest_asyncio", None)
        patched.delattr(plugin, "fake_intervals")
        reload(plugin)
        assert not hasattr(plugin, "fake_intervals")
    reload(plugin)
    assert hasattr(plugin, "fake_intervals")


def test_importing_the_plugin_does_not_import_the_server() -> None:
    """Importing the plugin does not import the server."""
    script = (
        "import sys, intervals_async.testing.plugin;"
        "sys.exit('intervals_async.testing._fake.server' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_package_is_lazy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package provides its public names on access, and no others."""
    # A module that was imported before is already an attribute of the package.
    monkeypatch.delattr(testing, "faults", raising=False)
    for name in testing.__all__:
        assert getattr(testing, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = testing.nothing  # type: ignore[attr-defined]  # the test accesses an unknown name
