"""What a report is made of: sentences with their figures' bases, tables, charts, and places left open."""

from __future__ import annotations

from dataclasses import dataclass

OVERVIEW = "总览"
"""The sheet whose figures stand below their names, and in no columns."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Whence a figure of the text was taken."""

    figure: str
    value: str
    """As the text has it."""
    reckoned: str
    """What it was reckoned from, in words."""
    sheet: str
    """The sheet of the summary workbook where it stands."""
    column: str = ""
    """The head of its column; on 总览 what stands above it."""
    row: str = ""
    """What its row begins with or is about; blank where rows are counted."""

    @property
    def place(self) -> str:
        """Where to find it in the summary workbook, in words."""
        if self.sheet == OVERVIEW:
            return f"“{self.sheet}”表“{self.column}”一格"
        parts = (
            f"“{text}”{what}" for text, what in ((self.row, "行"), (self.column, "列")) if text
        )
        return f"“{self.sheet}”表" + "".join(parts)


@dataclass(frozen=True, slots=True)
class Statement:
    """A paragraph of full sentences."""

    text: str
    bases: tuple[Basis, ...] = ()

    @classmethod
    def of(cls, *sentences: Statement) -> Statement:
        """Several as one paragraph."""
        bases = tuple(basis for sentence in sentences for basis in sentence.bases)
        return cls("".join(sentence.text for sentence in sentences), bases)


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """What a person must add."""

    subject: str


@dataclass(frozen=True, slots=True)
class Subheading:
    """A heading of the second level, without its number."""

    text: str


@dataclass(frozen=True, slots=True)
class Tabular:
    """A table of texts; figures in it are the summary's."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    words: tuple[int, ...] = (0,)
    """The columns that hold words; the others hold figures."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart: bars beside names, or columns above them."""

    caption: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    """(name, values), one or two; every value is a number."""
    number_format: str
    """How the figures are written, as a spreadsheet has it."""
    bars: bool = True

    @property
    def in_words(self) -> str:
        """The labels with their first values, for whoever cannot see the chart."""
        decimals = self.number_format.partition(".")[2].count("0")
        form = f",.{decimals}{'%' if '%' in self.number_format else 'f'}"
        values = self.series[0][1]
        told = (f"{label} {value:{form}}" for label, value in zip(self.labels, values, strict=True))
        return "，".join(told)


Passage = Statement | LeftOpen | Subheading | Tabular | Plot


@dataclass(frozen=True, slots=True)
class TextChapter:
    """A chapter: its heading without number, and what stands in it."""

    heading: str
    passages: tuple[Passage, ...]

    @property
    def bases(self) -> tuple[Basis, ...]:
        """The bases of all its sentences, in their order."""
        sentences = (p for p in self.passages if isinstance(p, Statement))
        return tuple(basis for sentence in sentences for basis in sentence.bases)
