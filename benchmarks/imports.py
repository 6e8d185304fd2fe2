"""Measure the time of importing the library, compared with importing its dependencies.

    python benchmarks/imports.py [--rounds 10]

Each import runs in a new process, and both take turns. The output is the medians and their ratio.
The exit code is 1 if the ratio exceeds its limit.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from statistics import median

PARTS = "import aiohttp, attrs, cattrs"
LIBRARY = "import intervals_async"

# The maximum ratio.
PROMISED = 1.25


def seconds(statement: str) -> float:
    """Run a statement in a new process, and return its seconds."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - begun


def main() -> int:
    """Measure, print the results, and return the exit code."""
    parser = argparse.ArgumentParser(description="Measure the time of an import.")
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    seconds(LIBRARY)  # Warm up the bytecode and the caches.
    times = [(seconds(PARTS), seconds(LIBRARY)) for _ in range(rounds)]
    parts, library = (median(column) for column in zip(*times, strict=True))
    print(f"{PARTS:32} {parts * 1000:6.0f} ms")
    print(f"{LIBRARY:32} {library * 1000:6.0f} ms")
    print(f"{'ratio':32} {library / parts:6.2f}  (at most {PROMISED})")
    return 0 if library / parts <= PROMISED else 1


if __name__ == "__main__":
    sys.exit(main())
