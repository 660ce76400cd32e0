"""What a text claims that cannot be: the clause is told; where it may be right, nothing is."""

import pytest

from workbook.expression.claims_in_text import (
    another_self,
    another_unit,
    dated_otherwise,
    overclaimed,
    planned_in_past,
    redated,
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


@pytest.mark.parametrize(
    ("text", "department", "told"),
    [
        ("我局加强管理。", "株洲市生态环境局石峰分局", ""),
        ("我院门诊11万人次。", "塔城地区精神卫生中心", ""),
        ("我院开展教研。", "中共阜新市委党校", ""),
        ("我校招生300人。", "株洲市第一中学", ""),
        ("我所试验新品种。", "湖南省农业科学院", ""),
        ("我局养护公路（加挂公路局牌子）。", "桃源县公路建设养护中心", ""),
        ("我所在地区干旱，我中心已应对。", "株洲市气象服务中心", ""),
        ("我单位、我市加强管理。", "株洲市救助管理站", ""),
        ("我局加强管理。", "开发区管委会", ""),
        ("我局高度重视，成立小组。", "株洲市防震减灾服务中心", "我局高度重视"),
        ("分析原因，我校将整改。", "株洲市图书馆", "我校将整改"),
    ],
)
def test_a_body_that_calls_itself_what_it_is_not_is_told(
    text: str, department: str, told: str
) -> None:
    assert another_self(text, department) == told


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
