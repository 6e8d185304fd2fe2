"""Each module of ``intervals_async.resources`` conforms to its contract."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, cast, get_args, get_origin, get_type_hints

import attrs
import pytest

from intervals_async import IntervalsClient, Record, resources
from intervals_async._http.messages import Call
from intervals_async._schema.decoder import ALIASES
from intervals_async._schema.parameters import Parameter, parameters
from intervals_async._schema.record import fields_of
from intervals_async._schema.values import (
    DECIMALS,
    Html,
    IdList,
    ListDay,
    LocalDatetime,
    RankOrName,
    UtcDatetime,
)
from intervals_async.resources import Resource, descriptions

from .contract_files import NAMES, TABLES, Contract, Term, read

AnyResource = type[Resource[Any]]

PARAMETER_KINDS = {"html": "text", "integers": "integer"}
"""The package's names of parameter types that differ from those in the contract."""

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
    "text": str,
    "texts": str,  # a value may contain a comma itself, so the texts stay unsplit
    "utc": UtcDatetime,
}
"""The annotation of a record's field for each type in the contract."""

WRITES = {"create": "creatable", "update": "updatable"}
"""The methods that write a record, and the attribute with their TypedDict of fields."""

PARAMETERS = {"filters": "arguments", "creatable": "fields", "updatable": "fields"}
"""The attributes of a resource that are TypedDicts, and their counterpart in the contract."""


@pytest.fixture(params=NAMES)
def contract(request: pytest.FixtureRequest) -> Contract:
    """Return each contract in turn."""
    return read(request.param)


@pytest.fixture
def resource(contract: Contract) -> AnyResource:
    """Return the class of the contract's resource."""
    return resources.resource_class(contract.name)


def test_each_resource_has_a_contract() -> None:
    """Each resource has a contract, and each contract has a module."""
    assert list(resources.names()) == NAMES


def test_the_client_has_each_resource(contract: Contract, resource: AnyResource) -> None:
    """The client has an attribute with the name of each resource."""
    offered = getattr(IntervalsClient("abc12345678"), contract.name, None)
    _agree(contract, ("attribute of the client", type(offered), resource))


def test_names_and_addresses(contract: Contract, resource: AnyResource) -> None:
    """A resource has the API's name and path, and its docstring ends with the vendor's page."""
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
    """A resource offers the methods of the contract, for the same groups."""
    expected = contract.offered_groups()
    there = [name for name, _ in inspect.getmembers(resource, inspect.isfunction)]
    _agree(
        contract,
        ("methods", sorted(resource.methods()), sorted(expected)),
        ("functions", [name for name in there if not name.startswith("_")], sorted(expected)),
        *_each("groups", dict(resource.permissions), expected),
    )


def test_list_takes_offset_and_limit_of_the_api(contract: Contract, resource: AnyResource) -> None:
    """``list`` takes ``offset`` and ``limit`` exactly if the API documents them."""
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
    """Each filter has the contract's type, takes several values like it, and is required like it."""
    expected = {name: _parameter(name, term) for name, term in contract.arguments.items()}
    _agree(contract, *_parameters("filters", parameters(resource.filters), expected))


@pytest.mark.parametrize("method", WRITES)
def test_settable_fields(contract: Contract, resource: AnyResource, method: str) -> None:
    """``create`` and ``update`` take the contract's fields, with their types.

    ``update`` requires no field, and accepts None to clear a field that is optional for ``create``.
    """
    offered = parameters(_typed_dict(resource, WRITES[method]))
    expected: dict[str, Parameter] = {}
    if method in contract.offered_groups():
        expected = {name: _parameter(name, term) for name, term in contract.fields.items()}
    elif contract.fields and "fields" not in contract.deviations:
        pytest.fail(
            f"{contract.name}: expected a deviation that explains why {method} takes no fields, "
            "got none",
            pytrace=False,
        )
    if method == "update":
        expected = {
            name: attrs.evolve(
                parameter, required=False, nullable=not contract.fields[name].required
            )
            for name, parameter in expected.items()
        }
    _agree(contract, *_parameters(WRITES[method], offered, expected))


