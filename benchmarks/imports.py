"""How long importing the library takes, against importing what it is made of.

    python benchmarks/imports.py [--rounds 10]

Fresh processes, by turns; medians, and their ratio. It fails where the ratio is above what was
promised.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from statistics import median

PARTS = "import aiohttp, attrs, cattrs"
WHOLE = "import intervals_async"

# As many times as long it may take, at most.
PROMISED = 1.25


def seconds(statement: str) -> float:
    """Run a statement in a process of its own, and say how long that took."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - begun


def main() -> int:
    """Measure, show it, and say whether the promise was kept."""
    parser = argparse.ArgumentParser(description="Time an import.")
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    seconds(WHOLE)  # bytecode and caches are there from now on
    times = [(seconds(PARTS), seconds(WHOLE)) for _ in range(rounds)]
    parts, whole = (median(column) for column in zip(*times, strict=True))
    print(f"{PARTS:32} {parts * 1000:6.0f} ms")
    print(f"{WHOLE:32} {whole * 1000:6.0f} ms")
    print(f"{'ratio':32} {whole / parts:6.2f}  (at most {PROMISED})")
    return 0 if whole / parts <= PROMISED else 1


if __name__ == "__main__":
    sys.exit(main())
