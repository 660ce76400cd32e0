"""The table: what comes back from departments, and exactly what is to be said of it.

A row is a file: its name, how it is made from the sound return (`clients`), and the findings: `CODE`
or `CODE cells`, with the sheet where it is not the form's. `reads` are the values that differ from the
sound return's; all others must be the same. To add a case, add a row.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill, Protection
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.fillings import FILLED, filling
from tests.office import Office
from tests.returns.clients import (
    BOOK,
    FORM,
    HOME,
    LINKS,
    Make,
    Step,
    in_turn,
    libreoffice,
    patched,
    stored,
    typed,
    unlocked,
    untouched,
    with_openpyxl,
)
from workbook import find_form
from workbook.form import Value
from workbook.layout import lay_out

NONE: tuple[str, ...] = ()
GIVEN = filling(FILLED[0])
REPORT = "自评报告"
D403 = lay_out(find_form("department_overall")).checks["D403"].a1
"""Where 自检 shows what the rule says."""


@dataclass(frozen=True)
class Case:
    """One file. `start` is what it is made from: sound, targets (approved ones locked in), blank."""

    name: str
    make: Make
    found: tuple[str, ...]
    reads: Mapping[str, Value] = field(default_factory=dict)
    start: str = "sound"
    says: tuple[str, ...] = ()
    """What the findings say besides, in their sentences or of what is printed and what was due."""


def sheet(change: Callable[[Worksheet], object]) -> Make:
    """Done to the form's sheet by openpyxl."""
    return with_openpyxl(lambda book: change(book[HOME]))


# --- honest: the same values, and nothing worse than a note ---------------------------------------


def _looks(ws: Worksheet) -> None:
    ws["D7"].font = Font(name="微软雅黑", size=14, bold=True)
    ws["D9"].fill = PatternFill("solid", fgColor="FFFF00")
    ws["D7"].comment = Comment("已与财务核对", "会计")
    ws.column_dimensions["D"].width = 40
    ws.row_dimensions[17].height = 60
    ws.freeze_panes = "D7"
    ws.page_setup.orientation = "landscape"
    ws.print_area = "A1:I39"
    ws.auto_filter.ref = "A16:I36"
    ws.conditional_formatting = type(ws.conditional_formatting)()
    ws.sheet_view.zoomScale = 150
    ws.sheet_properties.tabColor = "FF0000"


def _empty_sheets(book: Workbook) -> None:
    book.create_sheet("Sheet1")
    book.create_sheet("WpsReserved_CellImgList").sheet_state = "veryHidden"


