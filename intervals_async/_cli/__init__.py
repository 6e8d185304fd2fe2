"""The command ``intervals-async``; it needs the extra ``cli`` (typer and rich).

Its exit codes:

- 0: done
- 1: failed: the API, the network, a file, a closed pipe
- 2: wrong usage: a command, option, value or token that cannot be meant
- 130: interrupted (Ctrl-C)
- 143: terminated (SIGTERM, or the terminal was closed)

Whatever fails is one line on standard error, or typer's own usage error. ``sandbox`` is there
to be stopped: it ends with 0 on Ctrl-C and SIGTERM.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command with the arguments of the process, and exit with its code."""
    try:
        # here, so that whoever lacks the extra gets a sentence instead of a traceback
        from .app import app  # noqa: PLC0415
        from .running import run_app  # noqa: PLC0415
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("rich", "typer"):
            raise
        sys.exit(
            f"intervals-async: {missing} is missing, which the command needs; "
            "install intervals-async[cli]"
        )
    except KeyboardInterrupt:
        sys.exit(130)
    run_app(app)
