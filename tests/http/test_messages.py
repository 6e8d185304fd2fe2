"""A call becomes a request, and bytes become an answer or an error."""

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


def test_an_address_has_the_slash_and_is_encoded() -> None:
    """Collections and members end in a slash; commas between ids stay readable."""
    assert GET.url(BASE) == f"{BASE}projectnote/?projectid=3,5&search=a%20b%26c%3Dd%2F%C3%A9"
    assert Call("GET", "projectnote", 9).url(BASE) == f"{BASE}projectnote/9/"
    assert Call("GET", "projectnote", 9).path == "/projectnote/9/"


def test_json_is_asked_for_and_announced() -> None:
    """Without Accept XML may come; a body says what it is."""
    assert GET.headers() == {"Accept": "application/json"}
    assert GET.payload() is None
    post = Call("POST", "projectnote", body={"title": "é"})
    assert post.headers()["Content-Type"] == "application/json"
    assert post.payload() == '{"title":"é"}'.encode()


def test_the_token_is_the_user_name() -> None:
    """HTTP Basic with the colon and any password."""
    scheme, _, value = Credentials.of("abc12345678").authorization.partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(value) == b"abc12345678:X"


def test_a_token_is_stripped() -> None:
    """A line break from a file or a copied blank is no part of it."""
    assert checked_token(" abc12345678\n") == "abc12345678"


@pytest.mark.parametrize(
    "wrong", ["", "  ", "x1:y2", "x1 y2", "x1\ny2", "tökén", "a\x00b", None, b"x"]
)
def test_what_cannot_be_a_token_is_refused_unseen(wrong: Any) -> None:
    """The message says what is wrong, and never shows it."""
    with pytest.raises(errors.ArgumentError, match="token") as caught:
        checked_token(wrong)
    if isinstance(wrong, str) and wrong.strip():
        assert wrong not in str(caught.value)


def test_a_base_url_gets_its_slash() -> None:
    """With or without the slash, with a port or a path: the root is the root."""
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
def test_a_wrong_base_url_is_refused(wrong: str) -> None:
    """It must be an http address of a host, without secrets in it."""
    with pytest.raises(errors.ArgumentError, match="base_url"):
        checked_base_url(wrong)


@pytest.mark.parametrize("listcount", [7, "7"])
def test_a_collection_is_opened(listcount: object) -> None:
    """Rows and count, whether the count came as a number or a text."""
    answer = read({"code": "200", "listcount": listcount, "projectnote": [{"id": 1}]})
    assert answer.rows() == [{"id": 1}]
    assert answer.listcount == 7


@pytest.mark.parametrize(
    ("envelope", "rows"),
    [
        ({}, []),
        ({"projectnote": None}, []),
        ({"projectnote": []}, []),
        ({"projectnote": {"id": 1}}, [{"id": 1}]),
    ],
)
def test_rows_are_read_leniently(envelope: dict[str, Any], rows: list[Any]) -> None:
    """The key may be missing, null, or hold one object where a list is expected."""
    assert read(envelope).rows() == rows
    assert read(envelope).listcount is None


@pytest.mark.parametrize("rows", ["x", 5, True])
def test_rows_of_another_shape_are_an_error(rows: object) -> None:
    """What is neither list nor object is named."""
    with pytest.raises(errors.ResponseError, match="a list was expected under 'projectnote'"):
        read({"projectnote": rows}).rows()


@pytest.mark.parametrize("count", ["x", -1, True, 1.5, [], {"a": 1}, "-1", "9" * 30])
def test_a_wrong_count_is_an_error(count: object) -> None:
    """A listing that trusted it would end at the wrong place."""
    with pytest.raises(errors.ResponseError, match="no count"):
        _ = read({"listcount": count}).listcount


def test_a_member_is_one_object() -> None:
    """An object, or an array of one as /me/ gives it."""
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
    """What stands in its place is named, with the call."""
    with pytest.raises(errors.ResponseError, match=f"found {found}") as caught:
        read(envelope).row()
    assert caught.value.path == "/projectnote/"
    assert caught.value.status == 200


@pytest.mark.parametrize("status", [200, 201, 202])
def test_three_statuses_are_success(status: int) -> None:
    """By verb they differ; any of them is taken."""
    assert read({"projectnote": []}, status).status == status


