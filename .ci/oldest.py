"""Print the oldest dependencies that pyproject.toml allows, as pip takes them."""

import tomllib
from pathlib import Path

PYPROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
# OpenTelemetry's two packages go together, and the tests need both.
SDK = [each for each in PYPROJECT["dependency-groups"]["test"] if "opentelemetry-sdk" in each]
LISTS = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values(), SDK]
print(*(dependency.replace(">=", "==") for each in LISTS for dependency in each))
