"""Check the internal links of the built site: `python docs/_checks/links.py docs/_build`.

A link is broken if its file or its anchor does not exist. No browser is needed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit


class Page(HTMLParser):
    """The links and anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = {"", "top"}
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the links and the anchor of an element."""
        del tag
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value and not urlsplit(value).scheme:
                self.links.add(value)


def broken(site: Path) -> Iterator[str]:
    """Yield a line for each broken link."""
    pages = {path.resolve(): Page(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        for link in sorted(page.links):
            address, anchor = urldefrag(link)
            target = path
            if address:
                target = (path.parent / unquote(urlsplit(address).path)).resolve()
            if target.is_dir():
                target /= "index.html"
            name = path.relative_to(site.resolve())
            if not target.exists():
                yield f"{name}: {link}: no such file"
            elif target in pages and unquote(anchor) not in pages[target].anchors:
                yield f"{name}: {link}: no such anchor"


def main() -> None:
    """Print the broken links, and fail if there are any."""
    site = Path(sys.argv[1])
    found = list(broken(site))
    pages = len(list(site.rglob("*.html")))
    print("\n".join([*found, f"{pages} pages, {len(found)} broken links"]))
    sys.exit(bool(found) or not pages)


if __name__ == "__main__":
    main()