def test_a_delete_may_have_no_body() -> None:
    """It has been an empty list and nothing at all."""
    delete = Call("DELETE", "projectnote", 9, expects_record=False)
    assert read(b"", call=delete).envelope == {}
    assert read(b"\n", call=delete).envelope == {}
    assert read({"projectnote": []}, call=delete).rows() == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "the body is empty"),
        (b"   ", "the body is empty"),
        (b'{"projectnote":[{"id"', "broken JSON of 21 bytes"),
        (b"[]", "a JSON object was expected, found list"),
        (b"<html><title>Down</title></html>", "HTML instead of JSON: Down"),
        (b"<?xml version='1.0'?><intervals/>", "markup instead of JSON"),
        (b"Service\nunavailable", "text/plain instead of JSON: Service unavailable"),
        (b"\xff\xfe{", "text/plain instead of JSON"),
        (b'{"a": NaN}', "broken JSON"),
        (b'{"a":' * 5000, "broken JSON"),
    ],
)
def test_what_is_no_answer_is_described(body: bytes, found: str) -> None:
    """HTML, cut JSON, an empty body: the error says what was found, never a KeyError."""
    with pytest.raises(errors.ResponseError) as caught:
        read(body, content_type="text/plain")
    assert found in str(caught.value)
    assert (caught.value.method, caught.value.status) == ("GET", 200)
    assert caught.value.filters == {"projectid": "3,5", "search": "a b&c=d/é"}


def test_an_api_error_is_opened() -> None:
    """Status, code, message and verbose are on the error."""
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
    """A list, an object, a text and nothing at all have been seen."""
    with pytest.raises(errors.ValidationError) as caught:
        read(refusal("18", 400, verbose=verbose), 400)
    assert caught.value.verbose == sentences


@pytest.mark.parametrize(
    ("body", "status", "kind", "message"),
    [
        ({"error": "gone fishing"}, 500, errors.ServerError, "gone fishing"),
        ({"error": {}}, 404, errors.NotFoundError, "no reason was given"),
        ({"error": {"code": True, "message": 5}}, 400, errors.BadRequestError, "no reason"),
        ({}, 429, errors.TooFastError, "no reason was given"),
        (b"<html>Bad Gateway</html>", 502, errors.ServerError, "HTML instead of JSON: Bad Gateway"),
        (b"", 503, errors.ServerError, "the body is empty"),
        (b"[1]", 401, errors.AuthenticationError, "a JSON object was expected"),
    ],
)
def test_errors_without_the_envelope_are_told_by_status(
    body: Any, status: int, kind: type[errors.APIError], message: str
) -> None:
    """A gateway's page, an empty body and odd shapes still give the right class."""
    with pytest.raises(kind, match=message) as caught:
        read(body, status)
    assert caught.value.code is None


@pytest.mark.parametrize("outer", [400, "400"])
def test_an_error_inside_a_200_is_an_error(outer: object) -> None:
    """The envelope's own code, or an error in it, counts more than the HTTP status."""
    with pytest.raises(errors.TooFastError) as caught:
        read({**refusal(12, 400), "code": outer})
    assert caught.value.status == 400
    with pytest.raises(errors.BadRequestError):
        read({"code": outer, "projectnote": []})
    with pytest.raises(errors.APIError, match="odd"):
        read({"code": 200, "error": {"message": "odd"}})
    with pytest.raises(errors.TooFastError):
        read({"code": 200, "error": {"code": 12, "message": "too fast"}})
    assert read({"code": 200, "error": None, "projectnote": []}).rows() == []


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed(status: int) -> None:
    """The token would travel with it."""
    with pytest.raises(errors.ResponseError, match="redirect is not followed"):
        read(b"", status)


def test_another_status_is_no_success() -> None:
    """A 204 to a GET holds nothing that could be read."""
    with pytest.raises(errors.ResponseError, match="HTTP 204: the body is empty"):
        read(b"", 204)


def test_messages_stay_one_printable_line() -> None:
    """What a server says may end on a terminal."""
    with pytest.raises(errors.APIError) as caught:
        read(refusal(18, 400, message="a\x1b[31m\r\nb" + "x" * 5000), 400)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) <= 201


@given(st.binary(), st.sampled_from([200, 201, 202, 204, 302, 400, 404, 500, 503]))
def test_only_our_errors_come_out_of_any_bytes(body: bytes, status: int) -> None:
    """Whatever comes, it is an answer or a CallError."""
    try:
        answer = read(body, status)
        assert isinstance(answer.rows(), list)
    except errors.CallError as error:
        assert error.path == "/projectnote/"
