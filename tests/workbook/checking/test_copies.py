"""Which of several copies of one duty counts, and what is said of the others."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from builder import write_notices
from tests.api import Severity
from tests.fillings import FILLED, accepted, changed, filling, project, project_form
from workbook import WorkbookError
from workbook.checking import add_findings_between, check, sort_by_sender
from workbook.form import Value
from workbook.reading import Filling, Return, choose
from workbook.summary import aggregate

GIVEN = filling(FILLED[0])
FIRST, LATER = "2025-03-20T08:00:00Z", "2025-03-21T08:00:00Z"


def copy(path: str, modified: str = "", **values: Value) -> Return:
    """A copy of one department's return, with some values of its own."""
    returned = accepted(changed(GIVEN, **values), path, modified=modified)
    return replace(returned, sha256=f"{sorted(values.items())}{modified}")


ONE = copy("一.xlsx", FIRST, funds__final_budget=100.0)
TWO = copy("二.xlsx", LATER, funds__final_budget=200.0)
OLD = copy("旧.xls", "", funds__final_budget=300.0)


def codes(returns: list[Return]) -> list[list[str]]:
    return [[f.code for f in r.findings if f.code in ("A502", "A505")] for r in returns]


def budget(returns: list[Return]) -> float:
    main = aggregate(returns).main
    assert main is not None
    return float(main.totals.loc["final_budget", "value"])  # type: ignore[arg-type]


# --- which counts ---------------------------------------------------------------------------------


def test_the_copy_saved_later_counts_whatever_the_order() -> None:
    for returns in ([ONE, TWO], [TWO, ONE]):
        checked = check(returns)
        assert (
            budget(checked),
            {r.key: r.findings[0].code for r in checked if r.path == ONE.path},
        ) == (200.0, {"一.xlsx": "A502"})


NOON, BEFORE, AFTER = (
    copy(f"{saved}.xlsx", saved, funds__final_budget=float(n))
    for n, saved in enumerate(
        ("2025-03-20T12:00:00", "2025-03-20T03:59:00Z", "2025-03-20T04:01:00+00:00")
    )
)
"""Saved about noon in China, the first without a zone."""
DING = copy("丁.xlsx", FIRST, funds__final_budget=5.0)


@pytest.mark.parametrize(
    ("returns", "replaced", "undecided"),
    [
        (
            [TWO, OLD],
            {},
            {0: 0, 1: 0},
        ),  # which cannot say when it was saved, and so is not the older
        ([ONE, TWO, OLD], {0: 1}, {1: 1, 2: 1}),
        ([ONE, DING], {}, {0: 1, 1: 1}),  # the last path for the time being
        ([NOON, BEFORE], {1: 0}, {}),
        ([NOON, AFTER], {0: 1}, {}),
    ],
)
def test_what_is_surely_older_is_replaced_and_of_the_others_nothing_is_decided(
    returns: list[Return], replaced: dict[int, int], undecided: dict[int, int]
) -> None:
    copies = sort_by_sender(returns).copies
    assert (copies.replaced, copies.undecided) == (replaced, undecided)


def test_the_same_bytes_are_one_copy_even_beside_one_of_which_nothing_tells() -> None:
    again = replace(OLD, path=Path("旧(1).xls"))
    copies = sort_by_sender([TWO, again, OLD]).copies
    assert (copies.replaced, copies.undecided) == ({1: 2}, {0: 0, 2: 0})
    checked = check([TWO, again, OLD])
    assert codes(checked) == [["A505"], ["A502"], ["A505"]]
    assert "内容与“旧.xls”完全相同" in checked[1].findings[0].message


def test_a_project_without_a_name_is_no_other_project_s_copy(tmp_path: Path) -> None:
    form = project_form(tmp_path)
    nameless = [
        replace(project(form, " ", planned=n * 10.0), path=Path(f"{n}.xlsx"), sha256=str(n))
        for n in (1, 2)
    ]
    assert sort_by_sender(nameless).copies.uncounted == frozenset()
    same = [nameless[0], replace(nameless[0], path=Path("1(1).xlsx"))]
    assert sort_by_sender(same).replaced == {1: 0}


# --- what is chosen -------------------------------------------------------------------------------


def test_the_chosen_copy_counts_whatever_the_times_say() -> None:
    for file in ("一.xlsx", "./旧.xls", str(Path.cwd() / "二.xlsx")):
        checked = check(choose([ONE, TWO, OLD], [file]))
        chosen = next(r for r in checked if r.chosen)
        assert (chosen.path.name, sorted(codes(checked))) == (
            Path(file).name,
            [[], ["A502"], ["A502"]],
        )
        assert all("指定的" in r.findings[0].message for r in checked if r is not chosen)


def test_a_choice_that_was_not_read_or_is_made_twice_is_refused() -> None:
    with pytest.raises(WorkbookError, match=r"没有\.xlsx.*A505"):
        choose([ONE], ["没有.xlsx"])
    with pytest.raises(WorkbookError, match=r"一\.xlsx、二\.xlsx.*--use"):
        check(choose([ONE, TWO], ["一.xlsx", "二.xlsx"]))


def test_a_member_of_an_archive_is_chosen_as_the_list_of_files_has_it() -> None:
    member = replace(OLD, path=Path("甲县.zip/教育局/旧.xls"))
    chosen = choose([TWO, member], [member.key])
    assert [r.chosen for r in chosen] == [False, True]


# --- what is said ---------------------------------------------------------------------------------


