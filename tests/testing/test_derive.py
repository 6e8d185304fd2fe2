"""The description of a resource derived from the client's class, and its overrides."""

from __future__ import annotations

import pytest

from intervals_async import TaskOwner
from intervals_async._schema.parameters import Parameter
from intervals_async._schema.values import Hours, Html, IdList
from intervals_async.testing._fake import parsing
from intervals_async.testing._fake.contract import BodyField
from intervals_async.testing._fake.conventions import body_field_of, filter_of, kind_of
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.filters import checked_only, text
from intervals_async.testing._fake.references import table_of
from intervals_async.testing._fake.wire import columns


def test_columns_are_the_fields_of_the_record() -> None:
    """Each field of a record is a column of its kind, in the same order, except ``extra``."""
    derived = {column.name: column for column in derive("project").columns}
    assert list(derived)[:4] == ["id", "localid", "localidunpadded", "name"]
    assert "extra" not in derived
    kinds = {"id": "integer", "description": "html", "budget": "float", "managerid": "ids"}
    kinds |= {"datestart": "date", "active": "boolean", "manager": "string"}
    assert {name: derived[name].kind for name in kinds} == kinds
    assert (derived["id"].nullable, derived["name"].nullable) == (False, True)


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (int, "integer"),
        (bool | None, "boolean"),
        (Html | None, "html"),
        (Hours, "float"),
        (IdList | None, "ids"),
        (tuple[TaskOwner, ...] | None, "json"),
    ],
)
def test_kinds(annotation: object, kind: str) -> None:
    """An optional field has the same kind as a required field."""
    assert kind_of(annotation) == kind


def test_methods_come_from_the_groups() -> None:
    """``list`` and ``get`` are GET, ``create`` is POST, ``update`` is PUT, ``delete`` is DELETE."""
    person, group, me = derive("person"), derive("group"), derive("me")
    staff, administrators = ("Administrator", "Manager", "Resource"), ("Administrator",)
    assert dict(person.collection) == {"GET": staff}
    writing = dict.fromkeys(("POST", "PUT", "DELETE"), administrators)
    assert dict(person.member) == {"GET": staff, **writing}
    assert (set(group.collection), set(group.member)) == ({"GET"}, set())
    assert (set(me.collection), set(me.member)) == ({"GET"}, set())


def test_overrides_replace_derived_parts() -> None:
    """Columns, filters and body fields replace the derived ones of the same name only."""
    derived = derive(
        "projectlabel",
        columns=columns("color:html", "more"),
        without=["priority"],
        hidden=columns("secret"),
        optional=["active"],
        list_only=["name"],
        member_only=["more"],
        filters=[checked_only("active", str)],
        first_id=5,
    )
    found = {column.name: column for column in derived.columns}
    assert list(found) == ["id", "name", "color", "active", "more", "secret"]
    assert found["color"].kind == "html"
    assert found["active"].optional
    shapes = {name: (column.list, column.member) for name, column in found.items()}
    assert shapes["name"] == (True, False)
    assert shapes["more"] == (False, True)
    assert shapes["secret"] == (False, False)
    assert derived.first_id == 5
    with_field = derive("client", body_fields=[BodyField("fax", parsing.body_text(3), "phone")])
    assert {each.name: each.column for each in with_field.body_fields}["fax"] == "phone"
    assert len(with_field.body_fields) == len(derive("client").body_fields)


@pytest.mark.parametrize(
    "arguments",
    [
        {"filters": [text("nope")]},
        {"body_fields": [BodyField("nope", parsing.body_integer)]},
        {"optional": ["nope"]},
        {"list_only": ["nope"]},
        {"unnamed": ["nope"]},
    ],
)
def test_unknown_overrides_are_refused(arguments: dict[str, object]) -> None:
    """An override of an unknown filter, body field or column raises a TypeError with its name."""
    with pytest.raises(TypeError, match=r"^client: .* nope$"):
        derive("client", **arguments)  # type: ignore[arg-type]  # the cases are of several types


def test_required_comes_from_the_client() -> None:
    """A replaced filter is required if the client's class declares it as required."""
    derived = derive(
        "contactdescriptor", filters=[checked_only("contacttypeid", parsing.parse_integer)]
    )
    assert derived.filters[0].required
    assert {each.name for each in derive("client").body_fields if each.required} == {
        "name",
        "datecreated",
        "active",
    }


def test_references() -> None:
    """A column refers to the resource in its name, or to the known resource of its role."""
    pointing = {"projectid": "project", "authorid": "person", "labelid": "projectlabel"}
    pointing |= {"queueid": "request", "contact_type_id": "contacttype", "groupid": "group"}
    assert {column: table_of(column) for column in pointing} == pointing
    for column in ("id", "localid", "datepaid", "project", "nothingid"):
        assert table_of(column) is None
    assert dict(derive("client", points_to={"email": "person"}).points_to) == {"email": "person"}
    assert "clientid" not in derive("project", points_to={"clientid": None}).points_to


def test_columns_with_names_of_references() -> None:
    """A column named like an id column holds the record's name, unless it is ``unnamed``."""
    assert dict(derive("request").named) == {
        "person": "personid",
        "project": "projectid",
        "client": "clientid",
        "priority": "priorityid",
    }
    assert "priority" not in derive("request", unnamed=["priority"]).named


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("integer", "3", "x"),
        ("boolean", "t", "yes"),
        ("date", "2026-01-02", "2026-1-2"),
        ("decimal", "1.5", "x"),
        ("utc", "2026-01-02 03:04:05", "2026-01-02T03:04:05"),
        ("local", "2026-01-02", "2026-01-02 03:04:05+00:00"),
    ],
)
def test_ignored_filters(kind: str, good: str, bad: str) -> None:
    """A filter without a column validates its value and matches every row."""
    derived = filter_of(Parameter("mystery", kind), {}, (), accepts_none=False)
    assert derived.ignored
    no_account = None
    assert derived.test(no_account, good)({})  # type: ignore[arg-type]  # no account is needed
    with pytest.raises(ValueError):
        derived.test(no_account, bad)  # type: ignore[arg-type]  # no account is needed


def _parse(parameter: Parameter, value: object) -> object:
    return body_field_of(parameter, ["x"]).parse(value)  # type: ignore[arg-type]  # invalid values are passed on purpose


def test_body_fields_by_kind() -> None:
    """Body fields are parsed by their kind, their length and their decimal places."""
    assert _parse(Parameter("x", "integer"), "3") == 3
    assert _parse(Parameter("x", "integer", multiple=True), "3, 5") == "3,5"
    assert _parse(Parameter("x", "boolean"), "t") is True
    assert str(_parse(Parameter("x", "date"), "2026-01-02")) == "2026-01-02"
    assert _parse(Parameter("x", "decimal", places=2), "1.25") == 1.25
    assert _parse(Parameter("x", "choice", choices=("a", "b")), "a") == "a"
    assert str(_parse(Parameter("x", "local"), "2026-01-02 03:04:05")) == "2026-01-02 03:04:05"
    moment = str(_parse(Parameter("x", "utc"), "2026-01-02 03:04:05"))
    assert moment == "2026-01-02 03:04:05+00:00"
    for parameter, value in (
        (Parameter("x", "decimal", places=2), "1.255"),
        (Parameter("x", "choice", choices=("a", "b")), "c"),
        (Parameter("x", "text", longest=3), "long"),
        (Parameter("x", "utc"), "2026-01-02 03:04:05+00:00"),
    ):
        with pytest.raises(ValueError):
            _parse(parameter, value)
    assert body_field_of(Parameter("password", "text"), ["x"]).column is None
