"""A department's report as a Word document: its text, its look, what it never lets in or out."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from builder import write_reports
from builder.word import select, write_template
from tests.api import department_report, finding, official_template
from tests.fillings import FILLED, SAMPLES, accepted, changed, filling, rejected, submission
from tests.office import Office
from workbook import BuildError, Filling, Return, Roster, Submission, check, find_form
from workbook.checking import RosterEntry
from workbook.form import NOTHING, Value, outline
from workbook.word import convert, import_word

SOURCE = next(path for path in FILLED if path.stem.startswith("125001"))
FORM = find_form("department_overall")
MM = 36_000
"""Word's units in a millimetre."""
EVIL = "<w:p>&amp;{{x}}\x00\x0b{% raw %}=1+1\ud800"


def seed(**values: Value) -> Submission:
    return submission(FORM, changed(filling(SOURCE), **values))


def opened(data: bytes) -> Document:
    return docx.Document(BytesIO(data))


def lines(document: Document) -> list[str]:
    return [p.text for p in document.paragraphs if p.text.strip()]


def squeezed(text: str) -> str:
    """A text without blanks, full width folded to half: how a printed report is laid out does not matter."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def bare(heading: str) -> str:
    """A heading without its number."""
    return re.sub(
        r"^(?:\([一二三四五六七八九十\d]+\)|[一二三四五六七八九十\d]+[、.])", "", squeezed(heading)
    )


def sections(texts: list[str]) -> dict[str, list[str]]:
    """The texts below each of the report's headings, blanks aside."""
    names = {bare(chapter.heading) for chapter in outline(FORM) if chapter.heading}
    found: dict[str, list[str]] = {}
    for text in texts:
        name = bare(text)
        if name in names:
            found[name] = []
        elif found and squeezed(text):
            found[next(reversed(found))].append(squeezed(text))
    return found


def font(document: Document, style: str) -> tuple[str | None, float]:
    element = document.styles[style].element
    fonts, size = element.find(f".//{qn('w:rFonts')}"), element.find(f".//{qn('w:sz')}")
    return fonts.get(qn("w:eastAsia")), float(size.get(qn("w:val"))) / 2


# --- the text -------------------------------------------------------------------------------------


def test_the_seeds_report_comes_out_as_it_went_in_section_by_section() -> None:
    text = (SAMPLES / "word" / f"{SOURCE.stem}.txt").read_text(encoding="utf-8")
    printed = sections(text.split("97.69\n", 1)[1].split("\n"))
    read = import_word(SAMPLES / "word" / f"{SOURCE.stem}.docx", [FORM]).returned.submission
    assert read is not None
    for given in (seed(), read):
        written = sections(lines(opened(department_report(given))))
        last = next(reversed(written))
        written[last] = written[last][: len(printed[last])]  # the signing follows
        assert written == printed
        assert len(written) == 11


def test_the_title_the_opening_and_the_signing_stand_where_they_belong() -> None:
    document = opened(department_report(seed(identity__prepared_on=None)))
    texts = lines(document)
    assert texts[0] == "2024年度岳阳市云溪区科学技术协会\n部门整体支出绩效自评报告"
    assert texts[1].endswith("现将有关情况报告如下：")
    signed = [p.text for p in document.paragraphs if p.style and p.style.name == "落款"]
    assert signed == ["岳阳市云溪区科学技术协会", "　　年　　月　　日"]


def test_what_was_not_written_stays_blank_and_what_need_not_be_says_nothing() -> None:
    document = opened(department_report(seed(report__problems=None, report__other_matters=None)))
    texts = lines(document)
    assert texts[texts.index("七、存在的问题及原因分析") + 1] == "八、下一步改进措施"
    assert texts[texts.index("九、其他需要说明的情况") + 1] == NOTHING
    every = [p.text for p in document.paragraphs]
    assert every[every.index("七、存在的问题及原因分析") + 1] == "", "a line to write on"
    assert not [r for p in document.paragraphs for r in p.runs if r.style.name == "待填"]


def test_a_return_without_a_report_gives_the_form_alone() -> None:
    plain = filling(SOURCE)
    bare = Filling(
        {k: v for k, v in plain.values.items() if not k.startswith("report.")}, plain.rows
    )
    document = opened(department_report(submission(FORM, bare)))
    assert lines(document) == ["2024年度部门整体支出绩效自评表"]
    assert len(document.tables) == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (EVIL, ["<w:p>&amp;{{x}}", "{% raw %}=1+1"]),
        ("很" * 40_000, ["很" * 40_000]),
        ("人员支出五十七万元", ["人员支出五十七万元"]),
    ],
    ids=["evil", "long", "plain"],
)
def test_any_text_of_a_department_is_text(text: str, shown: list[str]) -> None:
    given = seed(report__overview=text, identity__department=text[:60], goals__achieved_goals=text)
    document = opened(department_report(given))
    assert set(shown) <= set(lines(document))
    assert any(
        "\n".join(shown) == cell.text for row in document.tables[0].rows for cell in row.cells
    )


