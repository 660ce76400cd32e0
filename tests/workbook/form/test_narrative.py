"""The report as it is read off a return: its chapters in order, its finished text, and what ends well."""

import re
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
    assert (found["（一）基本支出情况"][0], found["（二）项目支出情况"][0]) == (
        f"{PERFORMED}，其中“三公”经费支出0万元（公务接待费0万元，公务用车运行费0万元）。",
        "2024年财政拨款项目支出14.01万元。为加强科普信息传播工作，开展系列科普宣传活动支出14.01万元。",
    )
    assert found["六、部门整体支出绩效情况"][0].startswith(f"1、{PERFORMED}，及时保障")
    for heading in ("三、政府性基金", "四、国有资本经营", "五、社会保险基金"):
        assert found[f"{heading}预算支出情况"] == (NOTHING,)
    assert found["九、其他需要说明的情况"] == (NOTHING,)


def test_a_return_without_a_report_has_no_text() -> None:
    given = filling(SEED)
    bare = {key: value for key, value in given.values.items() if not key.startswith("report.")}
    assert not is_written(FORM, report(Filling(bare, given.rows)))


BASIC, PROJECTS, SIX = "（一）基本支出情况", "（二）项目支出情况", "六、部门整体支出绩效情况"
THREE = "三、政府性基金预算支出情况"
SAID: tuple[tuple[dict[str, Value], str, str], ...] = (
    ({"overview": "区科协", "personnel_expenditure": 57.98}, BASIC,
     ".*基本支出　　万元，其中：人员支出57.98万元，公用支出　　万元.*"),
    ({"vehicle_purchase": 12.3456}, BASIC, "(?!.*因公出国).*，公务用车购置费12.3456万元）。.*"),
    ({"government_fund_expenditure": 5.0}, THREE, "2024年政府性基金预算支出5万元。"),
    ({"state_capital_text": "本单位没有国有资本经营预算。"}, "四、国有资本经营预算支出情况", "本单位没有国有资本经营预算。"),
    ({"performance": "基本支出保障了运转。", "personnel_expenditure": 5.0}, SIX, "基本支出保障了运转。"),
    ({"performance": "运转正常。", "personnel_expenditure": 5.0}, SIX, ".*人员支出5万元.*"),
    ({"performance": "1、运转正常。\n2、活动丰富。"}, SIX, ".*¶1、运转正常。¶2、活动丰富。"),
    ({"personnel_expenditure": "五十万元", "operating_expenditure": 5.11}, BASIC, ".*人员支出　　万元，公用支出5.11万元.*"),
    ({"government_fund_expenditure": "若干"}, THREE, "2024年政府性基金预算支出　　万元。"),
    ({"overview": "区科协", "funds.basic_expenditure": 64.29}, PROJECTS, "2024年财政拨款项目支出0万元。"),
    ({"overview": "<b>粗体</b>&amp;"}, "一、部门（单位）概况", "<b>粗体</b>&amp;"),
    ({"overview": '=HYPERLINK("x")'}, "一、部门（单位）概况", r'=HYPERLINK\("x"\)'),
    ({"overview": "# 一、标题"}, "一、部门（单位）概况", "# 一、标题"),
    ({"overview": "x" * 3000}, "一、部门（单位）概况", "x" * 3000),
    ({"overview": "{overview}"}, "一、部门（单位）概况", r"\{overview\}"),
)  # fmt: skip


@pytest.mark.parametrize(("values", "heading", "said"), SAID)
def test_a_chapter_says_what_was_filled_in(
    values: dict[str, Value], heading: str, said: str
) -> None:
    given = {n if "." in n else f"report.{n}": value for n, value in values.items()}
    lines = paragraphs(Filling(given))[heading]
    assert re.fullmatch(said, "¶".join(lines))
