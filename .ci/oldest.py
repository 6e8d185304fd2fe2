"""Print the oldest dependencies that pyproject.toml allows, as pip takes them."""

import tomllib
from pathlib import Path

PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
LISTS = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
print(*(dependency.replace(">=", "==") for each in LISTS for dependency in each))
