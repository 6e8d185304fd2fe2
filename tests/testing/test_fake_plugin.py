"""The pytest plugin and the lazy package."""

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


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_the_fixture(tmp_path: Path, mode: str) -> None:
    """The fixture gives a started server in both modes of pytest-asyncio."""
    (tmp_path / "test_it.py").write_text(TEST)
    # By its module, whether or not the package is installed with its entry point.
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
    """Without pytest-asyncio the plugin offers nothing and complains of nothing."""
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "pytest_asyncio", None)
        patched.delattr(plugin, "fake_intervals")
        reload(plugin)
        assert not hasattr(plugin, "fake_intervals")
    reload(plugin)
    assert hasattr(plugin, "fake_intervals")


def test_importing_the_plugin_is_light() -> None:
    """The plugin does not load the server."""
    script = (
        "import sys, intervals_async.testing.plugin;"
        "sys.exit('intervals_async.testing._fake.server' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_package_is_lazy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of the package are there when they are asked for, and no others."""
    # A module that was imported is an attribute already.
    monkeypatch.delattr(testing, "faults", raising=False)
    for name in testing.__all__:
        assert getattr(testing, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = testing.nothing  # type: ignore[attr-defined]  # the point of the test
