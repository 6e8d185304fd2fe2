"""The command as a program: its help, version, imports, and interrupts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import intervals_async

from .conftest import Invoke, Spawn

MISSING = """
import sys
sys.modules[{name!r}] = None
from intervals_async._cli import main
main()
"""


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    """Run a program in another process."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_help_names_commands_and_exit_codes(invoke: Invoke) -> None:
    """``--help`` names the commands and the exit codes, and has no option for the token itself."""
    text = invoke("--help").stdout
    for word in ("demo", "sandbox", "export", "me", "quota", "--token-file", "130 interrupted"):
        assert word in text
    assert "--token " not in text


@pytest.mark.parametrize("words", [(), ("list",), ("list", "task"), ("timer",), ("export",)])
def test_short_option_of_help(invoke: Invoke, words: tuple[str, ...]) -> None:
    """``-h`` is ``--help``, of every command."""
    assert invoke(*words, "-h").stdout == invoke(*words, "--help").stdout


def test_version_is_printed(invoke: Invoke) -> None:
    """``--version`` prints the version of the package."""
    assert invoke("--version").stdout == f"intervals-async {intervals_async.__version__}\n"


def test_unknown_command_suggests_a_similar_one(invoke: Invoke) -> None:
    """The error about an unknown command suggests a similar one."""
    result = invoke("exprt")
    assert result.exit_code == 2
    assert "Did you mean 'export'?" in result.stderr


@pytest.mark.parametrize("words", [(), ("list",), ("list", "task")])
def test_help_is_a_command_too(invoke: Invoke, words: tuple[str, ...]) -> None:
    """``help list`` prints what ``list --help`` prints."""
    assert invoke("help", *words).stdout == invoke(*words, "--help").stdout


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (("list", "tasks"), "'tasks'. Did you mean 'task', "),
        (("list", "people"), "'people'."),
        (("export", "notes"), "'invoicenote', 'milestonenote', 'projectnote', 'tasknote'?"),
        (("export", "task", "notes", "-o", "x"), "'milestonenote', 'projectnote', 'tasknote'?"),
    ],
)
def test_unknown_resource_suggests_similar_ones(
    invoke: Invoke, words: tuple[str, ...], nearest: str
) -> None:
    """The error about an unknown resource suggests those whose names contain the word."""
    result = invoke(*words)
    assert result.exit_code == 2
    assert "No such resource '" in result.stderr
    assert nearest in result.stderr


@pytest.mark.parametrize("name", ["typer", "rich"])
def test_missing_extra_is_one_line(name: str) -> None:
    """Without typer or rich, the command prints one line that names the extra to install."""
    done = run_python(MISSING.format(name=name))
    assert done.returncode == 1
    assert done.stderr == (
        f"intervals-async: the package {name} is not installed; "
        'run: pip install "intervals_async[cli]"\n'
    )


def test_other_missing_modules_raise() -> None:
    """A missing module of the package itself is not reported as a missing extra."""
    done = run_python(MISSING.format(name="intervals_async._cli.app"))
    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr
    assert "pip install" not in done.stderr


def test_library_does_not_import_the_command() -> None:
    """Importing the library imports neither the command nor typer and rich."""
    done = run_python(
        "import sys, intervals_async; "
        "print({'typer', 'rich', 'intervals_async._cli'} & set(sys.modules) or 'none')"
    )
    assert done.stdout == "none\n"


def test_interrupt_during_imports_prints_nothing() -> None:
    """Ctrl-C during the imports ends the program with exit code 130 and without output."""
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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this platform has no /dev/full")
def test_help_on_a_full_disk_is_a_failure(spawn: Spawn) -> None:
    """The error about a help that cannot be written is one line."""
    with Path("/dev/full").open("wb") as full:
        process = spawn("--help", stdout=full)
        _, stderr = process.communicate()
    assert process.returncode == 1
    assert stderr == b"intervals-async: standard output: no space left on device\n"
