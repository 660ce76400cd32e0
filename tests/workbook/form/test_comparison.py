"""What differs between two definitions is told in words, a line each."""

import shutil
from pathlib import Path

import pytest

from workbook import Form, find_form, load_form
from workbook.form import differences, places_with

ODD = Path(__file__).resolve().parents[2] / "forms" / "odd_form_2023.toml"


PARTS = [
    "form",
    "words",
    "define",
    "further_sheet",
    "section",
    "field",
    "rule",
    "summary",
    "breakdown",
]


def successor(folder: Path, text: str) -> tuple[Form, Form]:
    """The odd form, and one that extends it."""
    shutil.copy(ODD, folder)
    path = folder / "next.toml"
    path.write_text(f'extends = "{ODD.stem}"\n{text}', encoding="utf-8")
    return load_form(folder / ODD.name), load_form(path)


def sentences(folder: Path, text: str) -> list[str]:
    return [found.sentence for found in differences(*successor(folder, text))]


def test_a_form_does_not_differ_from_itself() -> None:
    form = find_form("department_overall")
    assert differences(form, form) == ()


def test_a_form_does_not_differ_from_itself_in_one_file(tmp_path: Path) -> None:
    form = find_form("department_overall")
    whole = tmp_path / "whole.toml"
    whole.write_text(form.definition, encoding="utf-8")
    assert differences(form, load_form(whole)) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('version = "2024"', ["表的版本：“2023” → “2024”"]),
        ("[settings]\nlongest = 365\nmost = 3", ["参数 longest：366 → 365", "新增参数 most：3"]),
        ('annex = "附件1"', ["表的附件号：没有 → “附件1”"]),
        ("[[section]]\nid = 'funds'\n[section.fields]\nfinal_budget = { label = '预算', min = 1 }",
         ["字段 funds.final_budget 的名称：“全年预算数” → “预算”", "字段 funds.final_budget 的最小值：没有 → 1"]),
        ("[[section]]\nid = 'identity'\n[section.fields]\ncategory = { choices = ['经常性', '一次性'] }",
         ["字段 identity.category 的选项：去掉 “跨年度”"]),
        ("[[rule]]\ncode = 'Z440'\nseverity = 'note'\nat = 'done'",
         ["规则 Z440 的标在哪一格：“done”等 2 条 → “done”", "规则 Z440 的级别：“warning” → “note”"]),
        ("without = ['Z440']", ["去掉规则 Z440“完成比例与是否完成不符”"]),
        ("[[further_sheet]]\nname = '报告'\nwidths = [9]", ["新增另外的工作表 报告"]),
    ],
)  # fmt: skip
def test_each_difference_is_a_line(tmp_path: Path, text: str, told: list[str]) -> None:
    assert sentences(tmp_path, text) == told


def test_groups_and_their_rows_are_told(tmp_path: Path) -> None:
    path = tmp_path / "next.toml"
    path.write_text(
        'extends = "department_overall_2024"\nwithout = ["indicators.满意度指标"]\n'
        '[[section]]\nid = "indicators"\n[[section.group]]\nlevel1 = "产出指标"\nweight = 60\n'
        'rows = { "数量指标" = 4, "成果指标" = 1 }\n',
        encoding="utf-8",
    )
    found = differences(find_form("department_overall"), load_form(path))
    assert [difference.sentence for difference in found] == [
        "一级指标 indicators.产出指标 的分值：50 → 60",
        "去掉一级指标 indicators.满意度指标",
        "行数 indicators.产出指标.数量指标：3 → 4",
        "去掉行数 indicators.满意度指标.服务对象满意度指标：2",
        "新增行数 indicators.产出指标.成果指标：1",
    ]


def test_what_the_summary_takes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "next.toml"
    path.write_text(
        'extends = "department_overall_2024"\nwithout = ["summary.errors"]\n[summary]\n'
        'contacts = []\n[[summary.reason]]\nname = "自然条件"\nwords = ["雨"]\n'
        '[[summary.criterion]]\nid = "large"\npoints = 4\n[summary.sample]\nleast = 5\n',
        encoding="utf-8",
    )
    found = differences(find_form("department_overall"), load_form(path))
    assert [difference.sentence for difference in found] == [
        "汇总的联系人：“identity.prepared_by”等 2 条 → 没有",
        "失分原因 自然条件 的字词：去掉 “天气”等 8 条",
        "抽查条件 large 的加分：3 → 4",
        "去掉抽查条件 errors“填报有错误”",
        "新增抽查",
    ]


def test_a_long_text_is_cut_down_to_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "next.toml"
    path.write_text('extends = "department_overall_2024"\nfiscal_year = 2025\n', encoding="utf-8")
    told = {d.sentence for d in differences(find_form("department_overall"), load_form(path))}
    assert "表的填写要求：“…公里、2024年12月31…” → “…公里、2025年12月31…”" in told
    assert "规则 D456 的例子：17 个 → 17 个，其中改的、新的 1 个" in told
    assert not [line for line in told if "\n" in line or len(line) > 200]


def test_another_order_is_told(tmp_path: Path) -> None:
    found = differences(*successor(tmp_path, "[[section]]\nid = 'funds'\nafter = 'goals'"))
    assert [difference.sentence for difference in found if difference.part == "section"] == [
        "分区的次序有变动"
    ]
    moved = next(difference for difference in found if difference.part == "section")
    assert sorted(moved.before) == sorted(moved.after)
    assert moved.before != moved.after


def test_another_form_is_told_from_end_to_end() -> None:
    found = differences(find_form("department_overall"), find_form("project_expenditure"))
    parts = [difference.part for difference in found]
    assert list(dict.fromkeys(parts)) == PARTS, "each part in one place"
    told = [difference.sentence for difference in found]
    assert "去掉分区 report“自评报告”" in told
    assert "新增字段 identity.project_name“项目名称”" in told
    assert not [line for line in told if "\n" in line]


def test_texts_that_name_a_year_are_found(tmp_path: Path) -> None:
    text = "fiscal_year = 2024\ninstructions = ['2023年的事。']\n"
    _, new = successor(tmp_path, text)
    assert "表的填写要求" in places_with(new, "2023")
    assert places_with(new, "1999") == ()