HONEST = (
    Case("as the department's program saved it", untouched, NONE),
    Case("saved by LibreOffice", libreoffice(), NONE),
    Case("saved by LibreOffice twice", in_turn(libreoffice(), libreoffice()), NONE),
    Case("saved by openpyxl", with_openpyxl(lambda _: None), ("L212",)),
    Case("saved as .xls", libreoffice(save_as="xls"), ("W113",)),
    Case("saved as .ods", libreoffice(save_as="ods"), ("W113",)),
    Case("by way of .xls", in_turn(libreoffice(save_as="xls"), libreoffice()), ("L205",)),
    Case("by way of .ods", in_turn(libreoffice(save_as="ods"), libreoffice()), NONE),
    Case("fonts, colours, widths, comments, filters, printing", sheet(_looks), ("L212",)),
    Case("empty sheets, and one WPS keeps for itself", with_openpyxl(_empty_sheets), ("L212", "L213")),
    Case("sheets in another order", libreoffice(("move", 5)), NONE),
    Case("rows put in above all", unlocked(("insert_rows", [1, 2])), ("L215",), says=("第 2 行起下移 2 行",)),
    Case("rows put in above the table", unlocked(("insert_rows", [6, 1])), ("L215",), says=("第 6 行起下移 1 行",)),
    Case("rows put in among the indicators, left free", unlocked(("insert_rows", [18, 2])), ("L215",),
         says=("第 18 行起",)),
    Case("rows put in on the further sheet", libreoffice(
        ("unprotect", "", REPORT), ("insert_rows", [9, 2], REPORT), ("protect", "", REPORT)), ("L215",)),
    Case("a column put in", unlocked(("insert_columns", [3, 1])), ("L215",)),
    Case("a merged box taken apart", unlocked(("unmerge", "B14:E15")), ("L218 B14",)),
    Case("blanks and width in a label", typed({"D6": "年初 预算数", "A38": "填表人:"}), ("L212",)),
    Case("a suggestion typed as it was", libreoffice(("type", {"funds.execution_score": 10.0})), NONE),
    Case("a formula typed into an input", libreoffice(("type", {"funds.original_budget": "=100+62"})),
         ("L211 D7",), says=("=100+62",)),
    Case("one result not saved", patched((FORM, r'(<c r="H37"[^>]*><f>[^<]*</f>)<v>100\.0</v>', r"\1")),
         ("L212 H37",)),
    Case("names lost", with_openpyxl(lambda book: book.defined_names.clear()), ("L205", "L212")),
    Case("seventeen digits", patched(stored("E7", "", "<v>168.34999999999999</v>")), NONE),
    Case("rich text with a reading guide", patched(stored("D17", 't="inlineStr"',
         "<is><r><t>接收进馆</t></r><r><rPr><b/></rPr><t>档案数量</t></r>"
         '<rPh sb="0" eb="1"><t>jie</t></rPh></is>')), NONE),
    Case("escaped characters", patched(stored("D17", 't="inlineStr"',
         "<is><t>接收_x0009_进馆_x005F_x000D_</t></is>")),
         NONE, {"indicators.indicator.1": "接收\t进馆_x000D_"}),
    Case("characters beyond the first 65,536, emoji", typed({"D17": "𠮷野家👍🏽档案"}), ("L212",),
         {"indicators.indicator.1": "𠮷野家👍🏽档案"}),
    Case("texts that begin with + - @", typed({"I17": "@某人核定", "I18": "+86", "I19": "-见附件"}), ("L212",),
         {"indicators.deviation_reason.1": "@某人核定", "indicators.deviation_reason.2": "+86",
          "indicators.deviation_reason.3": "-见附件"}),
    Case("a text that begins with =", patched(stored("I17", 't="inlineStr"', "<is><t>=附件!A1</t></is>")),
         NONE, {"indicators.deviation_reason.1": "=附件!A1"}),
    Case("days counted from 1904", patched(
        (BOOK, r"<workbookPr ", r'<workbookPr date1904="1" '), stored("I38", "", "<v>44268</v>")), NONE),
)  # fmt: skip

# --- values: each conversion leaves its receipt, what is not certain is not guessed ---------------

