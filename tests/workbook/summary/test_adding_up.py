"""Sums are added, rates recomputed, what is missing is missing, and no department is forgotten."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.api import finding
from tests.fillings import (
    FILLED,
    accepted,
    changed,
    filling,
    main_form,
    project,
    project_form,
    rejected,
    sample_returns,
)
from workbook import Return, Roster, Summary, aggregate
from workbook.checking import add_findings_between, sort_by_sender
from workbook.reading import SKIPPED

ARCHIVE, SCIENCE = FILLED[0], FILLED[1]


def of(summary: Summary, department: str) -> dict[str, object]:
    """A department's one line."""
    lines = main_form(summary).departments
    (line,) = lines[lines["department"] == department].to_dict("records")
    return {str(key): value for key, value in line.items()}


def figure(summary: Summary, name: str) -> float:
    return float(main_form(summary).totals["value"].loc[name])


def copy(item: Return, path: str, modified: str = "") -> Return:
    assert item.submission is not None
    read = replace(item.submission, path=Path(path))
    return replace(item, path=Path(path), submission=read, modified=modified)


def test_every_department_of_the_roster_has_a_line_in_its_order(roster: Roster) -> None:
    summary = aggregate(sample_returns(), roster)
    lines = main_form(summary).departments
    assert lines["code"].tolist() == [entry.code for entry in roster.entries]
    assert lines.index.name == "number"
    missing = lines[lines["status"] == "missing"]
    assert missing["code"].tolist() == ["119001", "412001"]
    assert missing[["final_budget", "total_score", "errors", "file"]].isna().to_numpy().all()
    assert summary.counts.to_dict() == {"answered": 12, "faulty": 0, "rejected": 0, "missing": 2}


def test_a_zero_budget_has_no_rate() -> None:
    summary = aggregate(sample_returns())
    assert pd.isna(of(summary, "岳阳市云溪区应急管理局")["execution_rate"])  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("lost", "grade"), [(0, "优"), (10, "优"), (10.01, "良"), (20.01, "中"), (40.01, "差")]
)
def test_grades_are_half_open(lost: float, grade: str) -> None:
    given = filling(ARCHIVE)
    rows = {n: row | {"self_score": 0.0} for n, row in given.rows["indicators"].items()}
    first = min(rows)
    rows[first] = rows[first] | {"self_score": 90 - lost}
    item = accepted(replace(given, rows={"indicators": rows}))
    summary = aggregate([item])
    assert main_form(summary).departments["grade"].tolist() == [grade]
    assert main_form(summary).grades["departments"].loc[grade] == 1
    assert main_form(summary).grades["share"].loc[grade] == 1


def test_attainment_by_indicator_is_over_rows_with_weight_and_score() -> None:
    found = main_form(aggregate(sample_returns())).indicators
    assert found.index.names == ["section", "level1", "level2"]
    assert found.index.get_level_values("level2").tolist()[:4] == [
        "数量指标",
        "质量指标",
        "时效指标",
        "成本指标",
    ]
    quality = found.xs("质量指标", level="level2")
    # One row of the samples has a weight and no score: it is counted, not scored.
    assert quality["rows"].tolist() == [26]
    assert quality["share"].tolist() == pytest.approx(
        (quality["score"] / quality["weight"]).tolist()
    )


def test_a_rejected_file_is_its_department_s_by_the_file_s_name(roster: Roster) -> None:
    broken = rejected("119001_方志.xlsx", finding("W104", detail="x"))
    summary = aggregate([*sample_returns(), broken], roster)
    assert of(summary, "岳阳市云溪区地方志编纂室")["status"] == "rejected"
    assert summary.files["use"].loc["119001_方志.xlsx"] == "rejected"
    assert summary.findings["department"].tolist() == ["岳阳市云溪区地方志编纂室"]
    late = accepted(changed(filling(ARCHIVE), identity__department_code="119001"), "again.xlsx")
    both = aggregate([broken, late], roster)
    assert of(both, "岳阳市云溪区地方志编纂室")["status"] == "answered"


def test_a_file_that_names_no_department_is_none(roster: Roster) -> None:
    junk = rejected("x/图.jpg", finding("W103", detail="图片"))
    for known in (None, roster):
        summary = aggregate([*sample_returns(), junk], known)
        assert "图" not in summary.coverage["department"].tolist()
        assert summary.files["use"].loc["x/图.jpg"] == "rejected"


def test_errors_make_a_return_faulty_and_its_figures_still_count() -> None:
    item = accepted(
        filling(ARCHIVE), findings=[finding("V301", label="x"), finding("A501", detail="")]
    )
    summary = aggregate([item])
    line = of(summary, "岳阳市云溪区档案馆")
    assert (line["status"], line["errors"], line["warnings"]) == ("faulty", 1, 1)
    assert figure(summary, "final_budget") == 168.35


