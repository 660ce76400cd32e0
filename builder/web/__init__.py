"""The summary as one page for the browser that needs no network.

In comes a `Summary`; out comes one .html. `page_data` says what is shown, as JSON; page.html, page.css and
page.js draw it. Start in `page`. `figure` draws the same charts as one picture.
"""

from builder.web.figure import draw_figure
from builder.web.page import build_page

__all__ = [
    "build_page",
    "draw_figure",
]
