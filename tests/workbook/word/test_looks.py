"""What a person sees of a Word document is what is read of it; the rest is told."""

from io import BytesIO

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE

from tests.api import Limits, Refused
from tests.workbook.word.test_document import SEED, W, repacked, saved, texts, with_body
from workbook.word import read_word
from workbook.word.document import Word

MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
UP = '<w:vertAlign w:val="superscript"/>'
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}"'
    ' Target="{}" TargetMode="External"/></Relationships>'
)


def run(text: str, look: str = "") -> str:
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(inner: str) -> Word:
    return read_word(with_body(f"<w:p>{inner}</w:p>"), Limits())


def seen(inner: str) -> str:
    return texts(paragraph(inner))[0]


def cells(rows: str) -> tuple[list[str], Word]:
    word = read_word(with_body(f"<w:tbl>{rows}</w:tbl><w:p/>"), Limits())
    return [cell.text for cell in word.tables[0].cells], word


def row(text: str, settings: str = "") -> str:
    return f"<w:tr><w:trPr>{settings}</w:trPr><w:tc><w:p>{run(text)}</w:p></w:tc></w:tr>"


# --- hidden ---------------------------------------------------------------------------------------


def test_hidden_text_is_not_read_but_told() -> None:
    word = paragraph(
        run("支出") + run("57.98", "<w:vanish/>") + run("83.88", '<w:vanish w:val="0"/>')
    )
    assert (texts(word)[0], word.unread) == ("支出83.88", ("隐藏的文字“57.98”",))


def test_text_hidden_by_its_style_or_its_paragraphs_is_not_read() -> None:
    document = docx.Document()
    base = document.styles.add_style("Base", WD_STYLE_TYPE.CHARACTER)
    base.font.hidden = True
    document.styles.add_style("Sub", WD_STYLE_TYPE.CHARACTER).base_style = base
    document.styles.add_style("Para", WD_STYLE_TYPE.PARAGRAPH).font.hidden = True
    first = document.add_paragraph("看见")
    first.add_run("看不见", style="Sub")
    second = document.add_paragraph("看不见", style="Para")
    second.add_run("又看见").font.hidden = False
    second.add_run("也看见", style="Base")  # hidden twice: Word toggles
    word = read_word(saved(document), Limits())
    assert texts(word) == ["看见", "又看见也看见"]


def test_a_paragraph_whose_mark_alone_is_hidden_is_read() -> None:
    assert seen("<w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>" + run("看见")) == "看见"


def test_styles_based_on_each_other_in_a_circle_end() -> None:
    styles = (
        f'<w:styles {W}><w:style w:type="paragraph" w:default="1" w:styleId="A"><w:basedOn w:val="B"/>'
        '</w:style><w:style w:styleId="B"><w:basedOn w:val="A"/></w:style></w:styles>'
    )
    data = repacked(with_body(f"<w:p>{run('字')}</w:p>"), {"word/styles.xml": styles.encode()})
    assert texts(read_word(data, Limits()))[0] == "字"


def test_rows_that_are_hidden_or_deleted_keep_their_places_and_are_not_read() -> None:
    read, word = cells(
        row("一") + row("二", "<w:hidden/>") + row("三", '<w:del w:id="1"/>') + row("四")
    )
    assert (read, word.unread) == (["一", "", "", "四"], ("隐藏的文字“二”",))


def test_what_a_cell_was_before_a_tracked_change_does_not_count() -> None:
    old = '<w:tcPrChange w:id="1"><w:tcPr><w:gridSpan w:val="3"/></w:tcPr></w:tcPrChange>'
    body = f"<w:tr><w:tc><w:tcPr>{old}</w:tcPr><w:p>{run('甲')}</w:p></w:tc></w:tr>"
    _, word = cells(body)
    assert word.tables[0].cells[0].right == 0


# --- superscripts, notes, ruby --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        pytest.param(run("10") + run("2", UP), "10²", id="exponent"),
        pytest.param(run("10") + run("-", UP) + run("３", UP), "10⁻³", id="exponent in two runs"),
        pytest.param(run("100m") + run("2", UP) + run("以上"), "100m²以上", id="unit"),
        pytest.param(run("83.88") + run("[", UP) + run("1]", UP), "83.88", id="mark in brackets"),
        pytest.param(run("83.88") + run("①", UP) + run(" 万元"), "83.88 万元", id="circled mark"),
        pytest.param(run("83.88") + run("1,2", UP), "83.88¹,²", id="bare digits stay apart"),
        pytest.param(run("83.88", UP), "83.88", id="a whole cell set small"),
        pytest.param(run("CO") + run("2", UP.replace("super", "sub")), "CO2", id="subscript"),
        pytest.param(
            run("83.88") + '<w:r><w:footnoteReference w:id="2"/></w:r>' + run("万元"),
            "83.88万元", id="footnote"),
        pytest.param(
            run("83.88") + '<w:r><w:endnoteReference w:customMarkFollows="1" w:id="2"/><w:t>7</w:t></w:r>',
            "83.88", id="endnote with a mark of its own"),
        pytest.param(
            "<w:r><w:ruby><w:rubyPr/><w:rt><w:r><w:t>yún</w:t></w:r></w:rt><w:rubyBase>"
            "<w:r><w:t>云</w:t></w:r></w:rubyBase></w:ruby></w:r>" + run("溪"),
            "云溪", id="ruby"),
    ],
)  # fmt: skip
def test_raised_text_is_no_part_of_a_number(inner: str, text: str) -> None:
    assert seen(inner) == text


