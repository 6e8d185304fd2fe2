"""Write the reference of the resources at build time: a page for each, and tables of all.

The filters, fields and methods of a resource come from its module and its docstrings. The source of
each fact, and deliberate differences, come from its contract in ``tests/contract``. The pages are
written to ``docs/reference/resources``, which git ignores.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import attrs
from contract.contract_files import Contract, read
from rst import Row, heading, table, write_files

from intervals_async import Record, resources
from intervals_async._schema.values import (
    Html,
    IdList,
    ListDay,
    LocalDatetime,
    RankOrName,
    UtcDatetime,
)
from intervals_async._streaming.page_plan import pages_of
from intervals_async.resources import Parameter, Resource, descriptions, parameters

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GROUPS = ("Administrator", "Manager", "Resource", "Executive")

SOURCES = {
    "docs": "documented",
    "public-sample": "seen in samples",
    "inferred": "inferred",
}

PARAMETER_TYPES = {
    "boolean": "bool",
    "date": "date",
    "decimal": "Decimal or int",
    "integer": "int",
    "local": "datetime without a zone",
    "text": "str",
    "utc": "datetime with a zone",
}

RECORD_TYPES = {
    Html: "str, HTML",
    IdList: "tuple of int",
    ListDay: "date",
    LocalDatetime: "datetime without a zone",
    RankOrName: "int or str",
    UtcDatetime: "datetime in UTC",
}

TOLD_BESIDE = (re.compile(r" Inferred, not documented\."), re.compile(r", at most \d+ characters"))
"""Parts of docstrings that the tables show in a column of their own."""

NAMED = re.compile(r"(Filters|Fields), as `\w+`: ")
"""The start of the paragraph of a docstring that names filters or fields."""

AREAS = {
    "Account and people": ("me quota person personcontact contacttype contactdescriptor group"),
    "Clients and projects": (
        "client project projectlabel projectmodule projectnote projectteam projectworktype "
        "module worktype"
    ),
    "Tasks and requests": (
        "task tasknote taskstatus taskpriority tasklistfilter milestone milestonenote request"
    ),
    "Time and expenses": "time timer expense",
    "Invoices and payments": "invoice invoiceitem invoicenote invoiceterm payment paymenttype",
    "Documents": "document",
}
"""The resources, as people look for them."""

KEYWORDS = {
    "client": "customer",
    "expense": "receipt",
    "milestone": "deadline",
    "person": "user employee",
    "request": "ticket",
    "task": "ticket issue todo",
    "time": "timesheet hours time tracking",
    "timer": "stopwatch time tracking",
}
"""Further words by which people search for a resource."""

REQUESTS = {"pause": "2", "resume": "2"}
"""The number of requests of the methods that need several."""


def setup(app: Sphinx) -> Mapping[str, bool]:
    """Write the pages before Sphinx collects the sources."""
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-docstring", leave_out_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(app: Sphinx) -> None:
    """Write all pages."""
    pages = [Page(name) for name in resources.names()]
    texts = {f"{page.name}.rst": page.text() for page in pages}
    texts["areas.inc"] = areas(pages)
    texts["overview.inc"] = overview(pages)
    texts["filters.inc"] = filters_of_all(pages)
    texts["fields.inc"] = fields_of_all(pages)
    write_files(Path(app.srcdir, "reference", "resources"), texts)


def leave_out_names(
    app: Sphinx, what: str, name: str, cls: object, options: object, lines: list[str]
) -> None:
    """Leave out the names of filters and fields: the tables of the page list them."""
    del app, cls, options
    if what == "method" and name.startswith("intervals_async.resources."):
        names = next((i for i, line in enumerate(lines) if NAMED.match(line)), len(lines))
        del lines[names:]


class Page:
    """The page of one resource."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cls: type[Resource[Any]] = resources.resource_class(name)
        self.record: type[Record] = vars(self.cls)["record"]
        self.contract: Contract = read(name)

    @property
    def link(self) -> str:
        """A link to the page."""
        return f":doc:`{self.name} </reference/resources/{self.name}>`"

    @property
    def filters(self) -> Mapping[str, Parameter]:
        """What ``list`` takes."""
        return parameters(self.cls.filters)

    @property
    def fields(self) -> Sequence[attrs.Attribute[Any]]:
        """The known fields of a record."""
        return [field for field in attrs.fields(self.record) if field.name != "extra"]

    def text(self) -> str:
        """The whole page."""
        keywords = KEYWORDS.get(self.name)
        parts = [
            *([f".. meta::\n   :keywords: {keywords}"] if keywords else []),
            heading(self.name, "="),
            first_line(self.cls),
            f"On a client it is ``intervals.{self.name}``; in the API, ``{self.contract.path}``.",
            f".. currentmodule:: {self.cls.__module__}",
            described(self.cls, without_first_line=True),
            *self._methods(),
            *self._filters(),
            *self._settable_fields(),
            *self._record_fields(),
            *self._deviations(),
        ]
        return "\n\n".join(parts) + "\n"

    def _methods(self) -> Iterator[str]:
        yield heading("Methods")
        yield "The requests that each method takes, and the groups of people who may call it:"
        yield table(
            ("method", "requests", *GROUPS),
            (
                (f"`{method}`", self._requests(method), *self._who(method))
                for method in self.cls.methods()
            ),
        )
        for method in self.cls.methods():
            yield f".. automethod:: {self.cls.__name__}.{method}{signature(self.cls, method)}"

    def _requests(self, method: str) -> str:
        if method != "list":
            return REQUESTS.get(method, "1")
        if not self.cls.paginated:
            return "1"
        weeks = "; at least 1 for each week without `taskid`" if self.name == "tasknote" else ""
        return f"1 for 100 records, {pages_of(10_000)} for 10,000{weeks}"

    def _who(self, method: str) -> Iterable[str]:
        groups = self.cls.permissions[method]
        if groups is None:
            return ["not stated"] * len(GROUPS)
        return [yes(group in groups) for group in GROUPS]

    def _filters(self) -> Iterator[str]:
        if not self.filters:
            return
        yield heading("Filters")
        yield f"`list` takes, as `{self.cls.filters.__name__}`:"
        rows = (
            (f"`{name}`", yes(parameter.required), parameter_type(parameter), words)
            for name, parameter, words in self._documented(self.cls.filters)
        )
        yield table(("filter", "required", "type", "meaning"), rows)

    def _settable_fields(self) -> Iterator[str]:
        if not {"create", "update"} & set(self.cls.methods()):
            return
        yield heading("Settable fields")
        create, update = self.cls.creatable.__name__, self.cls.updatable.__name__
        yield (
            f"`create` takes, as `{create}`, and `update`, as `{update}`, which requires none "
            "of them:"
        )
        changeable = parameters(self.cls.updatable)
        rows = (
            (
                f"`{name}`",
                yes(parameter.required),
                parameter_type(parameter),
                yes(changeable[name].nullable),
                words,
            )
            for name, parameter, words in self._documented(self.cls.creatable)
        )
        yield table(("field", "required", "type", "None clears it", "meaning"), rows)

    def _record_fields(self) -> Iterator[str]:
        yield heading("Fields of a record")
        yield described(self.record)
        hints = get_type_hints(self.record, include_extras=True)
        words = meanings(self.record)
        rows = [
            (
                f"`{field.name}`",
                record_type(hints[field.name], present=field.default is attrs.NOTHING),
                words[field.name],
                SOURCES[str(self.contract.record[field.name].source)],
            )
            for field in self.fields
        ]
        if rows:
            yield table(("field", "type", "meaning", "known from"), rows)

    def _deviations(self) -> Iterator[str]:
        reasons = {
            name: term.because
            for lines in (self.contract.filters, self.contract.fields, self.contract.record)
            for name, term in lines.items()
            if term.because
        }
        reasons |= self.contract.deviations
        if not reasons:
            return
        yield heading("Differences from the vendor's page")
        yield "\n".join(
            f"- {'Its settable fields' if name == 'fields' else f'`{name}`'}: {reason}."
            for name, reason in reasons.items()
        )

    def _documented(self, typed_dict: type) -> Iterator[tuple[str, Parameter, str]]:
        words = meanings(typed_dict)
        for name, parameter in parameters(typed_dict).items():
            yield name, parameter, words[name]


