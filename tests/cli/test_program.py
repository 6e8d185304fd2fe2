"""The command as a program: its help, version, entry points, and what stops it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import intervals_async

MISSING = """
import sys
sys.modules[{name!r}] = None
from intervals_async._cli import main
main()
"""


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_help_names_the_commands_and_exit_codes(invoke: Any) -> None:
    """``--help`` names every command and what the exit codes mean, and no way to give a token."""
    text = invoke("--help").stdout
    for word in ("demo", "sandbox", "export", "me", "quota", "--token-file", "130 interrupted"):
        assert word in text
    assert "--token " not in text


def test_the_version_is_shown(invoke: Any) -> None:
    """``--version`` shows the package's own version."""
    assert invoke("--version").stdout == f"intervals-async {intervals_async.__version__}\n"


def test_a_wrong_command_is_refused_with_the_nearest_name(invoke: Any) -> None:
    """A command that is not known is wrong usage."""
    result = invoke("exprt")
    assert result.exit_code == 2
    assert "Did you mean 'export'?" in result.stderr


@pytest.mark.parametrize("name", ["typer", "rich"])
def test_without_the_extra_one_line_says_what_to_install(name: str) -> None:
    """Where typer or rich is missing, one line says how to get it."""
    done = run_python(MISSING.format(name=name))
    assert done.returncode == 1
    assert done.stderr == (
        f"intervals-async: {name} is missing, which the command needs; "
        "install intervals-async[cli]\n"
    )


def test_another_missing_module_is_no_matter_of_the_extra() -> None:
    """A broken installation is not mistaken for a missing extra."""
    done = run_python(MISSING.format(name="intervals_async._cli.app"))
    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr
    assert "install intervals-async[cli]" not in done.stderr


def test_the_library_does_not_import_the_command() -> None:
    """Who imports the library pays for neither the command nor typer."""
    done = run_python(
        "import sys, intervals_async; "
        "print({'typer', 'rich', 'intervals_async._cli'} & set(sys.modules) or 'none')"
    )
    assert done.stdout == "none\n"


def test_an_interrupt_while_it_starts_is_quiet() -> None:
    """Ctrl-C during the imports ends the program as Ctrl-C later does."""
    done = run_python(
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'intervals_async._cli.app': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from intervals_async._cli import main\n"
        "main()\n"
    )
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_help_that_cannot_be_written_is_said(spawn: Any) -> None:
    """A full disk is one line for the help as well."""
    with Path("/dev/full").open("wb") as full:
        process = spawn("--help", stdout=full)
        _, stderr = process.communicate()
    assert process.returncode == 1
    assert stderr == b"intervals-async: standard output: no space left on device\n"
