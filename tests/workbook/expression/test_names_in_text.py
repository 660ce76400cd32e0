"""The names of other bodies in a text: told where they cannot be right, and nothing where they may be."""

import pytest

from workbook.expression.names_in_text import another_self, another_subject, another_unit


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
        ("靖远县第一中学始建于1941年。", "靖远县第一中学", ""),
        ("靖远县第二中学始建于1941年。", "靖远县第一中学", "靖远县第二中学"),
    ],
)
def test_another_place_s_office_is_told(text: str, department: str, told: str) -> None:
    assert another_unit(text, department) == told


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
    ("text", "told"),
    [
        ("县林业局将加强管护。", ""),
        ("县财政局将提前下达资金。", ""),
        ("县水利局移交的堤段尚未验收。", ""),
        ("加挂县水利局牌子。县水利局将加强管护。", ""),
        ("延长产业链；2.县水利局将加强项目库建设。", "县水利局"),
    ],
)
def test_another_office_that_does_the_work_is_told(text: str, told: str) -> None:
    assert another_subject(text, "霍山县林业局") == told