def meanings(cls: type) -> Mapping[str, str]:
    """Describe each field in one line, without what the tables show in a column of its own."""
    found = dict(descriptions(cls))
    for name, words in found.items():
        line = " ".join(words.split())
        for told in TOLD_BESIDE:
            line = told.sub("", line)
        found[name] = line
    return found


def areas(pages: Sequence[Page]) -> str:
    """Describe all resources, grouped by area."""
    by_name = {page.name: page for page in pages}
    parts: list[str] = []
    listed = {name for names in AREAS.values() for name in names.split()}
    others = " ".join(name for name in by_name if name not in listed)
    for area, names in {**AREAS, **({"Other": others} if others else {})}.items():
        parts.append(heading(area))
        rows: list[Row] = []
        for name in names.split():
            page = by_name.pop(name)
            rows.append((page.link, first_line(page.cls), ", ".join(page.cls.methods())))
        parts.append(table(("resource", "what it is", "methods"), rows))
    return "\n\n".join(parts) + "\n"


def overview(pages: Iterable[Page]) -> str:
    """Count the fields of each resource by source."""
    rows = [
        (
            page.link,
            *known_from(page.contract),
            f"`page <{page.contract.documentation}>`__",
        )
        for page in pages
    ]
    counted = Counter(
        term.source for page in pages for term in page.contract.record.values() if term.source
    )
    total = "; ".join(f"{counted[each]} {words}" for each, words in SOURCES.items())
    head = ("resource", *SOURCES.values(), "vendor")
    return f"{table(head, rows)}\n\nOf all fields of records: {total}.\n"


