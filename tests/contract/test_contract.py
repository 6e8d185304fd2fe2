"""Each module of `intervals_async.resources` keeps to its contract."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, cast, get_type_hints

import attrs
import pytest

from intervals_async import IntervalsClient, Record, resources
from intervals_async._http.messages import Call
from intervals_async._schema.parameters import Parameter, parameters
from intervals_async._schema.records import ALIASES
from intervals_async._schema.values import (
    Html,
    IdList,
    ListDay,
    LocalDatetime,
    Objects,
    RankOrName,
    TextOrObjects,
    UtcDatetime,
)
from intervals_async.resources import Resource

from .contract_files import NAMES, TABLES, Contract, Term, read

AnyResource = type[Resource[Any]]

PARAMETER_KINDS = {"html": "text", "integers": "integer"}
"""What a parameter's type is called in the package, where that is not its own name."""

RECORD_TYPES: dict[str, Any] = {
    "boolean": bool,
    "date": date,
    "date or MM/DD/YYYY": ListDay,
    "decimal": Decimal,
    "html": Html,
    "integer": int,
    "integer or text": RankOrName,
    "integers": IdList,
    "local": LocalDatetime,
    "objects": Objects,
    "text": str,
    "text or objects": TextOrObjects,
    "texts": str,  # one of them may hold a comma itself, so they stay one text
    "utc": UtcDatetime,
}
"""How a record's field is annotated."""

WRITES = {"create": "creatable", "update": "updatable"}
"""The methods that write a record, and the attribute that says with which fields."""

PARAMETERS = {"filters": "arguments", "creatable": "fields", "updatable": "fields"}
"""A resource's attributes that are TypedDicts, and what the contract has for each."""


@pytest.fixture(params=NAMES)
def contract(request: pytest.FixtureRequest) -> Contract:
    """Give each contract."""
    return read(request.param)


@pytest.fixture
def resource(contract: Contract) -> AnyResource:
    """Give the class of the contract's resource."""
    return resources.resource_class(contract.name)


def test_each_resource_has_a_contract() -> None:
    """And each contract a module."""
    assert list(resources.names()) == NAMES


def test_the_client_has_each_resource(contract: Contract, resource: AnyResource) -> None:
    """As an attribute of its name."""
    offered = IntervalsClient.__annotations__.get(contract.name, "not there")
    _agree(contract, ("attribute of the client", offered, f"resources.{resource.__name__}"))


def test_names_and_addresses(contract: Contract, resource: AnyResource) -> None:
    """The name in the API is the path, and the docstring says where the vendor tells of it."""
    docstring = inspect.getdoc(resource) or ""
    _agree(
        contract,
        ("name", resource.name, contract.name),
        ("path", Call("GET", resource.name).path, contract.path),
        (
            "last line of the docstring",
            docstring.splitlines()[-1],
            contract.documentation,
        ),
    )


def test_methods_and_groups(contract: Contract, resource: AnyResource) -> None:
    """What is offered is what is allowed, with who may call it."""
    expected = contract.offered_groups()
    _agree(
        contract,
        ("methods", sorted(resource.methods()), sorted(expected)),
        *_each("groups", dict(resource.permissions), expected),
    )


def test_list_takes_a_slice_where_the_api_has_one(
    contract: Contract, resource: AnyResource
) -> None:
    """``offset`` and ``limit`` are arguments of ``list`` where the API documents them."""
    taken: set[str] = set()
    if "list" in resource.methods():
        taken = set(_signature(resource, "list")) & {"offset", "limit"}
    _agree(
        contract,
        ("paginated", resource.paginated, contract.paginated),
        ("slice of list()", taken, {"offset", "limit"} if contract.paginated else set()),
        ("sorts_by_id", resource.sorts_by_id, "id" in contract.sortfield),
    )


def test_filters(contract: Contract, resource: AnyResource) -> None:
    """Each has its type, takes several where the API does, is required where it must be."""
    expected = {name: _parameter(name, term) for name, term in contract.arguments.items()}
    _agree(contract, *_parameters("filters", parameters(resource.filters), expected))


@pytest.mark.parametrize("method", WRITES)
def test_settable_fields(contract: Contract, resource: AnyResource, method: str) -> None:
    """As filters; ``update`` requires none, and clears with None those that may be left out."""
    offered = parameters(_typed_dict(resource, WRITES[method]))
    expected: dict[str, Parameter] = {}
    if method in contract.offered_groups():
        expected = {name: _parameter(name, term) for name, term in contract.fields.items()}
    elif contract.fields and "fields" not in contract.deviations:
        why = f"{contract.name}: the contract does not say why {method} takes no fields"
        pytest.fail(why, pytrace=False)
    if method == "update":
        expected = {
            name: attrs.evolve(
                parameter, required=False, nullable=not contract.fields[name].required
            )
            for name, parameter in expected.items()
        }
    _agree(contract, *_parameters(WRITES[method], offered, expected))


