"""How `make docs` makes pages for the browser: from the Markdown of the project as it stands, and from docstrings.

The source folder is the top of the project, so that links between pages are the same here and in the repository.
Nothing is fetched: the theme's fonts are the system's, and the pages are read from disk as well as from a server.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.application import Sphinx

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from workbook.release import __version__ as release  # noqa: E402

project = "selfeval-workbook"
author = "the selfeval-workbook authors"
copyright = author  # noqa: A001
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "docs/api/**.rst"]
exclude_patterns = [".*", "demo", "build", "dist", "samples", "tests"]
# autosummary looks from the source folder, the rest from this one
templates_path = [str(TOP / "docs" / "templates")]

myst_heading_anchors = 4

autosummary_generate = True
autodoc_member_order = "groupwise"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
suppress_warnings = ["misc.highlighting_failure"]  # a line of a definition is no whole TOML
default_role = "py:obj"  # a name in a docstring leads to its page, where it has one

smartquotes = False  # --force is no dash

html_theme = "furo"
html_title = f"selfeval-workbook {release}"
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_copyright = False
html_additional_pages = {"index": "index.html"}
pygments_style = "friendly"

CONTENTS = """
```{toctree}
:hidden:
:caption: 做自评工作

README.zh-CN
docs/guide
docs/desk
```

```{toctree}
:hidden:
:caption: 改表式

docs/form-file
docs/form-reference
docs/codes
```

```{toctree}
:hidden:
:caption: Programs and analysis

docs/python-api
docs/data
docs/commands
docs/reading
docs/large-scale
docs/security
docs/compatibility
docs/api/index
```

```{toctree}
:hidden:
:caption: The code

CONTRIBUTING
docs/architecture
docs/dependencies
docs/releasing
SECURITY
CHANGELOG
```
"""
"""What stands at the side of every page; in the repository the README leads there by its own table."""


def add_contents(_: Sphinx, name: str, source: list[str]) -> None:
    """Hang all pages under the first."""
    if name == root_doc:
        source[0] += CONTENTS


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("source-read", add_contents)
