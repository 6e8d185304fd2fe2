"""Responses as XML, which the API sends to requests without an ``Accept`` header.

The elements ``intervals``, RESOURCE and ``item`` and the error's ``message`` and ``verbose`` are
known. The rest is inferred from the JSON: the other elements have the names of the JSON keys, a
missing value is an empty element, and a member is a RESOURCE without ``item``. Text is encoded
once, so that an XML parser returns it decoded.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection
from xml.sax.saxutils import escape

from attrs import evolve

from intervals_async.testing._fake.wire import Json, Response

XML = "text/xml; charset=utf-8"

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_response(response: Response, html_fields: Collection[str] = ()) -> Response:
    """Return a JSON response as XML with the same status.

    Args:
        response: The response with a JSON body. An empty body stays empty.
        html_fields: The fields whose text is HTML, which the JSON does not encode.
    """
    body = b""
    if response.body:
        content = "".join(_element("intervals", json.loads(response.body), html_fields))
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n{content}\n'.encode()
    return evolve(response, body=body, content_type=XML, envelope=None)


def _element(name: str, value: Json, html_fields: Collection[str]) -> list[str]:
    if value is None or value in ("", [], {}):
        return [f"<{name}/>"]
    if isinstance(value, dict):
        parts = [part for key in value for part in _element(key, value[key], html_fields)]
    elif isinstance(value, list):
        parts = [part for each in value for part in _element("item", each, html_fields)]
    elif isinstance(value, str):
        parts = [_text(value if name in html_fields else html.unescape(value))]
    else:
        parts = [json.dumps(value)]
    return [f"<{name}>", *parts, f"</{name}>"]


def _text(value: str) -> str:
    return escape(_NOT_IN_XML.sub("", value))