def test_writes_take_the_headers_that_the_api_has_for_them(
    contract: Contract, resource: AnyResource
) -> None:
    """E-mails may be asked for with every write, silence where there are action notes."""
    facts: list[tuple[str, object, object]] = [
        ("has_action_notes", resource.has_action_notes, contract.action_notes)
    ]
    for method in ("create", "update", "delete", "add", "remove"):
        if method in resource.methods():
            taken = _signature(resource, method)
            silent = contract.action_notes and method != "delete"
            facts += [
                (f"{method}(send_notifications=...)", "send_notifications" in taken, True),
                (f"{method}(disable_action_notes=...)", "disable_action_notes" in taken, silent),
            ]
    _agree(contract, *facts)


def test_signatures_name_the_typed_dicts(contract: Contract, resource: AnyResource) -> None:
    """What type checkers read is what is read at run time."""
    found = [
        (method, _unpacked(resource, method), _typed_dict(resource, attribute).__name__)
        for method, attribute in {"list": "filters", **WRITES}.items()
        if method in resource.methods()
    ]
    _agree(
        contract,
        *(
            (f"arguments of {method}()", taken, "Nothing" if taken is None else named)
            for method, taken, named in found
            if (taken, named) != (None, "Nothing")
        ),
    )


def test_record_fields(contract: Contract, resource: AnyResource) -> None:
    """Each has its type, and is there for certain only where that is proven."""
    found = {field.name: field for field in _record_fields(resource)}
    facts = _there("record fields", found, contract.record)
    for name in found.keys() & contract.record.keys():
        term, field = contract.record[name].offered, found[name]
        proven, wanted = term.proven, RECORD_TYPES[term.type]
        facts += [
            (f"type of record field {name}", field.type, wanted if proven else wanted | None),
            (f"default of record field {name}", field.default, attrs.NOTHING if proven else None),
            (
                f"spellings of record field {name}",
                field.metadata.get(ALIASES, ()),
                (term.also,) if term.also else (),
            ),
        ]
    _agree(contract, *facts)


def test_docstrings_say_how_sure_a_field_is(contract: Contract, resource: AnyResource) -> None:
    """What is inferred is marked so; what only one shape has is marked, too."""
    words = _attribute_docstrings(_record(resource))
    marks: dict[str, Callable[[Term], bool]] = {
        "Inferred": lambda term: term.source == "inferred",
        "In lists only": lambda term: term.where == "list",
        "In a single record only": lambda term: term.where == "member",
    }
    _agree(
        contract,
        *(
            (f"{mark!r} in the docstring of record field {name}", mark in words[name], due(term))
            for name, term in contract.record.items()
            for mark, due in marks.items()
            if name in words
        ),
    )


def test_everything_has_a_docstring(contract: Contract, resource: AnyResource) -> None:
    """Every filter, settable field and field of a record says what it is."""
    named: dict[type, list[str]] = {
        _record(resource): [field.name for field in _record_fields(resource)],
    }
    for attribute in PARAMETERS:
        cls = _typed_dict(resource, attribute)
        named[cls] = list(parameters(cls))
    _agree(
        contract,
        *(
            (f"docstring of {name} in {cls.__name__}", name in _attribute_docstrings(cls), True)
            for cls, names in named.items()
            for name in names
        ),
    )


@pytest.mark.parametrize("attribute", PARAMETERS)
def test_docstrings_tell_rules(contract: Contract, resource: AnyResource, attribute: str) -> None:
    """How long a text may be, whether it may hold HTML, and what the server takes for nothing."""
    words = _attribute_docstrings(_typed_dict(resource, attribute))
    terms: Mapping[str, Term] = getattr(contract, PARAMETERS[attribute])
    facts: list[tuple[str, object, object]] = []
    for name in words.keys() & terms.keys():
        term = terms[name].offered
        due = [f"at most {term.longest} characters"] if term.longest else []
        due += ["HTML is accepted"] if term.type == "html" else []
        if term.default is not None and attribute != "updatable":
            due += [f"by default {term.default}"]
        facts += [
            (f"{each!r} in the docstring of {attribute} {name}", each in words[name], True)
            for each in due
        ]
    _agree(contract, *facts)


