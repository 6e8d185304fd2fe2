"""Uncertain variants of the real server, for ``FakeIntervals(quirks=…)``.

Nobody knows the real server completely: its documentation is silent or contradicts itself, and
recordings of several years differ. By default ``FakeIntervals`` behaves as the newest recordings
show. Each quirk makes it behave in another way that is documented, recorded, or expected by a
public client. Pass quirks, their names, or both::

    FakeIntervals(quirks={"no_listcount", "string_envelopes"})
    FakeIntervals(quirks=[quirks.CappedLimit(50), quirks.MissingFields({"task": ["datecreated"]})])
    FakeIntervals(quirks={"no_listcount": True, "capped_limit": 50})

The last form is plain JSON: ``to_json`` returns it, and ``from_json`` reads it. A report of
``intervals-async doctor`` is accepted too: ``FakeIntervals(quirks=Report.load("report.json"))``.

.. versionadded:: 0.2.0
"""

from intervals_async.testing.quirks._base import Quirk
from intervals_async.testing.quirks._fields import (
    FieldValues,
    Forbidden,
    MissingFields,
    UnknownFields,
)
from intervals_async.testing.quirks._lists import (
    CappedLimit,
    ExactText,
    ExclusiveDates,
    IdOrder,
    LookupMembers,
    PagedLookups,
)
from intervals_async.testing.quirks._loading import (
    NAMES,
    HasQuirks,
    QuirkName,
    Quirks,
    from_json,
    load,
    to_json,
)
from intervals_async.testing.quirks._responses import (
    Compressed,
    EmptyDelete,
    ErrorVerbose,
    ListcountLast,
    MeObject,
    MissingKey,
    NoListcount,
    ObjectForOne,
    StringEnvelopes,
)
from intervals_async.testing.quirks._values import (
    AbsentWhenMissing,
    BusinessDay,
    EmptyForNull,
    FractionalSeconds,
    IsoTimestamps,
    JsonNumbers,
    NullForEmpty,
    TaskRows2025,
    UnencodedText,
    UsDates,
    UtcOffset,
)

__all__ = [
    "NAMES",
    "AbsentWhenMissing",
    "BusinessDay",
    "CappedLimit",
    "Compressed",
    "EmptyDelete",
    "EmptyForNull",
    "ErrorVerbose",
    "ExactText",
    "ExclusiveDates",
    "FieldValues",
    "Forbidden",
    "FractionalSeconds",
    "HasQuirks",
    "IdOrder",
    "IsoTimestamps",
    "JsonNumbers",
    "ListcountLast",
    "LookupMembers",
    "MeObject",
    "MissingFields",
    "MissingKey",
    "NoListcount",
    "NullForEmpty",
    "ObjectForOne",
    "PagedLookups",
    "Quirk",
    "QuirkName",
    "Quirks",
    "StringEnvelopes",
    "TaskRows2025",
    "UnencodedText",
    "UnknownFields",
    "UsDates",
    "UtcOffset",
    "from_json",
    "load",
    "to_json",
]
