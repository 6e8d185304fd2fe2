"""Pure: the format of a JSON value, without the value itself."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from .. import ColumnKind

__all__ = [
    "EMPTY",
    "EMPTY_LIST",
    "ENTITIES",
    "FRACTIONS",
    "FROM_NUMBERS",
    "FROM_TEXTS",
    "MARKUP",
    "MIDNIGHT",
    "NULL",
    "PLACEHOLDERS",
    "RAW_TEXT",
    "STAMPS",
    "T_STAMPS",
    "US_DATE",
    "format_of",
    "is_readable",
]

NULL: Final = "null"
EMPTY: Final = "empty text"
LETTER: Final = "t or f"
WORD: Final = "true or false as text"
BINARY: Final = "0 or 1 as text"
INTEGER: Final = "integer as text"
PADDED: Final = "zero-padded integer as text"
LONG: Final = "integer over 64 bits as text"
DECIMAL: Final = "decimal as text"
SEVERAL: Final = "integers as text, commas between"
DATE: Final = "YYYY-MM-DD"
US_DATE: Final = "MM/DD/YYYY"
MIDNIGHT: Final = "YYYY-MM-DD 00:00:00"
MINUTE: Final = "YYYY-MM-DD HH:MM"
STAMP: Final = "YYYY-MM-DD HH:MM:SS"
FRACTION: Final = "YYYY-MM-DD HH:MM:SS.F"
T_STAMP: Final = "YYYY-MM-DDTHH:MM:SS"
T_FRACTION: Final = "YYYY-MM-DDTHH:MM:SS.F"
ZONED: Final = "YYYY-MM-DD HH:MM:SS with a time zone"
OTHER_ISO: Final = "other ISO 8601 form"
BAD_DATE: Final = "YYYY-MM-DD, out of range"
BAD_US_DATE: Final = "MM/DD/YYYY, out of range"
BAD_STAMP: Final = "YYYY-MM-DD HH:MM:SS, out of range"
TEXT: Final = "text"
RAW_TEXT: Final = "text with unencoded special characters"
ENTITIES: Final = "text with HTML entities"
MARKUP: Final = "text with HTML elements"
JSON_BOOLEAN: Final = "JSON boolean"
JSON_BINARY: Final = "0 or 1 as JSON number"
JSON_INTEGER: Final = "JSON integer"
JSON_LONG: Final = "JSON integer over 64 bits"
JSON_DECIMAL: Final = "JSON decimal"
OBJECT: Final = "object"
OBJECTS: Final = "list of objects"
INTEGERS: Final = "list of integers"
INTEGER_TEXTS: Final = "list of integers as text"
EMPTY_LIST: Final = "empty list"
LIST: Final = "list of other values"

PLACEHOLDERS: Mapping[str, object] = MappingProxyType(
    {
        NULL: None,
        EMPTY: "",
        LETTER: "t",
        WORD: "true",
        BINARY: "1",
        INTEGER: "7",
        PADDED: "007",
        LONG: "9" * 30,
        DECIMAL: "1.5",
        SEVERAL: "7,8",
        DATE: "2001-02-03",
        US_DATE: "02/03/2001",
        MIDNIGHT: "2001-02-03 00:00:00",
        MINUTE: "2001-02-03 04:05",
        STAMP: "2001-02-03 04:05:06",
        FRACTION: "2001-02-03 04:05:06.789",
        T_STAMP: "2001-02-03T04:05:06",
        T_FRACTION: "2001-02-03T04:05:06.789",
        ZONED: "2001-02-03 04:05:06+00:00",
        OTHER_ISO: "20010203T040506",
        BAD_DATE: "0000-00-00",
        BAD_US_DATE: "00/00/0000",
        BAD_STAMP: "2001-02-03 24:00:00",
        TEXT: "text",
        RAW_TEXT: 'a & "b"',
        ENTITIES: "a &amp; b",
        MARKUP: "<p>text</p>",
        JSON_BOOLEAN: True,
        JSON_BINARY: 1,
        JSON_INTEGER: 7,
        JSON_LONG: 10**30,
        JSON_DECIMAL: 1.5,
        OBJECT: {},
        OBJECTS: [{}],
        INTEGERS: [7],
        INTEGER_TEXTS: ["7"],
        EMPTY_LIST: [],
        LIST: ["text"],
    }
)
"""An invented value of each format. The keys are all the formats."""

STAMPS = frozenset({MIDNIGHT, MINUTE, STAMP, FRACTION, T_STAMP, T_FRACTION, ZONED, OTHER_ISO})
FRACTIONS = frozenset({FRACTION, T_FRACTION})
T_STAMPS = frozenset({T_STAMP, T_FRACTION})
FROM_TEXTS = frozenset({BINARY, INTEGER, PADDED, DECIMAL})
FROM_NUMBERS = frozenset({JSON_BINARY, JSON_INTEGER, JSON_DECIMAL})

_TEXTS = frozenset(
    name for name, value in PLACEHOLDERS.items() if isinstance(value, str) and name != EMPTY
)
_INTEGERS = frozenset({BINARY, INTEGER, PADDED, JSON_BINARY, JSON_INTEGER})
_NUMBERS = FROM_NUMBERS | {JSON_LONG}
_MOMENTS = STAMPS | {DATE}

_READABLE: Mapping[ColumnKind, frozenset[str]] = MappingProxyType(
    {
        ColumnKind.INTEGER: _INTEGERS,
        ColumnKind.BOOLEAN: frozenset({LETTER, WORD, BINARY, JSON_BOOLEAN, JSON_BINARY}),
        ColumnKind.TEXT: _TEXTS | _NUMBERS | {EMPTY},
        ColumnKind.HTML: _TEXTS | _NUMBERS | {EMPTY},
        ColumnKind.DECIMAL: _INTEGERS | {DECIMAL, JSON_DECIMAL, LONG, JSON_LONG},
        ColumnKind.DATE: frozenset({DATE, MIDNIGHT}),
        ColumnKind.UTC_DATETIME: _MOMENTS,
        ColumnKind.LOCAL_DATETIME: _MOMENTS,
        ColumnKind.ID_LIST: _INTEGERS | {SEVERAL, INTEGERS, INTEGER_TEXTS, EMPTY_LIST, NULL, EMPTY},
        ColumnKind.NUMBER_OR_TEXT: (_TEXTS | FROM_NUMBERS | {EMPTY}) - {LONG, JSON_DECIMAL},
        ColumnKind.TEXT_OR_OBJECTS: _TEXTS | _NUMBERS | {OBJECTS, EMPTY_LIST, EMPTY},
        ColumnKind.OBJECTS: frozenset({OBJECT, OBJECTS, EMPTY_LIST}),
    }
)


def is_readable(format: str, kind: ColumnKind, *, nullable: bool, us_dates: bool = False) -> bool:
    """Return whether the client reads a value of this format as a field of this kind.

    Args:
        format: The format of the value.
        kind: The kind of the field.
        nullable: Whether the field may be None, for which the API sends null or an empty text.
        us_dates: Whether the field also takes ``MM/DD/YYYY``.
    """
    if format in (NULL, EMPTY) and nullable:
        return True
    return format in _READABLE[kind] or (us_dates and format == US_DATE)


def format_of(value: object) -> str:
    """Return the format of a JSON value. It is always a key of `PLACEHOLDERS`."""
    match value:
        case None:
            return NULL
        case bool():
            return JSON_BOOLEAN
        case int() if value in (0, 1):
            return JSON_BINARY
        case int():
            return JSON_INTEGER if -(2**63) <= value < 2**63 else JSON_LONG
        case float():
            return JSON_DECIMAL
        case dict():
            return OBJECT
        case list():
            return _format_of_list(value)
        case _:
            return _format_of_text(str(value))


def _format_of_list(values: list[object]) -> str:
    if not values:
        return EMPTY_LIST
    # lists in lists are not examined, because they may be nested deeply
    formats = {LIST if isinstance(each, list) else format_of(each) for each in values}
    for some, name in (
        ({OBJECT}, OBJECTS),
        ({JSON_BINARY, JSON_INTEGER}, INTEGERS),
        ({BINARY, INTEGER, PADDED}, INTEGER_TEXTS),
    ):
        if formats <= some:
            return name
    return LIST


_NUMERIC: tuple[tuple[str, re.Pattern[str]], ...] = (
    (BINARY, re.compile(r"[01]")),
    (PADDED, re.compile(r"[+-]?0[0-9]{1,18}")),
    (INTEGER, re.compile(r"[+-]?[0-9]{1,18}")),
    (LONG, re.compile(r"[+-]?[0-9]+")),
    (DECIMAL, re.compile(r"[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][+-]?[0-9]{1,3})?")),
    (SEVERAL, re.compile(r"-?[0-9]{1,18}( *, *-?[0-9]{1,18})+")),
)
_WORDS: Mapping[str, str] = MappingProxyType(
    {"": EMPTY, "t": LETTER, "f": LETTER, "true": WORD, "false": WORD}
)
# Each form with its format, and the format of a value of this form that no calendar has.
_DATED: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(form.replace("9", "[0-9]")), name, wrong)
    for form, name, wrong in (
        ("9999-99-99", DATE, BAD_DATE),
        ("99/99/9999", US_DATE, BAD_US_DATE),
        ("9999-99-99[ T]00:00(:00)?", MIDNIGHT, BAD_STAMP),
        ("9999-99-99[ T]99:99", MINUTE, BAD_STAMP),
        ("9999-99-99 99:99:99", STAMP, BAD_STAMP),
        ("9999-99-99 99:99:99[.]9+", FRACTION, BAD_STAMP),
        ("9999-99-99T99:99:99", T_STAMP, BAD_STAMP),
        ("9999-99-99T99:99:99[.]9+", T_FRACTION, BAD_STAMP),
        ("9999-99-99[ T]99:99:99([.]9+)?(Z|[+-]99:?99)", ZONED, BAD_STAMP),
    )
)
_ENTITY = re.compile(r"&(#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
_ELEMENT = re.compile(r"</?[A-Za-z][^<>]*>")
_SPECIAL = re.compile(r"""[&<>"']""")


def _format_of_text(text: str) -> str:
    if text in _WORDS:
        return _WORDS[text]
    for name, form in _NUMERIC:
        if form.fullmatch(text):
            return name
    for form, name, wrong in _DATED:
        if form.fullmatch(text):
            return name if _is_of_calendar(text) else wrong
    if len(text) >= 10 and _is_valid(datetime.fromisoformat, text):
        return OTHER_ISO
    if _ELEMENT.search(text):
        return MARKUP
    entities = _ENTITY.search(text)
    if _SPECIAL.search(_ENTITY.sub("", text)):
        return RAW_TEXT
    return ENTITIES if entities and html.unescape(text) != text else TEXT


def _is_of_calendar(text: str) -> bool:
    if text[2] == "/":
        text = f"{text[6:]}-{text[:2]}-{text[3:5]}"
    return _is_valid(datetime.fromisoformat, text)


def _is_valid(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
