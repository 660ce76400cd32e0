"""What the bureau types into a summary comes back from any office and stands in the next summary."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from builder import build_summary
from tests.api import cli, page_data
from tests.fillings import (
    FILLED,
    ROSTER,
    SAMPLES,
    accepted,
    changed,
    filling,
    main_form,
    project,
    project_form,
    sample_returns,
)
from tests.office import CellError, Format, Office, Target
from tests.sheets import differences
from workbook import (
    Return,
    ReviewError,
    Reviews,
    Summary,
    aggregate,
    find_form,
    load_reviews,
    load_roster,
)
from workbook.summary import SET_ASIDE, typed_in

FORMS = Path(__file__).resolve().parents[2] / "forms"
LIST = "部门汇总"
ARCHIVE = "118001"
ARCHIVES = filling(FILLED[0])
Typed = dict[tuple[str, str], float | str | None]
"""What is typed: by a department's code and a head."""


def built(path: Path, returns: list[Return] | None = None, reviews: Reviews | None = None) -> Path:
    roster = load_roster(ROSTER)
    made = sample_returns() if returns is None else returns
    return build_summary(aggregate(made, roster, reviews=reviews), path)


def place(sheet: Worksheet, code: str, head: str) -> str:
    """The cell of a line, found by its budget code, under a head."""
    heads = {str(cell.value): cell.column_letter for cell in sheet[3] if cell.value}
    rows = {cell.value: cell.row for cell in sheet[heads["预算编码"]]}
    return f"{heads[head]}{rows[code]}"


def edited(path: Path, typed: Typed, sheet: str = LIST) -> Path:
    """The summary with something typed in, saved by openpyxl."""
    book = openpyxl.load_workbook(path)
    for (code, head), value in typed.items():
        book[sheet][place(book[sheet], code, head)] = value
    copy = path.with_name(f"typed_{path.name}")
    book.save(copy)
    return copy


def again(path: Path, typed: Typed, returns: list[Return] | None = None) -> Summary:
    """What the next run makes of a summary with something typed in."""
    reviews = load_reviews(edited(path, typed))
    made = sample_returns() if returns is None else returns
    return aggregate(made, load_roster(ROSTER), reviews=reviews)


