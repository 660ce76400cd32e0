"""What a text claims that cannot be: the clause is told; where it may be right, nothing is."""

import pytest

from workbook.expression.claims_in_text import (
    another_unit,
    dated_otherwise,
    misadded,
    overclaimed,
    planned_in_past,
)

ADDS_UP = (
    "免疫猪28万头、牛羊9万头，共37万头。",
    "本单位编制35人，实有32人，其中行政15人、事业17人，退休3人。",
    "在职人员45人，其中行政14人、事业28人、工勤3人，另有聘用人员4人。",
    "帮扶100户，其中脱贫户60户、低保户45户。",
    "局机关编制20人，下属单位3个，其中农技站编制35人。",
    "培训2期，每期50人，共100人。",
    "建成公共厕所3座、停车场2座，投资共60万元。",
    "发现隐患860处，当年整改800处，累计整改856处，整改率99.5%。",
    "培训300人，考试280人，合格270人，合格率90%。",
    "接待来访320批次，其中集体访40批次，化解率98%。",
    "立案120件，结案118件，结案率98.3%，其中简易案件90件、普通案件28件。",
    "资助学生9.8万人，其中小学6.2万人、初中3.6万人。",
    "基本支出8650.3万元，项目支出6770.47万元，合计1.54亿元。",
    "巡查1,200家次、检查300家次，共1,500家次。",
    "全年实现收入5.62亿元；全年实现收入较上年的5.2亿元增长8%。",
    "养护公路120公里，比上年增加20公里，其中县道30公里。",
    "在职教职工548人，其中专任教师396人（含副高以上职称171人），全日制在校生9326人。",
    "接待读者27.4万人次，同比增长7.0%（上年25.6万人次）。",
    "",
)
CANNOT_BE = (
    "免疫猪28万头、牛羊9万头，共39万头",
    "巡查1,200家次、检查300家次，共1,550家次",
    "教职工8246人，其中专任教师8631人",
    "在职41人，在职人员中行政14人、事业31人",
    "接待游客432.6万人次，其中国内游客430.1万人次、入境游客3.5万人次",
    "农产品抽检2400批次，合格2328批次，合格率99.2%",
    "抽检6120批次，检出不合格150批次，合格率99.5%",
)


@pytest.mark.parametrize("text", ADDS_UP)
def test_figures_that_may_be_right_are_not_told(text: str) -> None:
    assert misadded(text) == ""


@pytest.mark.parametrize("text", CANNOT_BE)
def test_figures_that_cannot_all_be_right_are_told(text: str) -> None:
    assert misadded(f"1、各项工作完成。2、{text}。") != ""


def test_a_growth_is_held_against_the_figure_in_the_same_text() -> None:
    told = "追回基金236.8万元。追回基金较上年的210.4万元增长22.5%。"
    assert misadded(told) == "追回基金较上年的210.4万元增长22.5%"
    assert misadded(told.replace("22.5", "12.5")) == ""


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("2024年，全县落实补助。", False),
        ("2023年结转资金全部用完。", False),
        ("2023年全县立项、2024年完工。", False),
        ("较2023年增长5%。", False),
        ("2023年，全县落实补助。", True),
        ("1、2023年度我局完成任务。", True),
        ("2025年自评得分98分。", True),
        ("2024年自评得分98分。", False),
    ],
)
def test_a_report_on_another_year_is_told(text: str, *, is_told: bool) -> None:
    assert bool(dated_otherwise(text, 2024)) is is_told


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("2025年继续加大力度。", False),
        ("针对2023年审计发现的问题整改。", False),
        ("落实《实施意见》（2023年）。", False),
        ("2023年继续加大力度。", True),
        ("确保2023年底前到岗。", True),
    ],
)
def test_a_plan_for_a_year_gone_is_told(text: str, *, is_told: bool) -> None:
    assert bool(planned_in_past(text, 2024)) is is_told


@pytest.mark.parametrize(
    ("text", "department", "told"),
    [
        ("长沙县市场监督管理局为政府部门。", "浏阳市市场监督管理局", "长沙县市场监督管理局"),
        ("2024年长沙县审计局为政府部门。", "浏阳市审计监督局", ""),
        ("区市场监督管理局为政府部门。", "岳阳市云溪区市场监督管理局", ""),
        ("岳阳市市场监督管理局云溪分局为派出机构。", "岳阳市云溪区市场监督管理局", ""),
        ("云溪区科学技术协会是群团机关。", "岳阳市云溪区科学技术协会", ""),
        ("君山区科学技术协会是群团机关。", "岳阳市云溪区科学技术协会", "君山区科学技术协会"),
        ("本局为政府部门。", "市场监督管理局", ""),
    ],
)
def test_another_place_s_office_is_told(text: str, department: str, told: str) -> None:
    assert another_unit(text, department) == told


@pytest.mark.parametrize(
    ("text", "name", "unit", "actual", "target", "way", "is_told"),
    [
        ("客运安全无事故", "客运安全事故", "起", 1.0, 0.0, "≤", True),
        ("客运安全无重大事故", "客运安全事故", "起", 1.0, 0.0, "≤", False),
        ("家庭无障碍改造80户", "家庭无障碍改造户均成本", "元/户", 3462.0, 3500.0, "≤", False),
        ("技能培训人次超额完成任务", "技能培训人次", "人次", 142.0, 150.0, "≥", True),
        ("技能培训人次超额完成任务", "技能培训人次", "人次", 152.0, 150.0, "≥", False),
        ("技能培训人次未能超额完成", "技能培训人次", "人次", 142.0, 150.0, "≥", False),
        ("秸秆综合利用率比目标高3.7个百分点", "秸秆综合利用率", "%", 89.7, 88.0, "≥", True),
        ("秸秆综合利用率比目标高1.7个百分点", "秸秆综合利用率", "%", 89.7, 88.0, "≥", False),
    ],
)
def test_a_claim_that_the_figure_denies_is_told(
    text: str, name: str, unit: str, actual: float, target: float, way: str, *, is_told: bool
) -> None:
    assert bool(overclaimed(text, name, actual, unit, target, way)) is is_told