def test_equal_input_gives_equal_bytes_and_no_name_of_ours() -> None:
    first, second = department_report(seed()), department_report(seed())
    assert first == second
    assert opened(first).core_properties.author == ""


# --- the annex ------------------------------------------------------------------------------------


def test_what_was_typed_over_a_formula_is_printed_nowhere(tmp_path: Path) -> None:
    given = seed(funds__execution_rate=0.1234, identity__department="甲局")
    assert "12.34" not in opened(department_report(given)).element.xml
    good = replace(accepted(filling(SOURCE), "a.xlsx"), submission=given)
    write_reports([good], tmp_path, public=True)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "12.34" not in page and "100%" in page


def test_for_the_public_whom_to_ask_is_left_out_everywhere() -> None:
    given = seed(
        identity__prepared_by="张三丰",
        identity__phone="0730-8412345",
        identity__approved_by="李四光",
    )
    inside, outside = (
        opened(department_report(given, public=public)).element.xml for public in (False, True)
    )
    assert "张三丰" in inside and "0730-8412345" in inside and "填表人" in inside
    assert "张三丰" not in outside and "0730-8412345" not in outside
    assert "填表人" not in outside and "联系电话" not in outside
    assert "李四光" in outside


# --- the look -------------------------------------------------------------------------------------


def test_the_page_is_that_of_public_documents() -> None:
    document = opened(department_report(seed()))
    page, annex = document.sections
    assert [round((x or 0) / MM) for x in (page.page_width, page.page_height)] == [210, 297]
    margins = (page.top_margin, page.bottom_margin, page.left_margin, page.right_margin)
    assert [round((m or 0) / MM) for m in margins] == [37, 35, 28, 26]
    assert annex.left_margin < page.left_margin  # type: ignore[operator]
    assert document.styles["Normal"].paragraph_format.line_spacing == Pt(28.95)
    indent = document.styles["Body Text"].element.find(f".//{qn('w:ind')}")
    assert indent.get(qn("w:firstLineChars")) == "200"


def test_fonts_that_an_office_lacks_have_a_stand_in() -> None:
    document = official_template()
    table = next(
        r.target_part.blob for r in document.part.rels.values() if r.reltype.endswith("fontTable")
    )
    assert re.search('w:name="仿宋_GB2312"><w:altName w:val="仿宋"', table.decode())


def test_what_the_bureau_changed_in_word_holds(tmp_path: Path) -> None:
    template = write_template(tmp_path / "模板.docx")
    document = docx.Document(str(template))
    document.styles["Heading 1"].font.size = Pt(20)
    document.sections[0].left_margin = Mm(40)
    document.sections[0].header.paragraphs[0].text = "云溪区财政局"
    document.paragraphs[0].insert_paragraph_before("附件3")
    document.save(str(template))
    made = opened(department_report(seed(), template=template))
    assert lines(made)[0] == "附件3"
    assert "【正文】" not in lines(made)
    assert round((made.sections[0].left_margin or 0) / MM) == 40
    assert made.sections[0].header.paragraphs[0].text == "云溪区财政局"
    assert font(made, "Heading 1")[1] == 20


def test_any_document_serves_as_a_template_styles_it_lacks_are_added(tmp_path: Path) -> None:
    docx.Document().save(str(tmp_path / "a.docx"))
    made = opened(department_report(seed(), template=tmp_path / "a.docx"))
    assert "七、存在的问题及原因分析" in lines(made)
    assert font(made, "附件标识") == ("黑体", 16)


@pytest.mark.parametrize("data", [b"", b"%PDF", b"PK\x03\x04"])
def test_what_is_no_document_is_no_template(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(data)
    with pytest.raises(BuildError, match=r"a\.docx"):
        department_report(seed(), template=path)


@pytest.mark.parametrize(
    ("part", "words", "others"),
    [
        ("word/settings.xml", b"<w:", b"<"),
        ("word/styles.xml", b"w:styles", b"w:stylos"),
        ("word/styles.xml", b'w:type="paragraph"', b'w:type="1e-999"'),
        ("word/document.xml", b'w:bottom="', b'w:bottom="0x'),
        ("docProps/core.xml", b"<", b""),
    ],
)
def test_a_template_with_a_broken_part_is_refused_by_name(
    tmp_path: Path, part: str, words: bytes, others: bytes
) -> None:
    path = write_template(tmp_path / "模板.docx")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert words in parts[part]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(words, others) if name == part else content)
    with pytest.raises(BuildError, match=r"模板\.docx：模板不完整，请在 Word 中另存为 \.docx"):
        department_report(seed(), template=path)


# --- a folder of them -----------------------------------------------------------------------------


def names(written: Iterable[Path]) -> list[str]:
    return [path.name for path in written]


