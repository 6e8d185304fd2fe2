"""The command ``intervals-async``; it needs the extra ``cli`` (typer and rich).

Exit codes:

- 0: success, or the reader of the output has closed its pipe
- 1: failure: an error of the API, the network or a file
- 2: wrong usage: an invalid command, option, value or token
- 3: the daily quota is too small, or used up
- 130: interrupted (Ctrl-C)
- 143: terminated (SIGTERM, or the terminal was closed)

A failure prints one line on standard error, or typer's usage error. ``sandbox`` runs until it
is stopped: Ctrl-C and SIGTERM end it with exit code 0.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command with the arguments of the process, and exit with its exit code."""
    try:
        # imported here, so that a missing extra gives one line instead of a traceback
        from .app import app  # noqa: PLC0415
        from .runner import run_app  # noqa: PLC0415
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("rich", "typer"):
            raise
        sys.exit(
            f"intervals-async: the package {missing} is not installed; "
            'run: pip install "intervals_async[cli]"'
        )
    except KeyboardInterrupt:
        sys.exit(130)
    run_app(app)
