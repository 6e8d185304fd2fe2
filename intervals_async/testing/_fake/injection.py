"""The queue of injected faults, and the choice of the fault for a request."""

from __future__ import annotations

from fnmatch import fnmatchcase

from attrs import define

from intervals_async.testing._fake.log import SeenRequest
from intervals_async.testing.faults._base import Fault


@define
class _Injection:
    fault: Fault
    times: int | None
    method: str | None
    path: str | None
    skip: int

    def matches(self, request: SeenRequest) -> bool:
        return self.method in (None, request.method) and (
            self.path is None or fnmatchcase(request.path, self.path)
        )


class FaultQueue:
    """The injected faults in order. A request takes the first one that matches."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[_Injection] = []

    def put(
        self, fault: Fault, times: int | None, method: str | None, path: str | None, skip: int
    ) -> None:
        """Add a fault for the next ``times`` matching requests, after ``skip`` matching ones."""
        self._waiting.append(_Injection(fault, times, method, path, skip))

    def take(self, request: SeenRequest) -> Fault:
        """Return the fault for this request, or a plain ``Fault``, which changes nothing."""
        for injection in self._waiting:
            if not injection.matches(request):
                continue
            if injection.skip:
                injection.skip -= 1
                continue
            if injection.times is not None:
                injection.times -= 1
                if injection.times <= 0:
                    self._waiting.remove(injection)
            return injection.fault
        return Fault()

    def clear(self) -> None:
        """Remove all faults."""
        self._waiting.clear()
