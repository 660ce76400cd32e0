"""Documents of unknown origin: what is read of them, and what is refused."""

import zipfile
from io import BytesIO

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from tests.api import Limits, Refused
from tests.fillings import SAMPLES
from workbook.word import read_word
from workbook.word.document import Word, WordParagraph, shown_address

SEED = SAMPLES / "word" / "125001_岳阳市云溪区科学技术协会.docx"
W = nsdecls("w")


def saved(document: object) -> bytes:
    out = BytesIO()
    document.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def with_body(xml: str) -> bytes:
    """A document whose body is this XML."""
    document = docx.Document()
    document.element.body.insert(0, parse_xml(f"<w:body {W}>{xml}</w:body>"))
    inner = document.element.body[0]
    for child in list(inner):
        inner.addprevious(child)
    inner.getparent().remove(inner)
    return saved(document)


def repacked(data: bytes, change: dict[str, bytes]) -> bytes:
    """A zip with some members replaced or added."""
    out = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(data)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, change.pop(name, b"") or source.read(name))
        for name, content in change.items():
            target.writestr(name, content)
    return out.getvalue()


def texts(word: Word) -> list[str]:
    return [block.text for block in word.blocks if isinstance(block, WordParagraph)]


def test_merged_cells_are_one_cell_and_keep_their_places_in_the_row() -> None:
    (table,) = read_word(SEED.read_bytes(), Limits()).tables
    budget = next(c for c in table.cells if c.text.strip() == "年度预  算申请  （万元）")
    assert (budget.row, budget.bottom, budget.left, budget.right) == (2, 8, 0, 0)
    figure = next(c for c in table.cells if c.text == "83.88")
    assert (figure.address.sheet, shown_address(figure.address)) == ("表1", "R3C3")


def test_inserted_text_counts_deleted_text_does_not() -> None:
    word = read_word(with_body(
        "<w:p><w:r><w:t>人员</w:t></w:r><w:ins><w:r><w:t>支出</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>57</w:delText></w:r></w:del><w:r><w:tab/><w:t>58</w:t><w:br/>"
        '<w:t xml:space="preserve"> 万元</w:t></w:r></w:p>'
    ), Limits())  # fmt: skip
    assert texts(word)[0] == "人员支出\t58\n 万元"


def test_tab_stops_are_no_text() -> None:
    body = '<w:p><w:pPr><w:tabs><w:tab w:val="left" w:pos="720"/></w:tabs></w:pPr><w:r><w:t>一</w:t></w:r></w:p>'
    assert texts(read_word(with_body(body), Limits()))[0] == "一"


def test_a_table_inside_a_cell_gives_its_text_to_the_cell() -> None:
    inner = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>里</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    body = f"<w:tbl><w:tr><w:tc><w:p><w:r><w:t>外</w:t></w:r></w:p>{inner}<w:p/></w:tc></w:tr></w:tbl><w:p/>"
    (table,) = read_word(with_body(body), Limits()).tables
    assert [cell.text for cell in table.cells] == ["外\n里\n"]


def test_text_hidden_in_the_lower_part_of_a_merged_cell_is_kept() -> None:
    row = '<w:tr><w:tc><w:tcPr><w:vMerge w:val="{}"/></w:tcPr><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc></w:tr>'
    body = f"<w:tbl>{row.format('restart', '上')}{row.format('continue', '下')}</w:tbl><w:p/>"
    (table,) = read_word(with_body(body), Limits()).tables
    assert [(cell.text, cell.bottom) for cell in table.cells] == [("上\n下", 2)]


DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "b">]><w/>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"", "W103", id="nothing"),
        pytest.param(b"%PDF-1.7\n", "W103", id="pdf"),
        pytest.param(b"PK\x03\x04 cut short", "W104", id="corrupt"),
        pytest.param((SAMPLES / "returns" / f"{SEED.stem}.xlsx").read_bytes(), "W103", id="workbook"),
        pytest.param(repacked(SEED.read_bytes(), {"word/document.xml": DOCTYPE}), "W107", id="doctype"),
        pytest.param(repacked(SEED.read_bytes(), {"word/document.xml": b"<w/>"}), "W104", id="no body"),
        pytest.param(repacked(SEED.read_bytes(), {"../x": b"x"}), "W107", id="path"),
        pytest.param(repacked(SEED.read_bytes(), {"b": bytes(50_000_000)}), "W106", id="bomb"),
    ],
)  # fmt: skip
def test_what_is_no_sound_document_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_word(data, Limits())
    assert refused.value.code == code


def test_more_cells_than_the_limit_are_refused() -> None:
    body = "<w:tbl>" + "<w:tr><w:tc><w:p/></w:tc></w:tr>" * 60 + "</w:tbl><w:p/>"
    with pytest.raises(Refused) as refused:
        read_word(with_body(body), Limits(cells=100))
    assert refused.value.code == "W106"


def test_outside_links_and_macros_are_noticed_and_not_followed() -> None:
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'attachedTemplate" Target="http://example.invalid/a.dotm" TargetMode="External"/>'
        '<Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'hyperlink" Target="http://example.invalid/" TargetMode="External"/></Relationships>'
    )
    changed = {"word/_rels/document.xml.rels": rels.encode(), "word/vbaProject.bin": b"x"}
    word = read_word(repacked(SEED.read_bytes(), changed), Limits())
    assert word.remote_templates == ("http://example.invalid/a.dotm",)
    assert word.has_macros
