"""What a text claims that cannot be: the clause is told; where it may be right, nothing is."""

import pytest

from workbook.expression.claims_in_text import (
    counted_before,
    dated_otherwise,
    deducted_otherwise,
    overclaimed,
    planned_in_past,
    redated,
    underclaimed,
)


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
        ("2023年执行率98%，2024年执行率100%。", False),
        ("2023年执行率100%。", True),
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


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ("免疫疫苗4月15日到位。", "免疫疫苗到位时间", ""),
        ("免疫疫苗4月5日到位，4月15日全部到位。", "免疫疫苗到位时间", ""),
        ("免疫疫苗3月2日启动招标。", "免疫疫苗到位时间", ""),
        ("免疫疫苗于12月31日前到位。", "免疫疫苗到位时间", ""),
        ("高标准农田项目9月12日完工。", "新农村建设项目完工时间", ""),
        ("培训班6月3日开班。", "培训完成时间", ""),
        ("5月11日组织应急演练。", "免疫疫苗到位时间", ""),
        ("系统2023年4月20日立项。", "系统升级时间", ""),
        ("免疫疫苗4月5日到位。", "免疫疫苗到位时间", "免疫疫苗4月5日到位"),
        ("耕地地力补贴92万亩，于7月14日发放。", "耕地地力补贴发放时间", "于7月14日发放"),
        ("系统2023年4月15日终验。", "监控升级时间", "系统2023年4月15日终验"),
    ],
)
def test_another_day_of_what_is_named_is_told(text: str, name: str, told: str) -> None:
    assert redated(text, name, 2024, 4, 15) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2019年成立，编制62名，2024年末实有59人。", ""),
        ("2023年末编制62名，2024年末实有59人。", ""),
        ("编制62名，2023年末实有59人。", "2023年末实有59人"),
    ],
)
def test_a_count_of_a_year_gone_is_told(text: str, told: str) -> None:
    assert counted_before(text, 2024) == told


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("就诊患者满意度未达到目标值", True),
        ("城乡居民就诊患者满意度略低于年度目标", True),
        ("就诊患者家属满意度未达到目标值", False),
        ("就诊患者满意度的提升未达预期", False),
    ],
)
def test_what_is_said_to_be_missed_is_told_by_its_name(text: str, *, is_told: bool) -> None:
    assert bool(underclaimed(text, "就诊患者满意度", "%")) is is_told


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("就业服务体系扣0.4分", False),
        ("就业服务体系、技能培训共扣0.6分", False),
        ("技能培训扣0.6分", False),
        ("就业服务体系扣了0.6分", True),
    ],
)
def test_other_points_than_were_taken_off_are_told(text: str, *, is_told: bool) -> None:
    assert bool(deducted_otherwise(text, "就业服务体系", "", 0.4)) is is_told
