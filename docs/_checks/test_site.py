"""The built site works in a browser: `make site-test`.

The environment variables SITE, CHROMIUM and AXE name the folder of the site, the browser and axe-core.
With SCREENSHOTS, pictures of some pages are written into that folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Literal

import pytest
from links import broken
from playwright.sync_api import Browser, Page, Response, sync_playwright

SITE = Path(os.environ["SITE"])
PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html"))
SHOWN = (
    "index.html",
    "reference/options.html",
    "reference/errors.html",
    "how-to/command-line.html",
)

DESKTOP, PHONE = 1280, 390
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

SEARCHES = ["dataframe", "discord", "pandas", "proxy", "rate limit", "timesheet"]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Serve the site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SITE)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start a browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """Return the code of axe-core."""
    return Path(os.environ["AXE"]).read_text("utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_page(browser: Browser, address: str, axe: str, name: str) -> None:
    """A page is accessible, loads everything, logs no error and is no wider than the window.

    This holds on a desktop and on a phone, in light and in dark colours.
    """
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        problems: list[str] = []
        page.on(
            "console", lambda line: problems.append(line.text) if line.type == "error" else None
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("response", lambda each: problems.extend(_failure(each, address)))
        page.set_viewport_size({"width": DESKTOP, "height": 900})
        page.goto(address + name, wait_until="load")
        page.evaluate(axe)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            for width in (DESKTOP, PHONE):
                page.set_viewport_size({"width": width, "height": 900})
                problems += _inspect(page, name, width, scheme)
        assert problems == []


def _inspect(page: Page, name: str, width: int, scheme: str) -> Iterator[str]:
    """Yield what is wrong with a page at one width, in one colour scheme."""
    # The event handlers of the page run before its next frame.
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    if (folder := os.environ.get("SCREENSHOTS")) and name in SHOWN:
        path = Path(folder, f"{name.replace('/', '-')[:-5]}-{width}-{scheme}.png")
        page.screenshot(path=path)
    found = page.evaluate("document.documentElement.scrollWidth")
    if found > width:
        yield f"{width} {scheme}: {found} pixels wide"
    # Only one rule of axe depends on the colours.
    rules = ", runOnly: ['color-contrast']" if scheme == "dark" else ""
    for each in page.evaluate(f"axe.run({{resultTypes: ['violations']{rules}}})")["violations"]:
        nodes = [" ".join(map(str, node["target"])) for node in each["nodes"]]
        yield f"{width} {scheme}: {each['id']}: {len(nodes)} of {', '.join(nodes[:3])}"


def _failure(response: Response, address: str) -> Iterator[str]:
    if not response.ok or not response.url.startswith(address):
        yield f"{response.status} {response.url}"


def test_llms_txt_lists_every_page() -> None:
    """`llms.txt` has a link to each page that somebody wrote or generated from the code."""
    text = (SITE / "llms.txt").read_text("utf-8")
    others = {"404.html", "genindex.html", "index.html", "py-modindex.html", "search.html"}
    assert [name for name in PAGES if name not in others and f"]({name})" not in text] == []


def test_no_link_is_broken() -> None:
    """Each internal link leads to a page, and to an anchor on it."""
    assert list(broken(SITE)) == []


@pytest.mark.parametrize("words", SEARCHES)
def test_search_finds_what_people_look_for(browser: Browser, address: str, words: str) -> None:
    """The search of the site finds a page for each of these words."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}search.html?q={words.replace(' ', '+')}")
        _wait_for_results(page)
        assert page.locator("#search-results li").count() > 0


def _wait_for_results(page: Page) -> None:
    page.wait_for_function(
        "document.querySelector('#search-results .search-summary')"
        "?.textContent.match(/finished|did not match/)"
    )


def test_landing_page_is_small(browser: Browser, address: str) -> None:
    """The landing page takes few requests and few bytes."""
    with browser.new_context() as context:
        page = context.new_page()
        responses: list[Response] = []
        page.on("response", lambda each: responses.append(each))  # noqa: PLW0108  playwright marks it
        page.goto(address + "index.html", wait_until="networkidle")
        sizes = [len(each.body()) for each in responses if each.url.startswith(address)]
        print(f"landing page: {sum(sizes):,} bytes in {len(sizes)} requests")
        assert len(sizes) <= 20
        assert sum(sizes) < 400_000