def test_a_superscript_by_its_style_counts_and_a_typed_mark_of_a_note_goes() -> None:
    document = docx.Document()
    document.styles.add_style("Up", WD_STYLE_TYPE.CHARACTER).font.superscript = True
    document.styles.add_style("footnote reference", WD_STYLE_TYPE.CHARACTER).font.superscript = True
    document.add_paragraph("10").add_run("2", style="Up")
    document.add_paragraph("83.88").add_run("2", style="footnote reference")
    assert texts(read_word(saved(document), Limits())) == ["10²", "83.88"]


# --- tracked changes, fields, controls, boxes -----------------------------------------------------

BEGIN, SEPARATE, END = (
    f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")
)


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        pytest.param(
            f"<w:moveFrom>{run('57')}</w:moveFrom><w:moveTo>{run('58')}</w:moveTo>", "58", id="moved"),
        pytest.param(f"<w:ins><w:del>{run('57')}</w:del></w:ins>{run('58')}", "58", id="inserted, deleted"),
        pytest.param(
            f"{BEGIN}<w:r><w:instrText>=1+1</w:instrText></w:r>{SEPARATE}{run('2')}{END}{run('万元')}",
            "2万元", id="field"),
        pytest.param(
            f"{BEGIN}<w:r><w:instrText>IF</w:instrText></w:r>{BEGIN}{SEPARATE}{run('57')}{END}"
            f"{SEPARATE}{run('58')}{END}", "58", id="a field in a field's code"),
        pytest.param(f'<w:fldSimple w:instr="DATE">{run("2025")}</w:fldSimple>', "2025", id="simple field"),
        pytest.param(f"<w:sdt><w:sdtPr/><w:sdtContent>{run('甲')}</w:sdtContent></w:sdt>", "甲", id="control"),
        pytest.param(
            "<w:r><w:t>一</w:t><w:softHyphen/><w:t>二</w:t><w:noBreakHyphen/><w:t>三</w:t><w:tab/>"
            '<w:t>四</w:t><w:br w:type="page"/><w:cr/><w:t>五</w:t></w:r>', "一二-三\t四\n五", id="breaks"),
        pytest.param(
            '<w:r><w:sym w:font="Symbol" w:char="F0B3"/></w:r>' + run("95%"), "≥95%", id="sign of a font"),
        pytest.param(
            '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>' + run("是"), "☑是", id="ticked box"),
        pytest.param('<w:r><w:sym w:font="宋体" w:char="2264"/></w:r>' + run("3"), "≤3", id="plain sign"),
    ],
)  # fmt: skip
def test_the_result_is_read_and_not_how_it_came_about(inner: str, text: str) -> None:
    assert seen(inner) == text


def test_the_prompt_of_a_control_that_nobody_filled_in_is_no_entry() -> None:
    prompt = "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    word = paragraph(run("单位：") + prompt.format(run("单击此处输入文字")))
    assert (texts(word)[0], word.unread) == ("单位：", ("控件里的提示“单击此处输入文字”",))


def test_a_text_box_is_read_once_however_many_ways_it_can_be_drawn() -> None:
    box = f"<w:txbxContent><w:p>{run('框')}</w:p></w:txbxContent>"
    ways = f'<mc:Choice Requires="wps">{box}</mc:Choice><mc:Choice Requires="wpg">{box}</mc:Choice>'
    inner = (
        f"<mc:AlternateContent {MC}>{ways}<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    )
    read, _ = cells(
        f"<w:tr><w:tc><w:p>{run('前')}<w:r>{inner}</w:r>{run('后')}</w:p></w:tc></w:tr>"
    )
    assert read == ["框\n前后"]


def test_what_is_there_but_cannot_be_read_is_told() -> None:
    formula = f"<m:oMath {MATH}><m:r><m:t>10</m:t></m:r></m:oMath>"
    word = paragraph(f'{run("字")}{formula}<w:r><w:sym w:font="Webdings" w:char="F061"/></w:r>')
    assert word.unread == ("公式", "认不出的符号")
    chunk = with_body(f"<w:altChunk/><w:p>{run('字')}</w:p>")
    assert read_word(chunk, Limits()).unread == ("插入的另一个文档",)


def test_a_symbol_that_is_no_number_is_a_damaged_part() -> None:
    with pytest.raises(Refused) as refused:
        paragraph('<w:r><w:sym w:font="Symbol" w:char="x"/></w:r>')
    assert refused.value.code == "W104"


# --- templates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("https://example.invalid/a.dotm", True),
        ("file:///\\\\host\\share\\a.dotm", True),
        ("\\\\host\\a.dotm", True),
        ("file://host/a.dotm", True),
        ("file:///C:\\Users\\a\\公文.dotx", False),
        ("file:///opt/a.dotx", False),
        ("Normal.dotm", False),
    ],
)
def test_a_template_on_the_net_is_told_one_on_the_writers_computer_not(
    target: str, *, told: bool
) -> None:
    rels = RELATIONS.format("attachedTemplate", target).encode()
    data = repacked(SEED.read_bytes(), {"word/_rels/settings.xml.rels": rels})
    word = read_word(data, Limits())
    assert (word.remote_templates, word.external_links) == ((target,) if told else (), ())


def test_a_linked_picture_in_a_header_is_an_external_link() -> None:
    rels = RELATIONS.format("image", "http://example.invalid/a.png").encode()
    data = repacked(SEED.read_bytes(), {"word/_rels/header9.xml.rels": rels})
    assert read_word(data, Limits()).external_links == ("http://example.invalid/a.png",)


def test_a_document_as_word_saves_it_has_nothing_to_tell() -> None:
    out = BytesIO()
    docx.Document().save(out)
    word = read_word(out.getvalue(), Limits())
    assert (word.unread, word.remote_templates, word.external_links) == ((), (), ())