def test_reports_are_written_one_a_department_and_a_bad_return_stops_no_other(
    tmp_path: Path,
) -> None:
    good = accepted(filling(SOURCE), "a.xlsx")
    bad = rejected("b.xlsx", finding("W104", detail="x"))
    odd = replace(good, submission=replace(seed(), department=EVIL[:9], department_code=""))
    written = write_reports([good, bad, good, odd], tmp_path)
    assert names(written.documents) == [
        "125001_岳阳市云溪区科学技术协会_自评报告.docx",
        "125001_岳阳市云溪区科学技术协会_自评报告2.docx",
        "＿w＿p＿&amp_自评报告.docx",
    ]
    assert [path.name for path, _ in written.refused] == ["b.xlsx"]


def sent(name: str, path: str, year: int = 2024, modified: str = "") -> Return:
    """A department's return; equal fillings but for its own name."""
    read = replace(
        seed(identity__department=name, identity__department_code=None),
        fiscal_year=year,
        path=Path(path),
    )
    return replace(accepted(filling(SOURCE), path, modified=modified), submission=read)


def unlike(item: Return, amount: float) -> Return:
    """The return with another amount, so that it is no copy."""
    assert item.submission is not None
    name = "funds.original_budget"
    cell = replace(item.submission.cells[name], raw=amount, value=amount)
    read = replace(item.submission, cells=item.submission.cells | {name: cell})
    return replace(item, submission=read)


def chosen(returns: list[Return], roster: Roster | None = None, **how: Any) -> tuple[Any, Any]:
    judged = check(returns, roster, year=how.get("year"))
    told = select(judged, roster, **how)
    return [r.path.name for r in told.returns], [path.name for path, _ in told.left_out]


def test_only_the_return_that_counts_is_written() -> None:
    first = sent("甲局", "a.xlsx", modified="2025-01-01T00:00:00Z")
    later = unlike(sent("甲局", "b.xlsx", modified="2025-01-02T00:00:00Z"), 1.0)
    assert chosen([later, first]) == (["b.xlsx"], ["a.xlsx"])


def test_another_years_form_is_left_out() -> None:
    old, new = sent("甲局", "a.xlsx", 2023), unlike(sent("乙局", "b.xlsx"), 1.0)
    assert chosen([old, new], year=2024) == (["b.xlsx"], ["a.xlsx"])
    assert chosen([old, new]) == (["b.xlsx"], ["a.xlsx"])
    assert chosen([old], year=2023) == (["a.xlsx"], [])


def test_who_is_on_the_roster_is_written_under_its_name() -> None:
    roster = Roster(Path("r.csv"), (RosterEntry("001", "甲 局"),))
    on, off = sent("甲局", "a.xlsx"), unlike(sent("乙局", "b.xlsx"), 1.0)
    assert chosen([on, off], roster) == (["a.xlsx"], ["b.xlsx"])
    (named,) = select([on], roster).returns
    assert named.submission is not None
    assert (named.submission.department_code, named.submission.department) == ("001", "甲 局")
    assert "甲 局" in lines(opened(department_report(named.submission)))[0]


def test_copies_are_not_published_but_for_one_that_equals_what_does_not_count() -> None:
    own, copy = sent("甲局", "a.xlsx"), sent("乙局", "b.xlsx", modified="2025-01-01T00:00:00Z")
    assert chosen([own, copy]) == (["a.xlsx", "b.xlsx"], [])
    assert chosen([own, copy], public=True) == ([], ["a.xlsx", "b.xlsx"])
    mended = unlike(sent("乙局", "c.xlsx", modified="2025-01-02T00:00:00Z"), 1.0)
    assert chosen([own, copy, mended], public=True) == (["a.xlsx", "c.xlsx"], ["b.xlsx"])


def test_what_is_there_is_not_written_over_unless_told_to(tmp_path: Path) -> None:
    good = accepted(filling(SOURCE), "a.xlsx")
    write_reports([good], tmp_path)
    again = write_reports([good], tmp_path)
    assert (names(again.documents), len(again.refused)) == ([], 1)
    assert len(write_reports([good], tmp_path, force=True).documents) == 1


def test_the_index_page_stands_alone_and_shows_texts_as_texts(tmp_path: Path) -> None:
    evil = '<script src="http://x">&"'
    other = replace(seed(), department=evil, department_code="9")
    good = accepted(filling(SOURCE), "a.xlsx")
    written = write_reports([good, replace(good, submission=other)], tmp_path, public=True)
    assert written.index == tmp_path / "index.html"
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script" in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert page.count("<tr>") == 3
    assert "97.69" in page and "78.30" in page


def test_the_index_page_counts_departments_not_forms(tmp_path: Path) -> None:
    good = accepted(filling(SOURCE), "a.xlsx")
    write_reports([good, good], tmp_path, public=True)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "共 1 个单位" in page and page.count("<tr>") == 3


def test_libreoffice_prints_the_report_and_the_form_on_whole_pages(
    tmp_path: Path, office: Office
) -> None:
    del office
    paper = convert({"a.docx": department_report(seed())}, "pdf")["a.docx"]
    assert paper.startswith(b"%PDF")
    written = write_reports([accepted(filling(SOURCE), "a.xlsx")], tmp_path, pdf=True)
    assert [path.suffix for path in written.papers] == [".pdf"]
    assert written.papers[0].is_file()
