"""The report as it is read off a return: its chapters in order, its finished text, and what ends well."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fillings import FILLED, filling, overall
from workbook import Filling
from workbook.checking import View, gather
from workbook.form import (
    NOTHING,
    Value,
    chapter_text,
    is_written,
    outline,
    report_section,
    report_title,
)
from workbook.reading import submit

FORM = overall()
SEED = next(path for path in FILLED if path.name.startswith("125001"))
PERFORMED = "2024年财政拨款基本支出64.29万元，其中：人员支出57.98万元，公用支出5.11万元"


def report(given: Filling) -> dict[str, Any]:
    values: dict[str, Any] = gather(FORM, [submit(FORM, given)], View.TRUE).values(0)["report"]
    return values


def paragraphs(given: Filling) -> dict[str, tuple[str, ...]]:
    """The paragraphs under each heading."""
    values = report(given)
    return {chapter.heading: chapter_text(chapter, values) for chapter in outline(FORM)}


def text(values: dict[str, Value]) -> dict[str, str]:
    """The text under each heading."""
    return {heading: "".join(lines) for heading, lines in paragraphs(Filling(values)).items()}


def test_the_chapters_are_those_of_the_paper() -> None:
    assert [(chapter.level, chapter.heading[:4]) for chapter in outline(FORM)] == [
        (0, ""),
        (1, "一、部门"),
        (1, "二、一般"),
        (2, "（一）基"),
        (2, "（二）项"),
        (1, "三、政府"),
        (1, "四、国有"),
        (1, "五、社会"),
        (1, "六、部门"),
        (1, "七、存在"),
        (1, "八、下一"),
        (1, "九、其他"),
    ]


def test_every_field_of_the_report_that_shows_stands_in_one_chapter() -> None:
    section = report_section(FORM)
    assert section is not None
    standing = [item.id for chapter in outline(FORM) for item in chapter.fields]
    assert sorted(standing) == sorted(f.id for f in section.fields.values() if not f.is_hidden)


def test_the_seeds_report_comes_out_as_it_went_in() -> None:
    values = report(filling(SEED))
    assert report_title(FORM, values) == "2024年度岳阳市云溪区科学技术协会部门整体支出绩效自评报告"
    found = paragraphs(filling(SEED))
    assert found["（一）基本支出情况"][0] == (
        f"{PERFORMED}，其中“三公”经费支出0万元（公务接待费0万元，公务用车运行费0万元）。"
    )
    assert found["（二）项目支出情况"][0] == (
        "2024年财政拨款项目支出14.01万元。为加强科普信息传播工作，开展系列科普宣传活动支出14.01万元。"
    )
    assert found["六、部门整体支出绩效情况"][0].startswith(f"1、{PERFORMED}，及时保障")
    for heading in ("三、政府性基金", "四、国有资本经营", "五、社会保险基金"):
        assert found[f"{heading}预算支出情况"] == (NOTHING,)
    assert found["九、其他需要说明的情况"] == (NOTHING,)


def test_a_return_without_a_report_has_no_text() -> None:
    given = filling(SEED)
    bare = {key: value for key, value in given.values.items() if not key.startswith("report.")}
    values = report(Filling(bare, given.rows))
    assert not is_written(FORM, values)


def test_figures_not_yet_filled_in_leave_their_room_in_the_sentence() -> None:
    found = text({"report.overview": "区科协", "report.personnel_expenditure": 57.98})
    assert (
        "基本支出　　万元，其中：人员支出57.98万元，公用支出　　万元" in found["（一）基本支出情况"]
    )


def test_further_parts_are_named_only_where_there_are_some() -> None:
    found = text({"report.vehicle_purchase": 12.3456, "report.government_fund_expenditure": 5.0})
    assert "，公务用车购置费12.3456万元）。" in found["（一）基本支出情况"]
    assert "因公出国" not in found["（一）基本支出情况"]
    assert found["三、政府性基金预算支出情况"] == "2024年政府性基金预算支出5万元。"


def test_what_is_written_of_an_absent_fund_stands_alone() -> None:
    found = text({"report.state_capital_text": "本单位没有国有资本经营预算。"})
    assert found["四、国有资本经营预算支出情况"] == "本单位没有国有资本经营预算。"


def test_the_figures_of_chapter_six_are_not_said_twice() -> None:
    with_own = text(
        {"report.performance": "基本支出保障了运转。", "report.personnel_expenditure": 5.0}
    )
    assert with_own["六、部门整体支出绩效情况"] == "基本支出保障了运转。"
    without = text({"report.performance": "运转正常。", "report.personnel_expenditure": 5.0})
    assert "人员支出5万元" in without["六、部门整体支出绩效情况"]


def test_a_list_begins_a_paragraph_of_its_own() -> None:
    found = paragraphs(Filling({"report.performance": "1、运转正常。\n2、活动丰富。"}))
    assert {"1、运转正常。", "2、活动丰富。"} <= set(found["六、部门整体支出绩效情况"])


@pytest.mark.parametrize(
    "words", ["<b>粗体</b>&amp;", '=HYPERLINK("x")', "# 一、标题", "x" * 3000, "{overview}"]
)
def test_text_that_looks_like_something_else_stays_text(words: str) -> None:
    assert text({"report.overview": words})["一、部门（单位）概况"] == words


def test_a_figure_in_words_leaves_its_room_as_if_it_were_not_there() -> None:
    words = {
        "report.personnel_expenditure": "五十万元",
        "report.government_fund_expenditure": "若干",
    }
    found = text({**words, "report.operating_expenditure": 5.11})
    assert "人员支出　　万元，公用支出5.11万元" in found["（一）基本支出情况"]
    assert found["三、政府性基金预算支出情况"] == "2024年政府性基金预算支出　　万元。"


def test_a_department_without_projects_spent_nothing_on_them() -> None:
    found = text({"funds.basic_expenditure": 64.29, "report.overview": "区科协"})
    assert found["（二）项目支出情况"] == "2024年财政拨款项目支出0万元。"
