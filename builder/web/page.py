"""`build_page`: the summary as one web page that needs nothing but a browser, and no network.

The page is builder/web/page.html with its style, its script and the summary's figures written into it.
The figures travel as JSON; the script sets every text as text. The page's policy forbids it to load or
send anything, and to run any script but its own.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib.resources import files
from pathlib import Path
from string import Template

from builder.web.page_data import Json, page_data
from workbook.arguments import PathLike, as_path, taken
from workbook.summary import Summary
from workbook.text import printable_lines
from workbook.writing import writing


def build_page(summary: Summary, path: PathLike) -> Path:
    """Write the summary's page to `path`, whole or not at all; amounts are 万元.

    Raises BuildError if the path cannot be written, ArgumentError if it does not end with .html.

    >>> from builder import build_page
    >>> from workbook import aggregate, check, read_returns
    >>> build_page(aggregate(check(read_returns("samples/returns"))), "summary.html").name
    'summary.html'
    """
    taken(summary, Summary, "summary", "应是 aggregate(returns) 的结果")
    path = as_path(path, "path", suffixes=(".html", ".htm"))
    with writing(path) as temporary:
        temporary.write_bytes(page_text(summary).encode())
    return path


def page_text(summary: Summary) -> str:
    """The whole page."""
    web = files("builder") / "web"
    page, style, script = (
        (web / f"page.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")
    )
    payload = page_data(summary)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(page).substitute(
        policy=policy,
        title=html.escape(printable_lines(payload["forms"][0]["title"])),
        style=style,
        data=_embedded(payload),
        script=script,
    )


def _hash(text: str) -> str:
    """What a policy says of the only text it lets run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _embedded(payload: Json) -> str:
    """JSON that cannot end the element it stands in, and of which nothing is unseen on the page."""
    text = json.dumps(_legible(payload), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _legible(value: object) -> object:
    match value:
        case str():
            return printable_lines(value)
        case dict():
            return {key: _legible(each) for key, each in value.items()}
        case list() | tuple():
            return [_legible(each) for each in value]
    return value
