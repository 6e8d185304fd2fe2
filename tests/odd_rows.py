"""A fault that changes the values of some rows in each response, as an odd server sends them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, frozen

from intervals_async import ABSENT
from intervals_async.testing import faults
from intervals_async.testing._fake.wire import Response

__all__ = ["OddRows"]


@frozen
class OddRows(faults.Fault):
    """Send other wire values in the rows of some ids; ABSENT leaves a field out.

    What is not a mapping of fields replaces the row. The fields of `every` replace those of every
    row; a field that a row does not have is not added.
    """

    rows: Mapping[int, Any] = field(factory=dict[int, Any])
    every: Mapping[str, Any] = field(factory=dict[str, Any])

    def change(self, response: Response) -> Response:
        """Return the response with the changed rows."""
        if response.status != 200:
            return response
        body: dict[str, Any] = json.loads(response.body)
        for key, value in body.items():
            if isinstance(value, list):
                body[key] = [self._changed(row) for row in value]
            elif isinstance(value, dict):
                body[key] = self._changed(value)
        return evolve(response, body=json.dumps(body).encode(), envelope=None)

    def _changed(self, row: Any) -> Any:
        odd = self.rows.get(int(row.get("id") or 0), {})
        if not isinstance(odd, Mapping):
            return odd
        every = {name: self.every[name] for name in row if name in self.every}
        changed = {**row, **every, **odd}
        return {name: value for name, value in changed.items() if value is not ABSENT}
