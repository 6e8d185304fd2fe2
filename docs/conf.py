"""How Sphinx builds the documentation."""

import os
import sys
from pathlib import Path

from intervals_async import __version__

HERE = Path(__file__).parent
sys.path.append(str(HERE / "_extensions"))
sys.path.append(str(HERE.parent / "tests"))  # for the contract of the resources

project = "intervals_async"
author = "The intervals_async authors"
copyright = "2026 The intervals_async authors"
release = __version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "command_pages",
    "llms_txt",
    "resource_pages",
]
exclude_patterns = ["_build", "_checks", "_scripts"]
html_theme = "furo"
html_title = f"intervals_async {release}"
html_favicon = "_static/icon.svg"
pygments_dark_style = "github-dark"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL", "")
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
default_role = "code"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
copybutton_exclude = ".linenos, .gp, .go"
