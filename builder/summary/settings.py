"""参数: what the bureau may change in the summary; grades, ranks and the sample follow at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from builder.sheets import BlockSheet, Book, Heading, Live, new_sheet
from workbook.address import Address
from workbook.form import Criterion
from workbook.overview import LEAST_LABEL, SHARE_LABEL, Sampling, sampling_of
from workbook.summary import ABSENT, CRITERIA_HEADS, CUTOFF_HEADS, FormSummary, Summary, plain_name

_WIDTHS = (30, 14, 14, 14, 14, 64)

_CUTOFF_LOOKS = ("text", "center", "input", "score")
_LEAST = "不足此数的全部抽查；分数相同的，全年预算数大的在先，再按预算编码"


@dataclass
class Settings:
    """The sheet being written, and where what it holds stands."""

    page: BlockSheet
    name: str
    cutoffs: dict[str, dict[str, str]] = field(default_factory=dict)
    """By a form's key and a grade: the cell of its lowest score."""
    limits: dict[str, str] = field(default_factory=dict)
    """By a criterion's key: the cell of its limit."""
    points: dict[str, str] = field(default_factory=dict)
    """By a criterion's key: the cell of its points."""
    share_cell: str = ""
    least_cell: str = ""

    def write_size(self, part: FormSummary, count: int, shown_size: int) -> str:
        """Add the line that tells how many of a form's `count` departments are proposed; returns its
        cell. `size` is what it shows."""
        cell = Address(self.name, self.page.row, 2).absolute
        formula = (
            f"=MIN({count},ROUNDUP(MAX({self.least_cell},ROUND({self.share_cell}*{count},6)),0))"
        )
        note = f"{part.form.name}，共 {count} 份；由上面两项算出，不必填"
        self.page.line(
            ["抽查份数", Live(formula, float(shown_size)), None, None, None, note],
            ("text", "count", "text", "text", "text", "text"),
        )
        return cell


def write_settings(book: Book, name: str, summary: Summary, default_sampling: Sampling) -> Settings:
    """The cut-offs of each form's grades and the criteria of the sample, to be changed here; beside
    them what holds unless they are changed, by which `workbook.summary.reviews` knows what was typed.

    Where no sample is drawn, criteria stand here only if some were typed before.
    """
    follows = "等次、名次和图" if summary.left_out else "等次、名次、抽查名单和图"
    heading = Heading(name, "参数", f"黄色格可以改；改了以后，{follows}自动重算")
    page = BlockSheet(book, new_sheet(book, heading, len(_WIDTHS)), _WIDTHS)
    settings = Settings(page, name)
    page.heads(*CUTOFF_HEADS)
    for part in summary.forms:
        if part.key_fields.score is None:
            continue
        grade_cells = settings.cutoffs.setdefault(part.form.key, {})
        for (grade, lowest), (_, form_says) in zip(
            part.cutoffs, part.key_fields.grades, strict=True
        ):
            grade_cells[grade] = Address(name, page.row, 3).absolute
            page.line([part.form.name, grade, lowest, form_says], _CUTOFF_LOOKS)
        lowest_line = [part.form.name, part.key_fields.lowest_grade, "低于以上", None]
        page.line(lowest_line, ["text", "center", "center", "center"])
    _keep_cutoffs(page, summary)
    if not summary.left_out or (summary.reviews and summary.reviews.criteria):
        _write_criteria(
            page, name, settings, sampling_of(summary, default_sampling), default_sampling
        )
    return settings


def _write_criteria(
    page: BlockSheet, name: str, settings: Settings, sampling: Sampling, default_sampling: Sampling
) -> None:
    page.block("抽查复核：每符合一条得几分，从高到低取", *CRITERIA_HEADS, "说明")
    for criterion, default_criterion in zip(
        sampling.criteria, default_sampling.criteria, strict=True
    ):
        settings.limits[criterion.key] = Address(name, page.row, 2).absolute
        settings.points[criterion.key] = Address(name, page.row, 3).absolute
        look, plain = _limit_looks(criterion)
        page.line(
            [
                criterion.label,
                criterion.limit,
                criterion.points,
                default_criterion.limit,
                default_criterion.points,
                criterion.why,
            ],
            ["text", look, "input_plain", plain, "points", "text"],
        )
    settings.share_cell = Address(name, page.row, 2).absolute
    page.line(
        [
            SHARE_LABEL,
            sampling.share,
            None,
            default_sampling.share,
            None,
            "占已报份数的比例，逢小数进一",
        ],
        ["text", "input_rate", "text", "share", "text", "text"],
    )
    settings.least_cell = Address(name, page.row, 2).absolute
    page.line(
        [LEAST_LABEL, float(sampling.least), None, float(default_sampling.least), None, _LEAST],
        ["text", "input_plain", "text", "points", "text", "text"],
    )


def _keep_cutoffs(page: BlockSheet, summary: Summary) -> None:
    """The cut-offs that were typed for forms of which there is no return this time."""
    listed_grades = {
        (plain_name(part.form), grade)
        for part in summary.forms
        if part.key_fields.score is not None
        for grade, _ in part.cutoffs
    }
    typed = summary.reviews.cutoffs if summary.reviews else {}
    for (form, grade), lowest in typed.items():
        if (form, grade) not in listed_grades:
            page.line([f"{form}表", grade, lowest, ABSENT], _CUTOFF_LOOKS)


def _limit_looks(criterion: Criterion) -> tuple[str, str]:
    """Limits of shares are shown as percentages: one that is typed, and one that is told."""
    return ("input_rate", "share") if criterion.of_share else ("input_plain", "points")
