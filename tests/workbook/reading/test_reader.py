"""Returned files: what is accepted, what is rejected and why, and that nothing stops a batch."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from builder import build_template
from tests.api import Severity, read_return
from tests.fillings import FILLED, SAMPLES, codes, filling, overall
from workbook import Filling, Form, check, find_form, load_form, read_returns
from workbook.checking import View, gather
from workbook.reading import ACCEPTED, REJECTED, SKIPPED, find_files, reader

SEED = next((SAMPLES / "returns").glob("125001_*.xlsx"))


def test_seed_reads_as_published(form: Form) -> None:
    item = read_return(SEED)
    assert item.status == ACCEPTED
    assert item.submission is not None
    values = gather(form, [item.submission], View.TRUE).values(0)
    funds = values["funds"]
    assert (funds["original_budget"], funds["final_budget"], funds["actual_expenditure"]) == (
        83.88,
        78.3,
        78.3,
    )
    assert funds["execution_rate"] == 1.0
    assert funds["execution_score"] == 9.69
    assert funds["government_fund"] is None
    assert funds["special_account_nontax"] == 0.0
    assert values["totals"] == {"total_weight": 100.0, "total_score": 97.69, "grade": "优"}
    assert len(values["indicators"]) == 10
    assert [row["weight"] for row in values["indicators"]] == [10, 5, 5, 10, 10, 10, 10, 10, 10, 10]


def test_every_value_has_its_cell() -> None:
    submission = read_return(SEED).submission
    assert submission is not None
    for name, cell in submission.cells.items():
        assert cell.address.sheet, name
        assert cell.address.row >= 1, name


def test_a_filling_read_back_is_the_filling(form: Form, filled: Path) -> None:
    given = filling(FILLED[0])
    submission = read_return(filled).submission
    assert submission is not None
    for name, value in given.values.items():
        assert submission.cells[name].value == value
    for number, row in given.rows["indicators"].items():
        for key, value in row.items():
            assert submission.cells[f"indicators.{key}.{number}"].value == value


def test_blank_template_is_rejected_as_such(form: Form, tmp_path: Path) -> None:
    path = build_template(form, tmp_path / "blank.xlsx")
    assert codes(read_return(path)) == ["W110"]
    named = build_template(form, path, prefilled=Filling({"identity.department": "甲局"}))
    assert codes(read_return(named)) == ["W110"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "W102"),
        (b"%PDF-1.7 ...", "W103"),
        ("部门,金额\n甲,1\n".encode(), "W103"),
        (b"PK\x03\x04 cut short", "W104"),
    ],
    ids=["empty", "pdf", "csv", "truncated"],
)
def test_what_is_no_workbook_is_rejected_with_the_reason(
    content: bytes, code: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    item = read_return(path)
    assert (item.status, codes(item)) == (REJECTED, [code])
    assert item.error


def test_a_missing_file_is_rejected_not_raised(tmp_path: Path) -> None:
    assert codes(read_return(tmp_path / "nothing.xlsx")) == ["W101"]


def test_someone_elses_workbook_is_rejected(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    assert codes(read_return(tmp_path / "other.xlsx")) == ["W108"]


def test_an_unknown_version_is_rejected(filled: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(filled)
    book["_form"]["B2"] = "1999"
    book.save(tmp_path / "old.xlsx")
    assert codes(read_return(tmp_path / "old.xlsx")) == ["W109"]


def test_a_changed_definition_is_a_remark(filled: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(filled)
    book["_form"]["B3"] = "0" * 16
    book.save(tmp_path / "other.xlsx")
    item = read_return(tmp_path / "other.xlsx")
    assert (item.status, codes(item)) == (ACCEPTED, ["W111", "L212"])


def test_a_template_of_an_earlier_revision_is_a_note(filled: Path) -> None:
    sent = overall()
    revised = replace(sent, revision=sent.revision + 1, digest="0" * 16)
    (item,) = read_returns([filled], forms={(sent.id, sent.version): revised})
    (remark,) = item.findings
    assert (remark.code, remark.severity) == ("W111", Severity.NOTE)
    assert f"修订号 {sent.revision}，现在是 {sent.revision + 1}" in remark.message
    (later,) = read_returns([filled], forms={(sent.id, sent.version): replace(sent, digest="0")})
    assert [f.severity for f in later.findings] == [Severity.WARNING], "changed, and no revision"


def test_a_rule_that_a_template_lacks_has_no_verdict_in_it(tmp_path: Path) -> None:
    """A definition that gained a rule, not the last one, after its templates were sent out."""
    path = tmp_path / "department_overall_2024.toml"
    text = overall().path.read_text(encoding="utf-8")
    added = 'code = "D459"\n'
    assert text.count(added) == 1
    rule = text.partition(added)[2].partition("\n[[rule]]")[0]
    path.write_text(f'{text}\n[[rule]]\ncode = "D999"\nafter = "D405"\n{rule}', encoding="utf-8")
    grown = load_form(path)
    returns = read_returns([SAMPLES / "returns"], forms={(grown.id, grown.version): grown})
    told = {finding.code for item in check(returns) for finding in item.findings}
    assert "W111" in told
    assert "L204" not in told


def test_names_follow_their_cells_when_rows_are_inserted(filled: Path, tmp_path: Path) -> None:
    path = tmp_path / "moved.xlsx"
    with zipfile.ZipFile(filled) as source, zipfile.ZipFile(path, "w") as target:
        for item in source.infolist():
            data = source.read(item)
            if item.filename == "xl/workbook.xml":
                data = data.replace(b"$D$7</definedName>", b"$D$40</definedName>")
            target.writestr(item, data)
    submission = read_return(path).submission
    assert submission is not None
    assert submission.cells["funds.original_budget"].address.a1 == "D40"
    assert submission.cells["funds.original_budget"].value is None


def test_lost_names_are_remarked_and_read_by_place(filled: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(filled)
    for name in list(book.defined_names):
        del book.defined_names[name]
    book.save(tmp_path / "nameless.xlsx")
    item = read_return(tmp_path / "nameless.xlsx")
    assert codes(item) == ["L205", "L212"]
    assert item.submission is not None
    given = filling(FILLED[0]).values["funds.final_budget"]
    assert item.submission.cells["funds.final_budget"].value == given


def test_one_bad_file_stops_no_other(filled: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    (folder / "a.xlsx").write_bytes(b"\x00\x01")
    (folder / "~$b.xlsx").write_bytes(b"x")
    (folder / ".DS_Store").write_bytes(b"x")
    shutil.copy(filled, folder / "b.xlsx")
    shutil.copy(filled, folder / "deeper" / "c.xlsx")
    found = read_returns([folder])
    assert [item.path.name for item in found] == [
        ".DS_Store",
        "a.xlsx",
        "b.xlsx",
        "~$b.xlsx",
        "c.xlsx",
    ]
    assert [item.status for item in found] == [SKIPPED, REJECTED, ACCEPTED, SKIPPED, ACCEPTED]
    for alone in (folder, str(folder)):  # not its letters, one by one
        assert [item.path for item in read_returns(alone)] == [item.path for item in found]


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "loop").symlink_to(tmp_path)
    assert [path.name for path in find_files([tmp_path / "in"])] == ["loop"]
    assert codes(read_return(tmp_path / "in" / "loop")) == ["W101"]


def test_several_processes_read_the_same(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_WORTH_A_PROCESS", 30)
    for number in range(30):
        shutil.copy(filled, tmp_path / f"{number:03}.xlsx")
    one, two = read_returns([tmp_path], workers=1), read_returns([tmp_path], workers=2)
    assert len(one) == 30
    assert [item.path for item in one] == [item.path for item in two]
    assert all(a.submission == b.submission for a, b in zip(one, two, strict=True))


def test_overwritten_and_stale_formulas_are_found(form: Form, tmp_path: Path) -> None:
    given = filling(SAMPLES / "filled" / f"{SEED.stem}.toml")
    given.values["totals.total_score"] = 110.0
    path = build_template(form, tmp_path / "forged.xlsx", filling=given)
    found = {f.code: f for f in check([read_return(path)])[0].findings}
    assert (found["L202"].printed, found["L202"].expected) == ("110", "97.69")
    assert found["D412"].field == "totals.total_score"
    stale = tmp_path / "stale.xlsx"
    book = openpyxl.load_workbook(path)
    del book
    with zipfile.ZipFile(SEED) as source, zipfile.ZipFile(stale, "w") as target:
        for item in source.infolist():
            data = source.read(item)
            if item.filename == "xl/worksheets/sheet2.xml":
                assert data.count(b"<v>97.69</v>") == 1
                data = data.replace(b"<v>97.69</v>", b"<v>99.99</v>")
            target.writestr(item, data)
    stale_found = {f.code: f for f in check([read_return(stale)])[0].findings}
    assert (stale_found["L203"].printed, stale_found["L203"].expected) == ("99.99", "97.69")


def test_a_forged_verdict_is_found(tmp_path: Path) -> None:
    forged = tmp_path / "forged.xlsx"
    book = openpyxl.load_workbook(SEED)
    verdicts = book["自检"]
    for row in verdicts.iter_rows(min_row=6, max_col=3):
        row[2].value = "通过"
    book.save(forged)
    found = [f for f in check([read_return(forged)])[0].findings if f.code == "L204"]
    assert {f.expected for f in found} >= {"不通过"}
    assert all(f.sheet == "自检" and f.cell.startswith("C") for f in found)


def test_a_field_that_the_template_never_had_is_blank_not_its_neighbour(tmp_path: Path) -> None:
    """A definition that grew after its templates were sent out."""
    form = find_form("department_overall")
    text = form.path.read_text(encoding="utf-8")
    row = '  "^ | 按收入性质分'
    text = text.replace(row, '  "^ | 政府采购 | < | < | {procurement} | | < | < | ",\n' + row, 1)
    text = text.replace("heights = [0, 20,", "heights = [0, 20, 20,", 1)
    field = 'procurement = { label = "政府采购", kind = "money" }\noriginal_budget = {'
    own = tmp_path / "department_overall_2024.toml"
    own.write_text(text.replace("original_budget = {", field, 1), encoding="utf-8")
    grown = load_form(own)
    path = min((SAMPLES / "returns").glob("118001*"))
    before, after = read_return(path), read_return(path, forms={(grown.id, grown.version): grown})
    assert before.submission is not None
    assert after.submission is not None
    new = after.submission.cells["funds.procurement"]
    assert (new.raw, new.value, new.problem) == (None, None, "")
    values = {name: cell.value for name, cell in after.submission.cells.items() if cell is not new}
    assert values == {name: cell.value for name, cell in before.submission.cells.items()}
    assert [f.code for f in after.findings] == ["W111"]


def test_a_folder_that_may_not_be_listed_is_told_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "in" / "别人的"
    closed.mkdir(parents=True)
    real = Path.iterdir

    def refuse(folder: Path) -> Iterator[Path]:
        if folder == closed:
            raise PermissionError(13, "denied")
        return real(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    (tmp_path / "in" / "a.xlsx").write_bytes(b"PK")
    told = {path.name: read_return(path) for path in find_files(tmp_path / "in")}
    assert told.keys() == {"a.xlsx", "别人的"}
    (violation,) = told["别人的"].findings
    assert (violation.code, "没有权限" in violation.message) == ("W101", True)


def test_folders_without_end_are_told_and_stop_nothing(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*(["x"] * 150))
    deep.mkdir(parents=True)
    (deep / "a.xlsx").write_bytes(b"PK")
    (path,) = find_files(tmp_path)
    assert list(find_files(path)) == [path]
    assert [f.code for f in read_return(path).findings] == ["W101"]


def test_a_name_found_in_a_folder_is_no_pattern(tmp_path: Path) -> None:
    shutil.copy(SEED, tmp_path / "表[1].xlsx")
    (tmp_path / "断[2].xlsx").symlink_to(tmp_path / "nowhere")
    (broken, read) = sorted(read_returns(tmp_path), key=lambda item: item.status, reverse=True)
    assert (broken.path.name, [f.code for f in broken.findings]) == ("断[2].xlsx", ["W101"])
    assert (read.path.name, read.status) == ("表[1].xlsx", ACCEPTED)
    (gone,) = read_returns([tmp_path / "去[3].xlsx"])
    assert [f.code for f in gone.findings] == ["W101"]


def test_a_file_that_has_gone_since_it_was_listed_is_told(tmp_path: Path) -> None:
    (gone, read) = read_returns([tmp_path / "gone.xlsx", SEED])
    assert [f.code for f in gone.findings] == ["W101"]
    assert read.status == ACCEPTED
