"""Compare the server of an account with its documentation, without any value of the account.

::

    async with IntervalsClient() as intervals:
        report = await examine(intervals)
    report.save("report.json")

The report tells what nobody knows who has no account: the order of lists, the edges of filters,
which fields are absent. ``FakeIntervals(quirks=Report.load("report.json"))`` behaves like that
server.

.. versionadded:: 0.2.0
"""

from .budget import MOST_REQUESTS
from .examine import examine
from .report import FieldShape, Finding, Report, Status

__all__ = ["MOST_REQUESTS", "FieldShape", "Finding", "Report", "Status", "examine"]
