"""Write ``llms.txt``: the title, the address and the first sentence of each page.

https://llmstxt.org describes the format. The packages that do this link to the sources of the pages,
which in a reference are only directives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx


def setup(app: Sphinx) -> Mapping[str, bool]:
    """Write the file after the pages."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the file of an HTML build."""
    if error is not None or app.builder.format != "html":
        return
    root, *names = pages(app, app.config.root_doc)
    lines = [f"# {app.config.project}", "", f"> {first_paragraph(app, root)}", "", "## Pages", ""]
    for name in names:
        words = first_paragraph(app, name)
        address = f"{app.config.html_baseurl}{app.builder.get_target_uri(name)}"
        link = f"- [{app.env.titles[name].astext()}]({address})"
        lines.append(f"{link}: {words}" if words else link)
    Path(app.outdir, "llms.txt").write_text("\n".join(lines) + "\n", "utf-8")


def pages(app: Sphinx, name: str) -> Iterator[str]:
    """Yield a page and all pages below it, in the order of the navigation."""
    yield name
    for toctree in app.env.get_doctree(name).findall(addnodes.toctree):
        for child in toctree["includefiles"]:
            yield from pages(app, child)


def first_paragraph(app: Sphinx, name: str) -> str:
    """Return the first sentence of a page."""
    for paragraph in app.env.get_doctree(name).findall(nodes.paragraph):
        if not isinstance(paragraph.parent, nodes.entry | nodes.list_item):
            return re.split(r"(?<=\.) ", " ".join(paragraph.astext().split()))[0]
    return ""
