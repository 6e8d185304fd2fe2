"""The asyncio client library for the Intervals API (myintervals.com).

Every documented name can be imported from this package. All but errors and events are imported when
they are first used: pytest imports this package in every run, for its plugin.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import errors, events
from ._version import __version__ as __version__
from .errors import *
from .events import *
from .resources._registry import find, public_names

if TYPE_CHECKING:
    from ._http.download import Download as Download
    from ._http.response import Response as Response
    from ._schema.arrow import ArrowConverter as ArrowConverter
    from ._schema.arrow import arrow_schema as arrow_schema
    from ._schema.columns import Column as Column
    from ._schema.columns import ColumnKind as ColumnKind
    from ._schema.columns import columns_of as columns_of
    from ._schema.decimals import Decimals as Decimals
    from ._schema.decoder import to_dict as to_dict
    from ._schema.parameters import AsIs as AsIs
    from ._schema.pydantic_models import json_schema as json_schema
    from ._schema.pydantic_models import pydantic_model as pydantic_model
    from ._schema.record import ABSENT as ABSENT
    from ._schema.record import Record as Record
    from ._schema.record import column_values as column_values
    from ._streaming.arrow_batches import ArrowBatches as ArrowBatches
    from ._streaming.cost import CostWarning as CostWarning
    from ._streaming.cost import ListingEstimate as ListingEstimate
    from ._streaming.listing import Listing as Listing
    from ._streaming.listing import Page as Page
    from ._streaming.listing import Pages as Pages
    from ._streaming.listing import Stream as Stream
    from .blocking import blocking_reader as blocking_reader
    from .client import IntervalsClient as IntervalsClient
    from .limits import Budget as Budget
    from .limits import Limit as Limit
    from .limits import LimitStore as LimitStore
    from .limits import LimitUse as LimitUse
    from .limits import MemoryLimitStore as MemoryLimitStore
    from .resources import *
    from .retry import RetryPolicy as RetryPolicy
else:
    # Names that are imported when they are first used, and their modules.
    _LATER = {
        "ABSENT": "_schema.record",
        "ArrowBatches": "_streaming.arrow_batches",
        "ArrowConverter": "_schema.arrow",
        "AsIs": "_schema.parameters",
        "Budget": "limits",
        "Column": "_schema.columns",
        "ColumnKind": "_schema.columns",
        "CostWarning": "_streaming.cost",
        "Decimals": "_schema.decimals",
        "Download": "_http.download",
        "IntervalsClient": "client",
        "Limit": "limits",
        "LimitStore": "limits",
        "LimitUse": "limits",
        "Listing": "_streaming.listing",
        "ListingEstimate": "_streaming.cost",
        "MemoryLimitStore": "limits",
        "Page": "_streaming.listing",
        "Pages": "_streaming.listing",
        "Record": "_schema.record",
        "Response": "_http.response",
        "RetryPolicy": "retry",
        "Stream": "_streaming.listing",
        "arrow_schema": "_schema.arrow",
        "blocking_reader": "blocking",
        "columns_of": "_schema.columns",
        "column_values": "_schema.record",
        "json_schema": "_schema.pydantic_models",
        "pydantic_model": "_schema.pydantic_models",
        "to_dict": "_schema.decoder",
    }

    _MODULES = ("blocking", "client", "limits", "retry")

    __all__ = [  # noqa: PLE0604  each `__all__` lists strings
        *errors.__all__,
        *events.__all__,
        "__version__",
        *_LATER,
    ]

    def __getattr__(name: str) -> Any:
        if name in _LATER:
            return getattr(import_module(f".{_LATER[name]}", __name__), name)
        if name in _MODULES:
            return import_module(f".{name}", __name__)
        if name in public_names():
            return find(name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *_LATER, *public_names()})
