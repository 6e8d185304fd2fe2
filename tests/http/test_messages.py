"""Calls become requests, and responses become envelopes or errors."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intervals_async import errors
from intervals_async._http.credentials import Credentials, checked_base_url, checked_token
from intervals_async._http.messages import Call, ParsedResponse, parse_response

GET = Call("GET", "projectnote", query=(("projectid", "3,5"), ("search", "a b&c=d/é")))
BASE = "https://api.myintervals.com/"


def read(
    body: Any, status: int = 200, call: Call = GET, content_type: str = "application/json"
) -> ParsedResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_response(call, status, content_type, raw)


def refusal(code: object, status: int, **more: Any) -> dict[str, Any]:
    return {
        "personid": None,
        "status": "?",
        "code": status,
        "error": {"code": code, "message": "User bad auth", "verbose": [], **more},
    }


def test_a_url_ends_in_a_slash_and_is_encoded() -> None:
    """The path of a URL ends in a slash, and its query is encoded except for commas."""
    assert GET.url(BASE) == f"{BASE}projectnote/?projectid=3,5&search=a%20b%26c%3Dd%2F%C3%A9"
    assert Call("GET", "projectnote", 9).url(BASE) == f"{BASE}projectnote/9/"
    assert Call("GET", "projectnote", 9).path == "/projectnote/9/"


def test_headers_accept_and_announce_json() -> None:
    """Every call accepts JSON, and a call with a body announces it."""
    assert GET.headers() == {"Accept": "application/json"}
    assert GET.payload() is None
    post = Call("POST", "projectnote", body={"title": "é"})
    assert post.headers()["Content-Type"] == "application/json"
    assert post.payload() == '{"title":"é"}'.encode()


def test_the_token_is_the_user_name() -> None:
    """The token is the user name of HTTP Basic."""
    scheme, _, value = Credentials.of("abc12345678").authorization.partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(value) == b"abc12345678:X"


def test_a_token_is_stripped() -> None:
    """Whitespace around a token is removed."""
    assert checked_token(" abc12345678\n") == "abc12345678"


@pytest.mark.parametrize(
    "wrong", ["", "  ", "x1:y2", "x1 y2", "x1\ny2", "tökén", "a\x00b", None, b"x"]
)
def test_an_invalid_token_is_rejected_unseen(wrong: Any) -> None:
    """The error about an invalid token does not show it."""
    with pytest.raises(errors.ArgumentError, match="token") as caught:
        checked_token(wrong)
    if isinstance(wrong, str) and wrong.strip():
        assert wrong not in str(caught.value)


def test_a_base_url_ends_in_a_slash() -> None:
    """A base URL with or without a slash, with a port or a path, ends in one slash."""
    assert checked_base_url("http://127.0.0.1:80") == "http://127.0.0.1:80/"
    assert checked_base_url(" https://h/proxy/ ") == "https://h/proxy/"
    assert checked_base_url("http://[::1]:8080") == "http://[::1]:8080/"
    assert checked_base_url("https://b\u00fccher.example") == "https://xn--bcher-kva.example/"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "api.myintervals.com",
        "ftp://h/",
        "http://",
        "http://u:p@h/",
        "http://h/?a=1",
        "http://h:x",
        "http://a..b/",
        "http://exa mple/",
        "http://" + "a" * 64 + "/",
    ],
)
def test_a_wrong_base_url_is_rejected(wrong: str) -> None:
    """A base URL must be an http URL with a host, and without user, query and fragment."""
    with pytest.raises(errors.ArgumentError, match="base_url"):
        checked_base_url(wrong)


@pytest.mark.parametrize("listcount", [7, "7"])
def test_a_collection_has_rows_and_a_count(listcount: object) -> None:
    """The response of a collection has rows, and a count that is a number or a string."""
    response = read({"code": "200", "listcount": listcount, "projectnote": [{"id": 1}]})
    assert response.rows() == [{"id": 1}]
    assert response.listcount == 7


@pytest.mark.parametrize(
    ("envelope", "rows"),
    [
        ({}, []),
        ({"projectnote": None}, []),
        ({"projectnote": []}, []),
        ({"projectnote": {"id": 1}}, [{"id": 1}]),
    ],
)
def test_rows_may_be_missing_or_a_single_object(envelope: dict[str, Any], rows: list[Any]) -> None:
    """The rows may be missing, null, or a single object instead of a list."""
    assert read(envelope).rows() == rows
    assert read(envelope).listcount is None


@pytest.mark.parametrize("rows", ["x", 5, True])
def test_rows_of_another_shape_are_an_error(rows: object) -> None:
    """Rows that are neither a list nor an object raise ResponseError."""
    with pytest.raises(errors.ResponseError, match="projectnote: expected a list"):
        read({"projectnote": rows}).rows()


@pytest.mark.parametrize("count", ["x", -1, True, 1.5, [], {"a": 1}, "-1", "9" * 30])
def test_a_wrong_count_is_an_error(count: object) -> None:
    """A listcount that is not a count raises ResponseError."""
    with pytest.raises(errors.ResponseError, match="listcount: expected a count"):
        _ = read({"listcount": count}).listcount


def test_a_member_is_one_object() -> None:
    """A member is an object, or a list of one object as for /me/."""
    assert read({"projectnote": {"id": 1}}).row() == {"id": 1}
    assert read({"projectnote": [{"id": 1}]}).row() == {"id": 1}


@pytest.mark.parametrize(
    ("envelope", "found"),
    [
        ({}, "nothing"),
        ({"projectnote": None}, "nothing"),
        ({"projectnote": []}, "a list of 0"),
        ({"projectnote": [{}, {}]}, "a list of 2"),
        ({"projectnote": "x"}, "str"),
    ],
)
def test_a_member_of_another_shape_is_an_error(envelope: dict[str, Any], found: str) -> None:
    """A member that is not one object raises ResponseError that says what it is."""
    with pytest.raises(
        errors.ResponseError, match=f"projectnote: expected one object, got {found}$"
    ) as caught:
        read(envelope).row()
    assert caught.value.path == "/projectnote/"
    assert caught.value.status == 200


@pytest.mark.parametrize("status", [200, 201, 202])
def test_three_statuses_are_success(status: int) -> None:
    """HTTP 200, 201 and 202 are success."""
    assert read({"projectnote": []}, status).status == status


def test_a_delete_may_have_no_body() -> None:
    """The response of a DELETE may be an empty list or empty."""
    delete = Call("DELETE", "projectnote", 9, expects_record=False)
    assert read(b"", call=delete).envelope == {}
    assert read(b"\n", call=delete).envelope == {}
    assert read({"projectnote": []}, call=delete).rows() == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "expected JSON, got nothing"),
        (b"   ", "expected JSON, got nothing"),
        (b'{"projectnote":[{"id"', "expected JSON, got 21 bytes of invalid data"),
        (b"[]", "expected a JSON object, got list"),
        (b"<html><title>Down</title></html>", "expected JSON, got HTML: Down"),
        (b"<?xml version='1.0'?><intervals/>", "expected JSON, got markup"),
        (b"Service\nunavailable", "expected JSON, got text/plain: Service unavailable"),
        (b"\xff\xfe{", "expected JSON, got text/plain"),
        (b'{"a": NaN}', "invalid data"),
        (b'{"a":' * 5000, "invalid data"),
    ],
)
def test_an_invalid_body_is_described(body: bytes, found: str) -> None:
    """The error about an invalid body says what the body is, with status and call."""
    with pytest.raises(errors.ResponseError) as caught:
        read(body, content_type="text/plain")
    assert found in str(caught.value)
    assert (caught.value.method, caught.value.status) == ("GET", 200)
    assert caught.value.filters == {"projectid": "3,5", "search": "a b&c=d/é"}


def test_an_api_error_has_its_details() -> None:
    """An API error has the status, code, message and details of the response."""
    body = refusal(17, 400, message="Parameter not recognized", verbose=["i_person, i_task"])
    with pytest.raises(errors.UnknownParameterError) as caught:
        read(body, 400)
    error = caught.value
    assert (error.status, error.code, error.message) == (400, 17, "Parameter not recognized")
    assert error.verbose == ("i_person, i_task",)
    assert error.path == "/projectnote/"


@pytest.mark.parametrize(
    ("verbose", "sentences"),
    [
        (["a", "b"], ("a", "b")),
        ({"value": "a"}, ("a",)),
        ("a", ("a",)),
        (None, ()),
        ([], ()),
        ([None, 5, [[]]], ("5", "list")),
        ({"value": {"a": {}}}, ("dict",)),
    ],
)
def test_all_shapes_of_verbose_are_read(verbose: object, sentences: tuple[str, ...]) -> None:
    """The details of an error may be a list, an object, a string or missing."""
    with pytest.raises(errors.ValidationError) as caught:
        read(refusal("18", 400, verbose=verbose), 400)
    assert caught.value.verbose == sentences


@pytest.mark.parametrize(
    ("body", "status", "kind", "message"),
    [
        ({"error": "gone fishing"}, 500, errors.ServerError, "gone fishing"),
        ({"error": {}}, 404, errors.NotFoundError, "no error message"),
        ({"error": {"code": True, "message": 5}}, 400, errors.BadRequestError, "no error message"),
        ({}, 429, errors.TooFastError, "no error message"),
        (b"<html>Bad Gateway</html>", 502, errors.ServerError, "got HTML: Bad Gateway"),
        (b"", 503, errors.ServerError, "got nothing"),
        (b"[1]", 401, errors.AuthenticationError, "expected a JSON object, got list"),
    ],
)
def test_errors_without_an_envelope_have_the_class_of_their_status(
    body: Any, status: int, kind: type[errors.APIError], message: str
) -> None:
    """A gateway's page, an empty body or another shape raises the class of its HTTP status."""
    with pytest.raises(kind, match=message) as caught:
        read(body, status)
    assert caught.value.code is None


