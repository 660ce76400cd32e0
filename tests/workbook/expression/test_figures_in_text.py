"""What a text tells of a figure: another one is told, the very one, a bound that it keeps and another thing are not."""

import pytest

from workbook.expression.figures_in_text import disagreeing, misquoted

NONE: frozenset[float] = frozenset()


@pytest.mark.parametrize(
    ("text", "name", "figure", "unit", "told"),
    [
        ("门诊、住院患者满意度分别为91.85%、94.6%。", "住院患者满意度", 94.6, "%", ""),
        ("学生、家长满意度分别达98%、97%", "家长满意度", 97, "%", ""),
        ("住院患者满意度91.85%", "住院患者满意度", 94.6, "%", "住院患者满意度91.85%"),
        ("创作群众文艺作品15件", "群众文艺作品获奖数", 2, "件", ""),
        ("疫苗接种率≥95%", "疫苗接种率", 97.6, "%", ""),
        ("疫苗接种率≥95%", "疫苗接种率", 87.5, "%", "疫苗接种率≥95%"),
        ("惠及居民7216户", "老旧小区改造惠及户数", 7126, "户", "惠及居民7216户"),
        ("全年培训教师208人次", "教师培训人次", 218, "人次", "全年培训教师208人次"),
        ("海草修复200亩", "海草修复面积", 150, "亩", "海草修复200亩"),
        ("浯口2座渡改桥完成下部结构", "渡口改桥座数", 1, "座", ""),
        ("结案率96.7%", "法定审限内结案率", 98.6, "%", ""),
        ("满意度92.4%", "服务对象满意度", 92.9, "%", ""),
        ("合格率96.8%", "食品抽检合格率", 98.1, "%", ""),
        ("亮灯率98.9%", "路灯亮灯率", 98.6, "%", "亮灯率98.9%"),
        ("监测样品628份，培训8期", "业务培训期数", 7, "期", "培训8期"),
        ("上年培训8期", "业务培训期数", 7, "期", ""),
        ("培训80期", "业务培训期数", 7, "期", ""),
        ("新购检测仪器3台（套）", "新购检测仪器", 4, "台套", "新购检测仪器3台套"),
    ],
)
def test_another_figure_of_what_is_named_is_told(
    text: str, name: str, figure: float, unit: str, told: str
) -> None:
    assert misquoted(text, name, figure, unit, NONE, ("上年",)) == told


@pytest.mark.parametrize(
    ("text", "other", "is_told"),
    [
        ("组织农产品产销对接活动6场。", "组织产销对接活动5场。", True),
        ("组织农产品产销对接活动6场。", "组织产销对接活动6场。", False),
        ("发放特困供养金3120.55万元。", "特困人员供养3210.55万元。", True),
        ("培训教师356人次。", "培训医生218人次。", False),
        ("满意度98%。", "满意度97%。", False),
        ("举办活动6场、展览5场。", "举办展览6场、活动5场。", False),
        ("开展培训12场。", "开展培训8场。", False),
        ("举办培训2期150人次。", "培训2期280人次。", False),
        ("出访7批36人次、来访7批26人次。", "来访7批26人次。", False),
        ("场馆维修157.5万元。", "维修170万元。", False),
        ("推出临展9个，其中原创展3个。", "临展8个，平均每个19.8万元。", True),
        ("组织因公出访7批36人次。", "全年7批26人次。", True),
    ],
)
def test_one_thing_that_two_texts_tell_differently_is_told(
    text: str, other: str, is_told: bool
) -> None:
    assert bool(disagreeing(text, other, NONE, ())) is is_told


def test_a_figure_that_the_form_has_is_told_by_the_rule_of_its_row() -> None:
    texts = "惠及居民7126户。", "惠及居民7216户。"
    assert disagreeing(*texts, NONE, ())
    assert not disagreeing(*texts, frozenset({7126.0}), ())
