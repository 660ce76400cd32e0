"""Write docs/compatibility.md: what of a filled template survives a save by another program.

    python docs/make_compatibility.py        (needs LibreOffice; run from the top of the checkout)

A sample is filled in and saved by each program that can be had here; what is left is counted against the
template. An .xls and an .ods are looked at after the way back to .xlsx, by LibreOffice too.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import openpyxl
import pandas as pd
from openpyxl.workbook.workbook import Workbook

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from builder import build_template
from tests.fillings import FILLED, filling
from tests.office import Format, Office, soffice
from workbook import check, find_form, read_returns
from workbook.layout import canonical
from workbook.reading import Return

PAGE = Path(__file__).with_name("compatibility.md")

_HEAD = """\
# 哪个软件存一遍，留下什么 · What survives a save

<!-- 由 python docs/make_compatibility.py 生成，请勿手改 -->

一份填好的模板（{sample}）由各软件打开、另存，再与原来的比；“全”是一样不少，分数是留下的份数。读法见[读表](reading.md)。

"""
_TAIL = """
- .xls、.ods 的名称、锁定等，是再由 LibreOffice 存回 .xlsx 以后数的；“读表”一栏是直接读那个文件。
- 公式按规范写法比；换了写法的也算少；填报的表上的公式一条不少（没有 L208）。模板里没有批注。
- LibreOffice 26.8 的公式看不到格内的换行，当连成一行；自检照这样得出的结论不算不符（L204），读表仍按原文。
- XlsxWriter 只写不读，没有“另存”。calamine 只读值。
- “读表”是读入并检查以后多出的代码，“无”是与原来的一样；值不变就是读出的每一格都相同。

## 没有试过的（据文档）

| 软件 | 怎么说 |
|---|---|
| Excel 2007 及以后 | 模板只用它认识的函数，部件的次序按 ISO/IEC 29500；存一遍都应保留 |
| WPS 表格 | 同一格式；列表的公式转义不同，`.et` 是旧版 Excel 的格式，按内容认 |
| Word、WPS 文字 | 不能打开模板；往年的 .docx 用 `workbook import-word` 转成模板 |
"""
_TRAITS = ("值", "公式", "名称", "锁定", "有效性", "填写提示", "颜色", "身份记录", "结构锁")

Saved = tuple[str, str, Path, Path]
"""Program, its version, what it saved, and that as .xlsx."""


def page() -> str:
    """The whole page."""
    with tempfile.TemporaryDirectory() as folder:
        source = FILLED[0]
        form = find_form("department_overall")
        ours = build_template(form, Path(folder) / "ours.xlsx", filling=filling(source))
        before, counts = _read(ours), _traits(openpyxl.load_workbook(ours))
        heads = ("软件", "版本", *_TRAITS, "读表")
        lines = [_row(heads), _row(["---"] * len(heads))]
        for program, number, path, as_xlsx in _saves(ours, Path(folder)):
            left = _traits(openpyxl.load_workbook(as_xlsx))
            after = _read(path)
            shares = [
                _values_kept(before, after),
                *(_share(counts[t], left[t]) for t in _TRAITS[1:]),
            ]
            lines.append(_row((program, number, *shares, _said(before, after))))
    return _HEAD.format(sample=source.stem) + "\n".join(lines) + "\n" + _TAIL


def _saves(ours: Path, folder: Path) -> Iterator[Saved]:
    number = subprocess.run(
        [str(soffice()), "--version"], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    formats: tuple[Format, ...] = ("xlsx", "xls", "ods")
    with Office() as office:
        for ending in formats:
            saved = folder / f"office.{ending}"
            with office.open(ours) as book:
                office.save(book, saved, ending)
            back = saved
            if ending != "xlsx":
                back = folder / f"{ending}.xlsx"
                with office.open(saved) as book:
                    office.save(book, back)
            yield f"LibreOffice，存为 .{ending}", number, saved, back
    path = folder / "openpyxl.xlsx"
    openpyxl.load_workbook(ours).save(path)
    yield "openpyxl，读入再存", version("openpyxl"), path, path
    for engine, package in (("openpyxl", "pandas"), ("calamine", "python-calamine")):
        path = folder / f"{package}.xlsx"
        sheets = pd.read_excel(ours, sheet_name=None, header=None, engine=engine)
        with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
            for name, frame in sheets.items():
                frame.to_excel(writer, sheet_name=str(name), header=False, index=False)
        yield f"pandas，以 {engine} 读、再写值", version(package), path, path


def _read(path: Path) -> Return:
    return check(read_returns(path))[0]


def _values_kept(before: Return, after: Return) -> str:
    assert before.submission is not None
    if after.submission is None:
        return "–"
    mine, theirs = before.submission.cells, after.submission.cells
    entered = [name for name, cell in mine.items() if cell.raw is not None and not cell.formula]
    return _part(sum(mine[n].value == theirs[n].value for n in entered), len(entered))


def _said(before: Return, after: Return) -> str:
    more = {f.code for f in after.findings} - {f.code for f in before.findings}
    return "、".join(sorted(more)) or "无"


def _traits(book: Workbook) -> Mapping[str, frozenset[object]]:
    """By trait: all that a workbook has of it."""
    cells = [(ws.title, c) for ws in book for row in ws.iter_rows() for c in row]
    validations = [(ws.title, v) for ws in book for v in ws.data_validations.dataValidation]
    covered: list[tuple[str, str, str, str]] = [
        (sheet, str(area), str(v.type), str(v.prompt or ""))
        for sheet, v in validations
        for area in v.sqref.ranges
    ]
    return {
        "公式": frozenset(
            (s, c.coordinate, canonical(str(c.value)[1:])) for s, c in cells if c.data_type == "f"
        ),
        "名称": frozenset(n for n in book.defined_names if not n.startswith("_xl")),
        "锁定": frozenset(
            (s, c.coordinate)
            for s, c in cells
            if not c.protection.locked and book[s].protection.sheet
        ),
        "有效性": frozenset(row[:3] for row in covered),
        "填写提示": frozenset((s, a, p) for s, a, _, p in covered if p),
        "颜色": frozenset(
            (s, c.coordinate, c.fill.fgColor.rgb) for s, c in cells if c.fill.fill_type == "solid"
        ),
        "身份记录": frozenset(
            (c.coordinate, str(c.value))
            for s, c in cells
            if s == "_form" and c.row <= 7 and c.value
        ),
        "结构锁": frozenset({"locked"} if book.security and book.security.lockStructure else ()),
    }


def _share(before: frozenset[object], after: frozenset[object]) -> str:
    return _part(len(before & after), len(before))


def _part(kept: int, total: int) -> str:
    return "全" if kept == total else f"{kept}/{total}" if kept else "无"


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(PAGE)


if __name__ == "__main__":
    main()