@pytest.mark.parametrize("outer", [400, "400"])
def test_an_error_inside_a_200_is_an_error(outer: object) -> None:
    """An error in the envelope is raised, even if the HTTP status is 200."""
    with pytest.raises(errors.TooFastError) as caught:
        read({**refusal(12, 400), "code": outer})
    assert caught.value.status == 400
    with pytest.raises(errors.BadRequestError):
        read({"code": outer, "projectnote": []})
    with pytest.raises(errors.APIError):
        read({"code": 200, "error": {"message": "odd"}})
    with pytest.raises(errors.TooFastError):
        read({"code": 200, "error": {"code": 12, "message": "too fast"}})
    assert read({"code": 200, "error": None, "projectnote": []}).rows() == []


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed(status: int) -> None:
    """A redirect raises ResponseError, because following it would pass on the token."""
    with pytest.raises(errors.ResponseError, match="redirects are not followed"):
        read(b"", status)


def test_an_invalid_response_to_a_write_says_that_it_may_have_been_processed() -> None:
    """The error about an invalid response to a write warns that the write may have been processed."""
    with pytest.raises(errors.ResponseError, match="write may have been processed"):
        read(b"<html>", 201, Call("POST", "projectnote", body={}))
    with pytest.raises(errors.ResponseError) as caught:
        read(b"<html>")
    assert "processed" not in caught.value.message


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (b"<html><script>var a = '<b>';</script>Down<style>b {}</style>now</html>", "Down now"),
        (b"<html><SCRIPT type='x'>\nhidden\n</SCRIPT >Down</html>", "Down"),
        (b"<html>Down<script>the end is cut off", "Down"),
        (b"<html>Down<style", "Down"),
        (b"<html><scripted>Down</scripted>", "Down"),
        (b"<html><script>a</style>b</script>Down", "Down"),
    ],
)
def test_scripts_and_styles_of_a_page_are_not_shown(page: bytes, text: str) -> None:
    """The error about an HTML page shows its text, without scripts, styles and tags."""
    with pytest.raises(errors.ResponseError) as caught:
        read(page)
    assert caught.value.message.endswith(f"got HTML: {text}")


def test_an_empty_204_is_an_error() -> None:
    """HTTP 204 for a GET raises ResponseError, because it has no body."""
    with pytest.raises(errors.ResponseError) as caught:
        read(b"", 204)
    assert caught.value.status == 204


def test_messages_are_one_printable_line() -> None:
    """The server's message becomes one short, printable line."""
    with pytest.raises(errors.APIError) as caught:
        read(refusal(18, 400, message="a\x1b[31m\r\nb" + "x" * 5000), 400)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) <= 201


@given(st.binary(), st.sampled_from([200, 201, 202, 204, 302, 400, 404, 500, 503]))
def test_any_bytes_raise_only_call_errors(body: bytes, status: int) -> None:
    """Any bytes are parsed, or raise a CallError of the call."""
    try:
        response = read(body, status)
        assert isinstance(response.rows(), list)
    except errors.CallError as error:
        assert error.path == "/projectnote/"