def test_a_copy_that_does_not_count_bears_one_note_and_nothing_else() -> None:
    faulty = copy("错.xlsx", FIRST, funds__final_budget=None, funds__original_budget="约20")
    alone, both = check([faulty]), check([faulty, TWO])
    assert len(alone[0].findings) > 1
    (note,) = both[0].findings
    assert ((note.code, note.severity), list(add_findings_between(both))) == (
        ("A502", Severity.NOTE),
        both,
    )


def test_each_standing_copy_names_the_others_the_remedy_and_where_they_differ() -> None:
    checked = check([TWO, OLD])
    for returned, other in zip(checked, ("旧.xls", "二.xlsx"), strict=True):
        (violation,) = [f for f in returned.findings if f.code == "A505"]
        assert violation.severity is Severity.ERROR
        assert f"另有“{other}”" in violation.message
        assert "--use 二.xlsx" in violation.hint
        assert "funds.final_budget" in violation.field.split(",")
        assert "funds.execution_rate" not in violation.field, "formulas without results"
        assert len(violation.field.split(",")) == len(violation.cell.split(","))
    assert "暂计入本份" in checked[0].findings[0].message


def test_copies_of_little_that_differ_in_no_cell_are_told_at_the_department_s() -> None:
    little = Filling({"identity.department": "甲局", "funds.final_budget": 1.0})
    one = accepted(little, "一.xlsx", modified=LATER)
    same = replace(accepted(little, "二.xls"), sha256="x")
    checked = check([one, same])
    assert [f.field for r in checked for f in r.findings if f.code == "A505"] == [
        "identity.department"
    ] * 2


def test_copies_filled_in_the_same_are_one_content_whatever_file_holds_them() -> None:
    converted = replace(copy("二.xls", "", funds__final_budget=200.0), sha256="x")
    for returns in ([TWO, converted], [converted, TWO]):
        sent = sort_by_sender(returns)
        counted = returns.index(TWO)
        assert (sent.replaced, sent.copies.undecided) == ({1 - counted: counted}, {})
        checked = check(returns)
        assert codes(checked)[counted] == []
        (note,) = checked[1 - counted].findings
        assert note.code == "A502"
        assert "填写的内容与“二.xlsx”相同" in note.message
    # Nothing tells whether that .xls was the department's last word.
    copies = sort_by_sender(
        [converted, TWO, copy("三.xlsx", "2025-03-22", funds__final_budget=5.0)]
    )
    assert copies.copies.undecided == {1: 2, 2: 2}


def test_a_suggestion_typed_over_in_one_copy_is_another_content() -> None:
    other = replace(
        copy("二.xls", "", funds__final_budget=200.0, funds__execution_score=1.0), sha256="x"
    )
    checked = check([TWO, other])
    assert codes(checked) == [["A505"], ["A505"]]


def test_copies_differ_only_in_what_the_department_fills_in() -> None:
    # An .xls has values where the template has formulas.
    values_only = copy("旧.xls", "", funds__final_budget=300.0, funds__execution_rate=0.5)
    for returned in check([TWO, values_only]):
        (undecided,) = [f for f in returned.findings if f.code == "A505"]
        assert undecided.field == "funds.final_budget"


def test_only_the_one_for_the_time_being_is_added_up() -> None:
    checked = check([ONE, TWO, OLD])
    summary = aggregate(checked)
    assert (budget(checked), summary.files["use"].tolist(), summary.duplicates.index.tolist()) == (
        200.0,
        ["duplicate", "counted", "undecided"],
        ["一.xlsx"],
    )
    line = summary.coverage.iloc[0]
    assert (line["status"], line["duplicates"]) == ("faulty", 1)
    assert "旧.xls" in line["why"]


def test_last_year_s_copies_that_do_not_count_stay_out_of_the_round() -> None:
    def of(department: str, year: float, path: str, **values: Value) -> Return:
        who = {"identity__department": department, "identity__department_code": None}
        return copy(path, "2025-03-20", identity__fiscal_year=year, **who, **values)

    last_year = [of("丙局", 2023.0, f"丙{n}.xlsx", funds__final_budget=n) for n in (1.0, 2.0)]
    last_year[1] = replace(last_year[1], modified="2025-03-22")
    returns = [of("甲局", 2024.0, "甲.xlsx"), of("乙局", 2024.0, "乙.xlsx"), *last_year]
    summary = aggregate(check(returns))
    assert ([part.fiscal_year for part in summary.forms], summary.files["use"].tolist()) == (
        [2024],
        ["counted", "counted", "duplicate", "other_year"],
    )
    line = summary.coverage.set_index("department").loc["丙局"]
    assert (line["status"], line["why"]) == ("missing", "报的是 2023 年度的表")
    assert pd.isna(line["received"])


def test_a_department_is_asked_which_copy_counts_and_not_told_to_type_a_command(
    tmp_path: Path,
) -> None:
    (path,) = write_notices(check([TWO, OLD]), tmp_path)
    text = path.read_text(encoding="utf-8-sig")
    assert "报送了 2 份，填写不同：二.xlsx、旧.xls。请告知以哪一份为准。" in text
    assert "--use" not in text
    assert "A505" not in text


def test_of_copies_without_their_cells_every_figure_is_named() -> None:
    light = []
    for returned in (ONE, OLD):
        assert returned.submission is not None
        read = replace(returned.submission, cells={}, stored_filling="")
        light.append(replace(returned, submission=read))
    (first, second) = add_findings_between(light)
    figures = {item.key for item in first.submission.form.key_fields.figures.values()}  # type: ignore[union-attr]
    for returned in (first, second):
        (undecided,) = (f for f in returned.findings if f.code == "A505")
        assert set(undecided.field.split(",")) == figures