VALUES = (
    Case("amounts with units, commas, full width, blanks of a page", typed({
        "D7": "162万元", "E7": "1,683,500元", "F7": "\u200b168.35\xa0", "E9": "１５８．３５", "E12": " 10.00　",
        "I9": "121 . 47".replace(" ", ""), "I10": "0.004688亿元"}),
        ("L212", "V303 D7", "V303 E12", "V303 E7", "V303 E9", "V303 F7", "V303 I10", "V303 I9")),
    Case("amounts nobody can be sure of", typed({
        "E10": "300万", "E11": "约20", "D7": "1,62", "I10": "¥46.88"}),
        ("L212", "V302 D7", "V302 E10", "V302 E11", "V302 I10"),
        {"funds.government_fund": None, "funds.special_account_nontax": None,
         "funds.original_budget": None, "funds.project_expenditure": None}),
    Case("filler where a figure is due", typed({"E10": "无", "E11": "/"}), ("L212", "V311 E10", "V311 E11")),
    Case("blank characters only", typed({"E10": "\xa0", "E11": "　"}), ("L212",),
         {"funds.government_fund": None, "funds.special_account_nontax": None}),
    Case("truth for a number", typed({"E10": True}), ("L212", "V302 E10"), {"funds.government_fund": None}),
    Case("an error for a number and for a text", typed({"E10": "#N/A", "I17": "#REF!"}),
         ("L212", "V302 E10", "V302 I17"), {"funds.government_fund": None}),
    Case("an error computed from a formula", libreoffice(("type", {"funds.government_fund": "=1/0"})),
         ("L211 E10", "V302 E10"), {"funds.government_fund": None}),
    Case("no number at all", in_turn(with_openpyxl(lambda _: None),
         patched(stored("E10", "", "<v>NaN</v>"), stored("E11", "", "<v>INF</v>"))),
         ("L212", "V302 E10", "V302 E11"),
         {"funds.government_fund": None, "funds.special_account_nontax": None}),
    Case("a number beyond all numbers", in_turn(with_openpyxl(lambda _: None),
         patched(stored("E10", "", "<v>1e999</v>"))), ("L212", "V302 E10"), {"funds.government_fund": None}),
    Case("a number beyond all budgets", in_turn(with_openpyxl(lambda _: None),
         patched(stored("E10", "", "<v>1e12</v>"))),
         ("D406 E8", "D461 自评报告!B17", "L212", "V304 E10"),
         {"funds.government_fund": 1e12}),
    Case("a number beyond all reason", in_turn(with_openpyxl(lambda _: None),
         patched(stored("E10", "", "<v>1e300</v>"))), ("L212", "V302 E10"), {"funds.government_fund": None}),
    Case("a formula whose result was not saved", typed({"E10": "=10+5"}), ("L212", "V302 E10"),
         {"funds.government_fund": None}),
    Case("characters nobody sees", typed({"D17": "接收\u200b进馆\u2066档案数量", "E10": "\u202e321"}),
         ("L212", "V302 E10", "V303 D17"),
         {"funds.government_fund": None}),
    Case("characters that look like digits", typed({"D17": "𝟏档案数量", "E10": "1O", "E11": "١٢"}),
         ("L212", "V302 E10", "V302 E11", "V303 D17"),
         {"indicators.indicator.1": "1档案数量", "funds.government_fund": None, "funds.special_account_nontax": None}),
    Case("scores as text", typed({"G17": "8分", "H17": "８．０"}), ("L212", "V303 G17", "V303 H17")),
    Case("a date as text", typed({"I38": "2025年3月14日"}), ("L212", "V303 I38")),
    Case("a date as eight digits", typed({"I38": 20250314}), ("L212", "V303 I38")),
    Case("a date in Chinese numerals", typed({"I38": "二〇二五年三月十四日"}), ("L212", "V303 I38")),
    Case("a date without its century", typed({"I38": "25.3.14"}), ("L212", "V302 I38"),
         {"identity.prepared_on": None}),
    Case("a date without its day", typed({"I38": "2025年3月"}), ("L212", "V302 I38"),
         {"identity.prepared_on": None}),
    Case("a date that there is not", typed({"I38": "2025-2-30"}), ("L212", "V302 I38"),
         {"identity.prepared_on": None}),
    Case("a percentage in a cell of percentages", typed({"F20": 0.993}, {"F20": "0.0%"}), ("L212", "V303 F20")),
    Case("a score shown as a day, as .xls", in_turn(typed({"G17": 8}, {"G17": "yyyy-m-d"}), libreoffice(save_as="xls")),
         ("W113",)),
    Case("a percentage typed as 100", typed({"F20": 100}), ("D441 F20", "L212", "V311 F20"),
         {"indicators.actual.4": "100"}),
    Case("a day where a measure is due", typed({"F23": datetime.date(2024, 3, 14)}, {"F23": "yyyy-mm-dd"}),
         ("D488 F14,F23", "L212", "V303 F23"), {"indicators.actual.7": "2024年3月14日"}),
    Case("a telephone as a number", typed({"E38": 7308400118}), ("D467 E38", "L212", "V311 E38"),
         {"identity.phone": "7308400118"}),
    Case("a text as long as a cell can hold", typed({"I17": "长" * 32_767}), ("L212", "V305 I17"),
         {"indicators.deviation_reason.1": "长" * 32_767}),
)  # fmt: skip

# --- edited: each change named at its cell ---------------------------------------------------------


def _prohibit(ws: Worksheet, cell: str, **traits: object) -> None:
    """Change the validation of one cell; without traits, delete it."""
    own = [v for v in ws.data_validations.dataValidation if str(v.sqref) == cell]
    assert len(own) == 1
    for name, value in traits.items():
        setattr(own[0], name, value)
    if not traits:
        ws.data_validations.dataValidation.remove(own[0])


def _prohibit_many(ws: Worksheet) -> None:
    for cells in ("D7", "E7", "G17:G36"):
        _prohibit(ws, cells)


def _unlock(ws: Worksheet, *cells: str) -> None:
    for cell in cells:
        ws[cell].protection = Protection(locked=False)


def _add_sheet(book: Workbook) -> None:
    book.create_sheet("备注")["A1"] = "另有说明"


LOST_REPORT: dict[str, Value] = {name: None for name in GIVEN.values if name.startswith("report.")}
RESULTS: dict[str, object] = {
    "H7": 1.0, "E8": 168.35, "I8": 168.35, "I7": 10.0, "J17": 50.0, "J27": 30.0, "J35": 10.0,
    "G37": 100.0, "H37": 100.0, "I37": "优",
}  # fmt: skip
"""What the sound return's formulas show."""


