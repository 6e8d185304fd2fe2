"""How a measurement in a process of its own hands its result back: as its last line."""

import json
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

_MARK = "RESULT "


def give(result: object) -> None:
    """Print a result, apart from whatever libraries print."""
    print(f"\n{_MARK}{json.dumps(result)}", flush=True)


def found(output: str) -> Any:
    """The result in what a process has printed; None where there is none."""
    _, mark, result = output.rpartition(f"\n{_MARK}")
    return json.loads(result) if mark else None


def control(url: str, path: str, **words: object) -> Any:
    """Tell the server something, and give its answer."""
    with urlopen(f"{url}{path}?{urlencode(words)}") as answer:
        return json.load(answer)
