"""Measure all contestants in turn, and write results.md and the plots.

python benchmarks/run.py [--rows 100000] [--rounds 5] [--latencies 0,0.05,0.15]
    [--only ours,dlt] [--parts reads,first,decode,memory,loss] [--save FILE] [--load FILE]
"""

import argparse
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from changing_rows import CHANGES, FAULTS
from contestant import Contestant
from contestants import CONTESTANTS
from machine import machine
from plots import write_plots
from report import write_report
from result import control, found

HERE = Path(__file__).parent
PARTS = ("reads", "first", "decode", "memory", "loss")
# The contestants whose memory is measured, once with few rows and once with many.
GROWING = ("ours", "ours-pages", "ours-snapshot")


class ChildFailedError(Exception):
    """A measurement failed or took too long; the message is the last line of its output."""


@contextmanager
def server(rows: int) -> Generator[str]:
    """Start a server with this many rows, and yield its URL."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "bench_server.py"), "--rows", str(rows)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


class Bench:
    """One run of the benchmarks; `figures` holds the measurements as plain data."""

    def __init__(self, options: argparse.Namespace, workplace: str) -> None:
        self._options = options
        self._workplace = workplace
        self.figures: dict[str, Any] = {
            "machine": machine(),
            "rows": options.rows,
            "latencies": options.latencies,
            "reads": [],
            "first": [],
            "decode": {},
            "memory": [],
            "loss": [],
            "absent": {},
        }

    def measured(self, script: str, *words: object) -> Any:
        """Run one measurement in a new process."""
        surroundings = {
            **os.environ,
            "PYTHONHASHSEED": "0",
            "DLT_DATA_DIR": self._workplace,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }
        try:
            done = subprocess.run(
                [sys.executable, str(HERE / script), *map(str, words)],
                cwd=self._workplace,
                env=surroundings,
                capture_output=True,
                text=True,
                timeout=self._options.longest,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ChildFailedError(f"did not end within {self._options.longest} s") from None
        result = found(done.stdout)
        if done.returncode or result is None:
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            raise ChildFailedError(re.sub(r"(/[\w.-]+){2,}|127\.0\.0\.1:\d+", "…", last)[:160])
        return result

    def _wanted(self) -> list[Contestant]:
        only = self._options.only
        return [each for each in CONTESTANTS.values() if not only or each.name in only]

    def _present(self) -> list[Contestant]:
        return [each for each in self._wanted() if each.name not in self.figures["absent"]]

    def reads(self) -> None:
        """Measure reading all rows; in each round, every contestant reads once."""
        rows = self._options.rows
        with server(rows) as url:
            for latency in self._options.latencies:
                for turn in range(self._options.rounds):
                    for each in self._present():
                        slow = each.sequential and latency >= 0.1
                        if (latency and not each.waits) or (
                            slow and turn >= self._options.slow_rounds
                        ):
                            continue
                        self._read(each, url=url, rows=rows, latency=latency)

    def _read(self, each: Contestant, *, url: str, rows: int, latency: float) -> None:
        words = ("--url", url, "--rows", rows, "--latency", latency)
        try:
            result = self.measured("child.py", "read", each.name, *words)
        except ChildFailedError as failed:
            say(f"{each.name}: {failed}")
            self.figures["absent"][each.name] = str(failed)
            return
        say(f"{latency:5.2f}  {each.name:15} {result['wall']:7.2f} s  {result['cpu']:6.2f} s CPU")
        self.figures["reads"].append({"contestant": each.name, "latency": latency, **result})

    def first(self) -> None:
        """Measure the time to the first record, compared with a plain request."""
        with server(self._options.rows) as url:
            for latency in self._options.latencies:
                times = 41 if latency < 0.1 else 21
                say(f"first record at {latency} s, {times} times")
                control(url, "/set/", latency=latency)
                seconds = self.measured("first_record.py", "--url", url, "--times", times)
                self.figures["first"].append({"latency": latency, "seconds": seconds})

    def decode(self) -> None:
        """Measure decoding without requests."""
        say("decoding")
        self.figures["decode"] = self.measured("decoding.py", "--times", 25)

    def memory(self) -> None:
        """Measure memory with few and with many rows."""
        few, many = self._options.memory_rows
        growing = [each for each in self._wanted() if each.name in GROWING]
        with server(many) as url:
            for rows, times in ((few, 3), (many, self._options.memory_rounds)):
                for each in growing * times:
                    try:
                        result = self.measured(
                            "child.py", "read", each.name, "--url", url, "--rows", rows
                        )
                    except ChildFailedError as failed:
                        say(f"{each.name}, {rows} rows: {failed}")
                        result = {"failed": str(failed)}
                    else:
                        say(f"{each.name:15} {rows:8} rows {result['memory']:6.1f} MiB")
                    self.figures["memory"].append({"contestant": each.name, "rows": rows, **result})

    def loss(self) -> None:
        """Count lost and doubled rows. Two readings run concurrently, because time does not matter."""
        contestants = [each for each in self._present() if each.reads_changes]
        settings = ("", *CHANGES, *FAULTS)
        jobs = [(each, setting) for setting in settings for each in contestants]
        with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
            urls: queue.Queue[str] = queue.Queue()
            for _ in range(2):
                urls.put(stack.enter_context(server(1_000)))

            def job(each: Contestant, setting: str) -> dict[str, Any]:
                url = urls.get()
                try:
                    return self._lose(each, setting, url)
                finally:
                    urls.put(url)

            self.figures["loss"] = list(pool.map(lambda one: job(*one), jobs))

    def _lose(self, each: Contestant, setting: str, url: str) -> dict[str, Any]:
        options = self._options
        runs = options.loss_runs if setting in CHANGES else options.fault_runs
        page_size = 1_000 if setting == "capped_limit" else 100
        words = ("--url", url, "--setting", setting or "calm", "--page-size", page_size)
        head: dict[str, Any] = {"contestant": each.name, "setting": setting or "calm"}
        try:
            ended = self.measured("child.py", "loss", each.name, *words, "--runs", runs)
        except ChildFailedError as failed:
            say(f"{each.name}, {setting}: {failed}")
            return {**head, "failed": str(failed), "runs": []}
        say(f"{setting or 'calm':13} {each.name:15} lost {sum(run['lost'] for run in ended)}")
        return {**head, "runs": ended}


def say(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)


def main(options: argparse.Namespace) -> None:
    """Measure, and write the results."""
    if options.load:
        figures = json.loads(options.load.read_text(encoding="utf-8"))
    else:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as workplace:
            bench = Bench(options, workplace)
            for part in PARTS:
                if part in options.parts:
                    getattr(bench, part)()
        figures = bench.figures
        say(f"took {(time.monotonic() - began) / 60:.1f} minutes")
    if options.save:
        options.save.write_text(json.dumps(figures), encoding="utf-8")
    options.output.mkdir(parents=True, exist_ok=True)
    print(write_report(figures, options.output / "results.md"))
    write_plots(figures, options.output / "plots")


def _words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def _seconds(text: str) -> list[float]:
    return [float(word) for word in _words(text)]


def _numbers(text: str) -> list[int]:
    return [int(word) for word in _words(text)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=100_000, help="Number of rows to read [100000]."
    )
    parser.add_argument("--rounds", type=int, default=5, help="Rounds at each latency [5].")
    parser.add_argument(
        "--slow-rounds",
        type=int,
        default=3,
        help="Rounds for contestants without concurrency, at latencies of 0.1 s or more [3].",
    )
    parser.add_argument(
        "--latencies",
        type=_seconds,
        default=[0.0, 0.05, 0.15],
        metavar="S,S",
        help="Seconds that the server waits before each response [0,0.05,0.15].",
    )
    parser.add_argument(
        "--only",
        type=_words,
        default=[],
        metavar="NAME,NAME",
        help="Contestants to measure, by their short names [all].",
    )
    parser.add_argument(
        "--parts",
        type=_words,
        default=list(PARTS),
        metavar="PART,PART",
        help=f"Parts to measure [{','.join(PARTS)}].",
    )
    parser.add_argument(
        "--memory-rows",
        type=_numbers,
        default=[10_000, 1_000_000],
        metavar="FEW,MANY",
        help="Two numbers of rows to measure memory with [10000,1000000].",
    )
    parser.add_argument(
        "--memory-rounds",
        type=int,
        default=1,
        help="Memory measurements of each contestant with the larger number of rows [1].",
    )
    parser.add_argument(
        "--loss-runs",
        type=int,
        default=30,
        help="Readings of each contestant for each kind of change to the rows [30].",
    )
    parser.add_argument(
        "--fault-runs",
        type=int,
        default=14,
        help=(
            "Readings of each contestant with each fault, and without any. Most faults meet every "
            "seventh request, so a multiple of 7 tests each position equally often [14]."
        ),
    )
    parser.add_argument(
        "--longest",
        type=int,
        default=600,
        help="Seconds after which a measurement is stopped [600].",
    )
    parser.add_argument("--save", type=Path, help="Write all figures to this JSON file.")
    parser.add_argument(
        "--load",
        type=Path,
        help="Write the results from a file that --save wrote, and measure nothing.",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=HERE,
        help="Folder for results.md and the plots [the folder of this script].",
    )
    main(parser.parse_args())
