"""The environment of the measurements: the machine, Python and the versions."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "aiohttp", "attrs", "cattrs", "orjson", "msgspec", "httpx", "dlt", "singer-sdk", "airbyte-cdk",
)  # fmt: skip


def machine() -> dict[str, str]:
    """Return names and values for the report."""
    known = {
        "Date": datetime.now(UTC).date().isoformat(),
        "Machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()} GiB",
        "System": f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "intervals_async": _version("intervals-async"),
    }
    return known | {package: _version(package) for package in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
