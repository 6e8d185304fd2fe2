"""``FakeIntervals`` serves each resource as its contract states."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from intervals_async.testing._fake.contract import Groups, Resource
from intervals_async.testing._fake.resources import catalog

from .contract_files import NAMES, Contract, read

VERBS = {"get": "GET", "create": "POST", "update": "PUT", "delete": "DELETE"}


@pytest.fixture(params=NAMES)
def contract(request: pytest.FixtureRequest) -> Contract:
    """Return each contract in turn."""
    return read(request.param)


@pytest.fixture
def served(contract: Contract) -> Resource:
    """Return the server's description of the resource."""
    return catalog()[contract.name]


def test_methods(contract: Contract, served: Resource) -> None:
    """The server offers each method to the groups of the contract."""
    found = {
        VERBS[name]: _groups(groups) for name, groups in contract.methods.items() if name in VERBS
    }
    collection: Mapping[str, Groups] = found if contract.singleton else {}
    if "list" in contract.methods:
        collection = {"GET": _groups(contract.methods["list"])}
    assert served.collection == collection
    assert served.member == ({} if contract.singleton else found)


def test_list(contract: Contract, served: Resource) -> None:
    """The server's lists have the filters, sort fields and paging of the contract."""
    assert {each.name: each.required for each in served.filters} == {
        name: term.required for name, term in contract.filters.items()
    }
    assert served.sorts.keys() == set(contract.sortfield)
    assert served.paginated == contract.paginated


def test_writes(contract: Contract, served: Resource) -> None:
    """The server's writes accept and require the fields of the contract."""
    expected = {name: term.offered.required for name, term in contract.fields.items()}
    if "fields" in contract.deviations:
        expected = {}
    assert {each.name: each.required for each in served.body_fields} == expected


def test_records(contract: Contract, served: Resource) -> None:
    """The server's records have all fields of the contract except optional ones."""
    expected = {name for name, term in contract.record.items() if not term.optional}
    assert {column.name for column in served.columns} >= expected


def _groups(stated: list[str] | str) -> Groups:
    return None if isinstance(stated, str) else tuple(stated)
