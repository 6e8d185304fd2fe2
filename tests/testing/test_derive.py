"""How a resource of the fake is made of the client's class, and what a module may say of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intervals_async._schema.parameters import Parameter
from intervals_async._schema.values import Html, IdList, Objects
from intervals_async.testing._fake import parsing
from intervals_async.testing._fake.contract import BodyField
from intervals_async.testing._fake.conventions import body_field_of, filter_of, kind_of
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.filters import checked_only, text
from intervals_async.testing._fake.references import table_of
from intervals_async.testing._fake.wire import columns


def test_columns_are_the_fields_of_the_record() -> None:
    """Each field is a column of its kind, in its order; ``extra`` is none."""
    made = {column.name: column for column in derive("project").columns}
    assert list(made)[:4] == ["id", "localid", "localidunpadded", "name"]
    assert "extra" not in made
    kinds = {"id": "integer", "description": "html", "budget": "float", "managerid": "ids"}
    kinds |= {"datestart": "date", "active": "boolean", "manager": "string"}
    assert {name: made[name].kind for name in kinds} == kinds
    assert (made["id"].nullable, made["name"].nullable) == (False, True)


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (int, "integer"),
        (bool | None, "boolean"),
        (Html | None, "html"),
        (Decimal, "float"),
        (IdList | None, "ids"),
        (Objects, "json"),
    ],
)
def test_kinds(annotation: object, kind: str) -> None:
    """A field that may be None is of the same kind as one that may not."""
    assert kind_of(annotation) == kind


def test_methods_come_of_the_groups() -> None:
    """List and get are GETs, create is POST, update PUT, delete DELETE."""
    person, group, me = derive("person"), derive("group"), derive("me")
    staff, administrators = ("Administrator", "Manager", "Resource"), ("Administrator",)
    assert dict(person.collection) == {"GET": staff}
    writing = dict.fromkeys(("POST", "PUT", "DELETE"), administrators)
    assert dict(person.member) == {"GET": staff, **writing}
    assert (set(group.collection), set(group.member)) == ({"GET"}, set())
    assert (set(me.collection), set(me.member)) == ({"GET"}, set())


def test_what_a_module_says_stands_in_place_of_the_convention() -> None:
    """Columns, filters and settings of one name are replaced, all others stay."""
    made = derive(
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
    found = {column.name: column for column in made.columns}
    assert list(found) == ["id", "name", "color", "active", "more", "secret"]
    assert found["color"].kind == "html"
    assert found["active"].optional
    sides = {name: (column.list, column.member) for name, column in found.items()}
    assert sides["name"] == (True, False)
    assert sides["more"] == (False, True)
    assert sides["secret"] == (False, False)
    assert made.first_id == 5
    worded = derive("client", body_fields=[BodyField("fax", parsing.body_text(3), "phone")])
    assert {each.name: each.column for each in worded.body_fields}["fax"] == "phone"
    assert len(worded.body_fields) == len(derive("client").body_fields)


@pytest.mark.parametrize(
    "said",
    [
        {"filters": [text("nope")]},
        {"body_fields": [BodyField("nope", parsing.body_integer)]},
        {"optional": ["nope"]},
        {"list_only": ["nope"]},
        {"unnamed": ["nope"]},
    ],
)
def test_what_the_client_does_not_have(said: dict[str, object]) -> None:
    """A slip of the pen in a module is an error, not a silent nothing."""
    with pytest.raises(TypeError, match="client has no nope; it has "):
        derive("client", **said)  # type: ignore[arg-type]  # several kinds in one list


def test_the_client_says_what_is_required() -> None:
    """A filter that replaces the convention is required where the client says so."""
    made = derive(
        "contactdescriptor", filters=[checked_only("contacttypeid", parsing.parse_integer)]
    )
    assert made.filters[0].required
    assert {each.name for each in derive("client").body_fields if each.required} == {
        "name",
        "datecreated",
        "active",
    }


def test_references() -> None:
    """A column is named after the resource that it points to, or after what that is to it."""
    pointing = {"projectid": "project", "authorid": "person", "labelid": "projectlabel"}
    pointing |= {"queueid": "request", "contact_type_id": "contacttype", "groupid": "group"}
    assert {column: table_of(column) for column in pointing} == pointing
    for column in ("id", "localid", "datepaid", "project", "nothingid"):
        assert table_of(column) is None
    assert dict(derive("client", points_to={"email": "person"}).points_to) == {"email": "person"}
    assert "clientid" not in derive("project", points_to={"clientid": None}).points_to


def test_names_of_what_is_pointed_to() -> None:
    """The name of what an id points to stands in the column of its name, unless told otherwise."""
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
        ("boolean", "t", "true"),
        ("date", "2026-01-02", "2026-1-2"),
        ("decimal", "1.5", "x"),
        ("utc", "2026-01-02 03:04:05", "2026-01-02T03:04:05"),
        ("local", "2026-01-02", "2026-01-02 03:04:05+00:00"),
    ],
)
def test_a_filter_that_nothing_stands_for(kind: str, good: str, bad: str) -> None:
    """It is checked, and every row passes."""
    made = filter_of(Parameter("mystery", kind), {}, (), accepts_none=False)
    assert made.ignored
    nobody = None
    assert made.test(nobody, good)({})  # type: ignore[arg-type]  # no account is asked
    with pytest.raises(ValueError):
        made.test(nobody, bad)  # type: ignore[arg-type]  # as a stranger would


def _parse(parameter: Parameter, given: object) -> object:
    return body_field_of(parameter, ["x"]).parse(given)  # type: ignore[arg-type]  # as a stranger would


def test_settings_by_kind() -> None:
    """A body's values are read by the kind of the field, its length and its decimal places."""
    assert _parse(Parameter("x", "integer"), "3") == 3
    assert _parse(Parameter("x", "integer", multiple=True), "3, 5") == "3,5"
    assert _parse(Parameter("x", "boolean"), "t") is True
    assert str(_parse(Parameter("x", "date"), "2026-01-02")) == "2026-01-02"
    assert _parse(Parameter("x", "decimal", places=2), "1.25") == 1.25
    assert _parse(Parameter("x", "choice", choices=("a", "b")), "a") == "a"
    assert str(_parse(Parameter("x", "local"), "2026-01-02 03:04:05")) == "2026-01-02 03:04:05"
    moment = str(_parse(Parameter("x", "utc"), "2026-01-02 03:04:05"))
    assert moment == "2026-01-02 03:04:05+00:00"
    for parameter, given in (
        (Parameter("x", "decimal", places=2), "1.255"),
        (Parameter("x", "choice", choices=("a", "b")), "c"),
        (Parameter("x", "text", longest=3), "long"),
        (Parameter("x", "utc"), "2026-01-02 03:04:05+00:00"),
    ):
        with pytest.raises(ValueError):
            _parse(parameter, given)
    assert body_field_of(Parameter("password", "text"), ["x"]).column is None
