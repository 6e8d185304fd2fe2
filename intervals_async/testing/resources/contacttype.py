"""contacttype and contactdescriptor: the kinds of contact details and their labels.

The contract does not know the response fields of either. ``id`` and ``contacttype``, and ``id``,
``contacttypeid`` and ``contactdescriptor``, are the fake's own assumption: do not build on them.
"""

from __future__ import annotations

from intervals_async.testing.account import Account, Sizes
from intervals_async.testing.contract import Resource
from intervals_async.testing.filters import one_id
from intervals_async.testing.tables import Table
from intervals_async.testing.wire import columns

EMAIL = 1
"""The id of the contact type that holds e-mail addresses."""

_KINDS = {
    "E-mail": ("Work", "Home"),
    "Phone": ("Work", "Mobile", "Fax"),
    "Address": ("Office & mail", "Home"),
    "Web site": ("Main",),
}


def _generate_types(account: Account, sizes: Sizes) -> None:
    table = account.tables["contacttype"] = Table(CONTACT_TYPE.columns, EMAIL)
    for kind in _KINDS:
        table.add({"id": table.next_id, "contacttype": kind})


def _generate_descriptors(account: Account, sizes: Sizes) -> None:
    table = account.tables["contactdescriptor"] = Table(CONTACT_DESCRIPTOR.columns, 11)
    for contact_type, labels in zip(account.table("contacttype"), _KINDS.values(), strict=True):
        for label in labels:
            row = {"id": table.next_id, "contacttypeid": contact_type["id"]}
            table.add({**row, "contactdescriptor": label})


CONTACT_TYPE = Resource(
    name="contacttype",
    columns=columns("id:integer", "contacttype"),
    collection={"GET": None},
    generate=_generate_types,
)

CONTACT_DESCRIPTOR = Resource(
    name="contactdescriptor",
    columns=columns("id:integer", "contacttypeid:integer", "contactdescriptor"),
    collection={"GET": None},
    filters=(one_id("contacttypeid", required=True),),
    generate=_generate_descriptors,
)
