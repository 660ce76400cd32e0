"""What departments type, and what they might: a hand with a seed, for any form.

One filling follows from the last by some further typing, as in life; so LibreOffice's own knowledge of
what has to be recalculated is on trial too. A share of the typing aims at the edge of a rule's
comparison: just within the tolerance, just outside, a cent off.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tests.api import NUMBERS, OFFSETS
from tests.differential.arena import FORMULA, Typed
from workbook import Cell, Filling, Form, Submission
from workbook.checking import Batch, View, gather
from workbook.expression import Call, Node, Ref, Type
from workbook.form import CELL, GROUP, ROW, Field, Rule
from workbook.layout import Layout, Spot, lay_out
from workbook.reading import submit

NO_NUMBERS = (
    "待定", "300万元", "12.5 万元", "'３００", "'12", "'1,234.5", "'7８.3", " ", "　", "—", "无", "1.2.3",
    "约5", "'", "见附件", "' 5 ", "'1e3", "'-5", "'50%", "=1/0", "=NA()", "=1+1", "=\"\"", "=\"3\"", "'\n",
    "' \t",
)  # fmt: skip
NUMERALS = (
    "３００", "1,234.5", "12%", "95.5%", "1e3", "-5", "(5)", "１２．５", "0.1", "1/2", "TRUE", "￥5",
    "2024-10-1", "+7", ".5",
)  # fmt: skip
HIGHEST_SCORE = 1e4
"""A column of 10^8 points, or one of points that cancel each other, leaves it to the order of adding on
which side of half a cent its sum falls."""
SCORES = tuple(number for number in NUMBERS if abs(number) < HIGHEST_SCORE)
SIGNS = (
    "", "", "", "≥", "≤", ">", "<", "=", "≧", "≦", "═", ">=", "<=", "＞", "＜", "＝", "＞=", "不少于", "不低于",
    "不小于", "不超过", "不高于", "不大于", "不多于", "大于等于", "大于或等于", "小于等于", "小于或等于", "约",
    "≥ ", "≧　", "=>", "≥≥",
)  # fmt: skip
UNITS = (
    "%", "％", "个", "场", "场次", "公里", "天", "年", "个月", "小时", "月底前", "万元", "元", "户", "", "",
    "种", "以上", "以下", "以内", "%以上", "种以内", "万亩", "年10月底前", "-5", "~20", "/5", "、8",
    "名群众参加了活动且反映良好", "M2", "m2", "Ｍ2", "㎡",
)  # fmt: skip
MEASURES = (
    "≥95%", "不少于12场", "95%以上", "2024年10月底前", "１００％", "1.2.3", "-5", "100%", "……",
    "12345678901234567890", "≧ 3 次", "123456789012345", "1234567890123456", ".", "5.", ".5", "≥.5%",
    "达成年度指标", "部分达成年度指标", "未达成", "达 成年度 指标", "有所提升", "高", "较高", "全面完成", "1年",
    "2024-10", "2024/10/1", "≥", "=0", "≤0", "0", "0%", "≤3起", "＝100％", "1，000人", "1,000人", " ", "　",
    "第1季度", "①5个", "五个", "≥5.2万亩", "95％以上", "12种以上", "以上", "5以上", "不低于95%以上", "=1/0",
    "100 %", "3次/年", "50-60个", "\u00a095%", "95\t%", "95\n%", "95%\r\n", "１２種", "ⅲ级", "Ⅲ级", "ß", "ǆ",
    "ı", "İ", "ﬁ", "🎉5", "5🎉", "a5", "A5", "+5", "+5%", "５０以內", *("长" * 61, "5" + "个" * 60) * 3,
    "控制在100%以内", "控制在预算以内", "费用≤10万元", "每月不少于2次", "每月1次", "增长5%", "增长2%", "三项", "十个", "百分之百",
    "次年1月10日", "计划5个，实际完成4个", "零发生", "10万元左右", "1", "0.99", "5名", "8.6km", "12期次",
    *("达成年度指标", "部分达成", "未达成") * 4,
)  # fmt: skip
INDICATORS = (
    "科普活动", "科 普活动", "科普活动 ", "ABC培训", "abc培训", "ＡＢＣ培训", "三公经费控制率", "/", "无", "……",
    "★", "—", "0", "...", "指标1:", "精心组织了形式多样，内容丰富多彩的系列科普活动。", "群众满意度",
    "投入产出比", "科普\n活动", "=科普", "*", "科普*", "?普活动", "~*", "1", "TRUE", "'科普", "\"科普\"", "a&b",
    "<b>", "长" * 100, "长" * 101, "Straße", "STRASSE", "é", "É", "Σς", "σΣ",
)  # fmt: skip
REASONS = (
    "无", "因雨停工，明年提前安排", "已完成", " 已 完成 ", "0", "/", "略", "无偏差", "　", "增加了暑期专场",
    "第一行\n第二行", "长" * 301, "……", "－",
)  # fmt: skip
GOALS = (
    "各项工作完成。", "因项目结转下年，执行率偏低。", "年中追加防汛资金。", "目标一", "目标 1：科普",
    "目标１：科普", "目标1:科普", "调减预算", "未支出 5 万元", "未执行", "压减", "年初预算",
    "1. 开展活动；\n2. 培训 50 人。", "a\r\nb", "长" * 600, "长" * 601, "调\n整", " ", "GOAL one", "goal ONE",
    "ＧＯＡＬ one", "完成xx项\n" * 25, "××工程", "预算含上年结转5万元。", "结转到2025年", "各项工作\n" * 14,
)  # fmt: skip
REPORTS = (
    "区科协是群团机构。", "无。", "2024年我单位无预算支出执行偏离绩效目标的情况。", "不存在偏差。", "没有偏离",
    "无重大问题。个别项目偏离绩效目标", "人员支出57.98万元，公用支出5.11万元，基本支出64.29万元", "其中其他资金4.62万元",
    "人员支出1.2.3万元", "人员支出", "项目支出14.01万元，项目支出5万元", "公用支出1,234.50万元", "人员支出１２万元",
    "人员支出12345678901234567万元", " ", "a\r\nb", "=1+1", "人员支出-5万元", "人员支出.5万元", "人员支出5.万元",
    "人员\n支出 5 万元", "<b>人员支出5万元</b>", "无", "暂无问题。", "目前不存在问题", "无需改进。", "除一项外，其他指标没有偏离。",
    "无固定场地", "请在此填写", "此处填写", "XX单位", "××", "一\n" * 60, "二\r\n" * 12, "长一些的一行\n" * 7,
)  # fmt: skip
WORDS = (
    "财政局", "科技局 ", "张三", "0453-1234567", "１２３", "=1+1", "'=1+1", "某某" * 11, "某某" * 40,
    "某某" * 51, " ", "A", "a", "2024", "项目一", "单位\n名称",
)  # fmt: skip
DATES = (
    "2025-3-18", "2025年3月18日", "去年", "'2025-3-18", 45734.0, 45734.5, 0.0, -1.0, "3月", "2025.3.18", 1e7,
    "=1/0",
)  # fmt: skip


@dataclass
class Typist:
    """Types into one form; `held` is what was last typed into each cell."""

    form: Form
    seed: int
    held: dict[str, Typed] = field(default_factory=dict)
    chance: random.Random = field(init=False)
    layout: Layout = field(init=False)
    spots: tuple[Spot, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.layout = lay_out(self.form)
        self.spots = tuple(
            spot
            for spot in self.layout.spots.values()
            if spot.field.is_input and spot.address.sheet in self.layout.pages
        )

    def typing(self) -> dict[str, Typed]:
        """Some more cells and what to type there."""
        typed: dict[str, Typed] = {}
        for _ in range(self.chance.randint(1, 4)):
            typed |= self._row() if self.chance.random() < 0.6 else self._scattered()
        self.held |= typed
        for _ in range(self.chance.choice((0, 1, 1, 2, 3))):
            aimed = self._aim()
            typed |= aimed
            self.held |= aimed
        return typed

    def _scattered(self) -> dict[str, Typed]:
        spots = self.chance.sample(self.spots, k=self.chance.randint(1, 6))
        return {spot.name: self._value(spot) for spot in spots}

    def _row(self) -> dict[str, Typed]:
        """One row, or one section's single cells, filled in sensibly on the whole."""
        section = self.chance.choice(tuple(self.form.sections))
        numbers = {s.number for s in self.spots if s.field.section == section}
        if not numbers:
            return {}
        number = self.chance.choice(sorted(numbers))
        spots = [s for s in self.spots if (s.field.section, s.number) == (section, number)]
        if self.chance.random() < 0.15:
            return {
                spot.name: FORMULA if spot.field.mode == "suggested" else None for spot in spots
            }
        nasty = self.chance.random() < 0.3
        typed: dict[str, Typed] = {}
        for spot in spots:
            if nasty or spot.field.kind.type is not Type.NUMBER:
                typed[spot.name] = self._value(spot, typed)
            elif spot.field.mode == "suggested":
                typed[spot.name] = self.chance.choice((FORMULA, FORMULA, 9.5, 10.0))
            else:
                typed[spot.name] = self._figure(spot, typed)
        return typed

    def _figure(self, spot: Spot, row: dict[str, Typed]) -> float:
        """A plausible number; in a row often the same as one already there, or a bit off it."""
        held = [v for v in (row or self.held).values() if isinstance(v, float)]
        score = spot.field.kind.name == "score"
        there = [v for v in held if (0 <= v < HIGHEST_SCORE if score else abs(v) < 1e9)]
        if there and self.chance.random() < 0.6:
            near = self.chance.choice(there)
            return near + self.chance.choice((0.0, 0.0, *OFFSETS, -0.5))
        if spot.field.kind.decimals == 2 and spot.number:
            return float(self.chance.choice((2, 5, 5, 8, 10, 10, 20, 2.5, 3.33)))
        return round(self.chance.uniform(0, 200), self.chance.choice((0, 2, 4, 9)))

    def _value(self, spot: Spot, row: dict[str, Typed] | None = None) -> Typed:
        item = spot.field
        if self.chance.random() < 0.12:
            return None
        if item.mode == "suggested" and self.chance.random() < 0.5:
            return FORMULA
        if item.kind.type is Type.DATE:
            return self.chance.choice(DATES)
        if item.kind.type is Type.NUMBER:
            sort = self.chance.random()
            if sort < 0.2:
                return self.chance.choice(NO_NUMBERS)
            if sort < 0.3:
                return self.chance.choice(NUMERALS)
            if sort < 0.6:
                return self.chance.choice(SCORES if item.kind.name == "score" else NUMBERS)
            return self._figure(spot, row or {})
        if self.chance.random() < 0.03:
            return self.chance.choice(
                (100.0, 0.95, 12345678.9, 1e12, -3.0, 0.1 + 0.2, 1e-7, 45734.0)
            )
        if item.choices:
            return self.chance.choice((*item.choices, *item.choices, "别的", f" {item.choices[0]}"))
        if item.kind.name == "measure":
            return self._measure(row or {})
        prompt = item.instruction or item.prompt.partition("。")[0]
        if item.kind.is_prose and not spot.number and prompt and self.chance.random() < 0.15:
            return self.chance.choice((prompt, f"（{prompt}）", f"说明：{prompt} "))
        if item.section == "report":
            over = "长" * (item.max_length or 0)
            return self.chance.choice((*REPORTS, *self._quotes(), *(over, f"{over}长") * 3))
        if item.kind.name == "paragraph":
            return self.chance.choice(
                REASONS if spot.number else (*GOALS, *self._differences_told())
            )
        return self.chance.choice(INDICATORS if spot.number else WORDS)

    def _differences_told(self) -> list[str]:
        """Sentences that tell by how much two amounts differ, or nearly so."""
        held = [v for v in self.held.values() if isinstance(v, float) and 0 <= v < 1e6]
        told = f"{abs(self.chance.choice(held) - self.chance.choice(held)):.2f}" if held else "5"
        plain = told.rstrip("0").rstrip(".")
        return [f"较{told}万元", f"多{plain}万元", f"1{plain}万元", f"多{plain}元，{plain}0万元"]

    def _quotes(self) -> list[str]:
        """Sentences that quote figures held elsewhere, right and wrong."""
        held = [v for v in self.held.values() if isinstance(v, float) and 0 <= v < 1e6]
        figure = self.chance.choice(held) if held else 5.11
        off = self.chance.choice((0.0, 0.0, *OFFSETS))
        word = self.chance.choice(
            ("人员支出", "公用支出", "基本支出", "项目支出", "各项项目支出", "元，项目支出")
        )
        link = self.chance.choice(("", "", "为", "：", "共计", "约", " "))
        return [
            f"2024年{word}{link}{abs(figure + off):.6g}{unit}。" for unit in ("万元", " 万元", "元")
        ]

    def _measure(self, row: dict[str, Typed]) -> str:
        """A target; or, where one stands already in the row, an actual value that answers it."""
        before = [v for v in row.values() if isinstance(v, str) and v in self._targets]
        if before and self.chance.random() < 0.75:
            number, unit = self._targets[before[-1]]
            reached = number * self.chance.choice(
                (1, 1, 1, 0.9, 1.1, 1.3, 1.2999, 1.31, 2, 0.5, 0, 1.0001)
            )
            return f"{reached:.10g}{unit}"
        if self.chance.random() < 0.35:
            return self.chance.choice(MEASURES)
        number = self.chance.choice(
            (0, 1, 3, 5, 10, 12, 90, 95, 100, 120, 2024, 78.3, 99.5, 5.2, 1234.5)
        )
        sign, unit = self.chance.choice(SIGNS), self.chance.choice(UNITS)
        text = f"{sign}{number}{unit}"
        self._targets[text] = number, unit
        return text

    _targets: dict[str, tuple[float, str]] = field(default_factory=dict)

    # at the edge of a comparison

    def _aim(self) -> dict[str, Typed]:
        """One number typed so that the two sides of a comparison differ by next to nothing."""
        rule = self.chance.choice(self.form.sheet_rules)
        comparisons = [c for n in (rule.must, rule.when) if n for c in calls(n) if c.op.compares]
        if not comparisons:
            return {}
        node = self.chance.choice(comparisons)
        width = self._width(rule)
        j = self.chance.randrange(width)
        leaves = sorted(set(self._leaves(node, rule.section, rule.grain, j, set())))
        if not leaves:
            return {}
        name = self.chance.choice(leaves)
        held = self.held.get(name)
        at = held if isinstance(held, float) and abs(held) < 1e9 else 10.0
        a, b = self._differences(node, rule, j, name, (at, at + 1.0))
        if not np.isfinite([a, b]).all() or abs(b - a) < 1e-9:
            return {}
        offset = self.chance.choice((*OFFSETS, node.tolerance * 1.01, -node.tolerance * 0.99))
        exact = at - (a - offset) / (b - a)
        if self.layout.spots[name].field.kind.name == "score" and not -1 < exact < HIGHEST_SCORE:
            return {}
        return {name: round(exact, 9)} if abs(exact) < 1e9 else {}

    def _width(self, rule: Rule) -> int:
        if rule.grain == CELL:
            return 1
        block = self.layout.blocks[rule.section]
        return len(block.slots) if rule.grain == ROW else len(block.groups)

    def _leaves(
        self, node: Node, section: str, grain: str, j: int, known: set[tuple[str, int]]
    ) -> Iterator[str]:
        """The cells for numbers on which an expression depends, seen from a row or group.

        `known` are the computed cells that it has come by: many ways lead to some.
        """
        if isinstance(node, Call):
            for arg in node.args:
                yield from self._leaves(arg, section, grain, j, known)
        elif isinstance(node, Ref):
            item = self.form.sections[node.section].fields[node.field]
            k = self._seen(item, node, grain, j)
            if item.is_input and item.kind.type is Type.NUMBER:
                yield item.key if item.grain == CELL else f"{item.key}.{k + 1}"
            elif item.is_computed and (item.key, k) not in known:
                known.add((item.key, k))
                formula = self.form.formulas[item.key]
                yield from self._leaves(formula, item.section, item.grain, k, known)

    def _seen(self, item: Field, ref: Ref, grain: str, j: int) -> int:
        """Which row or group of a field is meant, from 0; of a column any."""
        if item.grain == CELL:
            return 0
        block = self.layout.blocks[item.section]
        if ref.reach == "column":
            return self.chance.randrange(len(block.slots))
        if ref.reach == "group":
            return block.starts[j] + self.chance.randrange(block.groups[j].rows)
        return block.slots[j].group if item.grain == GROUP and grain == ROW else j

    def _differences(
        self, node: Call, rule: Rule, j: int, name: str, values: tuple[float, float]
    ) -> tuple[float, float]:
        pair = [self._submission({**self.held, name: value}) for value in values]
        batch: Batch = gather(self.form, pair, View.WORKBOOK)
        left, right = (batch.evaluate(arg, rule.grain) for arg in node.args)
        gap = np.broadcast_to(left - right, (2, self._width(rule)))[:, j]
        return float(gap[0]), float(gap[1])

    def submission(self) -> Submission:
        """What is held now, as near as can be said without a workbook."""
        return self._submission(self.held)

    def _submission(self, held: dict[str, Typed]) -> Submission:
        blank = submit(self.form, Filling())
        cells = dict(blank.cells)
        for name, typed in held.items():
            if typed not in (None, FORMULA):
                cells[name] = Cell(typed, None, cells[name].address)
        return Submission(blank.path, self.form, blank.plan, cells, {}, blank.fiscal_year, "", "")


def calls(node: Node) -> Iterator[Call]:
    """Every call in an expression."""
    if isinstance(node, Call):
        yield node
        for arg in node.args:
            yield from calls(arg)
