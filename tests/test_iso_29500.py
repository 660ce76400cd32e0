"""What we write keeps to the standard's order of elements, and to what Excel takes in.

Excel "repairs" a workbook whose elements stand in another order, and every other program takes it: so nothing
else here would notice. Orders are those of ISO/IEC 29500-1:2016, by section; limits those of Excel 2007 and later.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from builder import build_summary, build_template
from tests.fillings import FILLED, filling, overall
from workbook import Summary, find_form
from workbook.address import split_a1

PROJECT = Path(__file__).resolve().parent / "forms" / "filled" / "project_expenditure.toml"
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

ORDERS = {
    # 18.3.1.99, of CT_Worksheet
    "worksheet": """sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection
        protectedRanges scenarios autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr
        conditionalFormatting dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter
        rowBreaks colBreaks customProperties cellWatches ignoredErrors smartTags drawing legacyDrawing
        legacyDrawingHF drawingHF picture oleObjects controls webPublishItems tableParts extLst""",
    # 18.2.27, of CT_Workbook
    "workbook": """fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups
        externalReferences definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes
        webPublishing fileRecoveryPr webPublishObjects extLst""",
    # 18.8.39, of CT_Stylesheet
    "styleSheet": """numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst""",
    "font": "b i strike condense extend outline shadow u vertAlign sz color name family charset scheme",
    "border": "start end left right top bottom diagonal vertical horizontal",
    "dxf": "font numFmt fill alignment border protection extLst",  # 18.8.14
    "xf": "alignment protection extLst",  # 18.8.45
    "c": "f v is extLst",  # 18.3.1.4
    "dataValidation": "formula1 formula2",  # 18.3.1.32
    "sheetView": "pane selection pivotSelection extLst",  # 18.3.1.87
    "sheetPr": "tabColor outlinePr pageSetUpPr",  # 18.3.1.82
    "headerFooter": "oddHeader oddFooter evenHeader evenFooter firstHeader firstFooter",  # 18.3.1.46
    "table": "autoFilter sortState tableColumns tableStyleInfo extLst",  # 18.5.1.2
}
"""By element: its children in the order in which they must stand."""

Part = tuple[str, etree._Element]
STRINGS = re.compile(r'"[^"]*"')


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory, samples_summary: Summary) -> dict[str, Path]:
    """The workbooks that we write, by what they are."""
    folder = tmp_path_factory.mktemp("books")
    project = find_form("project_expenditure")
    return {
        "blank": build_template(overall(), folder / "blank.xlsx"),
        "filled": build_template(overall(), folder / "filled.xlsx", filling=filling(FILLED[0])),
        "project": build_template(
            project, folder / "project.xlsx", filling=filling(PROJECT, project)
        ),
        "summary": build_summary(samples_summary, folder / "summary.xlsx"),
    }


BOOKS = ("blank", "filled", "project", "summary")


@cache
def parts(path: Path) -> tuple[Part, ...]:
    """The XML of its own kind: sheets, styles, strings, tables."""
    with zipfile.ZipFile(path) as archive:
        read = (
            (n, etree.fromstring(archive.read(n))) for n in archive.namelist() if n.endswith("l")
        )
        return tuple((n, root) for n, root in read if root.tag.startswith(MAIN))  # fmt: skip


def found(path: Path, element: str) -> Iterator[tuple[str, etree._Element]]:
    for name, root in parts(path):
        for node in root.iter(f"{MAIN}{element}"):
            yield name, node


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("element", ORDERS)
def test_elements_stand_in_their_order(books: dict[str, Path], book: str, element: str) -> None:
    order = {f"{MAIN}{child}": rank for rank, child in enumerate(ORDERS[element].split())}
    for name, node in found(books[book], element):
        children = [child.tag for child in node]
        assert set(children) <= order.keys(), name
        assert children == sorted(children, key=order.__getitem__), name


@pytest.mark.parametrize("book", BOOKS)
def test_there_is_something_to_look_at(books: dict[str, Path], book: str) -> None:
    assert len(list(found(books[book], "worksheet"))) >= 6
    assert len(list(found(books[book], "f"))) >= 100


def depth(formula: str) -> int:
    """How deep functions stand in functions."""
    deepest = level = 0
    opened: list[bool] = []
    for match in re.finditer(r"([A-Z][A-Z0-9.]*)?\(|\)", STRINGS.sub("", formula)):
        if match[0] == ")":
            level -= opened.pop()
        else:
            opened.append(match[1] is not None)
            level += opened[-1]
            deepest = max(deepest, level)
    return deepest


@pytest.mark.parametrize("book", BOOKS)
def test_formulas_are_such_as_excel_takes(books: dict[str, Path], book: str) -> None:
    for element in ("f", "formula", "formula1", "formula2", "definedName"):
        for name, node in found(books[book], element):
            text = node.text or ""
            assert len(text) <= 8192, name
            assert depth(text) <= 64, name
            assert all(len(t) <= 257 for t in STRINGS.findall(text)), (name, text[:200])


@pytest.mark.parametrize("book", BOOKS)
def test_shared_formulas_have_a_master_with_their_area(books: dict[str, Path], book: str) -> None:
    for name, root in parts(books[book]):
        areas: dict[str, tuple[int, int, int, int]] = {}
        for cell in root.iter(f"{MAIN}c"):
            for formula in cell.iterfind(f"{MAIN}f[@t='shared']"):
                group, at = formula.get("si", ""), split_a1(cell.get("r", ""))
                if formula.text:
                    first, _, last = formula.get("ref", "").partition(":")
                    areas[group] = (*split_a1(first), *split_a1(last or first))
                top, left, bottom, right = areas[group]
                assert top <= at[0] <= bottom, (name, cell.get("r"))
                assert left <= at[1] <= right, (name, cell.get("r"))


@pytest.mark.parametrize("book", BOOKS)
def test_texts_keep_to_their_limits(books: dict[str, Path], book: str) -> None:
    path = books[book]
    for name, node in (*found(path, "si"), *found(path, "is")):
        assert len("".join(node.itertext())) <= 32_767, name
    for name, node in found(path, "v"):
        assert len(node.text or "") <= 32_767, name
    for name, node in found(path, "dataValidation"):
        limits = {"prompt": 255, "error": 255, "promptTitle": 32, "errorTitle": 32}
        for attribute, most in limits.items():
            assert len(node.get(attribute, "")) <= most, (name, node.get("sqref"))
        inline = node.findtext(f"{MAIN}formula1") or ""
        assert not inline.startswith('"') or len(inline) <= 257, (name, node.get("sqref"))
    for name, node in found(path, "headerFooter"):
        assert all(len(child.text or "") <= 255 for child in node), name


@pytest.mark.parametrize("book", BOOKS)
def test_names_and_measures_keep_to_their_limits(books: dict[str, Path], book: str) -> None:
    path = books[book]
    names = [node.get("name", "") for _, node in found(path, "sheet")]
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert 1 <= len(name) <= 31
        assert not re.search(r"[\[\]:*?/\\]|^'|'$", name)
    for _, node in found(path, "definedName"):
        assert re.fullmatch(r"[^\W\d][\w.]{0,254}", node.get("name", "")), node.get("name")
    for name, node in found(path, "col"):
        assert float(node.get("width", 0)) <= 255, name
        assert int(node.get("max", 1)) <= 16_384, name
    for name, node in found(path, "row"):
        assert float(node.get("ht", 0)) <= 409.5, (name, node.get("r"))
        assert int(node.get("r", 1)) <= 1_048_576, name
    for name, node in found(path, "numFmt"):
        assert len(node.get("formatCode", "")) <= 255, name
    for name, node in found(path, "cellXfs"):
        assert len(node) <= 64_000, name
    for _, node in (*found(path, "mergeCells"), *found(path, "dataValidations")):
        assert int(node.get("count", 0)) == len(node)


def test_the_depth_of_a_formula_counts_functions_only() -> None:
    assert depth('IF(((A1="(((")),SUM(MAX(1,2)),"")') == 3
