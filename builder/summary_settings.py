"""参数: what the bureau may change in the summary; grades, ranks and the sample follow at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from builder.blocks import Page
from builder.book import Book
from builder.listing import Heading, Live, new_sheet
from workbook.address import Address
from workbook.headline import LOWEST_GRADE
from workbook.reviews import CUTOFF_HEADS
from workbook.sampling import Criterion, Sampling, Sense
from workbook.summary import FormSummary

_WIDTHS = (30, 14, 14, 64)

_SHARES = ("execution_rate", "full_share")
_LEAST = "不足此数的全部抽查；分数相同的，全年预算数大的在先，再按预算编码"


@dataclass
class Settings:
    """The sheet being written, and where what it holds stands."""

    page: Page
    name: str
    cutoffs: dict[str, dict[str, str]] = field(default_factory=dict)
    """By a form's key and a grade: the cell of its lowest score."""
    limits: dict[str, str] = field(default_factory=dict)
    """By a criterion's key: the cell of its limit."""
    points: dict[str, str] = field(default_factory=dict)
    """By a criterion's key: the cell of its points."""
    share: str = ""
    least: str = ""

    def size(self, part: FormSummary, count: int, size: int) -> str:
        """Add the line that tells how many of a form's `count` departments are proposed; returns its
        cell. `size` is what it shows."""
        cell = Address(self.name, self.page.row, 2).absolute
        formula = f"=MIN({count},MAX({self.least},ROUNDUP(ROUND({self.share}*{count},6),0)))"
        note = f"{part.form.name}，共 {count} 份；由上面两项算出，不必填"
        self.page.line(
            ["抽查份数", Live(formula, float(size)), None, note], ("text", "count", "text", "text")
        )
        return cell


def write_settings(
    book: Book, name: str, forms: Sequence[FormSummary], sampling: Sampling | None
) -> Settings:
    """The cut-offs of each form's grades and the criteria of the sample, to be changed here.

    Without `sampling` no sample is drawn.
    """
    follows = "等次、名次和图" if sampling is None else "等次、名次、抽查名单和图"
    heading = Heading(name, "参数", f"黄色格可以改；改了以后，{follows}自动重算")
    page = Page(book, new_sheet(book, heading, len(_WIDTHS)), _WIDTHS)
    settings = Settings(page, name)
    page.heads(*CUTOFF_HEADS)
    for part in forms:
        if part.headline.score is None:
            continue
        own = settings.cutoffs.setdefault(part.form.key, {})
        for (grade, lowest), (_, usual) in zip(part.cutoffs, part.headline.cutoffs, strict=True):
            own[grade] = Address(name, page.row, 3).absolute
            page.line([part.form.name, grade, lowest, usual], ["text", "center", "input", "score"])
        lowest_line = [part.form.name, LOWEST_GRADE, "低于以上", None]
        page.line(lowest_line, ["text", "center", "center", "center"])
    if sampling is not None:
        _write_criteria(page, name, settings, sampling)
    return settings


def _write_criteria(page: Page, name: str, settings: Settings, sampling: Sampling) -> None:
    page.block("抽查复核：每符合一条得几分，从高到低取", "条件", "界限", "分", "说明")
    for criterion in sampling.criteria:
        settings.limits[criterion.key] = Address(name, page.row, 2).absolute
        settings.points[criterion.key] = Address(name, page.row, 3).absolute
        page.line(
            [criterion.label, criterion.limit, criterion.points, criterion.why],
            ["text", _limit_look(criterion), "input_plain", "text"],
        )
    settings.share = Address(name, page.row, 2).absolute
    page.line(
        ["抽查比例", sampling.share, None, "占已报份数的比例，逢小数进一"],
        ["text", "input_rate", "text", "text"],
    )
    settings.least = Address(name, page.row, 2).absolute
    page.line(
        ["至少抽查份数", float(sampling.least), None, _LEAST],
        ["text", "input_plain", "text", "text"],
    )


def _limit_look(criterion: Criterion) -> str:
    """Limits of shares are shown as percentages."""
    shares = criterion.sense is Sense.TOP_SHARE or criterion.metric in _SHARES
    return "input_rate" if shares else "input_plain"


__all__ = ["Settings", "write_settings"]