def test_deviations_are_real_and_explained(contract: Contract) -> None:
    """What is said to differ does differ, and why is said."""
    for table in TABLES:
        lines: Mapping[str, Term] = getattr(contract, table)
        for name, term in lines.items():
            place = f"{contract.name}: {name} of {table}"
            assert bool(term.here) == bool(term.because), f"{place}: here without because?"
            assert bool(term.source) == (table == "record"), f"{place}: source"
            for key, value in term.here.items():
                plain = term.proven if key == "present" else getattr(term, key)
                assert plain != value, f"{place}: {key} does not differ"
    for name, reason in contract.deviations.items():
        assert reason
        known = contract.fields if name == "fields" else name in contract.methods
        assert known, f"{contract.name}: there is no {name} that could be left out"
    for method, special in contract.special.items():
        assert special.keys() == {"groups", "because"}
        assert method not in contract.methods


def _agree(contract: Contract, *facts: tuple[str, object, object]) -> None:
    """Hold what is there against what the contract says, and tell of every difference."""
    wrong = [
        f"{contract.name}: {what} is {_shown(found)}, the contract says {_shown(expected)}"
        for what, found, expected in facts
        if found != expected
    ]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def _each(
    what: str, found: Mapping[str, object], expected: Mapping[str, object]
) -> list[tuple[str, object, object]]:
    nothing = "not there"
    return [
        (f"{what}: {name}", found.get(name, nothing), expected.get(name, nothing))
        for name in dict.fromkeys([*expected, *found])
        if name not in found or name not in expected or found[name] != expected[name]
    ]


def _there(
    what: str, found: Iterable[str], expected: Iterable[str]
) -> list[tuple[str, object, object]]:
    return _each(what, dict.fromkeys(found, "there"), dict.fromkeys(expected, "there"))


def _parameters(
    what: str, found: Mapping[str, Parameter], expected: Mapping[str, Parameter]
) -> list[tuple[str, object, object]]:
    return _there(what, found, expected) + [
        (
            f"{what}: {field.name} of {name}",
            getattr(found[name], field.name),
            getattr(expected[name], field.name),
        )
        for name in expected
        if name in found
        for field in attrs.fields(Parameter)
    ]


def _parameter(name: str, term: Term) -> Parameter:
    term = term.offered
    return Parameter(
        name,
        "choice" if term.one_of else PARAMETER_KINDS.get(term.type, term.type),
        multiple=term.type == "integers",
        required=term.required,
        choices=term.one_of,
        open=term.open,
        longest=term.longest,
        places=term.places,
    )


def _record(resource: AnyResource) -> type[Record]:
    return cast("type[Record]", vars(resource)["record"])


def _typed_dict(resource: AnyResource, attribute: str) -> type:
    return cast("type", getattr(resource, attribute))


def _record_fields(resource: AnyResource) -> list[attrs.Attribute[Any]]:
    cls = cast("type[attrs.AttrsInstance]", _record(resource))
    hints = get_type_hints(cls, include_extras=True)
    return [
        field.evolve(type=hints[field.name]) for field in attrs.fields(cls) if field.name != "extra"
    ]


def _signature(resource: AnyResource, method: str) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(getattr(resource, method)).parameters


def _unpacked(resource: AnyResource, method: str) -> str | None:
    """Give the name of the TypedDict of a method's keyword arguments."""
    for parameter in _signature(resource, method).values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            return str(parameter.annotation).removeprefix("Unpack[").removesuffix("]")
    return None


def _attribute_docstrings(cls: type) -> Mapping[str, str]:
    """Read the docstrings under a class's attributes, as one line each."""
    found: dict[str, str] = {}
    tree = _tree(cls.__module__)
    for definition in ast.walk(tree):
        if isinstance(definition, ast.ClassDef) and definition.name == cls.__name__:
            for attribute, words in zip(definition.body, definition.body[1:], strict=False):
                match attribute, words:
                    case (
                        ast.AnnAssign(target=ast.Name(id=name)),
                        ast.Expr(value=ast.Constant(value=str(text))),
                    ):
                        found[name] = " ".join(text.split())
                    case _:
                        pass
    return found


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(sys.modules[module]))


def _shown(value: object) -> str:
    for name, kind in RECORD_TYPES.items():
        if value in (kind, kind | None):
            return name if value is kind else f"{name}, or None"
    return "none at all" if value is attrs.NOTHING else repr(value)
