"""The resources of the API, one module each: its record, filters, settable fields and methods.

A module is imported when one of its names is first used: most programs need few of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._registry import find, public_names
from ._registry import names as names
from ._registry import resource_class as resource_class

if not TYPE_CHECKING:  # type checkers would accept any name
    __getattr__ = find

    def __dir__() -> list[str]:
        return sorted({*globals(), *public_names()})


if TYPE_CHECKING:
    from .._schema.descriptions import descriptions as descriptions
    from .._schema.parameters import Parameter as Parameter
    from .._schema.parameters import parameters as parameters
    from ._any import AnyResource as AnyResource
    from ._base import Resource as Resource
    from .client import *
    from .contactdescriptor import *
    from .contacttype import *
    from .document import *
    from .expense import *
    from .group import *
    from .invoice import *
    from .invoiceitem import *
    from .invoicenote import *
    from .invoiceterm import *
    from .me import *
    from .milestone import *
    from .milestonenote import *
    from .module import *
    from .payment import *
    from .paymenttype import *
    from .person import *
    from .personcontact import *
    from .project import *
    from .projectlabel import *
    from .projectmodule import *
    from .projectnote import *
    from .projectteam import *
    from .projectworktype import *
    from .quota import *
    from .request import *
    from .task import *
    from .tasklistfilter import *
    from .tasknote import *
    from .taskpriority import *
    from .taskstatus import *
    from .time import *
    from .timer import *
    from .worktype import *
