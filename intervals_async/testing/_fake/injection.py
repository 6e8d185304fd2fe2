"""Which request is met by which fault."""

from __future__ import annotations

from fnmatch import fnmatchcase

from attrs import define

from intervals_async.testing._fake.log import SeenRequest
from intervals_async.testing.faults._base import Fault


@define
class _Injected:
    fault: Fault
    times: int | None
    method: str | None
    path: str | None
    skip: int

    def meets(self, seen: SeenRequest) -> bool:
        return self.method in (None, seen.method) and (
            self.path is None or fnmatchcase(seen.path, self.path)
        )


class FaultQueue:
    """Faults in the order in which they were put in; a request takes the first that fits."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[_Injected] = []

    def put(
        self, fault: Fault, times: int | None, method: str | None, path: str | None, skip: int
    ) -> None:
        """Add a fault for the next ``times`` fitting requests after ``skip`` others."""
        self._waiting.append(_Injected(fault, times, method, path, skip))

    def take(self, seen: SeenRequest) -> Fault:
        """Return the fault for this request; the plain one if nothing is to go wrong."""
        for injected in self._waiting:
            if not injected.meets(seen):
                continue
            if injected.skip:
                injected.skip -= 1
                continue
            if injected.times is not None:
                injected.times -= 1
                if injected.times <= 0:
                    self._waiting.remove(injected)
            return injected.fault
        return Fault()

    def clear(self) -> None:
        """Take out all faults."""
        self._waiting.clear()
