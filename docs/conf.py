"""How the documentation is built: ``make docs``, with every warning an error.

Pages that hold code are run, each in a kernel of its own, and only where they changed since the
last build (``_build/cache``). Nothing is asked of a network: a service that stands in for the real
one is started for the pages that need a client, and what pages load lies in ``_static``.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(DOCS)]

from gallery.make_pages import make_pages  # noqa: E402 - after the path
from service import KEY, Service  # noqa: E402

import twlab  # noqa: E402

project = "twlab"
author = "twlab contributors"
copyright = "twlab contributors"
version = release = twlab.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
]
exclude_patterns = ["_build", "_kernel", "_static"]
templates_path = ["_templates"]
nitpicky = True
nitpick_ignore_regex = [  # rooms are named for readers of the source, and have no page
    ("py:mod", r"twlab\..*"),
    ("py:class", r"twlab\.service\..*"),
]

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc has them in words
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_cache_path = str(DOCS / "_build" / "cache")
nb_execution_excludepatterns = os.environ.get("AS_STORED", "").split()  # `make check` names some
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_output_stderr = "error"
nb_kernel_rgx_aliases = {".*": "python3"}
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # what they load lies on the network
nb_mime_priority_overrides = [
    ("html", "application/vnd.jupyter.widget-view+json", None),
    ("html", "application/vnd.plotly.v1+json", None),
    ("html", "text/html", 0),
]

html_theme = "pydata_sphinx_theme"
html_title = f"twlab {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_js_files = [("plotly.min.js", {"priority": 100})]
html_extra_path = ["_build/gallery"]
html_copy_source = False
html_show_sourcelink = False
html_context = {"default_mode": "auto"}  # light or dark as the reader's system is
html_sidebars: dict[str, list[str]] = {"index": [], "start": [], "gallery/*": []}
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    # Pages with pictures are wide; those to look things up in have their heads beside them.
    "secondary_sidebar_items": {
        "reference/**": ["page-toc"],
        "explained/*": ["page-toc"],
    },
    "footer_start": ["copyright"],
    "footer_end": [],
}

running = Service(dim=64, check=False)


def prepare() -> None:
    """Lay beside the pages what is made rather than written."""
    from plotly.offline import get_plotlyjs

    (DOCS / "_static" / "plotly.min.js").write_text(get_plotlyjs(), encoding="utf-8")
    shutil.copytree(ROOT / "data" / "pictures", DOCS / "_static" / "pictures", dirs_exist_ok=True)
    shutil.copytree(ROOT / "notebooks", DOCS / "notebooks", dirs_exist_ok=True)
    make_pages(DOCS / "_build" / "gallery" / "pages")


def start(_: Sphinx) -> None:
    """Start the service, and tell the kernels of it."""
    running.__enter__()
    os.environ["TWELVELABS_API_KEY"] = KEY
    os.environ["TWELVELABS_BASE_URL"] = running.url
    os.environ["IPYTHONDIR"] = str(DOCS / "_kernel")
    os.environ["TQDM_DISABLE"] = "1"  # a slow machine would print bars into the pages


def stop(*_: object) -> None:
    """Stop the service."""
    running.__exit__(None, None, None)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("builder-inited", start)
    app.connect("build-finished", stop)


prepare()
