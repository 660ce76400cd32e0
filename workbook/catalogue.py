"""The catalogue of codes: what each means, why it matters and what to do. A form's rules stand in its TOML."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workbook.language import marked


class Severity(StrEnum):
    """How much a finding weighs, gravest first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def chinese(self) -> str:
        """As clerks read it."""
        return _IN_CHINESE[self.value]


_IN_CHINESE = {"error": marked("错误"), "warning": marked("提醒"), "note": marked("说明")}
SEVERITY_ORDER = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """What a code means: its name, and texts whose `{…}` are filled in for each finding."""

    code: str
    severity: Severity
    name: str
    message: str
    hint: str
    basis: str


_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE
_PROMPT, _TRUE = "表式要求：按单元格提示填写", "自评报告应如实反映本单位的情况"
_ASK = "请向该单位索要原始文件。"
_ENTRIES = (
    CatalogueEntry(
        "W101",
        _E,
        "文件无法读取",
        marked("文件无法读取：{detail}"),
        "请检查路径、权限，或重新保存一份。",
        "收表要求",
    ),
    CatalogueEntry("W102", _E, "空文件", marked("文件是空的"), _ASK, "收表要求"),
    CatalogueEntry(
        "W103",
        _E,
        "不是 Excel 工作簿",
        marked("不是可以读取的工作簿：{detail}"),
        "请用发下的模板填报，并保存为 .xlsx；往年的 Word 表可以用 workbook import-word 转成模板。",
        "收表要求",
    ),
    CatalogueEntry(
        "W104", _E, "文件损坏", marked("文件已损坏或不完整：{detail}"), _ASK, "收表要求"
    ),
    CatalogueEntry(
        "W105",
        _E,
        "文件有打开密码",
        marked("文件打不开：{detail}"),
        "请取消打开密码后重新报送；知道密码的，写在名册的“密码”一列里再读（或用 --password-env 给出）。",
        "收表要求",
    ),
    CatalogueEntry(
        "W106",
        _E,
        "超出读取限额",
        marked("文件超出读取限额：{detail}"),
        "请用发下的模板重新填报，不要粘贴图片或整列格式。",
        "读取限额见文档",
    ),
    CatalogueEntry(
        "W107",
        _E,
        "含不安全内容",
        marked("文件含有不安全内容，未读取：{detail}"),
        _ASK,
        "读取限额见文档",
    ),
    CatalogueEntry(
        "W108",
        _E,
        "不是本项目的表",
        "工作簿里没有找到自评表的标识",
        "请用发下的模板填报；如果是自行制作的表，请把数据填入模板。",
        "收表要求",
    ),
    CatalogueEntry(
        "W109",
        _E,
        "表的种类或版本不认识",
        "表的种类或版本不认识：{detail}",
        "请确认发表与收表用的是同一版本的表式定义。",
        "收表要求",
    ),
    CatalogueEntry(
        "W110",
        _E,
        "空白模板",
        "表中一个单元格也没有填写",
        "请填写后再报送。",
        "收表要求",
    ),
    CatalogueEntry(
        "W111",
        _W,
        "表的定义有出入",
        "这份表用的模板与现在的表式定义不一致（{detail}）",
        "可能是改表之前发出的：照常检查，但后来新加的格子和规则在这份表里没有。",
        "收表要求",
    ),
    CatalogueEntry(
        "W112", _N, "临时文件", "是软件留下的临时文件，已跳过", "不必处理。", "收表要求"
    ),
    CatalogueEntry(
        "W113",
        _N,
        "旧格式只能读值",
        "是 .{detail} 格式，只能读值，公式和锁定无法核对",
        "请核对读出的数；下次请保存为 .xlsx。",
        "收表要求",
    ),
    CatalogueEntry(
        "W114",
        _W,
        "含有宏",
        "文件含有宏，未运行",
        "请核对来源；填报用不到宏，应保存为 .xlsx。",
        "收表要求",
    ),
    CatalogueEntry(
        "W115",
        _W,
        "引用外部数据",
        "文件引用了外部文件或数据连接，未打开：{detail}",
        "请断开链接，填写实际的数。",
        "收表要求",
    ),
    CatalogueEntry(
        "W116",
        _W,
        "嵌有对象",
        "文件嵌有其他文件或控件，未打开：{detail}",
        "请核对来源；附件请另行报送。",
        "收表要求",
    ),
    CatalogueEntry(
        "W117",
        _E,
        "不是这一次的表",
        "这是{own}，这一次收的是{due}",
        "请核对是不是用了往年的模板，或交错了表；用这一次发下的模板重新填报。",
        "收表要求",
    ),
    CatalogueEntry(
        "W118",
        _E,
        "有两张填写不同的表",
        "工作簿里有两张填写内容不同的表：{detail}",
        "请只留下应报送的一张。",
        "收表要求",
    ),
    CatalogueEntry(
        "W119",
        _E,
        "没有料到的差错",
        "处理这个文件时程序出了没有料到的差错（参考号 {detail}），没有读入；其余的表不受影响",
        "请另存一份再报；还不行，请把这个文件和出错记录发给开发者。",
        "收表要求",
    ),
    CatalogueEntry(
        "W121",
        _E,
        "不是 Word 文档",
        "不是可以读取的 Word 文档：{detail}",
        "请在 Word 或 WPS 中打开，另存为 .docx。",
        "旧表导入",
    ),
    CatalogueEntry(
        "W122",
        _E,
        "文档里没有自评表",
        "文档里没有找到自评表：{detail}",
        "请核对文件；表的文字（各栏名称）须与表式相同。表是另一种的，用 --form-file 给出定义。",
        "旧表导入",
    ),
    CatalogueEntry(
        "W123",
        _E,
        "文档里不止一张自评表",
        "文档里有 {detail} 张填了的自评表，不知以哪一张为准",
        "请分成几个文件，每个文件一张表。",
        "旧表导入",
    ),
    CatalogueEntry(
        "W124",
        _W,
        "文档里没有自评报告",
        "文档里没有找到自评报告的标题",
        "报告另有文件的，请与表合成一个文件再导入；没有的，请在生成的模板里填写。",
        "旧表导入",
    ),
    CatalogueEntry(
        "W125",
        _W,
        "有内容没有放进表式",
        "“{detail}”在表式里没有对应的格子，没有放进模板",
        "请核对，需要的自行填入模板。",
        "旧表导入",
    ),
    CatalogueEntry(
        "W126",
        _W,
        "文档里的数与表式不符",
        "“{label}”文档里是 {stated}，按表式是 {due}",
        "模板里按表式计算；请核对文档里的数。",
        "旧表导入",
    ),
    CatalogueEntry(
        "W127",
        _N,
        "有自动编号",
        "文档里有 Word 自动编的号，不是文字，没有读入",
        "请看一遍读入的文字，需要编号的自行补上。",
        "旧表导入",
    ),
    CatalogueEntry(
        "W128",
        _W,
        "有内容没有读入",
        "文档里有看不见的或不是普通文字的内容，没有读入：{detail}",
        "请在 Word 或 WPS 中核对；要报的改成普通文字后再导入，或自行填入模板。",
        "旧表导入",
    ),
    CatalogueEntry(
        "W129",
        _W,
        "附有网络上的模板",
        "文档附着网络上的模板，没有打开：{detail}",
        "请核对来源，不要启用宏；在 Word“开发工具—文档模板”里去掉模板后另存。",
        "旧表导入",
    ),
    CatalogueEntry(
        "L201",
        _E,
        "找不到单元格",
        "找不到填写“{label}”的单元格",
        "请用发下的模板重新填报，不要删除行、列或工作表。",
        "表式要求",
    ),
    CatalogueEntry(
        "L202",
        _W,
        "公式被覆盖",
        "{label}的公式被改成了{what}",
        "请恢复原公式，或用新的模板重新填报；粘贴时请只粘贴到填写的格子里。",
        "表式要求",
    ),
    CatalogueEntry(
        "L203",
        _W,
        "显示值与重算不符",
        "“{label}”显示的值与按填报数重算的不符",
        "请在 Excel、WPS 或 LibreOffice 中打开，重新计算并保存。",
        "表式要求",
    ),
    CatalogueEntry(
        "L204",
        _W,
        "自检结论与复核不符",
        "自检表上 {rule} 的结论与复核不符",
        "请在 Excel、WPS 或 LibreOffice 中打开，重新计算并保存。",
        "表式要求",
    ),
    CatalogueEntry(
        "L205",
        _W,
        "单元格名称丢失",
        "有 {detail} 个单元格的名称丢失，按模板的位置读取",
        "请用发下的模板重新填报，不要复制到新的工作簿。",
        "表式要求",
    ),
    CatalogueEntry(
        "L206",
        _W,
        "保护被解除",
        "工作表的保护已被解除",
        "请核对表的文字和公式；下次请勿解除保护。",
        "表式要求",
    ),
    CatalogueEntry(
        "L207",
        _W,
        "锁定被解除",
        "有 {count} 个应锁定的单元格变成了可以改动",
        "请核对这些单元格；下次请用发下的模板填报。",
        "表式要求",
    ),
    CatalogueEntry(
        "L208",
        _W,
        "公式被改动",
        "“{label}”的公式被改成了另一个公式",
        "请恢复原公式，或用新的模板重新填报。",
        "表式要求",
    ),
    CatalogueEntry(
        "L209",
        _W,
        "表的文字被改动",
        "表中印好的文字或数与模板不同",
        "请恢复原文，或用新的模板重新填报。",
        "表式要求",
    ),
    CatalogueEntry(
        "L210",
        _W,
        "填写限制丢失",
        "有 {count} 个填写的单元格失去了填写限制，多为粘贴所致",
        "请核对这些单元格；粘贴时请选“只粘贴数值”。",
        "表式要求",
    ),
    CatalogueEntry(
        "L211",
        _N,
        "填的是公式",
        "“{label}”填的是公式，按公式的结果读取",
        "请核对结果；最好直接填写数字或文字。",
        "表式要求",
    ),
    CatalogueEntry(
        "L212",
        _N,
        "没有计算结果",
        "{label}公式没有存下结果，可能由不计算公式的软件保存",
        "不必处理；各项结果已按填报数重算。",
        "表式要求",
    ),
    CatalogueEntry(
        "L213",
        _W,
        "工作表有增减",
        "工作表与模板不同：{detail}",
        "请核对有没有填在别的工作表里；下次请勿增减、改名。",
        "表式要求",
    ),
    CatalogueEntry(
        "L214",
        _W,
        "有隐藏或远离表格的内容",
        "{what}",
        "请核对这些内容；应填报的请填在表内，其余请清除。",
        "表式要求",
    ),
    CatalogueEntry(
        "L215",
        _N,
        "行列有移动",
        "单元格不在模板的位置：{detail}",
        "已随名称找到这些单元格，请核对；下次请勿插入或删除行列。",
        "表式要求",
    ),
    CatalogueEntry(
        "L216",
        _W,
        "单位与发放的不同",
        "填写的单位与发放模板时记下的不同",
        "请核对是不是用了别的单位的模板。",
        "收表要求",
    ),
    CatalogueEntry(
        "L217",
        _W,
        "按文字定位读取",
        "名称或标识丢失，或者没有跟着行列移动，按表中的文字定位读取",
        "请核对读取的数；下次请用发下的模板填报，不要复制到新的工作簿。",
        "表式要求",
    ),
    CatalogueEntry(
        "L218",
        _N,
        "合并单元格有变动",
        "{what}，共 {count} 处",
        "已照常读取，请核对这些单元格；下次请勿合并或拆分单元格。",
        "表式要求",
    ),
    CatalogueEntry(
        "L219",
        _W,
        "填写限制被改动",
        "有 {count} 个填写的单元格的填写限制与模板不同",
        "请核对这些单元格的内容；下次请用发下的模板填报。",
        "表式要求",
    ),
    CatalogueEntry(
        "L220",
        _W,
        "插入的行已读入",
        "表里插入的第 {row} 行填全了，已作为{group}一行读入",
        "请核对这一行；表里的自检没有算到它。行不够的，请向财政部门要行数多的模板，不要自行插入行。",
        "表式要求",
    ),
    CatalogueEntry(
        "L221",
        _E,
        "插入的行没有读入",
        "表里插入的第 {row} 行填了内容，没有读入：{why}",
        "请把这一行写进同一组的空行，再删去插入的行；空行不够的，向财政部门要行数多的模板填报。",
        "表式要求",
    ),
    CatalogueEntry(
        "V301",
        _E,
        "必填项未填",
        "“{label}”未填写",
        "请补填。",
        "表式要求：必填项不得为空",
    ),
    CatalogueEntry(
        "V302",
        _E,
        "内容无法识别",
        "“{label}”{problem}",
        "请按提示重新填写。",
        _PROMPT,
    ),
    CatalogueEntry(
        "V303",
        _W,
        "内容经过转换",
        "“{label}”原文是“{raw}”，{receipt}",
        "请核对转换后的值；下次请按提示填写。",
        _PROMPT,
    ),
    CatalogueEntry(
        "V304",
        _E,
        "超出允许范围",
        "“{label}”超出允许范围（{bounds}）",
        "请核对数字和单位。",
        _PROMPT,
    ),
    CatalogueEntry("V305", _W, "文字过长", "“{label}”超过 {limit} 字", "请精简。", _PROMPT),
    CatalogueEntry(
        "V306", _W, "不在选项之内", "“{label}”不在选项之内", "请从下拉列表中选择。", _PROMPT
    ),
    CatalogueEntry(
        "V307", _W, "小数位数过多", "“{label}”应{decimals}", "请四舍五入后填写。", _PROMPT
    ),
    CatalogueEntry(
        "V308",
        _W,
        "仍是填写说明",
        "“{label}”里还是表式原来的填写说明",
        "请删去说明，写本单位的实际情况。",
        _TRUE,
    ),
    CatalogueEntry(
        "V309",
        _W,
        "留有没有填的占位文字",
        "“{label}”里留有“此处填写”“XX”之类的占位文字",
        "请换成本单位的实际内容。",
        _TRUE,
    ),
    CatalogueEntry(
        "V310",
        _N,
        "可能显示不全",
        "“{label}”换行较多，纸面上可能显示不全",
        "请减少换行，或把这一行拉高（上锁的表也能调整行高），打印前预览一下。",
        "纸面应完整显示填写的内容",
    ),
    CatalogueEntry(
        "V311",
        _N,
        "照原意读取",
        "“{label}”写的是“{raw}”，{receipt}",
        "不必改；以后没有的金额留空或填 0，指标的完成值带上单位。",
        _PROMPT,
    ),
    CatalogueEntry(
        "A501",
        _W,
        "不在名册中",
        "单位不在名册中",
        "请核对单位名称和预算编码{detail}。",
        "名册",
    ),
    CatalogueEntry(
        "A502",
        _N,
        "重复报送",
        "该单位报送了多份，{detail}",
        "不必处理；要以本份为准的，用 --use 指定。",
        "收表要求",
    ),
    CatalogueEntry(
        "A503",
        _W,
        "文件名与表中的单位不同",
        "文件名是“{named}”，表中填的是另一个单位",
        "请核对这份表是谁的；按表中填的单位收下。",
        "名册",
    ),
    CatalogueEntry(
        "A504",
        _W,
        "与另一单位的填写相同",
        "除单位以外，填写的内容与“{other}”完全相同",
        "请核对是不是拿别的单位的表改了单位名称。",
        "收表要求",
    ),
    CatalogueEntry(
        "A505",
        _E,
        "分不清哪份在后",
        "该单位报送了多份，分不清哪份在后：另有{others}，{detail}",
        "请问清以哪一份为准，重新运行时用 --use 指定（如 --use {file}）。",
        "收表要求",
    ),
    CatalogueEntry(
        "A506",
        _W,
        "项目不在名册中",
        "项目“{project}”不在该单位的名册项目中{detail}",
        "请核对项目名称，与批复的预算一致；确是新增的项目，请财政部门补入名册。",
        "名册",
    ),
    CatalogueEntry(
        "A507",
        _W,
        "项目支出与各项目之和不符",
        "“{label}”{stated} 万元，{count} 个项目的支出之和 {due} 万元，相差 {difference} 万元{unit_slip}",
        "请核对部门的表和各项目的表，改正填错的一处。",
        "项目支出 = 各项目的全年执行数之和",
    ),
    CatalogueEntry(
        "A508",
        _E,
        "与名册的预算数不同",
        "“{label}”填的是 {stated} 万元，名册上是 {due} 万元{unit_slip}",
        "{remedy}；名册有误的，请告诉财政部门。",
        "名册",
    ),
    CatalogueEntry(
        "A509",
        _W,
        "金额与上年完全相同",
        "填的 {count} 个金额与上年报来的一个不差，像是把上年的表又报了一次",
        "请按本年的决算数填写。",
        "自评应反映本年的情况",
    ),
    CatalogueEntry(
        "A510",
        _W,
        "文字与上年相同",
        "“{label}”与上年报来的几乎一字不差",
        "请写明本年做了什么、做到什么程度。",
        "自评应反映本年的情况",
    ),
    CatalogueEntry(
        "A511",
        _E,
        "金额单位可能弄错",
        "各项金额是上年的{times}，{slip}",
        "本表以{unit}为单位，请核对全部金额。",
        "金额单位",
    ),
)
REQUIRED = "V301"
"""The check that a required cell is filled in; an open one reads 未填全, not 不通过."""
CATALOGUE: dict[str, CatalogueEntry] = {entry.code: entry for entry in _ENTRIES}
"""Every code that is not a form's rule. A code, once shipped, never changes meaning."""