def test_the_return_saved_last_counts_and_the_others_are_told(roster: Roster) -> None:
    one = accepted(filling(ARCHIVE), "a.xlsx", modified="2025-03-20T08:00:00Z")
    two = copy(one, "b.xlsx", "2025-03-21T08:00:00Z")
    three = copy(one, "c.xlsx", "2025-03-19T08:00:00Z")
    returns = [one, two, three]
    assert sort_by_sender(returns, roster).replaced == {0: 1, 2: 1}
    told = add_findings_between(returns, roster)
    assert [[f.code for f in item.findings] for item in told] == [["A502"], [], ["A502"]]
    assert told[0].findings[0].expected == "b.xlsx"
    assert told[0].findings[0].cell == "D5"
    assert add_findings_between(told, roster) == told
    summary = aggregate(told, roster)
    assert summary.duplicates["code"].tolist() == ["118001", "118001"]
    assert summary.duplicates["counted"].to_dict() == {"a.xlsx": "b.xlsx", "c.xlsx": "b.xlsx"}
    assert figure(summary, "final_budget") == 168.35
    assert len(summary.coverage[summary.coverage["duplicates"] == 2]) == 1


def test_equal_times_fall_back_on_the_path() -> None:
    one = accepted(filling(ARCHIVE), "b.xlsx")
    assert sort_by_sender([one, copy(one, "a.xlsx")]).replaced == {1: 0}


def test_a_department_is_known_by_its_code_or_its_name() -> None:
    given = filling(ARCHIVE)
    whole = accepted(given, "a.xlsx")
    nameless = accepted(changed(given, identity__department="档案馆（新）"), "b.xlsx")
    codeless = accepted(
        changed(given, identity__department_code=None, identity__department="岳阳市云溪区 档案馆"),
        "c.xlsx",
    )
    stranger = accepted(
        changed(given, identity__department_code="9", identity__department="乙局"), "d.xlsx"
    )
    # The first two to come have nothing in common before the third joins them.
    assert sort_by_sender([nameless, codeless, whole, stranger]).replaced == {0: 1, 2: 1}


def test_other_years_do_not_replace_each_other() -> None:
    one = accepted(filling(ARCHIVE), "a.xlsx")
    assert one.submission is not None
    other = replace(one, path=Path("b.xlsx"),
                    submission=replace(one.submission, path=Path("b.xlsx"), fiscal_year=2023))  # fmt: skip
    assert sort_by_sender([one, other]).replaced == {}
    assert [part.fiscal_year for part in aggregate([one, other]).forms] == [2023, 2024]


def test_a_department_off_the_roster_is_told_with_the_nearest(roster: Roster) -> None:
    given = changed(
        filling(ARCHIVE), identity__department_code="", identity__department="云溪区档案局"
    )
    (item,) = add_findings_between([accepted(given)], roster)
    (told,) = item.findings
    assert (told.code, told.field, told.cell) == ("A501", "identity.department", "D5")
    assert told.expected == "118001 岳阳市云溪区档案馆"
    summary = aggregate([item], roster)
    assert main_form(summary).departments["department"].tolist()[-1] == "云溪区档案局"
    assert add_findings_between([item]) == (item,)


def test_skipped_files_are_only_listed(roster: Roster) -> None:
    skipped = Return(Path("~$a.xlsx"), SKIPPED, (finding("W102"),))
    summary = aggregate([*sample_returns(), skipped], roster)
    assert len(main_form(summary).departments) == 14
    assert summary.files["use"].loc["~$a.xlsx"] == "skipped"


def test_nothing_at_all_still_makes_a_summary(roster: Roster) -> None:
    summary = aggregate([], roster)
    assert summary.main is None
    assert summary.counts.to_dict() == {"answered": 0, "faulty": 0, "rejected": 0, "missing": 14}
    assert aggregate([]).coverage.empty


def test_another_form_is_summed_up_by_its_own_amounts_in_wan_yuan(tmp_path: Path) -> None:
    form = project_form(tmp_path)
    summary = aggregate(
        [project(form, "桥"), project(form, "路"), project(form, "路", department="乙", code="2")]
    )
    lines = main_form(summary).departments
    assert lines["project"].tolist() == ["桥", "路", "路"]
    assert lines["planned"].tolist() == [2, 2, 2]
    assert lines["unspent"].tolist() == [1.5, 1.5, 1.5]
    assert figure(summary, "spent") == 1.5
    assert {"execution_rate", "total_score", "grade"}.isdisjoint(lines.columns)
    assert main_form(summary).indicators.empty
    assert len(main_form(summary).details["steps"]) == 3
    assert len(summary.coverage) == 2


def test_departments_own_form_comes_before_their_projects(tmp_path: Path, roster: Roster) -> None:
    form = project_form(tmp_path)
    projects = [
        project(form, str(n), department="岳阳市云溪区残疾人联合会", code="412001")
        for n in range(20)
    ]
    summary = aggregate([*projects, *sample_returns()], roster)
    assert [part.form.id for part in summary.forms] == ["department_overall", "small_project"]
    assert of(summary, "岳阳市云溪区残疾人联合会")["status"] == "missing"
    assert len(summary.forms[1].departments) == 20
