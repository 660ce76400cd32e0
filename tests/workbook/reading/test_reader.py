"""Returned files: what is accepted, what is rejected and why, and that nothing stops a batch."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.api import Severity, read_return
from tests.fillings import SAMPLES, codes, overall
from workbook import Form, check, load_form, read_returns
from workbook.checking import View, gather
from workbook.reading import ACCEPTED, REJECTED, SKIPPED, find_files

SEED_FUNDS = {
    "original_budget": 83.88,
    "final_budget": 78.3,
    "actual_expenditure": 78.3,
    "execution_rate": 1.0,
    "execution_score": 9.69,
    "government_fund": None,
    "special_account_nontax": 0.0,
}
SEED = next((SAMPLES / "returns").glob("125001_*.xlsx"))


def test_seed_reads_as_published(form: Form) -> None:
    read = read_return(SEED).submission
    assert read is not None
    values = gather(form, [read], View.TRUE).values(0)
    assert (
        values["funds"] | SEED_FUNDS,
        values["totals"],
        [row["weight"] for row in values["indicators"]],
    ) == (
        values["funds"],
        {"total_weight": 100.0, "total_score": 97.69, "grade": "优"},
        [10, 5, 5, *[10] * 7],
    )


def test_one_bad_file_stops_no_other(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    for name in ("a.xlsx", "~$b.xlsx", ".DS_Store"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "断[2].xlsx").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    for name in ("b.xlsx", "deeper/c[1].xlsx"):  # a name found in a folder is no pattern
        shutil.copy(filled, tmp_path / name)
    gone = tmp_path / "去[3].xlsx"
    due = [
        ("去[3].xlsx", REJECTED, ["W101"]),
        (".DS_Store", SKIPPED, ["W112"]),
        ("a.xlsx", REJECTED, ["W103"]),
        ("b.xlsx", ACCEPTED, []),
        ("loop", REJECTED, ["W101"]),
        ("~$b.xlsx", SKIPPED, ["W112"]),
        ("断[2].xlsx", REJECTED, ["W101"]),
        ("c[1].xlsx", ACCEPTED, []),
    ]
    found = [(item.path.name, item.status, codes(item)) for item in read_returns([gone, tmp_path])]
    assert found == due
    for alone in (tmp_path, str(tmp_path)):  # not its letters, one by one
        assert [item.path.name for item in read_returns(alone)] == [name for name, *_ in due[1:]]


def test_several_processes_read_the_same(filled: Path, tmp_path: Path) -> None:
    shutil.copy(filled, tmp_path / "000.xlsx")
    for number in range(1, 200):  # of fewer files each is read here
        (tmp_path / f"{number:03}.xlsx").write_bytes(b"x")
    one, two = (read_returns([tmp_path], workers=workers) for workers in (1, 2))
    assert list(map(repr, one)) == list(map(repr, two))


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
    assert (list(find_files(path)), [f.code for f in read_return(path).findings]) == (
        [path],
        ["W101"],
    )


def test_a_field_that_the_template_never_had_is_blank_not_its_neighbour(tmp_path: Path) -> None:
    """A definition that grew after its templates were sent out."""
    text = overall().path.read_text(encoding="utf-8")
    for old, new in GROWN:
        assert old in text
        text = text.replace(old, new, 1)
    own = tmp_path / "department_overall_2024.toml"
    own.write_text(text, encoding="utf-8")
    grown = load_form(own)
    path = min((SAMPLES / "returns").glob("118001*"))
    before, after = read_return(path), read_return(path, forms={(grown.id, grown.version): grown})
    assert before.submission is not None and after.submission is not None
    values = {name: cell.value for name, cell in after.submission.cells.items()}
    assert (values, (codes(after), after.submission.cells["funds.procurement"].problem)) == (
        {name: cell.value for name, cell in before.submission.cells.items()}
        | {"funds.procurement": None},
        (["W111"], ""),
    )


GROWN = (
    (
        '  "^ | 按收入性质分',
        '  "^ | 政府采购 | < | < | {procurement} | | < | < | ",\n  "^ | 按收入性质分',
    ),
    ("heights = [0, 20,", "heights = [0, 20, 20,"),
    (
        "original_budget = {",
        'procurement = { label = "政府采购", kind = "money" }\noriginal_budget = {',
    ),
)
