"""Quirks with a parameter that names fields of resources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import ClassVar, Self

from attrs import evolve, field, frozen

from intervals_async.resources import names, resource_class
from intervals_async.testing._fake.contract import Resource
from intervals_async.testing._fake.conventions import columns_of
from intervals_async.testing._fake.wire import Json
from intervals_async.testing.quirks._base import Quirk, Shape, nearest, object_of, strings_of

EVERY_RESOURCE = "*"
"""The name that stands for every resource in the parameter of ``UnknownFields``."""

_UNKNOWN: Mapping[str, Mapping[str, Json]] = MappingProxyType(
    {
        EVERY_RESOURCE: {
            "unknown_text": "A &amp; B",
            "unknown_number": 7,
            "unknown_null": None,
            "unknown_objects": [{"unknown_id": "1"}],
        }
    }
)


def _by_resource(
    fields: Mapping[str, Collection[str]],
) -> Mapping[str, tuple[str, ...]]:
    return {resource: tuple(some) for resource, some in sorted(fields.items())}


def _names(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names)


@frozen
class MissingFields(Quirk):
    """Some fields are absent from all rows, in lists and members.

    Public recordings show that fields are absent for lesser groups and older accounts.

    Args:
        fields: The names of the absent fields by resource, as in ``{"task": ["datecreated"]}``.
    """

    name: ClassVar[str] = "missing_fields"

    fields: Mapping[str, tuple[str, ...]] = field(converter=_by_resource, hash=False)

    @classmethod
    def from_parameter(cls, value: Json) -> Self:
        """Return the quirk for an object of arrays."""
        found = object_of(cls.name, value)
        return cls({each: strings_of(cls.name, some) for each, some in found.items()})

    def parameter(self) -> Json:
        """Return an object of arrays."""
        return {resource: [*some] for resource, some in self.fields.items()}

    def resource(self, rules: Resource) -> Resource:
        """Return the description unchanged, after a check of the names of its fields."""
        _check(self.name, self.fields, rules)
        return rules

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row without the fields."""
        absent = self.fields.get(shape.resource.name, ())
        return {name: value for name, value in row.items() if name not in absent}


@frozen
class FieldValues(Quirk):
    """Some fields have one value in all rows, such as null or text that cannot be read.

    Args:
        values: The value of each field by resource, as in
            ``{"task": {"assigneeid": None}, "projectnote": {"date": "2024-05-06 24:00:00"}}``.
            Fields that a row does not contain are not added.
    """

    name: ClassVar[str] = "field_values"

    values: Mapping[str, Mapping[str, Json]] = field(hash=False)

    @classmethod
    def from_parameter(cls, value: Json) -> Self:
        """Return the quirk for an object of objects."""
        found = object_of(cls.name, value)
        return cls({each: object_of(cls.name, some) for each, some in found.items()})

    def parameter(self) -> Json:
        """Return an object of objects."""
        return {resource: {**some} for resource, some in self.values.items()}

    def resource(self, rules: Resource) -> Resource:
        """Return the description unchanged, after a check of the names of its fields."""
        _check(self.name, self.values, rules)
        return rules

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row with the values."""
        values = self.values.get(shape.resource.name, {})
        return {name: values.get(name, value) for name, value in row.items()}


@frozen
class UnknownFields(Quirk):
    """All rows contain fields that no documentation mentions.

    The vendor adds fields: a post says that time lists also carry an hourly rate, under a key that
    is not shown, and the tables of several resources are cut in all copies.

    Args:
        fields: The fields and their values by resource; the name ``*`` stands for every resource.
            By default every row has an unknown text, number, null and array of objects.
    """

    name: ClassVar[str] = "unknown_fields"

    fields: Mapping[str, Mapping[str, Json]] = field(default=_UNKNOWN, hash=False)

    @classmethod
    def from_parameter(cls, value: Json) -> Self:
        """Return the quirk for an object of objects, or the default for ``true``."""
        if value is True:
            return cls()
        found = object_of(cls.name, value)
        return cls({each: object_of(cls.name, some) for each, some in found.items()})

    def parameter(self) -> Json:
        """Return an object of objects."""
        return {resource: {**some} for resource, some in self.fields.items()}

    def resource(self, rules: Resource) -> Resource:
        """Return the description unchanged, after a check of the names of resources."""
        _check_resources(self.name, self.fields.keys() - {EVERY_RESOURCE})
        return rules

    def row(self, row: dict[str, Json], shape: Shape) -> dict[str, Json]:
        """Return the row with the fields at its end."""
        everywhere = self.fields.get(EVERY_RESOURCE, {})
        return {**row, **everywhere, **self.fields.get(shape.resource.name, {})}


@frozen
class Forbidden(Quirk):
    """Some resources respond with 403 and API code 10 to every group.

    The documentation does not state the groups of some resources.

    Args:
        resources: The names of the resources.
    """

    name: ClassVar[str] = "forbidden"

    resources: frozenset[str] = field(converter=_names)

    @classmethod
    def from_parameter(cls, value: Json) -> Self:
        """Return the quirk for an array of names."""
        return cls(frozenset(strings_of(cls.name, value)))

    def parameter(self) -> Json:
        """Return an array of names."""
        return [*sorted(self.resources)]

    def resource(self, rules: Resource) -> Resource:
        """Return the description without any permission."""
        _check_resources(self.name, self.resources)
        if rules.name not in self.resources:
            return rules
        return evolve(
            rules,
            collection=dict.fromkeys(rules.collection, ()),
            member=dict.fromkeys(rules.member, ()),
        )


def _check_resources(owner: str, resources: Iterable[str]) -> None:
    for each in resources:
        if each not in names():
            raise nearest(owner, each, names())


def _check(owner: str, fields: Mapping[str, Iterable[str]], rules: Resource) -> None:
    _check_resources(owner, fields)
    known = {
        *(column.name for column in rules.columns),
        *(column.name for column in columns_of(vars(resource_class(rules.name))["record"])),
    }
    for each in fields.get(rules.name, ()):
        if each not in known:
            raise nearest(f"{owner}: {rules.name}", each, known)
