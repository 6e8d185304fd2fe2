"""Reads the contract files, whose format README.md in this folder describes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

FOLDER = Path(__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
TABLES = ("filters", "fields", "record")
SOURCES = ("docs", "public-sample", "inferred", None)
WHERE = ("list", "member", None)


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True)
class Term:
    """One line of a contract: a filter, a body field or a field of a record."""

    type: str
    required: bool = False
    longest: int | None = None
    places: int | None = None
    one_of: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    open: bool = False
    default: str | int | None = None
    nullable: bool | None = None
    optional: bool = False
    where: str | None = attrs.field(default=None, validator=attrs.validators.in_(WHERE))
    also: str | None = None
    present: bool | None = None
    source: str | None = attrs.field(default=None, validator=attrs.validators.in_(SOURCES))
    here: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    because: str | None = None

    @property
    def proven(self) -> bool:
        """Whether every record is known to have a value in this field."""
        if self.present is not None:
            return self.present
        return (
            self.nullable is False
            and not self.optional
            and self.where is None
            and self.source in ("docs", "public-sample")
        )

    @property
    def offered(self) -> Term:
        """The term as this library implements it, with the stated differences."""
        return attrs.evolve(self, **self.here)


@attrs.frozen(kw_only=True)
class Contract:
    """The known facts about one resource."""

    name: str
    path: str
    documentation: str
    paginated: bool
    singleton: bool = False
    action_notes: bool = False
    sortfield: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    default_sort: Mapping[str, str] = attrs.field(factory=dict[str, str])
    methods: Mapping[str, list[str] | str]
    special: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict[str, Mapping[str, Any]])
    filters: Mapping[str, Term] = attrs.field(factory=dict[str, Term])
    fields: Mapping[str, Term] = attrs.field(factory=dict[str, Term])
    record: Mapping[str, Term] = attrs.field(factory=dict[str, Term])
    objects: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict[str, Mapping[str, str]])
    deviations: Mapping[str, str] = attrs.field(factory=dict[str, str])

    @property
    def arguments(self) -> Mapping[str, Term]:
        """The arguments of ``list``: the filters and the sort order."""
        if not self.sortfield:
            return self.filters
        field, direction = map(self.default_sort.get, ("sortfield", "sortdir"))
        return {
            **self.filters,
            "sortfield": Term(type="text", one_of=self.sortfield, open=True, default=field),
            "sortdir": Term(type="text", one_of=("ASC", "DESC"), default=direction),
        }

    def offered_groups(self) -> dict[str, tuple[str, ...] | None]:
        """Return the groups that may call each offered method, or None if they are not stated."""
        stated: dict[str, list[str] | str] = {
            method: groups
            for method, groups in self.methods.items()
            if method not in self.deviations
        }
        stated |= {method: special["groups"] for method, special in self.special.items()}
        return {
            method: None if isinstance(groups, str) else tuple(groups)
            for method, groups in stated.items()
        }


def read(name: str) -> Contract:
    """Read the contract of a resource. A key that README.md does not list raises TypeError."""
    raw = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    for table in TABLES:
        raw[table] = {
            key: Term(type=line) if isinstance(line, str) else Term(**line)
            for key, line in raw.get(table, {}).items()
        }
    return Contract(name=name, **raw)
