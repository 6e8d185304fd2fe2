"""Requests go through the proxy that the caller or the environment names."""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import attrs
import pytest
import trustme

from intervals_async import ArgumentError, ConnectError, IntervalsClient
from intervals_async._http.proxy import Proxy
from intervals_async.testing import FakeIntervals

from ..conftest import AT_ONCE

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD")
CREDENTIALS = "Basic " + base64.b64encode(b"jo:p@ss").decode()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the proxies of this machine from the environment."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@attrs.define
class HttpProxy:
    """A proxy that connects everything to one server.

    Attributes:
        port: The port of the server.
        status: The status of the response to CONNECT.
        heads: The heads of the requests that it received.
    """

    port: int
    status: int = 200
    heads: list[str] = attrs.field(factory=list[str])
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode())
        ahead, back = await asyncio.open_connection("127.0.0.1", self.port)
        if head.startswith(b"CONNECT "):
            writer.write(b"HTTP/1.1 %d Word\r\n\r\n" % self.status)
            if self.status != 200:
                back.close()
                writer.close()
                return
        else:
            method, _, rest = head.partition(b" http://")
            back.write(method + b" /" + rest.partition(b"/")[2])
        await asyncio.gather(pipe(reader, back), pipe(ahead, writer))


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy bytes until the end."""
    try:
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def proxy_to(port: int, status: int = 200) -> AsyncGenerator[HttpProxy]:
    """Run a proxy that connects everything to a port of this machine."""
    proxy = HttpProxy(port, status)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield proxy


def port_of(url: str) -> int:
    """Return the port of a URL."""
    return int(url.rstrip("/").rpartition(":")[2])


def with_user(url: str) -> str:
    """Return a URL with a user and a password that needs quoting."""
    return url.replace("http://", "http://jo:p%40ss@")


@pytest.fixture
async def proxy(fake: FakeIntervals) -> AsyncIterator[HttpProxy]:
    """Run a proxy that connects everything to the fake server."""
    async with proxy_to(port_of(fake.url)) as proxy:
        yield proxy


def client_of(
    fake: FakeIntervals, proxy: str | None, base_url: str = "http://intervals.test/"
) -> IntervalsClient:
    """Return a client of a server that only the proxy can find."""
    return IntervalsClient(fake.token, base_url=base_url, limits=(), retry=AT_ONCE, proxy=proxy)


async def test_requests_go_through_a_proxy(fake: FakeIntervals, proxy: HttpProxy) -> None:
    """The proxy gets the absolute URL, and the credentials that its URL holds."""
    async with client_of(fake, with_user(proxy.url)) as client:
        assert (await client.me.get()).id
    (head,) = proxy.heads
    assert head.startswith("GET http://intervals.test/me/ ")
    assert f"Proxy-Authorization: {CREDENTIALS}\r\n" in head


async def test_the_environment_names_the_proxy(
    fake: FakeIntervals, proxy: HttpProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``proxy="env"`` uses it, and NO_PROXY excepts hosts; by default it is ignored."""
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    async with client_of(fake, "env") as client:
        assert (await client.me.get()).id
    assert len(proxy.heads) == 1
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for setting, url in (("env", fake.url), (None, fake.url)):
        async with client_of(fake, setting, url) as client:
            assert (await client.me.get()).id
    assert len(proxy.heads) == 1


@asynccontextmanager
async def tls_in_front_of(port: int, authority: trustme.CA) -> AsyncGenerator[int]:
    """Run a server that speaks TLS and passes everything to a port; yield its own port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("intervals.test").configure_cert(context)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ahead, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pipe(reader, back), pipe(ahead, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_https_goes_through_a_tunnel(fake: FakeIntervals) -> None:
    """The proxy sees its own credentials and the host, but not the token."""
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    async with (
        tls_in_front_of(port_of(fake.url), authority) as port,
        proxy_to(port) as proxy,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
        IntervalsClient(
            fake.token, base_url="https://intervals.test/", limits=(), retry=AT_ONCE,
            proxy=with_user(proxy.url), session=session,
        ) as client,
    ):  # fmt: skip
        assert (await client.me.get()).id
    (head,) = proxy.heads
    assert head.startswith("CONNECT intervals.test:443 ")
    assert f"Proxy-Authorization: {CREDENTIALS}\r\n" in head
    assert "\r\nAuthorization:" not in head


@pytest.mark.parametrize(("status", "attempts"), [(407, 1), (403, 1), (502, 4), (503, 4), (504, 4)])
async def test_a_refused_tunnel_is_a_connect_error(
    fake: FakeIntervals, status: int, attempts: int
) -> None:
    """No request was sent, so even a write may be retried, if the proxy's trouble may pass."""
    async with (
        proxy_to(port_of(fake.url), status) as proxy,
        client_of(fake, with_user(proxy.url), "https://intervals.test/") as client,
    ):
        with pytest.raises(ConnectError) as caught:
            await client.projectnote.create(projectid=1, title="a", note="b", secure=False)
    assert str(status) in caught.value.message
    assert "proxy" in caught.value.message
    assert "p@ss" not in str(caught.value)
    assert caught.value.status is None
    assert len(proxy.heads) == attempts
    assert fake.requests == 0