def test_writes_take_the_headers_of_the_api(contract: Contract, resource: AnyResource) -> None:
    """Writes take ``send_notifications``, and ``disable_action_notes`` with action notes."""
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
    """The annotation of a method names the same TypedDict that the package uses at run time."""
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
    """Each record field has the type of the contract, and is required only if that is proven."""
    found = {field.name: field for field in _record_fields(resource)}
    facts = _presence("record fields", found, contract.record)
    for name in found.keys() & contract.record.keys():
        term, field = contract.record[name].offered, found[name]
        proven, wanted = term.proven, _record_type(term, field)
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


def test_objects_within_records(contract: Contract, resource: AnyResource) -> None:
    """Objects within a record have the fields of the contract, and all of them may be absent."""
    found = {
        field.name: {each.name: each.type for each in fields_of(nested) if each.name != "extra"}
        for field in _record_fields(resource)
        if (nested := _nested_class(field)) is not None
    }
    expected = {
        name: {key: RECORD_TYPES[kind] | None for key, kind in terms.items()}
        for name, terms in contract.objects.items()
    }
    _agree(contract, ("objects within records", found, expected))


def test_docstrings_state_the_source_of_a_field(contract: Contract, resource: AnyResource) -> None:
    """The docstring of a record field states if it is inferred, or in one shape only."""
    docstrings = _one_line(descriptions(_record(resource)))
    marks: dict[str, Callable[[Term], bool]] = {
        "Inferred": lambda term: term.source == "inferred",
        "In lists only": lambda term: term.where == "list",
        "In a single record only": lambda term: term.where == "member",
    }
    _agree(
        contract,
        *(
            (
                f"{mark!r} in the docstring of record field {name}",
                mark in docstrings[name],
                expects_mark(term),
            )
            for name, term in contract.record.items()
            for mark, expects_mark in marks.items()
            if name in docstrings
        ),
    )


def test_everything_has_a_docstring(contract: Contract, resource: AnyResource) -> None:
    """Every filter, body field and record field has a docstring."""
    fields = [field.name for field in _record_fields(resource)]
    facts: list[tuple[str, object, object]] = [
        ("described fields of a record", [*descriptions(_record(resource))], fields)
    ]
    for attribute in PARAMETERS:
        names = [*parameters(_typed_dict(resource, attribute))]
        facts.append((f"described {attribute}", [*_described(resource, attribute)], names))
    _agree(contract, *facts)


def test_descriptions_are_not_repeated(contract: Contract, resource: AnyResource) -> None:
    """The fields of ``update`` have a docstring only if it differs from that of ``create``."""
    of_update = descriptions(_typed_dict(resource, "updatable"))
    of_create = descriptions(_typed_dict(resource, "creatable"))
    repeated = [name for name, text in of_update.items() if of_create.get(name) == text]
    _agree(contract, ("repeated descriptions", repeated, []))


@pytest.mark.parametrize("attribute", PARAMETERS)
def test_docstrings_state_rules(contract: Contract, resource: AnyResource, attribute: str) -> None:
    """The docstring of an argument states its maximum length, its default, and HTML if allowed."""
    docstrings = _described(resource, attribute)
    terms: Mapping[str, Term] = getattr(contract, PARAMETERS[attribute])
    facts: list[tuple[str, object, object]] = []
    for name in docstrings.keys() & terms.keys():
        term = terms[name].offered
        phrases = [f"at most {term.longest} characters"] if term.longest else []
        phrases += ["HTML is accepted"] if term.type == "html" else []
        if term.default is not None and attribute != "updatable":
            default = {"t": True, "f": False}.get(str(term.default), term.default)
            phrases += [f"by default {default}"]
        facts += [
            (f"{each!r} in the docstring of {attribute} {name}", each in docstrings[name], True)
            for each in phrases
        ]
    _agree(contract, *facts)