def pasted(*, down: int = 0, right: int = 0, skip: int = 0) -> Make:
    """The values alone in a new workbook, moved, without so many first rows."""

    def make(source: Path, target: Path, _: Office | None) -> None:
        book = openpyxl.Workbook()
        book.worksheets[0].title = HOME
        for name in (HOME, REPORT):
            ws = book[name] if name in book else book.create_sheet("抄")
            for row in openpyxl.load_workbook(source, data_only=True)[name].iter_rows(
                min_row=skip + 1
            ):
                for cell in row:
                    if cell.value is not None:
                        ws.cell(cell.row - skip + down, cell.column + right, cell.value)
        book.save(target)

    return Make(make)


def _renamed_without_names(book: Workbook) -> None:
    book[HOME].title = "另名"
    book.defined_names.clear()


def _report(book: Workbook) -> None:
    ws = book[REPORT]
    ws.unmerge_cells("A5:H6")
    ws.row_dimensions[9].hidden = True
    ws["A90"].value = "另附说明"
    _prohibit(ws, "D9")


def row_of_indicators(row: int, *, but: str = "") -> tuple[Step, ...]:
    """What a department types into a row that it put in."""
    texts = {"D": "查档回访次数", "E": "≥5次", "F": "5次", "G": "5", "H": "5"}
    return tuple(("write", [f"{c}{row}", text]) for c, text in texts.items() if c not in but)


STALE = tuple(
    f"{code} {REPORT}!{at}"
    for code, cells in (("L203", ("A11", "A26", "C14")), ("L212", ("B14", "B9")))
    for at in cells
)
"""The further sheet shows nothing of figures that were filled in on a copy of the form's."""

LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath"

