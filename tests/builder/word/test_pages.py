"""What Word makes of the documents: widths, heads on every page, the signature, 28 characters a line.

LibreOffice is forgiving of much that Word is not, so the documents' own marks are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.table import Table
from docx.text.paragraph import Paragraph

from builder import build_county_report
from tests.api import department_report
from tests.fillings import FILLED, ROSTER, changed, filling, overall, sample_returns, submission
from workbook import Filling, Submission, aggregate, check, find_form, load_roster

BODY = Pt(16)


def seed(**values: str | None) -> Submission:
    source = next(path for path in FILLED if path.stem.startswith("125001"))
    return submission(overall(), changed(filling(source), **values))


def project() -> Submission:
    given = Filling({"identity.department": "甲局", "identity.project_name": "甲项目"}, {})
    return submission(find_form("project_expenditure"), given)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    """One of every kind, by its name, as read back from the file."""
    roster = load_roster(ROSTER)
    county = build_county_report(
        aggregate(check(sample_returns(), roster), roster),
        tmp_path_factory.mktemp("county") / "a.docx",
    )
    written = {
        "report": department_report(seed()),
        "public": department_report(seed(), public=True),
        "form alone": department_report(project()),
        "county": Path(county).read_bytes(),
    }
    return {name: docx.Document(BytesIO(data)) for name, data in written.items()}


def tables(documents: dict[str, Document]) -> Iterator[tuple[str, Table]]:
    for name, document in documents.items():
        assert document.tables, name
        yield from ((name, table) for table in document.tables)


def on(element: object, name: str) -> bool:
    """Whether a property is set."""
    found = element.find(f".//{qn(name)}")  # type: ignore[attr-defined]
    return found is not None and found.get(qn("w:val")) not in ("0", "false")


# --- tables ---------------------------------------------------------------------------------------


def test_a_cell_is_as_wide_as_the_columns_it_spans(documents: dict[str, Document]) -> None:
    for name, table in tables(documents):
        grid = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid.gridCol_lst]
        declared = table._tbl.tblPr.find(qn("w:tblW"))
        assert (declared.get(qn("w:type")), int(declared.get(qn("w:w")))) == ("dxa", sum(grid))
        for row in table._tbl.tr_lst:
            column = 0
            for cell in row.tc_lst:
                width = cell.find(f".//{qn('w:tcW')}")
                spanned = grid[column : column + cell.grid_span]
                assert width.get(qn("w:type")) == "dxa", name
                assert int(width.get(qn("w:w"))) == sum(spanned), (name, column)
                column += cell.grid_span
            assert column == len(grid), name


def test_a_table_is_as_wide_as_the_text_of_its_page(documents: dict[str, Document]) -> None:
    for name, table in tables(documents):
        grid = sum(int(c.get(qn("w:w"))) for c in table._tbl.tblGrid.gridCol_lst)
        ended = [e for e in table._tbl.itersiblings(preceding=True) if "sectPr" in e.xml]
        page = documents[name].sections[len(ended)]
        text = page.page_width - page.left_margin - page.right_margin  # type: ignore[operator]
        assert abs(grid - text / 635) < len(table.columns), name


def test_heads_are_repeated_on_every_page_and_no_row_is_broken(
    documents: dict[str, Document],
) -> None:
    heads = {"一级指标", "项目", "分类", "序号", "问题"}
    for name, table in tables(documents):
        rows = table._tbl.tr_lst
        assert all(on(row, "w:cantSplit") for row in rows), name
        repeated = [row for row in rows if on(row, "w:tblHeader")]
        assert repeated == rows[: len(repeated)], "Word repeats only the first ones"
        texts = {cell.text for row in table.rows for cell in row.cells}
        assert bool(repeated) == bool(texts & heads), name
        for row in repeated:
            assert all(on(p, "w:keepNext") for p in row.iter(qn("w:p"))), "never without a row"
            # What reaches down from a head that is repeated would be drawn twice.
            merged = [c.vMerge for c in row.tc_lst]
            assert row is not repeated[-1] or "restart" not in merged


def test_no_blank_cell_makes_a_row_as_high_as_a_line_of_the_text(
    documents: dict[str, Document],
) -> None:
    for name, table in tables(documents):
        styles = {Paragraph(p, table).style.name for p in table._tbl.iter(qn("w:p"))}  # type: ignore[union-attr]
        assert styles == {"表格文字"}, name


def test_the_last_rows_of_a_table_stay_together(documents: dict[str, Document]) -> None:
    for name, table in tables(documents):
        last = next(
            (n for n, row in enumerate(table.rows) if row.cells[0].text.startswith("总分")),
            len(table.rows) - 1,
        )
        first = last - 1
        if name == "county" and len(table.rows) <= 15:
            first = 0  # short ones of the bureau's stand whole
        for row in table._tbl.tr_lst[first:-1]:
            assert all(on(p, "w:keepNext") for p in row.iter(qn("w:p"))), name


# --- the text -------------------------------------------------------------------------------------


def signing(document: Document) -> list[Paragraph]:
    """The paragraphs from the last of the text to the date."""
    texts = [p.text for p in document.paragraphs]
    date = next(n for n, p in enumerate(document.paragraphs) if "sectPr" in p._p.xml)
    note = next(n for n, text in enumerate(texts) if text.startswith("附件："))
    assert texts[note - 1] == texts[note + 1] == "", "a blank line above and below"
    assert texts[note - 2], "the last paragraph of the text"
    return list(document.paragraphs[note - 2 : date + 1])


def test_the_signature_stays_with_the_last_paragraph(documents: dict[str, Document]) -> None:
    for name in ("report", "public"):
        *above, date = signing(documents[name])
        assert above[-1].text == "岳阳市云溪区科学技术协会"
        assert date.text.endswith("日")
        assert all(p.paragraph_format.keep_with_next for p in above)
        assert not on(date._p, "w:keepNext"), "the next page is the annex's"


@pytest.mark.parametrize("name", ["甲局", "岳阳市云溪区科学技术协会", "很" * 20, "很" * 30])
def test_the_name_is_centred_over_the_date_four_characters_from_the_edge(name: str) -> None:
    document = docx.Document(BytesIO(department_report(seed(identity__department=name))))
    *_, signed, date = signing(document)
    assert document.styles["落款"].paragraph_format.alignment == 1
    assert {p.style.name for p in (signed, date)} == {"落款"}  # type: ignore[union-attr]
    assert signed.paragraph_format.left_indent == date.paragraph_format.left_indent
    page = document.sections[0]
    text = page.page_width - page.left_margin - page.right_margin  # type: ignore[operator]
    room = text - date.paragraph_format.left_indent
    assert room >= min(text, len(name) * BODY), "on one line, if the page has room for it"
    if len(name) <= len(date.text) + 8:
        assert room == pytest.approx((len(date.text) + 8) * BODY, abs=BODY / 4)


def test_a_line_has_28_characters_and_a_page_22_lines(documents: dict[str, Document]) -> None:
    for name, document in documents.items():
        grid = document.sections[0]._sectPr.find(qn("w:docGrid"))
        assert grid.get(qn("w:type")) == "linesAndChars"
        spacing = document.styles["Normal"].element.find(f".//{qn('w:rPr')}/{qn('w:spacing')}")
        character = BODY + int(grid.get(qn("w:charSpace"))) / 4096 * Pt(1)
        closer = character + int(spacing.get(qn("w:val"))) * 635
        assert closer == pytest.approx(BODY, rel=0.025), "no one should see that it is set closer"
        page = document.sections[0]
        if name == "form alone":
            continue
        text = page.page_width - page.left_margin - page.right_margin  # type: ignore[operator]
        assert text // character == 28, name
        height = page.page_height - page.top_margin - page.bottom_margin  # type: ignore[operator]
        pitch = int(grid.get(qn("w:linePitch"))) * 635
        assert document.styles["Normal"].paragraph_format.line_spacing == pitch
        assert height // pitch == 22
        assert height - 22 * pitch < Pt(1), "and no more room"


def test_the_section_ends_with_the_date_and_the_document_with_a_hair(
    documents: dict[str, Document],
) -> None:
    """A paragraph of its own for either would begin a page on which nothing stands."""
    for name in ("report", "form alone"):
        assert documents[name].paragraphs[-1].paragraph_format.line_spacing == Pt(1)
    assert signing(documents["report"])[-1].text


def test_a_text_that_leads_to_a_table_stays_with_it(documents: dict[str, Document]) -> None:
    for table in documents["county"].tables:
        above = table._tbl.getprevious()
        if above.tag == qn("w:p") and Paragraph(above, table).text:
            assert on(above, "w:keepNext")


def test_the_year_is_written_in_one_way(documents: dict[str, Document]) -> None:
    for name, document in documents.items():
        text = "".join(t.text or "" for t in document.element.iter(qn("w:t")))
        assert re.search(r"\d{4}年度", text), name
        assert not re.search(r"\d[ \u3000]+年", text), name
        assert re.search(r"\d{4}年度", document.core_properties.title), name
