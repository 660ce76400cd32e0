"""No regular expression that meets foreign text takes much longer than its text is long."""

import importlib
import pkgutil
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import builder
import workbook

LONG = 5_000
"""Characters of a pumped text: what is quadratic in them takes seconds, what is linear a millisecond."""
SECONDS = 0.5
BOUNDED = {
    "workbook.form.coercion._NUMERAL": 100,
    "workbook.form.coercion._CLOCK": 100,
    "workbook.form.coercion._QUOTED": 400,
    "workbook.layout.formulas._TOKENS": 8192,
    "workbook.form.narrative._LIST": 2000,
    "workbook.checking.checks._QUOTED": 2000,
    "workbook.stores._SCHEME": 4096,
    "workbook.scale.partitions._PART": 255,
}
"""How long a text each of these ever sees: longer ones are cut, or refused, before."""
WAYS = ("search", "match", "fullmatch", "findall", "sub", "finditer", "split")
PIECES = (
    " ", "0", "1,", "1.", "a", "A1", "-", "$", "'", '"', "<", "<a ", "<?xml ", "&", "&#", "(", "[", "{", "“", "年",
    "2024年", "1月", "00:", "1:0", "\n", "\t", "　", "%", "!", "=", "/", "\\", "_", "*", "?", "d", "y/", "m", "xml", "e1",
    "1e", "，", "。", "、", "万元", "元", "[$-804]", '"年"', "\\-", "AM/PM", "h:m", "0.", "#,", "; ",
    '<?xml encoding="UTF-8"', 'encoding="UTF-8"',
)  # fmt: skip
OUTSIDE = (
    "workbook.commands",
    "workbook.rehearsal",
    "workbook.expression",
    "workbook.form.vocabulary",
)
"""Rooms whose patterns see what is typed on a command line or in a form's file, not what comes in."""


def patterns() -> Iterator[tuple[str, re.Pattern[str] | re.Pattern[bytes], str]]:
    """(module and name, pattern, a way in which its module uses it)."""
    for package in (workbook, builder):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.startswith(OUTSIDE):
                continue
            loaded = importlib.import_module(module.name)
            source = Path(str(loaded.__file__)).read_text(encoding="utf-8")
            for name, value in vars(loaded).items():
                if isinstance(value, re.Pattern):
                    for way in WAYS:
                        if f"{name}.{way}" in source:
                            yield f"{module.name}.{name}", value, way


USES = {f"{name}.{way}": (pattern, way, name) for name, pattern, way in patterns()}


def texts(length: int) -> Iterator[str]:
    for piece in PIECES:
        many = piece * (length // len(piece))
        yield many
        yield f"{many}\x01"
    for first in (" ", "0", "<", "'", '"', "(", "[", "¥"):
        for second in (" ", "0", "a", "'", ">", ","):
            yield first + second * length
            yield (first + second) * (length // 2) + "\x01"


class TooSlowError(Exception):
    """A pattern was at it for too long."""


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TooSlowError

    former = signal.signal(signal.SIGVTALRM, ring)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, former)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer to stop a pattern with")
@pytest.mark.parametrize("use", USES)
def test_a_pumped_text_takes_no_more_than_a_moment(use: str) -> None:
    pattern, way, name = USES[use]
    for text in texts(BOUNDED.get(name, LONG)):
        subject = text.encode() if isinstance(pattern.pattern, bytes) else text
        arguments = (subject[:0], subject) if way == "sub" else (subject,)
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        found = getattr(pattern, way)(*arguments)
        if way == "finditer":
            list(found)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def test_the_patterns_are_found() -> None:
    assert len(USES) > 50
