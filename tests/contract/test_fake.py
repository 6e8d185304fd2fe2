"""The server for tests, `FakeIntervals`, serves each resource as its contract says."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from intervals_async.testing._fake.contract import Groups, Resource
from intervals_async.testing._fake.resources import catalog

from .contract_files import NAMES, Contract, read

VERBS = {"get": "GET", "create": "POST", "update": "PUT", "delete": "DELETE"}


@pytest.fixture(params=NAMES)
def contract(request: pytest.FixtureRequest) -> Contract:
    """Give each contract."""
    return read(request.param)


@pytest.fixture
def served(contract: Contract) -> Resource:
    """Give what the fake keeps of the resource."""
    return catalog()[contract.name]


def test_methods(contract: Contract, served: Resource) -> None:
    """Each is open to the groups that are named, and to all where none are."""
    found = {
        VERBS[name]: _groups(groups) for name, groups in contract.methods.items() if name in VERBS
    }
    collection: Mapping[str, Groups] = found if contract.singleton else {}
    if "list" in contract.methods:
        collection = {"GET": _groups(contract.methods["list"])}
    assert served.collection == collection
    assert served.member == ({} if contract.singleton else found)


def test_list(contract: Contract, served: Resource) -> None:
    """It takes the same filters, requires the same, sorts by the same, and pages or does not."""
    assert {each.name: each.required for each in served.filters} == {
        name: term.required for name, term in contract.filters.items()
    }
    assert served.sorts.keys() == set(contract.sortfield)
    assert served.paginated == contract.paginated


def test_writes(contract: Contract, served: Resource) -> None:
    """They take the same fields, and require the same."""
    expected = {name: term.offered.required for name, term in contract.fields.items()}
    if "fields" in contract.deviations:
        expected = {}
    assert {each.name: each.required for each in served.body_fields} == expected


def test_records(contract: Contract, served: Resource) -> None:
    """They have all known fields but those that may be absent."""
    expected = {name for name, term in contract.record.items() if not term.optional}
    assert {column.name for column in served.columns} >= expected


def _groups(stated: list[str] | str) -> Groups:
    return None if isinstance(stated, str) else tuple(stated)
