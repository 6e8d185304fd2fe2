"""Pure: combine the quirks of several findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["merged"]


def merged(fragments: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Combine quirks in their JSON form; objects and lists of the same quirk are joined."""
    found: dict[str, Any] = {}
    for fragment in fragments:
        for name, value in fragment.items():
            found[name] = _joined(found.get(name), value)
    return dict(sorted(found.items()))


def _joined(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, Mapping):
        return {**old, **{key: _joined(old.get(key), value) for key, value in new.items()}}
    if _are_names(old) and _are_names(new):
        return sorted({*old, *new})
    if isinstance(old, int) and isinstance(new, int) and not isinstance(new, bool):
        return min(old, new)  # the lowest cap
    return {**new} if isinstance(new, Mapping) else new


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
