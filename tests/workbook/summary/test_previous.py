"""Last year beside this year: who is who, what changed, and sums of those who gave figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.fillings import FILLED, ROSTER, accepted, changed, filling, project, project_form
from workbook import Filling, PreviousError, Return, Reviews, aggregate, load_roster
from workbook.summary import Comparison, Review

ARCHIVES, SCIENCE, CULTURE, LIBRARY = (filling(path) for path in FILLED[:4])
CULTURE = changed(CULTURE, identity__department="文旅局")


def of_year(given: Filling, year: int, name: str) -> Return:
    return accepted(changed(given, identity__fiscal_year=year), f"{year}/{name}.xlsx")


def compared(now: list[Return], before: list[Return]) -> Comparison:
    (found,) = aggregate(now, previous=aggregate(before)).comparisons
    return found


def line(found: Comparison, department: str) -> dict[str, object]:
    frame = found.departments
    (one,) = frame[frame["department"] == department].to_dict("records")
    return {str(key): value for key, value in one.items()}


@pytest.fixture(scope="module")
def found() -> Comparison:
    now = [
        of_year(changed(ARCHIVES, funds__final_budget=120, funds__actual_expenditure=90), 2024, "a"),
        of_year(changed(SCIENCE, identity__department="区科协"), 2024, "b"),
        of_year(changed(CULTURE, identity__department_code="207009"), 2024, "c"),
        of_year(changed(ARCHIVES, identity__department="新局", identity__department_code="1"), 2024, "d"),
    ]  # fmt: skip
    before = [
        of_year(changed(ARCHIVES, funds__final_budget=100, funds__actual_expenditure=80), 2023, "a"),
        of_year(SCIENCE, 2023, "b"),
        of_year(changed(CULTURE, funds__actual_expenditure=None), 2023, "c"),
        of_year(LIBRARY, 2023, "d"),
    ]  # fmt: skip
    return compared(now, before)


def test_lines_are_matched_by_code_and_then_by_name_with_a_remark(found: Comparison) -> None:
    assert (found.previous_year, found.fiscal_year) == (2023, 2024)
    assert found.departments["pairing"].value_counts().to_dict() == {"both": 3, "new": 1, "gone": 1}
    renamed, recoded = line(found, "区科协"), line(found, "文旅局")
    assert "岳阳市云溪区科学技术协会" in str(renamed["remark"])
    assert "207001" in str(recoded["remark"])
    assert "207009" in str(recoded["remark"])
    assert pd.isna(line(found, "岳阳市云溪区档案馆")["remark"])  # type: ignore[call-overload]
    assert line(found, "新局")["pairing"] == "new"
    gone = line(found, "岳阳市云溪区图书馆")
    assert gone["pairing"] == "gone"
    assert pd.isna(gone["number"])  # type: ignore[call-overload]
    assert found.departments.index.name == "line"


def test_changes_are_this_year_less_last_and_growth_is_over_last(found: Comparison) -> None:
    one = line(found, "岳阳市云溪区档案馆")
    assert (one["final_budget_before"], one["final_budget"]) == (100, 120)
    assert (one["final_budget_change"], one["final_budget_growth"]) == (20, pytest.approx(0.2))
    assert one["execution_rate_change"] == pytest.approx(90 / 120 - 0.8)
    assert (one["grade_before"], one["grade"]) == ("优", "优")


def test_what_is_missing_in_one_year_has_no_change(found: Comparison) -> None:
    one = line(found, "文旅局")
    for name in ("actual_expenditure_before", "actual_expenditure_change", "execution_rate_change"):
        assert pd.isna(one[name])  # type: ignore[call-overload]


def test_totals_are_of_all_and_of_those_in_both_years(found: Comparison) -> None:
    totals = found.totals
    frame = found.departments
    assert totals["departments"].to_dict() == {
        "all": 5,
        "certain": 5,
        "both": 3,
        "new": 1,
        "gone": 1,
        "neither": 0,
    }
    assert totals["final_budget"].loc["all"] == pytest.approx(frame["final_budget"].sum())
    both = frame[frame["pairing"] == "both"]
    assert totals["final_budget_change"].loc["both"] == pytest.approx(
        both["final_budget"].sum() - both["final_budget_before"].sum()
    )
    known = frame[["actual_expenditure_before", "final_budget_before"]].dropna()
    assert totals["execution_rate_before"].loc["all"] == pytest.approx(
        known["actual_expenditure_before"].sum() / known["final_budget_before"].sum()
    )
    assert pd.isna(totals["final_budget_before"].loc["new"])
    assert totals["total_score"].loc["all"] == pytest.approx(frame["total_score"].mean())


def test_of_both_years_a_figure_counts_only_those_that_give_it_in_both(found: Comparison) -> None:
    # 文旅局 lacks last year's expenditure.
    frame = found.departments
    both = frame[(frame["pairing"] == "both") & frame["actual_expenditure_before"].notna()]
    assert len(both) == 2
    totals = found.totals.loc["both"]
    for name in ("actual_expenditure_before", "actual_expenditure", "actual_expenditure_change"):
        assert totals[name] == pytest.approx(both[name].sum())
    assert totals["actual_expenditure_growth"] == pytest.approx(
        both["actual_expenditure_change"].sum() / both["actual_expenditure_before"].sum()
    )
    for end in ("_before", ""):
        assert totals[f"execution_rate{end}"] == pytest.approx(
            both[f"actual_expenditure{end}"].sum() / both[f"final_budget{end}"].sum()
        )


def test_a_department_that_has_not_answered_is_told() -> None:
    roster = load_roster(ROSTER)
    last = aggregate([of_year(ARCHIVES, 2023, "a")])
    (found,) = aggregate([of_year(SCIENCE, 2024, "b")], roster, previous=last).comparisons
    one = line(found, "岳阳市云溪区档案馆")
    assert (one["pairing"], one["remark"]) == ("gone", "今年未报")
    assert line(found, "岳阳市云溪区地方志编纂室")["pairing"] == "neither"


def test_the_latest_year_before_counts() -> None:
    # The years lie in folders: that they are of one county has to be said.
    last = [replace(of_year(ARCHIVES, year, "a"), county="甲县") for year in (2021, 2022, 2024)]
    now = [replace(of_year(ARCHIVES, 2024, "a"), county="甲县")]
    assert compared(now, last).previous_year == 2022


def test_projects_are_compared_with_their_own(tmp_path: Path) -> None:
    form = project_form(tmp_path)

    def of(name: str, year: int, planned: float) -> Return:
        item = project(form, name, planned=planned)
        assert item.submission is not None
        path = Path(f"{year}/{name}.xlsx")
        return replace(
            item, path=path, submission=replace(item.submission, fiscal_year=year, path=path)
        )

    found = compared([of("路", 2024, 1), of("桥", 2024, 30_000)], [of("桥", 2023, 20_000)])
    assert found.amounts == ("planned", "spent", "unspent")
    assert found.departments["planned_change"].loc[2] == 1
    assert found.departments["pairing"].tolist() == ["new", "both"]


def test_rate_and_score_are_no_amounts(found: Comparison) -> None:
    assert set(found.figures) - set(found.amounts) == {"execution_rate", "total_score"}


@pytest.mark.parametrize(("year", "had"), [(2024, "只有 2024 年度的"), (None, "没有一份可以读的")])
def test_what_is_not_of_an_earlier_year_is_refused(year: int | None, had: str) -> None:
    before = [of_year(ARCHIVES, year, "a")] if year else []
    with pytest.raises(PreviousError, match=had):
        aggregate([of_year(ARCHIVES, 2024, "a")], previous=aggregate(before))


def test_nothing_this_year_compares_with_nothing() -> None:
    assert aggregate([], previous=aggregate([])).comparisons == ()


def test_scores_and_grades_are_the_departments_own_in_both_years() -> None:
    """What was reviewed in one year stands in no comparison with what was not in the other."""
    reviewed = Review(
        "部门整体支出绩效自评", 2024, "", "118001", "岳阳市云溪区档案馆", "", 41.5, "", ""
    )
    summary = aggregate(
        [of_year(ARCHIVES, 2024, "a")],
        reviews=Reviews(Path("汇总表.xlsx"), (reviewed,)),
        previous=aggregate([of_year(ARCHIVES, 2023, "a")]),
    )
    assert summary.main is not None
    assert summary.main.departments["grade"].tolist() == ["差"]
    (found,) = summary.comparisons
    one = line(found, "岳阳市云溪区档案馆")
    assert one["grade"] == one["grade_before"] == "优"
    assert one["total_score_change"] == 0


def test_a_score_that_is_none_has_no_grade_and_no_part_in_the_mean() -> None:
    rows = {1: {"weight": 100.0, "self_score": 400.0}}
    beyond = replace(SCIENCE, rows={"indicators": dict(SCIENCE.rows["indicators"]) | rows})  # type: ignore[dict-item]
    returns = {
        year: [of_year(ARCHIVES, year, "a"), of_year(beyond, year, "b")] for year in (2023, 2024)
    }
    found = compared(returns[2024], returns[2023])
    assert found.departments["grade_before"].tolist() == ["优", "得分无效"]
    own = line(found, "岳阳市云溪区档案馆")["total_score_before"]
    assert found.totals["total_score_before"].loc["all"] == pytest.approx(own)