def line(summary: Summary, code: str) -> dict[str, object]:
    lines = main_form(summary).departments
    (found,) = lines[lines["code"] == code].to_dict("records")
    return {str(key): value for key, value in found.items()}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A summary to type into, with a line for all of the roster; few answered, as it is read often."""
    return built(tmp_path_factory.mktemp("reviews") / "汇总.xlsx", sample_returns()[:2])


def test_a_summary_in_which_nothing_was_typed_has_no_reviews(path: Path) -> None:
    read = load_reviews(path)
    assert (read.entries, dict(read.cutoffs)) == ((), {})


def test_scores_and_remarks_stand_in_the_next_summary(path: Path, tmp_path: Path) -> None:
    typed: Typed = {
        (ARCHIVE, "复核得分"): 79.5,
        (ARCHIVE, "备注"): "现场核查",
        ("125001", "备注"): "- 佳 +",
    }
    summary = again(path, typed)
    assert [line(summary, ARCHIVE)[name] for name in ("review_score", "remark", "grade")] == [
        *(79.5, "现场核查", "中"),
    ]
    assert line(summary, "125001")["remark"] == "- 佳 +"
    assert main_form(summary).grades["departments"].loc["中"] == 1
    sheet = openpyxl.load_workbook(build_summary(summary, tmp_path / "next.xlsx"))[LIST]
    assert sheet[place(sheet, ARCHIVE, "复核得分")].value == 79.5
    assert sheet[place(sheet, "125001", "备注")].data_type == "s"
    assert summary.unmatched.empty


def test_what_is_typed_for_a_missing_return_is_kept_and_counts_on_both_sides(
    office: Office, path: Path, tmp_path: Path
) -> None:
    typed: Typed = {("119001", "复核得分"): 60, ("119001", "备注"): "已电话催报"}
    summary = again(path, typed | {(ARCHIVE, "复核得分"): 70})
    own = line(summary, "119001")
    assert [own[name] for name in ("status", "remark", "grade")] == ["missing", "已电话催报", "中"]
    assert differences(office, build_summary(summary, tmp_path / "next.xlsx")) == []


def test_lines_are_found_by_code_and_then_by_name(path: Path) -> None:
    typed: Typed = {(ARCHIVE, "复核得分"): 90, ("125001", "复核得分"): 80}
    first, second, *others = sample_returns()
    renamed = accepted(changed(ARCHIVES, identity__department="区档案局"), first.path)
    recoded = changed(
        filling(FILLED[1]),
        identity__department_code="９９９",
        identity__department="岳阳市云溪区 科学技术协会",
    )
    returns = [renamed, accepted(recoded, second.path), *others]
    summary = aggregate(returns, reviews=load_reviews(edited(path, typed)))
    lines = main_form(summary).departments.set_index("department")
    assert lines["review_score"].loc["区档案局"] == 90
    assert lines["review_score"].loc["岳阳市云溪区 科学技术协会"] == 80
    assert summary.unmatched.empty


def test_what_belongs_to_no_department_is_set_aside_and_found_again(
    path: Path, tmp_path: Path
) -> None:
    kept = load_reviews(edited(path, {(ARCHIVE, "复核得分"): 66, (ARCHIVE, "备注"): "并入区委办"}))
    without = sample_returns()[1:]
    summary = aggregate(without, reviews=kept)
    assert summary.unmatched[["code", "review_score", "remark", "place"]].to_numpy().tolist() == [
        [ARCHIVE, 66, "并入区委办", f"{LIST}!J4"]
    ]
    later = build_summary(summary, tmp_path / "later.xlsx")
    assert SET_ASIDE in openpyxl.load_workbook(later).sheetnames
    # A further run without it keeps it, one with it puts it back.
    still = aggregate(without, reviews=load_reviews(later))
    assert still.unmatched["remark"].tolist() == ["并入区委办"]
    back = aggregate(sample_returns(), reviews=load_reviews(later))
    assert back.unmatched.empty
    assert line(back, ARCHIVE)["review_score"] == 66


def test_nothing_answered_and_what_was_typed_is_still_there(path: Path, tmp_path: Path) -> None:
    kept = load_reviews(edited(path, {(ARCHIVE, "复核得分"): 66}))
    later = build_summary(aggregate([], reviews=kept), tmp_path / "none.xlsx")
    assert [entry.score for entry in load_reviews(later).entries] == [66]


def test_projects_are_told_apart(tmp_path: Path) -> None:
    form = find_form("project_expenditure")
    given = filling(FORMS / "filled" / "project_expenditure.toml", form)
    road, bridge = (
        accepted(changed(given, identity__project_name=name), f"{name}.xlsx", form=form)
        for name in ("路", "桥")
    )
    both = [*sample_returns(), road, bridge]
    first = built(tmp_path / "all.xlsx", both)
    sheet, code = "项目支出汇总", "512003"
    book = openpyxl.load_workbook(first)
    column = next(c.column_letter for c in book[sheet][3] if c.value == "复核得分")
    names = {cell.value: cell.row for cell in book[sheet]["E"]}
    book[sheet][f"{column}{names['桥']}"] = 61
    book.save(first)
    summary = aggregate(both, load_roster(ROSTER), reviews=load_reviews(first))
    scores = summary.forms[1].departments.set_index("project")["review_score"]
    assert scores.loc["桥"] == 61
    assert scores.isna().loc["路"]
    assert main_form(summary).departments["review_score"].isna().all()
    assert summary.forms[1].departments["code"].tolist() == [code, code]
    # A project that is gone is set aside under its name, though the department has another one.
    less = aggregate([*sample_returns(), road], reviews=load_reviews(first))
    assert less.unmatched["project"].tolist() == ["桥"]


def test_what_was_typed_for_an_unscored_form_is_set_aside(tmp_path: Path, path: Path) -> None:
    kept = load_reviews(edited(path, {(ARCHIVE, "复核得分"): 70}))
    summary = aggregate([project(project_form(tmp_path), "桥")], reviews=kept)
    assert summary.unmatched["review_score"].tolist() == [70]


FAULTS: dict[str, tuple[Typed, tuple[str, ...]]] = {
    "above the highest": ({(ARCHIVE, "复核得分"): 100.5}, (f"{LIST}!J4", "100.5")),
    "below nought": ({(ARCHIVE, "复核得分"): -1}, (f"{LIST}!J4", "-1")),
    "a text": ({(ARCHIVE, "复核得分"): "八十五"}, (f"{LIST}!J4", "八十五")),
    "a number as text": ({(ARCHIVE, "复核得分"): "85"}, (f"{LIST}!J4", "文字")),
    "an error": ({(ARCHIVE, "复核得分"): "#N/A"}, (f"{LIST}!J4", "#N/A")),
    "a truth": ({(ARCHIVE, "复核得分"): True}, (f"{LIST}!J4",)),
    "a formula that was never worked out": (
        {(ARCHIVE, "复核得分"): "=80+5"},
        (f"{LIST}!J4", "公式"),
    ),
    "a remark that was never worked out": ({(ARCHIVE, "备注"): "=1+1"}, (f"{LIST}!P4", "公式")),
    "nobody's": (
        {(ARCHIVE, "备注"): "谁", (ARCHIVE, "部门"): None, (ARCHIVE, "预算编码"): None},
        (f"{LIST}!J4",),
    ),
    "the same department twice": (
        {("125001", "备注"): "乙", (ARCHIVE, "备注"): "甲", ("125001", "预算编码"): ARCHIVE},
        (f"{LIST}!J4", f"{LIST}!J6"),
    ),
    "two faults": (
        {(ARCHIVE, "复核得分"): "好", ("125001", "复核得分"): 101},
        (f"{LIST}!J4", f"{LIST}!J6"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_used_is_told_with_its_cell(path: Path, fault: str) -> None:
    typed, cells = FAULTS[fault]
    copy = edited(path, typed)
    with pytest.raises(ReviewError) as caught:
        load_reviews(copy)
    for words in (str(copy), *cells):
        assert words in str(caught.value)
    with pytest.raises(ReviewError, match=f"{LIST}!"):
        typed_in(copy)


def test_a_summary_of_another_year_is_refused(path: Path) -> None:
    kept = load_reviews(edited(path, {(ARCHIVE, "复核得分"): 90}))
    other = accepted(changed(ARCHIVES, identity__fiscal_year=2025))
    with pytest.raises(ReviewError, match=r"2024.*2025"):
        aggregate([other], reviews=kept)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 broken", "a form"])
def test_what_is_no_summary_is_told(tmp_path: Path, content: bytes | str | None) -> None:
    file = tmp_path / "x.xlsx"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content:
        file.write_bytes(next((SAMPLES / "returns").glob("118001*")).read_bytes())
    with pytest.raises(ReviewError, match=r"x\.xlsx"):
        load_reviews(file)


def test_changed_cutoffs_are_kept_and_graded_by(path: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(path)
    assert [cell.value for cell in book["参数"]["C"][3:6]] == [90, 80, 60]
    book["参数"]["C4"] = 99.5
    book.save(tmp_path / "c.xlsx")
    kept = load_reviews(tmp_path / "c.xlsx")
    assert list(kept.cutoffs.values()) == [99.5]
    summary = aggregate(sample_returns(), reviews=kept)
    assert main_form(summary).cutoffs[0] == ("优", 99.5)
    scores = main_form(summary).departments["total_score"]
    assert main_form(summary).grades["departments"].loc["优"] == scores.between(99.5, 100).sum()
    later = load_reviews(build_summary(summary, tmp_path / "later.xlsx"))
    assert later.cutoffs == kept.cutoffs


def settings_rows(path: Path) -> dict[str, int]:
    sheet = openpyxl.load_workbook(path)["参数"]
    return {str(sheet.cell(n, 1).value): n for n in range(1, sheet.max_row + 1)}


def test_typed_criteria_are_kept_and_drawn_by(path: Path, tmp_path: Path) -> None:
    rows, book = settings_rows(path), openpyxl.load_workbook(path)
    typed = {
        f"B{rows['资金量大']}": 0.5,
        f"C{rows['资金量大']}": 9,
        f"C{rows['提醒较多']}": 0,
        f"B{rows['抽查比例']}": 0,
        f"B{rows['至少抽查份数']}": 2,
    }
    for cell, value in typed.items():
        book["参数"][cell] = value
    book.save(tmp_path / "c.xlsx")
    kept = load_reviews(tmp_path / "c.xlsx")
    assert kept.criteria == {
        ("资金量大", "界限"): 0.5,
        ("资金量大", "分"): 9,
        ("提醒较多", "分"): 0,
        ("抽查比例", "界限"): 0,
        ("至少抽查份数", "界限"): 2,
    }
    assert kept.cutoffs == {}
    summary = aggregate(sample_returns(), reviews=kept)
    later = build_summary(summary, tmp_path / "later.xlsx")
    assert load_reviews(later).criteria == kept.criteria
    drawn = [
        cell.value for cell in openpyxl.load_workbook(later, data_only=True)["抽查复核名单"]["B"]
    ]
    assert drawn.count("抽查") == 2
    assert kept.beyond(load_reviews(path)) == len(typed)
    assert str(page_data(summary)).count("资金量大 9 分（界限 50%") == 1


WRONG_SETTINGS: list[tuple[dict[str, Any], str]] = [
    *(({"C4": value}, "参数") for value in (None, "很高", 101, 79)),  # a cutoff
    *(({"C{row}": value}, "参数!C{row}") for value in (None, "很多", -1, True)),  # points
    ({"A{row}": None, "C{row}": 9}, "参数!C{row}"),  # a criterion without its name
]


@pytest.mark.parametrize(("typed", "told"), WRONG_SETTINGS)
def test_settings_that_cannot_hold_are_told(
    path: Path, tmp_path: Path, typed: dict[str, Any], told: str
) -> None:
    row, book = settings_rows(path)["资金量大"], openpyxl.load_workbook(path)
    for cell, value in typed.items():
        book["参数"][cell.format(row=row)].value = value
    book.save(tmp_path / "c.xlsx")
    with pytest.raises(ReviewError, match=told.format(row=row)):
        aggregate(sample_returns(), reviews=load_reviews(tmp_path / "c.xlsx"))


def test_cutoffs_of_a_form_that_is_not_there_wait_for_it(path: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book["参数"]["C5"] = 85
    book.save(tmp_path / "c.xlsx")
    kept = load_reviews(tmp_path / "c.xlsx")
    given = filling(FORMS / "filled" / "project_expenditure.toml", find_form("project_expenditure"))
    road = accepted(given, "路.xlsx", form=find_form("project_expenditure"))
    for number, returns in enumerate(([], [road])):
        without = aggregate(returns, reviews=kept)
        later = load_reviews(build_summary(without, tmp_path / f"{number}.xlsx"))
        assert later.cutoffs == kept.cutoffs
        assert main_form(aggregate(sample_returns(), reviews=later)).cutoffs[1] == ("良", 85)


# --- in an office, and on the command line --------------------------------------------------------

FORMATS: tuple[Format, ...] = ("xlsx", "xls", "ods")


def test_what_is_typed_in_an_office_comes_back_from_any_format(
    office: Office, path: Path, tmp_path: Path
) -> None:
    typed: dict[Target, float | str | None] = {
        (LIST, "J4"): 59.5, (LIST, "P4"): "2025-03-01", ("参数", "C4"): 95.0,
        ("参数", f"B{settings_rows(path)['抽查比例']}"): 0.35,
    }  # fmt: skip
    with office.open(path) as book:
        assert office.type_values(book, typed) == []
        saved = [office.save(book, tmp_path / f"s.{kind}", kind) for kind in FORMATS]
    read = [load_reviews(file) for file in saved]
    for one in read:
        assert [(e.code, e.score, e.remark, e.address) for e in one.entries] == [
            (ARCHIVE, 59.5, "2025-03-01", f"{LIST}!J4")
        ]
        assert list(one.cutoffs.values()) == [95]
        assert one.criteria == {("抽查比例", "界限"): 0.35}


@pytest.fixture
def run(two_returns: Path) -> Callable[..., int]:
    def aggregated(output: Path, *more: object) -> int:
        words = ("aggregate", two_returns, "-o", output, "--workers", "1", *more)
        with pytest.raises(SystemExit) as left:
            cli.main([str(word) for word in words])
        assert isinstance(left.value.code, int)
        return left.value.code

    return aggregated


def test_a_review_typed_in_an_office_survives_two_further_runs(
    office: Office, run: Callable[..., int], tmp_path: Path
) -> None:
    output, typed = tmp_path / "汇总.xlsx", tmp_path / "填写.xlsx"
    assert run(output) == 1
    with office.open(output) as book:
        grades = [("总览", f"C{row}") for row in range(11, 15)]
        before = office.values(book, grades)
        office.type_values(book, {(LIST, "J4"): 59.5, (LIST, "P4"): "退回重评", ("参数", "C4"): 99})
        office.recalculate(book)
        after = office.values(book, grades)
        assert after != before
        assert list(office.values(book, [(LIST, "L4"), (LIST, "M4")]).values()) == ["差", 2]
        office.save(book, typed)
    assert run(output) == 2  # it exists, and nothing says to write over it
    assert run(output, "--reviews", typed, "--force") == 1
    assert run(output, "--reviews", output) == 1
    (kept,) = load_reviews(output).entries
    assert (kept.score, kept.remark) == (59.5, "退回重评")
    assert list(load_reviews(output).cutoffs.values()) == [99]
    shown = openpyxl.load_workbook(output, data_only=True)
    assert shown[LIST]["L4"].value == "差"
    assert [shown[sheet][cell].value for sheet, cell in grades] == list(after.values())
    assert not any(isinstance(value, CellError) for value in after.values())


def test_writing_over_a_summary_loses_nothing_typed(
    run: Callable[..., int], tmp_path: Path
) -> None:
    output = tmp_path / "汇总.xlsx"
    run(output)
    blank = tmp_path / "空白.xlsx"
    blank.write_bytes(output.read_bytes())
    edited(output, {(ARCHIVE, "复核得分"): 88}).replace(output)
    assert run(output, "--reviews", blank, "--force") == 2  # 88 would be lost
    assert run(output, "--force") == 1  # taken over from the output itself
    assert [entry.score for entry in load_reviews(output).entries] == [88]
    bad = edited(output, {(ARCHIVE, "复核得分"): "很好"}).replace(output)
    before = bad.read_bytes()
    assert run(output, "--force") == 2
    assert output.read_bytes() == before
    output.write_bytes(b"not ours")
    assert run(output, "--force") == 1