EDITED = (
    Case("protection taken off", libreoffice(("unprotect", "")), ("L206",)),
    Case("cells unlocked", sheet(lambda ws: _unlock(ws, "A3", "H7", "D5")), ("L207 A3,D5,H7", "L212")),
    Case("a total typed over with the right value", unlocked(("write", ["H37", "100"])), ("L202 H37",)),
    Case("a total typed over with a wrong value", unlocked(("write", ["H37", "99"])),
         ("D412 H37", "L202 H37"), {"totals.total_score": 99.0}, says=("99|100", "固定的值 99")),
    Case("a total by another formula", unlocked(("write", ["G37", "=ROUND(G7+SUM(G17:G36);2)"])), ("L208 G37",)),
    *(
        Case(f"a total typed over, as .{kind}", in_turn(
            unlocked(("write", ["H37", "110"])), libreoffice(save_as=kind)), ("L203 H37", "W113"), says=("110|100",))
        for kind in ("xls", "ods")
    ),
    Case("a suggestion changed", libreoffice(("type", {"funds.execution_score": 9.0})), ("D404 I7",),
         {"funds.execution_score": 9.0}),
    Case("a suggestion changed by a formula", libreoffice(("type", {"funds.execution_score": "=4+5"})),
         ("D404 I7", "L211 I7"), {"funds.execution_score": 9.0}),
    Case("a formula changed below a row put in", unlocked(("insert_rows", [6, 1]), ("write", ["H8", "=1"])),
         ("L208 H8", "L215")),
    Case("a name that points elsewhere", patched((BOOK, r"\$B\$38</definedName>", "$B$60</definedName>")),
         ("L207 B38", "L210 B60", "L214 B38", "L215 B60"), {"identity.prepared_by": None}),
    Case("a name that points to the end of the sheet", patched(
        (BOOK, r"\$C\$39</definedName>", "$C$1048576</definedName>")),
        ("L209 A1048576", "L210 C1048576", "L214 C39", "L215"), {"identity.approved_by": None}),
    Case("a result forged", patched((FORM, r'(<c r="H37"[^>]*><f>[^<]*</f><v>)100\.0', r"\g<1>98")),
         ("L203 H37",), says=("98|100",)),
    Case("a verdict forged", typed({"F7": 150.0, f"自检!{D403}": "通过"}),
         ("D403 F14", "D407 I8", f"L204 自检!{D403}", "L212"), {"funds.actual_expenditure": 150.0},
         says=("通过|不通过",)),
    Case("a label changed", unlocked(("write", ["D6", "年初预算数（元）"])), ("L209 D6",),
         says=("年初预算数（元）|年初预算数",)),
    Case("the year in the title changed", typed({"A3": "2023 年度部门整体支出绩效自评表"}), ("L209 A3", "L212"),
         says=("2023 年度部门整体支出绩效自评表|2024 年度部门整体支出绩效自评表",)),
    Case("a weight in a heading changed", unlocked(("write", ["B17", "产出指标\n(60分)"])), ("L209 B17",)),
    Case("a fixed weight changed", typed({"G7": 20}), ("L209 G7", "L212"),
         {"funds.execution_weight": 20.0}, says=("20|10",)),
    Case("the department changed", typed({"D5": "岳阳市云溪区教育局"}),
         ("L212", "L216 D5"), {"identity.department": "岳阳市云溪区教育局"}, says=("岳阳市云溪区教育局|岳阳市云溪区档案馆",)),
    Case("a validation deleted", sheet(lambda ws: _prohibit(ws, "E9")), ("L210 E9", "L212")),
    Case("validations deleted, of which no more than twenty cells are named", sheet(_prohibit_many),
         (f"L210 D7,E7,{','.join(f'G{row}' for row in range(17, 35))}", "L212")),
    Case("a validation that lets all in", sheet(lambda ws: _prohibit(ws, "E9", formula1="TRUE")),
         ("L212", "L219 E9")),
    Case("a validation of another limit", sheet(lambda ws: _prohibit(ws, "F14", formula1="9999")),
         ("L212", "L219 F14")),
    Case("a validation that only warns", sheet(lambda ws: _prohibit(ws, "E9", errorStyle="warning")),
         ("L212", "L219 E9")),
    Case("a cell pasted over with all it has", unlocked(("paste", ["G7", "G17"])),
         ("D411 G37", "D420 G17,G18,G19,G20,G21,G23,G25", "D432 I17", "D433 H17", "L210 G17"),
         {"indicators.weight.1": 10.0}),
    Case("values pasted beyond their limits", libreoffice(("type", {
        "indicators.self_score.1": 11.0, "funds.government_fund": -1.0, "identity.phone": "1" * 31})),
        ("D406 E8", "D430 H17", "D467 E38", "V304 E10", "V305 E38"),
        {"indicators.self_score.1": 11.0, "funds.government_fund": -1.0, "identity.phone": "1" * 31}),
    Case("all of this on the further sheet", with_openpyxl(_report), (
        "L210 自评报告!D9", "L212", "L214 自评报告!A90", "L214 自评报告!D9,F9,H9", "L218 自评报告!A5")),
    Case("figures in 元", libreoffice(("type", {
        "funds.original_budget": 1620000.0, "funds.final_budget": 1683500.0,
        "funds.actual_expenditure": 1683500.0, "funds.general_public_budget": 1583500.0,
        "funds.other_funds": 100000.0, "funds.basic_expenditure": 1214700.0,
        "funds.project_expenditure": 468800.0})),
        ("D414 E7", "D418 D7,E7,F7,I9,I10", "D422 F14", "D451 自评报告!D9,F9", "D454 F14"),
        {"funds.original_budget": 1620000.0, "funds.final_budget": 1683500.0,
         "funds.actual_expenditure": 1683500.0, "funds.general_public_budget": 1583500.0,
         "funds.other_funds": 100000.0, "funds.basic_expenditure": 1214700.0,
         "funds.project_expenditure": 468800.0}),
    Case("inputs merged", sheet(lambda ws: ws.merge_cells("E10:E11")), ("L212", "L218 E10"),
         {"funds.special_account_nontax": None}),
    Case("a row of inputs hidden", libreoffice(("hide_row", 9)), ("L214 E9,I9",)),
    Case("a column of inputs hidden", libreoffice(("hide_column", 9)), ("L214 I7,I9,I10,I38",)),
    Case("the form's sheet hidden", libreoffice(("hide", "")), ("L214",)),
    Case("rows put in, and the names lost", in_turn(
        unlocked(("insert_rows", [6, 2])), with_openpyxl(lambda book: book.defined_names.clear())),
        ("L212", "L215", "L217")),
    Case("rows filled in below the table", unlocked(("write", ["D42", "补充指标"]), ("write", ["G42", "5"])),
         ("L214 D42,G42",)),
    Case("rows put in and filled in", unlocked(("insert_rows", [18, 1]), ("write", ["D18", "补充指标"])),
         ("L215", "L221 D18")),
    Case("a row put in and filled in but for its weight", unlocked(
        ("insert_rows", [18, 1]), *row_of_indicators(18, but="G")), ("L215", "L221 D18,E18,F18,H18")),
    Case("a row put in between two groups", unlocked(("insert_rows", [20, 1]), *row_of_indicators(20)),
         ("L215", "L221 D20,E20,F20,G20,H20")),
    Case("a row put in above the first, and one below the last", unlocked(
        ("insert_rows", [37, 1]), *row_of_indicators(37), ("insert_rows", [17, 1]), *row_of_indicators(17)),
        ("L215", "L221 D17,E17,F17,G17,H17", "L221 D38,E38,F38,G38,H38")),
    Case("a row put in above the first one of its head, filled in beside it", unlocked(
        ("insert_rows", [16, 1]), ("write", ["D16", "补充指标"])), ("L214 D16", "L215")),
    Case("a remark beside the table", unlocked(("write", ["M7", "待核"])), ("L214 M7",)),
    Case("content far away", unlocked(("write", ["A12000", "不在这里"])), ("L214 A12000",)),
    Case("a row of indicators deleted", unlocked(("delete_rows", [18, 1])),
         ("D411 G36", "D420 G17,G18,G19,G20,G22,G24", "L201 D18,E18,F18,G18,H18,I18,K18", "L215"),
         {f"indicators.{key}.2": None for key in ("indicator", "target", "actual", "weight", "self_score")}),
    Case("the title's rows deleted", unlocked(("delete_rows", [2, 2])), ("L209 A2", "L209 A3", "L215")),
    Case("the columns beside the table deleted", unlocked(("delete_columns", [10, 3])),
         ("L201 K17,J17,K27,J27,K35,J35",
          "L201 K18,K19,K20,K21,K22,K23,K24,K25,K26,K28,K29,K30,K31,K32,K33,K34,K36", "L209 J16", "L209 K16")),
    Case("the form's sheet renamed", libreoffice(("rename", "2024年 自'评表")), ("L213",), says=("2024年 自'评表",)),
    Case("the form's sheet renamed, its names lost", with_openpyxl(_renamed_without_names), ("L212", "L213", "L217")),
    Case("sheets renamed, copied and taken out at once", libreoffice(
        ("copy", "Sheet1", "填报说明"), ("remove", "", "填报说明"), ("rename", "科协的表")), ("L213",),
        says=("科协的表", "Sheet1", "填报说明")),
    Case("the further sheet renamed", libreoffice(("rename", "报告", REPORT)), ("L213",)),
    Case("the further sheet taken out", libreoffice(("remove", "", REPORT)), ("D450 自评报告!A5", "L213"), LOST_REPORT),
    Case("what stands on the further sheet changed", libreoffice(
        ("unprotect", "", REPORT), ("write", ["A11", '="另外一句"'], REPORT), ("write", ["A4", "一、基本情况"], REPORT),
        ("unlock", "B9", REPORT)),
        ("L203 自评报告!A11", "L206", "L207 自评报告!B9", "L208 自评报告!A11", "L209 自评报告!A4")),
    Case("a text longer than asked on the further sheet", typed({"自评报告!A5": "长" * 1501}),
         ("L212", "V305 自评报告!A5"), {"report.overview": "长" * 1501}),
    Case("the form's sheet copied, the first taken out", libreoffice(("copy", "自评表副本"), ("remove", "")),
         # Of formulas that show #REF! those of numbers are told, as where other sheets are taken out.
         ("L213", "L217", f"L212 {REPORT}!B14", f"L212 {REPORT}!B9")),
    Case("values pasted over all formulas", typed(RESULTS),
         ("L202 H7,E8,I8,J17,J27,J35,G37,H37,I37", "L212")),
    Case("a required cell emptied", libreoffice(("type", {"funds.final_budget": None})), ("V301 E7",),
         {"funds.final_budget": None}),
    Case("all sheets but the form's taken out", libreoffice(
        *(("remove", "", name) for name in ("填报说明", "自检", "_calc", "_lists", "_form"))), ("L213", "L217")),
    Case("the values alone, in a new workbook", pasted(), ("L217",)),
    Case("the values alone, further down and to the right", pasted(down=3, right=2), ("L217",)),
    Case("the values alone, without the rows of the title", pasted(skip=3), ("L217",)),
    Case("the values alone, a total wrong", in_turn(pasted(), typed({"H7": 0.5})), ("L203 H7", "L217")),
    Case("a sheet with notes added", with_openpyxl(_add_sheet), ("L212", "L213")),
    Case("the guide taken out", libreoffice(("remove", "", "填报说明")), ("L213",)),
    Case("自检 taken out", libreoffice(("remove", "", "自检")), ("L213",)),
    Case("the hidden calculation taken out", libreoffice(("remove", "", "_calc")), ("L213",)),
    Case("the record taken out", libreoffice(("remove", "", "_form")), ("L213", "L217")),
    Case("macros", patched(add={"xl/vbaProject.bin": b"x"}), ("W114",)),
    Case("a link to another file", patched((LINKS, "</Relationships>",
         f'<Relationship Id="rId99" Type="{LINK}" Target="file:///z.xlsx" TargetMode="External"/></Relationships>')),
         ("W115",), says=("file:///z.xlsx",)),
    Case("an embedded file", patched(add={"xl/embeddings/a.docx": b"x"}), ("W116",), says=("a.docx",)),
)  # fmt: skip