async def test_a_proxy_that_is_down_is_named(fake: FakeIntervals, unused_tcp_port: int) -> None:
    """The error names the proxy, not the server."""
    async with client_of(fake, f"http://127.0.0.1:{unused_tcp_port}") as client:
        with pytest.raises(ConnectError) as caught:
            await client.me.get()
    assert "proxy" in caught.value.message


@pytest.mark.parametrize(
    ("variables", "base_url", "expected"),
    [
        ({}, "https://a.test/", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://a.test/", "http://p:1"),
        ({"https_proxy": "http://p:1"}, "https://a.test/", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "https://a.test/", None),
        ({"ALL_PROXY": "http://p:1"}, "https://a.test/", "http://p:1"),
        ({"ALL_PROXY": "p:3128"}, "http://a.test/", "http://p:3128"),
        ({"HTTPS_PROXY": "https://p", "ALL_PROXY": "x"}, "https://a.test/", "https://p"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.test"}, "https://a.test/", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".test"}, "https://a.test/", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, "https://a.test/", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "b.test"}, "https://a.test/", "http://p:1"),
        ({"HTTPS_PROXY": ""}, "https://a.test/", None),
        ({"HTTPS_PROXY": "http://[::1]:8"}, "https://a.test/", "http://[::1]:8"),
    ],
)
def test_variables_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    base_url: str,
    expected: str | None,
) -> None:
    """The proxy is that of the URL's scheme, else that of all schemes."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = Proxy.resolve("env", base_url)
    assert (None if found is None else str(found.url)) == expected


@pytest.mark.parametrize(
    "proxy", ["socks5://jo:secret@p:1", "", "http://", "http://p:port", "jo:secret@", "ftp://p"]
)
def test_another_proxy_is_an_error(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """The error names the argument or the variable, and never shows a password."""
    with pytest.raises(ArgumentError, match=r"^proxy: ") as caught:
        IntervalsClient("token", proxy=proxy)
    assert "secret" not in str(caught.value)
    if proxy:
        monkeypatch.setenv("ALL_PROXY", proxy)
        with pytest.raises(ArgumentError, match=r"^ALL_PROXY: "):
            IntervalsClient("token", proxy="env")


def test_the_password_is_not_shown() -> None:
    """The repr of a proxy shows neither user nor password."""
    found = Proxy.resolve("http://jo:secret@p:1", "https://a.test/")
    assert "secret" not in repr(found)
    assert "jo" not in repr(found)


async def run_command(*arguments: str, **variables: str) -> tuple[int | None, str]:
    """Run the command line, and return its exit code and what it prints."""
    clean = {name: value for name, value in os.environ.items() if name.upper() not in VARIABLES}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "intervals_async._cli", *arguments,
        env={**clean, **variables}, stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


@pytest.mark.slow
async def test_the_command_line_uses_the_environment(fake: FakeIntervals, tmp_path: Path) -> None:
    """The command goes through HTTPS_PROXY, and trusts the authorities of SSL_CERT_FILE."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    async with tls_in_front_of(port_of(fake.url), authority) as port, proxy_to(port) as proxy:
        variables = {
            "INTERVALS_TOKEN": fake.token,
            "INTERVALS_BASE_URL": "https://intervals.test/",
            "HTTPS_PROXY": with_user(proxy.url),
        }
        trusting = {"SSL_CERT_FILE": str(tmp_path / "authority.pem")}
        code, printed = await run_command("list", "client", "--count", **variables, **trusting)
        assert (code, printed.strip()) == (0, str(len(fake.rows("client"))))
        assert proxy.heads[0].startswith("CONNECT intervals.test:443 ")
        code, printed = await run_command("list", "client", "--count", **variables)
    assert code == 1
    assert "certificate" in printed.lower()
    assert "p@ss" not in printed
    assert printed.count("\n") == 1
