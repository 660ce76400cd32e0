"""A TOML table with its whereabouts, so that every mistake in it can be named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from workbook.errors import FormError, nearest
from workbook.text import is_blank

T = TypeVar("T")


class SourcedTable(dict[str, Any]):
    """A TOML table put together from several files, which knows where each of its keys was written."""

    def __init__(
        self, values: Mapping[str, Any], home: str, files: Mapping[str, str] | None = None
    ) -> None:
        """`home` is the file in which the table began, `files` that of each key written elsewhere."""
        super().__init__(values)
        self.home = home
        self.files = dict(files or {})

    def file_of(self, key: str) -> str:
        """The file in which a key stands; for one that stands nowhere, that of the table."""
        return self.files.get(key, self.home)

    def put(self, key: str, value: Any, file: str) -> None:
        """Set a key as it was written in a file."""
        self[key] = value
        self.files[key] = file

    def having(self, values: Mapping[str, Any]) -> SourcedTable:
        """A table from the same files with these values."""
        return SourcedTable(values, self.home, self.files)


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A TOML table with its whereabouts; what is taken from it is checked."""

    data: dict[str, Any]
    file: str
    """Where it stands, unless the data itself knows better."""
    whereabouts: str

    def file_of(self, key: str) -> str:
        """The name of the file in which a key stands."""
        return self.data.file_of(key) if isinstance(self.data, SourcedTable) else self.file

    @property
    def name(self) -> str:
        """What `without` calls a rule or a field: `D430`, `indicators.ratio`."""
        return ".".join(part.partition(" ")[2] for part in self.whereabouts.split(", "))

    def error(self, key: str, message: str, column: int = 0) -> FormError:
        """A FormError at one of the table's keys."""
        whereabouts = (
            f"{self.whereabouts}, {key}" if self.whereabouts and key else self.whereabouts or key
        )
        at = f" at column {column}" if column else ""
        return FormError(f"{self.file_of(key)}, {whereabouts}: {message}{at}")

    def take(self, key: str, expected_type: type[T], default: T | None = None) -> T:
        """The value of a key; FormError if it is missing (and has no default) or of another type."""
        if key not in self.data:
            if default is None:
                raise self.error(key, "is missing")
            return default
        value = self.data[key]
        if expected_type is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, expected_type) or (
            isinstance(value, bool) and expected_type is not bool
        ):
            raise self.error(key, f"must be a {expected_type.__name__}, is {value!r}")
        return value

    def only(self, *known_keys: str) -> None:
        """Refuse keys that mean nothing here."""
        for key in self.data:
            if key not in known_keys:
                raise self.error(key, f"is not known here; {nearest(key, known_keys)}")

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty if the key is missing."""
        value: list[Any] = self.take(key, list, [])
        if not all(isinstance(item, str) for item in value):
            raise self.error(key, "must be a list of texts")
        return tuple(value)

    def refuse_idle(self, key: str, listed: Sequence[str], called: str) -> None:
        """Refuse a list in which a text is blank or stands twice."""
        before: set[str] = set()
        for number, text in enumerate(listed, 1):
            if is_blank(text):
                raise self.error(key, f"{called} {number} is blank")
            if text in before:
                raise self.error(key, f"'{text}' is in the list twice")
            before.add(text)

    def numbers(self, key: str, lowest: float, highest: float) -> tuple[float, ...]:
        """A list of numbers between two; empty if the key is missing."""
        value: list[Any] = self.take(key, list, [])
        for item in value:
            if isinstance(item, bool) or not isinstance(item, int | float):
                raise self.error(key, "must be a list of numbers")
            if not lowest <= item <= highest:
                raise self.error(key, f"{item:g} is not between {lowest:g} and {highest:g}")
        return tuple(float(item) for item in value)

    def whole(self, key: str, lowest: int, highest: int, default: int | None = None) -> int:
        """A whole number between two."""
        value: int = self.take(key, int, default)
        if key in self.data and not lowest <= value <= highest:
            raise self.error(key, f"{value} is not between {lowest} and {highest}")
        return value

    def tables(self, key: str, name: str) -> list[TomlTable]:
        """A list of tables, each named by its key `name` in errors."""
        items: list[Any] = self.take(key, list, [])
        if not all(isinstance(item, dict) for item in items):
            raise self.error(key, f"must be tables, written [[{key}]]")
        result, file = [], self.file_of(key)
        for number, item in enumerate(items, 1):
            prefix = f"{self.whereabouts}, " if self.whereabouts else ""
            result.append(TomlTable(item, file, f"{prefix}{key} {item.get(name, number)}"))
        return result

    def table(self, key: str) -> TomlTable:
        """A table under a key; empty if it is missing."""
        whereabouts = f"{self.whereabouts}, {key}" if self.whereabouts else key
        return TomlTable(self.take(key, dict, {}), self.file_of(key), whereabouts)


class Key(NamedTuple):
    """A key that a definition may hold."""

    name: str
    """What it is called in a sentence."""
    meaning: str
    default: str = ""
    """What holds without it; blank where that needs no saying."""


KEYS: dict[str, dict[str, Key]] = {
    "form": {
        "extends": Key("继承", "接着哪一份定义写，见“继承和引用”", "不继承"),
        "include": Key("引用", '引用哪些规则集，如 `["grading"]`', "没有"),
        "without": Key("不要的", "继承、引用来的，哪些不要", "都要"),
        "id": Key("英文名", "表的名字，英文小写，命令里用它", "必填"),
        "version": Key(
            "版本",
            "版本，一般是年度。发出去的表以后还要读，已发出的版本不要再改，另存一个新版本",
            "必填",
        ),
        "revision": Key(
            "修订", "修订号：这个版本的表发出去以后又改了意思，就加 1，见“已经发出的表”", "1"
        ),
        "letter": Key(
            "代码的字母",
            "规则代码的字母，一个大写字母，如 `D`：引用的规则集里写作 `?430` 的代码，在这张表里就是 `D430`",
            "没有；引用了这样的规则集就必填",
        ),
        "name": Key("名称", "表的中文名称", "必填"),
        "title": Key("标题", "印在表上的标题，`{fiscal_year}` 处写年度", "必填"),
        "annex": Key("附件号", "标题上方的“附件3”", "不印"),
        "unit": Key("金额单位", "金额单位：`万元` 或 `元`", "`万元`"),
        "sheet": Key("工作表", "工作表的名称", "必填"),
        "fiscal_year": Key("年度", "年度（生成模板时可以另给）", "必填"),
        "widths": Key("列宽", "纸面各列的宽度，从左到右；有几个数，纸面就有几列", "必填"),
        "side_widths": Key("右侧列宽", "纸面右侧不打印的列的宽度（放本级合计等）", "没有"),
        "orientation": Key("纸张方向", "`portrait` 竖排、`landscape` 横排", "`portrait`"),
        "instructions": Key("填写要求", "“填报说明”里的填写要求，一条一段", "没有"),
        "settings": Key("参数", "一组参数（门槛、档次等），表达式里写 `settings.名字`", "没有"),
        "words": Key(
            "词表", "词表，写作 `[words]`，表达式里写 `words.名字`，见“词表和命名的表达式”", "没有"
        ),
        "define": Key("式子", "命名的表达式，写作 `[define]`，见“词表和命名的表达式”", "没有"),
        "earlier_digests": Key(
            "同义的旧指纹",
            '哪些摘要的模板与这份定义意思相同，写作 `{ 旧摘要 = "新摘要" }`，见“已经发出的表”',
            "没有",
        ),
        "further_sheet": Key(
            "另外的工作表", "另外的工作表，每张写作 `[[further_sheet]]`，见下", "没有"
        ),
        "section": Key("分区", "分区，每个写作 `[[section]]`，按纸面从上到下", "至少一个"),
        "rule": Key("规则", "规则，每条写作 `[[rule]]`", "没有"),
        "summary": Key(
            "汇总", "汇总从这张表里取什么，写作 `[summary]`，见“汇总”", "只把金额加起来"
        ),
    },
    "rule_set": {
        "include": Key("引用", "再引用的规则集"),
        "settings": Key("参数", "参数"),
        "words": Key("词表", "词表"),
        "define": Key("式子", "命名的表达式"),
        "section": Key(
            "分区",
            "只写 `id`、`subject` 和 `fields`，字段都是 `derived = true` 的；表里要有这个分区",
        ),
        "rule": Key("规则", "规则和例子"),
        "summary": Key(
            "汇总", "`[[summary.reason]]`、`[[summary.criterion]]`、`[[summary.grade]]` 等"
        ),
    },
    "further_sheet": {
        "name": Key("名称", "工作表的名称", "必填"),
        "title": Key(
            "标题", "印在表上的标题，`{fiscal_year}` 处写年度", "不印（可以画一个作标题的字段）"
        ),
        "widths": Key("列宽", "各列的宽度", "必填"),
        "orientation": Key("纸张方向", "`portrait` 竖排、`landscape` 横排", "`portrait`"),
    },
    "section": {
        "id": Key("英文名", "分区的名字；字段全名是 `分区.字段`，如 `funds.final_budget`", "必填"),
        "label": Key("名称", "中文名称，用在自检表上", "必填"),
        "after": Key("排在哪里", "排在哪个分区之后。不写的，继承来的不动，新的排在最后"),
        "subject": Key(
            "说的是哪一行",
            "重复的分区：说的是哪一行（表达式），写在各行的问题前面，问题自己说了的除外；几行只有它不同的，合成一条，说出前三行",
            "不说",
        ),
        "spare": Key(
            "当作空行的行",
            "重复的分区：成立（表达式）的行，必填的格空着也不指出；另写一条规则，请人把这一行清空",
            "没有",
        ),
        "sheet": Key("工作表", "画在哪一张 `[[further_sheet]]` 上；不写就在表本身"),
        "fields": Key("字段", "字段，写在 `[section.fields]` 下，见“字段”"),
        "drawing": Key("画法", "画出来的各行（重复的分区只画表头），见“画表”"),
        "heights": Key("行高", "上面各行的高度（磅），与行数相同；0 表示随内容"),
        "row": Key("行的画法", "只有重复的分区才有：画出重复的那一行"),
        "levels": Key("级", '重复的行分几级，各级的名字，如 `["level1", "level2"]`；平铺的不写'),
        "group": Key(
            "一级指标",
            '每个一级指标一个 `[[section.group]]`，其中第一级的名字是键，如 `level1 = "产出指标"`',
        ),
        "rows": Key(
            "行数",
            '没有 `levels` 的分区有几行（`6`），或每行印好什么（`[{ item = "差旅费" }, {}]`，`{}` 是空行）',
        ),
        "optional": Key("可以不填", "`true`：整个分区可以一行也不填"),
        "group_label": Key(
            "一级指标的写法",
            '一级指标怎么写，可用 `{label}`（或级名）和 `{weight}`，如 `"{level1}\\n({weight}分)"`',
        ),
    },
    "field": {
        "label": Key("名称", "中文名称，出现在提示和问题里", "必填"),
        "kind": Key("种类", "种类，见“种类”", "必填"),
        "by": Key(
            "由谁填",
            "谁填：`department` 单位，`bureau` 财政部门（预先填好就锁住；没有预先填的，单位可以填），"
            "`reviewer` 复核人（总是锁住）",
            "`department`",
        ),
        "required": Key(
            "必填",
            '是否必填；不填报 V301，同一格的其他问题不再报。`"begun"`：本分区填了任何一格，就必填',
            "`false`",
        ),
        "blank": Key(
            "空白当什么",
            "空着的格当什么。数字：`missing` 没有填，用到它的公式、规则未定；`zero` 当 0。文字：`empty` 空文字；`missing` 没有填",
            "数字 `missing`，文字 `empty`",
        ),
        "formula": Key("公式", "怎么算，见“填法”", "不算"),
        "suggested": Key("可以改写", "`true`：按 `formula` 算好了，但可以改写", "`false`"),
        "value": Key("固定的值", "固定的值，锁住", "没有"),
        "choices": Key("选项", "`choice` 的选项", "没有"),
        "max_length": Key("最多字数", "最多几个字（V305）", "随种类"),
        "min": Key("最小值", "最小的数（V304）", "随种类"),
        "max": Key(
            "最大值",
            "最大的数（V304）；也可以写同一行另一个字段的名字，这只在输入时拦截，要查收回的表请另写规则",
            "随种类",
        ),
        "prompt": Key("提示", "选中单元格时的提示", "自动"),
        "instruction": Key(
            "填写说明",
            "纸质表印在这一格里的填写说明：用作提示；填的文字里还留着它，报 V308",
            "没有",
        ),
        "per": Key(
            "每级一个",
            '`"group"`：每个一级指标一个，不是每行一个。没有 `formula` 的就是该级标明的分值',
            "每行一个",
        ),
        "unit": Key("金额单位", "这一格的金额单位，与表不同时才写", "表的单位"),
        "derived": Key("只供规则使用", "`true`：只供规则使用，不出现在纸面上", "`false`"),
        "format": Key("显示格式", "显示格式（Excel 的写法），如 `'\"等次：\"@'`", "随种类"),
    },
    "summary": {
        "amounts": Key("金额", "部门汇总里一个单位一行的金额，从左到右", "表里每一个单格的金额"),
        "budget": Key("预算数", "其中的预算数：平均分按它加权，抽查按它排先后", "不加权"),
        "spent": Key("支出数", "其中的支出数：与预算数之差是未支出数", "不算未支出数"),
        "project_total": Key(
            "项目支出",
            "单位的项目支出：与同一单位各项目的表的支出数之和比较（A507）",
            "不比较",
        ),
        "execution_rate": Key(
            "执行率",
            "执行率：表里计算的格，公式里只能有 `amounts` 里的金额。各单位的执行率就是这一格；合计的执行率按同一个公式由合计数算",
            "没有执行率",
        ),
        "execution_score": Key(
            "预算执行得分", "预算执行的得分；是建议的格（`suggested`）的，并列规则应得的分", "没有"
        ),
        "total_score": Key("总分", "总分", "没有得分、复核"),
        "total_grade": Key("等次", "等次", "没有等次"),
        "project": Key("项目名称", "项目名称：一个单位一个项目一份的表", "一个单位一份"),
        "prepared_on": Key("填报日期", "填报日期", "没有"),
        "contacts": Key("联系人", "填表人、联系电话等，公开时去掉", "没有"),
        "results": Key("成果的文字", "写做到什么程度的长文字，与上年的相同要指出", "没有"),
        "lowest_grade": Key("最低的等次", "最低的等次的名称", "没有等次"),
        "grade": Key(
            "等次", "各等次，从高到低，每个写作 `[[summary.grade]]`，最低的除外", "没有等次"
        ),
        "breakdown": Key("资金构成", "资金构成，每组写作 `[[summary.breakdown]]`", "没有资金构成"),
        "scored": Key(
            "计分的分区",
            "计分的重复分区，每个写作 `[[summary.scored]]`：指标分析、抽查复核名单由它们来",
            "没有",
        ),
        "reason": Key(
            "原因",
            "失分原因的类，每类写作 `[[summary.reason]]`，从上往下第一个含有其中一词的算",
            "都算“其他原因”",
        ),
        "criterion": Key(
            "抽查条件", "抽查复核的条件，每条写作 `[[summary.criterion]]`", "只按资金量排先后"
        ),
        "sample": Key("抽查", "抽查多少，写作 `[summary.sample]`", "两成，至少 3 份"),
    },
    "grade": {
        "name": Key("名称", "等次"),
        "from": Key(
            "最低分数", "最低的分数，或一个参数的名字（规则里也要用的，写在 `settings` 里）"
        ),
    },
    "breakdown": {
        "id": Key("英文名", "英文名"),
        "label": Key("名称", "中文名"),
        "parts": Key("各项", "各项，字段的全名"),
        "whole": Key("合计", "各项应当等于 `amounts` 里的哪一个"),
    },
    "scored": {
        "section": Key("分区", "哪个分区"),
        "weight": Key("分值", "分值是哪一列"),
        "score": Key("得分", "得分是哪一列"),
        "expected": Key("应当的数", "按规则应得的分是哪一列；没有可不写"),
        "reason": Key("原因", "失分的原因写在哪一列；没有可不写"),
    },
    "reason": {
        "name": Key("名称", "这一类叫什么"),
        "words": Key("字词", "原因里含有其中一词的算这一类"),
    },
    "criterion": {
        "id": Key("英文名", "英文名"),
        "label": Key("名称", "中文名"),
        "metric": Key(
            "看什么",
            "看什么：`budget` 预算、`execution_rate` 执行率、`errors` 错误、`warnings` 提醒、`full_share` 满分的比例、"
            "`above`/`above_points` 高于规则的项数/分数、`execution_gap` 执行得分之差",
        ),
        "sense": Key("怎么比", "`>=` 达到、`<` 低于、`top` 名次在前（占份数的比例）"),
        "limit": Key("界限", "界限：金额按表的单位，比例用小数"),
        "points": Key("加分", "符合的得几分"),
        "why": Key("理由", "一句话的理由，印在“参数”里"),
    },
    "sample": {
        "share": Key("比例", "抽查已报份数的多少（小数）", "0.2"),
        "least": Key("至少几份", "至少抽查几份", "3"),
    },
    "group": {
        "weight": Key("分值", '标明的分值，`per = "group"` 而没有公式的字段取这个数', "没有"),
        "rows": Key(
            "行数",
            '其下各级和行数，如 `{ "数量指标" = 3 }`，三级的写 `"数量指标 / 补贴发放" = 1`，不再分的写 `rows = 1`；'
            '或每行印好什么，如 `[{ indicator = "培训人次" }, {}]`',
            "必填",
        ),
        "optional": Key("可以不填", "`true`：这个一级指标可以一行也不填", "`false`"),
    },
    "rule": {
        "code": Key(
            "代码",
            "一个字母三位数字，如 `D499`；一经发出，意思不再变。规则集里可以写 `?499`，字母由表的 `letter` 定",
            "必填",
        ),
        "after": Key(
            "次序",
            '排在哪条规则之后（自检表上的次序），如 `"D405"`',
            "引用来的在前，自己新写的在后",
        ),
        "name": Key("名称", "违反时的名称，如“扣了分而没有写原因”", "必填"),
        "scope": Key(
            "范围",
            "在哪里查：`form` 或单格的分区，一份表一次；重复的分区（如 `indicators`），每行一次；"
            "`indicators/group`，每个一级指标一次",
            "必填",
        ),
        "when": Key("前提", "什么时候查（条件）；不成立就算通过，未定就是未定", "总是查"),
        "must": Key("条件", "必须成立的条件；不成立就是违反，未定（该填的没填）不算违反", "必填"),
        "at": Key("标在哪一格", '问题标在哪一格；可以是几格 `["a", "b"]`', "必填"),
        "severity": Key("级别", "`error` 错误、`warning` 提醒、`note` 说明", "`error`"),
        "message": Key(
            "说明",
            "看到了什么；字段、算出来的数写在 `{}` 里，算出来的在冒号后写种类，如 `{a - b:money}`",
            "必填",
        ),
        "hint": Key("怎么办", "请填表人怎么办，一句话", "必填"),
        "basis": Key("依据", "依据哪一条规定、哪一个算法", "必填"),
        "printed": Key("所填的数", "填的是多少（表达式）", "没有"),
        "expected": Key("应当的数", "应当是多少（表达式）", "没有"),
        "cases": Key(
            "例子", "这条规则的例子，见“例子”；能未定的规则还要一个未定的", "至少通过、不通过各一个"
        ),
    },
    "case": {
        "verdict": Key("结论", "应当怎样判：`holds` 通过、`broken` 不通过、`undecided` 未定"),
        "given": Key(
            "所填的格",
            '填哪些格：本分区的写字段名，别的写全名 `"goals.achieved_goals"`，某一行的写 `"goals.goal.2"`',
        ),
        "rows": Key(
            "各行", "从第一行起各行填什么；在 `form` 或单格分区的规则里，指 `indicators` 的行"
        ),
    },
}
"""Every key that a definition may hold, by the table it stands in; a group holds its first level's name besides."""
