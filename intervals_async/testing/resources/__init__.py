"""The resources that the fake server keeps; a new one is a module here and a line below."""

from __future__ import annotations

from collections.abc import Mapping

from intervals_async.testing.account import Account, Sizes
from intervals_async.testing.contract import Resource
from intervals_async.testing.resources import background
from intervals_async.testing.resources.contacttype import CONTACT_DESCRIPTOR, CONTACT_TYPE
from intervals_async.testing.resources.me import ME
from intervals_async.testing.resources.person import PERSON
from intervals_async.testing.resources.personcontact import PERSON_CONTACT
from intervals_async.testing.resources.project import PROJECT
from intervals_async.testing.resources.projectnote import PROJECT_NOTE
from intervals_async.testing.resources.quota import QUOTA

_IN_ORDER_OF_GENERATION = (
    CONTACT_TYPE,
    CONTACT_DESCRIPTOR,
    PERSON,
    ME,
    PERSON_CONTACT,
    PROJECT,
    PROJECT_NOTE,
    QUOTA,
)

CATALOG: Mapping[str, Resource] = {resource.name: resource for resource in _IN_ORDER_OF_GENERATION}
"""The resources by name."""


def furnish(account: Account, sizes: Sizes) -> None:
    """Fill an empty account with generated records, those that others point to first."""
    background.generate(account, sizes)
    for resource in _IN_ORDER_OF_GENERATION:
        if resource.generate is not None:
            resource.generate(account, sizes)
