"""The language of what the command line says: Chinese, the source, or English out of `locale/`.

What a finding, a sheet, a document or a ledger says is Chinese always, and does not pass through here.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCALE = Path(__file__).with_name("locale")
_spoken = gettext.NullTranslations()


def speak(language: str) -> None:
    """Say everything from now on in "zh" or "en"."""
    global _spoken  # noqa: PLW0603 - a process has one language
    _spoken = (
        gettext.translation("workbook", _LOCALE, ["en"])
        if language == "en"
        else gettext.NullTranslations()
    )


@contextmanager
def in_chinese() -> Iterator[None]:
    """Say what follows in Chinese: it is put on record."""
    global _spoken  # noqa: PLW0603
    before, _spoken = _spoken, gettext.NullTranslations()
    try:
        yield
    finally:
        _spoken = before


def t(message: str, /, **values: object) -> str:
    """A Chinese message in the language that is spoken, its `{names}` filled in.

    >>> t("写出 {count} 份", count=3)
    '写出 3 份'
    """
    said = _spoken.gettext(message)
    return said.format(**values) if values else said


def marked(message: str) -> str:
    """A Chinese message that is translated where it is said, by `t`."""
    return message