def test_deviations_are_real_and_explained(contract: Contract) -> None:
    """Each stated deviation differs from the API and has a reason."""
    for table in TABLES:
        lines: Mapping[str, Term] = getattr(contract, table)
        for name, term in lines.items():
            line = f"{contract.name}: {name} of {table}"
            assert bool(term.here) == bool(term.because), f"{line}: here and because go together"
            assert bool(term.source) == (table == "record"), f"{line}: only records have a source"
            for key, value in term.here.items():
                plain = term.proven if key == "present" else getattr(term, key)
                assert plain != value, f"{line}: {key} does not differ"
    for name, reason in contract.deviations.items():
        assert reason
        known = contract.fields if name == "fields" else name in contract.methods
        assert known, f"{contract.name}: the deviation {name} is no documented method"
    for method, special in contract.special.items():
        assert special.keys() == {"groups", "because"}
        assert method not in contract.methods


def _nested_class(field: attrs.Attribute[Any]) -> type[Record] | None:
    """Return the class of the objects that a field holds."""
    tuples = (kind for kind in get_args(field.type) if get_origin(kind) is tuple)
    classes = (get_args(kind)[0] for kind in tuples)
    return next((each for each in classes if each is not int), None)


def _record_type(term: Term, field: attrs.Attribute[Any]) -> Any:
    """Return the type that the contract wants for a field."""
    if term.type == "decimal":  # the contract does not state how many digits there are
        return next((each for each in DECIMALS if field.type in (each, each | None)), Decimal)
    if term.type in RECORD_TYPES:
        return RECORD_TYPES[term.type]
    nested: Any = _nested_class(field)
    objects = tuple[nested, ...]
    return str | objects if term.type == "text or objects" else objects


def _agree(contract: Contract, *facts: tuple[str, object, object]) -> None:
    """Compare the package with the contract, and fail with a list of all differences."""
    wrong = [
        f"{contract.name}: {what}: expected {_shown(expected)}, got {_shown(found)}"
        for what, found, expected in facts
        if found != expected
    ]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def _each(
    what: str, found: Mapping[str, object], expected: Mapping[str, object]
) -> list[tuple[str, object, object]]:
    nothing = "absent"
    return [
        (f"{what}: {name}", found.get(name, nothing), expected.get(name, nothing))
        for name in dict.fromkeys([*expected, *found])
        if name not in found or name not in expected or found[name] != expected[name]
    ]


def _presence(
    what: str, found: Iterable[str], expected: Iterable[str]
) -> list[tuple[str, object, object]]:
    return _each(what, dict.fromkeys(found, "present"), dict.fromkeys(expected, "present"))


def _parameters(
    what: str, found: Mapping[str, Parameter], expected: Mapping[str, Parameter]
) -> list[tuple[str, object, object]]:
    return _presence(what, found, expected) + [
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
    """Return the name of the TypedDict of a method's keyword arguments."""
    for parameter in _signature(resource, method).values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            return str(parameter.annotation).removeprefix("Unpack[").removesuffix("]")
    return None


def _described(resource: AnyResource, attribute: str) -> Mapping[str, str]:
    """Return the docstrings of a TypedDict's keys; those of ``create`` also serve ``update``."""
    typed_dict, creatable = (_typed_dict(resource, each) for each in (attribute, "creatable"))
    return _one_line(descriptions(typed_dict, creatable))


def _one_line(docstrings: Mapping[str, str]) -> Mapping[str, str]:
    return {name: " ".join(text.split()) for name, text in docstrings.items()}


def _shown(value: object) -> str:
    for name, kind in RECORD_TYPES.items():
        if value in (kind, kind | None):
            return name if value is kind else f"{name}, or None"
    return "no default" if value is attrs.NOTHING else repr(value)
