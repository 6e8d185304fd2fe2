"""How Sphinx builds the documentation."""

import sys
from pathlib import Path

from intervals_async import __version__

HERE = Path(__file__).parent
sys.path.append(str(HERE / "_extensions"))
sys.path.append(str(HERE.parent / "tests"))  # of the contract, which the extension reads

project = "intervals_async"
author = "The intervals_async authors"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "resource_pages"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"intervals_async {release}"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
default_role = "code"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
myst_enable_extensions = ["colon_fence"]