# --- approved targets, locked in -------------------------------------------------------------------

TARGETS = (
    Case("approved targets", untouched, NONE, start="targets"),
    Case("approved targets, saved by LibreOffice", libreoffice(), NONE, start="targets"),
    Case("an approved target changed", typed({"E17": "≥5000卷"}), ("D476 B14,E17", "L209 E17", "L212"),
         {"indicators.target.1": "≥5000卷"}, start="targets"),
    Case("an approved target unlocked", sheet(lambda ws: _unlock(ws, "E17", "G17")), ("L207 E17,G17", "L212"),
         start="targets"),
    Case("an approved weight changed, as .ods", in_turn(typed({"G17": 9}), libreoffice(save_as="ods")),
         ("D411 G37", "D420 G17,G18,G19,G20,G21,G23,G25", "D432 I17", "D433 H17", "L209 G17", "W113"),
         {"indicators.weight.1": 9.0}, start="targets"),
)  # fmt: skip

# --- two forms in one book; nothing to read --------------------------------------------------------


KEPT = ("identity.department", "report.")
CLEARED = {name: None for name in GIVEN.values if not name.startswith(KEPT)} | {
    f"indicators.{key}.{number}": None
    for number, row in GIVEN.rows["indicators"].items()
    for key in row
}
"""Every input of the sound return, to be emptied."""