def filters_of_all(pages: Iterable[Page]) -> str:
    """List the resources of each filter."""
    owners: dict[str, list[str]] = {}
    for page in pages:
        for name in page.filters:
            owners.setdefault(name, []).append(page.link)
    return table(
        ("filter", "of"), ((f"`{name}`", ", ".join(owners[name])) for name in sorted(owners))
    )


def fields_of_all(pages: Iterable[Page]) -> str:
    """List the records of each field, by source."""
    owners: dict[str, dict[str, list[str]]] = {}
    for page in pages:
        for name, term in page.contract.record.items():
            owners.setdefault(name, {}).setdefault(str(term.source), []).append(page.link)
    rows = (
        (f"`{name}`", *(", ".join(owners[name].get(source, ())) for source in SOURCES))
        for name in sorted(owners)
    )
    return table(("field", *SOURCES.values()), rows)


def known_from(contract: Contract) -> Iterable[str]:
    """Count the fields of a record by source."""
    counted = Counter(term.source for term in contract.record.values())
    return [str(counted[each] or "—") for each in SOURCES]


def yes(answer: bool) -> str:
    """Return yes, or a dash."""
    return "yes" if answer else "—"


def described(cls: type, *, without_first_line: bool = False) -> str:
    """Describe a class by its docstring."""
    docstring = inspect.getdoc(cls) or ""
    if without_first_line:
        docstring = docstring.partition("\n")[2]
    return f".. py:class:: {cls.__name__}\n\n{textwrap.indent(docstring, '   ')}"


def signature(cls: type[Resource[Any]], method: str) -> str:
    """Return the signature of a method, without self, with the class of records."""
    whole = inspect.signature(getattr(cls, method))
    _, *arguments = whole.parameters.values()
    written = str(whole.replace(parameters=arguments)).replace("'", "")
    return re.sub(r"-> R$", f"-> {vars(cls)['record'].__name__}", written)


def parameter_type(parameter: Parameter) -> str:
    """Describe the values of a filter or settable field."""
    if parameter.choices:
        words = " or ".join(f"``{choice}``" for choice in parameter.choices)
        if len(parameter.choices) > 2:
            words = "one of " + ", ".join(f"``{choice}``" for choice in parameter.choices)
        return f"{words}; or `AsIs`" if parameter.open else words
    words = PARAMETER_TYPES[parameter.kind]
    if parameter.multiple:
        words += ", or several"
    if parameter.longest is not None:
        words += f", at most {parameter.longest} characters"
    if parameter.places is not None:
        words += f", at most {parameter.places} decimal places"
    return words


def record_type(hint: Any, *, present: bool) -> str:
    """Describe the values of a field of a record."""
    if any(get_origin(kind) is tuple for kind in get_args(hint)):
        nested = next(get_args(kind)[0] for kind in get_args(hint) if get_origin(kind) is tuple)
        words = f"tuple of :class:`~intervals_async.{nested.__name__}`"
        return f"{'str, or ' if str in get_args(hint) else ''}{words}, or None"
    plain = inspect.formatannotation(hint).removesuffix(" | None").rpartition(".")[2]
    named = (words for kind, words in RECORD_TYPES.items() if hint in (kind, kind | None))
    words = next(named, plain)
    return words if present else f"{words}, or None"


def first_line(cls: type) -> str:
    """Return the first line of a class's docstring."""
    return (inspect.getdoc(cls) or "").partition("\n")[0]
