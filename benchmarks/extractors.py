"""Libraries for reading paged APIs: dlt, the Singer SDK and the Airbyte CDK."""

import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from contestant import TOKEN, Contestant, Items, Reading, peer


@asynccontextmanager
async def dlt(reading: Reading) -> AsyncGenerator[Items]:
    """The REST client of dlt, with its offset paginator."""
    helpers = "dlt.sources.helpers.rest_client"
    client = peer(helpers).RESTClient(
        base_url=reading.url,
        auth=peer(f"{helpers}.auth").HttpBasicAuth(TOKEN, "X"),
        paginator=peer(f"{helpers}.paginators").OffsetPaginator(
            limit=reading.page_size, total_path="listcount"
        ),
        data_selector="projectnote",
    )
    yield _dlt_rows(client)


def _dlt_rows(client: Any) -> Iterator[dict[str, Any]]:
    for page in client.paginate("/projectnote/"):
        yield from page


@asynccontextmanager
async def singer(reading: Reading) -> AsyncGenerator[Items]:
    """A RESTStream of the Singer SDK, with its offset paginator (which ends at an empty page)."""
    logging.getLogger().setLevel(logging.ERROR)
    sdk = peer("singer_sdk")
    page_size = reading.page_size
    paginator: Any = type("Pages", (peer("singer_sdk.pagination").OffsetPaginator,), {})
    authenticator = peer("singer_sdk.authenticators").BasicAuthenticator(
        username=TOKEN, password="X"
    )

    def url_params(_: object, __: object, token: int | None) -> dict[str, int]:
        return {"offset": token or 0, "limit": page_size}

    # Created with type(), because type checkers refuse an unknown base class.
    stream_class: Any = type(
        "NoteStream",
        (peer("singer_sdk.streams").RESTStream,),
        {
            "name": "projectnote",
            "path": "/projectnote/",
            "url_base": reading.url,
            "primary_keys": ("id",),
            "records_jsonpath": "$.projectnote[*]",
            "schema": _schema(),
            "authenticator": authenticator,
            "get_url_params": url_params,
            "get_new_paginator": lambda _: paginator(start_value=0, page_size=page_size),
        },
    )
    tap_class: Any = type(
        "NoteTap",
        (sdk.Tap,),
        {
            "name": "tap-notes",
            "config_jsonschema": {"properties": {}},
            "discover_streams": lambda tap: [stream_class(tap)],
        },
    )
    yield tap_class(config={}).streams["projectnote"].get_records(None)


@asynccontextmanager
async def airbyte(reading: Reading) -> AsyncGenerator[Items]:
    """A declarative source of the Airbyte CDK (SimpleRetriever, OffsetIncrement)."""
    logging.disable(logging.WARNING)
    catalog = peer("airbyte_cdk.models").ConfiguredAirbyteCatalogSerializer.load(
        {
            "streams": [
                {
                    "stream": {
                        "name": "projectnote",
                        "json_schema": _schema(),
                        "supported_sync_modes": ["full_refresh"],
                    },
                    "sync_mode": "full_refresh",
                    "destination_sync_mode": "append",
                }
            ]
        }
    )
    module = peer("airbyte_cdk.sources.declarative.concurrent_declarative_source")
    source = module.ConcurrentDeclarativeSource(
        catalog=catalog, config={}, state=None, source_config=_manifest(reading)
    )
    yield _airbyte_rows(source, catalog)


def _airbyte_rows(source: Any, catalog: Any) -> Iterator[dict[str, Any]]:
    for message in source.read(logging.getLogger("airbyte"), {}, catalog, None):
        if message.record is not None:
            yield message.record.data


def _manifest(reading: Reading) -> dict[str, Any]:
    def parameter(name: str) -> dict[str, str]:
        return {"type": "RequestOption", "inject_into": "request_parameter", "field_name": name}

    stream = {
        "type": "DeclarativeStream",
        "name": "projectnote",
        "primary_key": "id",
        "schema_loader": {"type": "InlineSchemaLoader", "schema": _schema()},
        "retriever": {
            "type": "SimpleRetriever",
            "requester": {
                "type": "HttpRequester",
                "url_base": reading.url,
                "path": "/projectnote/",
                "http_method": "GET",
                "authenticator": {
                    "type": "BasicHttpAuthenticator",
                    "username": TOKEN,
                    "password": "X",
                },
            },
            "record_selector": {
                "type": "RecordSelector",
                "extractor": {"type": "DpathExtractor", "field_path": ["projectnote"]},
            },
            "paginator": {
                "type": "DefaultPaginator",
                "page_token_option": parameter("offset"),
                "page_size_option": parameter("limit"),
                "pagination_strategy": {"type": "OffsetIncrement", "page_size": reading.page_size},
            },
        },
    }
    return {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["projectnote"]},
        "streams": [stream],
    }


def _schema() -> dict[str, Any]:
    names = (
        "id projectid authorid title note date secure localid projectactive author projectlocalid "
        "clientlocalid mod_authorlocalid projectlabel projectlabelcolor projectlabelactive"
    )
    properties = {name: {"type": ["string", "null"]} for name in names.split()}
    return {"type": "object", "additionalProperties": True, "properties": properties}


EXTRACTORS = (
    Contestant(
        name="dlt",
        title="dlt RESTClient",
        open=dlt,
        sequential=True,
        reads_changes=True,
    ),
    Contestant(
        name="singer",
        title="Singer SDK RESTStream",
        open=singer,
        sequential=True,
        reads_changes=True,
    ),
    Contestant(
        name="airbyte",
        title="Airbyte CDK declarative source",
        open=airbyte,
        sequential=True,
        reads_changes=True,
    ),
)