def _copy(book: Workbook) -> None:
    book.copy_worksheet(book[HOME]).title = "自评表 (2)"


def _own_table(book: Workbook) -> None:
    for name in book.sheetnames[1:]:
        book.remove(book[name])
    book.defined_names.clear()


def _copy_and_change(book: Workbook) -> None:
    copy = book.copy_worksheet(book[HOME])
    copy["D7"] = 1.0


BOOKS = (
    Case("the form twice, filled in alike", with_openpyxl(_copy), ("L212", "L213")),
    Case("the form twice, filled in differently", with_openpyxl(_copy_and_change), ("W118",),
         says=("“自评表”",)),
    Case("a copy filled in, the form left blank", libreoffice(("copy", "自评表 (2)"), ("type", CLEARED)),
         ("L213", *STALE, f"L203 {REPORT}!A3"), says=("自评表 (2)",)),
    Case("nothing filled in", untouched, ("W110",), start="blank"),
    Case("nothing filled in, saved by LibreOffice", libreoffice(), ("W110",), start="blank"),
    Case("of another definition, with what would be tampering in one of this", typed(
        {"_form!B3": "0" * 16, "D6": "别的文字", "H7": "=1"}), ("L212", "W111")),
    *(Case(f"nothing filled in, as .{kind}", libreoffice(save_as=kind), ("W110",), start="blank") for kind in ("xls", "ods")),
    Case("another version", typed({"_form!B2": "1999"}), ("W109",)),
    Case("another form", typed({"_form!B1": "别的表"}), ("W109",)),
    Case("somebody's own table", with_openpyxl(_own_table), ("W108",)),
    Case("the values alone, a label another", in_turn(pasted(), typed({"D6": "预算"})), ("W108",)),
    Case("the values alone, two labels exchanged", in_turn(
        pasted(), typed({"D6": "全年预算数", "E6": "年初预算数"})), ("W108",)),
)  # fmt: skip

CASES = (*HONEST, *VALUES, *EDITED, *TARGETS, *BOOKS)
