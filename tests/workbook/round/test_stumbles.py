"""What clerks and accountants stumbled over."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import docx
import msoffcrypto
import openpyxl
import pytest

from builder import build_template
from tests.office import Office
from tests.rounds import DEPARTMENTS, PROJECTS, ByOpenpyxl, answers, dated, faultless, roster
from workbook import WorkbookError, find_form
from workbook.form import Value
from workbook.round import (
    assign,
    counted_returns,
    decide,
    history,
    new_round,
    opened,
    receive,
    recheck,
    sample_round,
    send,
    send_back,
    status,
    summarise,
)

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
CODE = "301001"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A round with one return of the samples in its 收件, received and sent back."""
    folder = new_round(
        tmp_path / "r", forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024, deadline="2025-3-31"
    )  # fmt: skip
    shutil.copy(next((SAMPLES / "returns").glob(f"{CODE}_*.xlsx")), folder / "收件")
    send(folder)
    receive(folder)
    send_back(folder)
    return folder


def answered(folder: Path, given: dict[int, tuple[str, str]], time: int = 1) -> tuple[str, ...]:
    """Give answers in the form that was sent back; what the clerk is told."""
    (place,) = (folder / "退回").glob(f"{CODE} *")
    target = folder / "收件" / f"{CODE}_{time}_{len(given)}.xlsx"
    ByOpenpyxl().fill(place / f"第{time}次" / "自评表.xlsx", target, answers(given))
    return receive(folder).remarks


def states(folder: Path) -> dict[int, str]:
    (duty,) = history(folder, CODE)["duties"]
    return {problem["number"]: problem["state"] for problem in duty["problems"]}


def test_what_lies_in_the_inbox_is_added_up_from_anywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert summarise(folder.name).files[0] == "汇总/汇总表.xlsx"


def test_an_answer_without_a_reason_is_none_and_is_told(folder: Path) -> None:
    remarks = answered(folder, {2: ("核对无误", ""), 3: ("没问题", "真的")})
    assert [("没有写说明" in each, "不在三项里" in each) for each in remarks] == [
        (True, False),
        (False, True),
    ]
    assert (states(folder)[2], states(folder)[3]) == ("open", "open")


def test_what_was_refused_is_not_closed_by_another_answer(folder: Path) -> None:
    answered(folder, {2: ("请免", "年初未定")})
    decide(folder, CODE, refuse=[2], why="请补充依据")
    send_back(folder)
    answered(folder, {2: ("核对无误", "没有错")}, time=2)
    assert states(folder)[2] == "answered"


def test_our_own_forms_dragged_in_are_no_returns(folder: Path) -> None:
    received = receive(folder, [folder / "发出", folder / "退回"])
    assert {each.outcome for each in received.files} == {"skipped"}
    assert received.numbers()["new"] == 0


def test_a_file_of_nobody_can_be_put_aside(folder: Path) -> None:
    (folder / "收件" / "说明.pdf").write_bytes(b"%PDF")
    receive(folder)
    (stray,) = status(folder)[0].unassigned
    assign(folder, str(stray.event), "")
    assert status(folder)[0].unassigned == ()
    with pytest.raises(WorkbookError, match="已经"):
        assign(folder, "说明.pdf", "")


def test_a_form_without_findings_goes_back_with_the_bureaus_own_words(folder: Path) -> None:
    why = "“存在的问题”写得太空，请结合扣分写具体"
    receive(folder, [next((SAMPLES / "returns").glob("118001_*.xlsx"))])
    assert "没有查出要改的" in send_back(folder, ["118001"]).refused[0][1]
    assert send_back(folder, ["119001"], why=why).refused == (("119001", "还没有收到，没有可退的"),)
    with pytest.raises(WorkbookError, match="哪个单位"):
        send_back(folder, why=why)
    send_back(folder, ["118001"], why=why, by="2099-4-1")
    (place,) = (folder / "退回").glob("118001 *")
    sheet = openpyxl.load_workbook(place / "第1次" / "自评表.xlsx")["退回修改"]
    shown = [cell.value for row in sheet.iter_rows() for cell in row if cell.value]
    assert f"意见：{why}" in shown
    assert "序号" not in shown
    assert any("请照下面的意见改。请于 2099 年 4 月 1 日前改好报回" in str(text) for text in shown)
    notice = docx.Document(str(place / "第1次" / "退回修改通知.docx"))
    assert f"意见：{why}" in [paragraph.text for paragraph in notice.paragraphs]
    assert not notice.tables
    assert status(folder)[1]["counts"]["sent_back"] == 2
    # Said once: the same words write nothing new, other words do.
    assert send_back(folder, ["118001"], why=why).events == ()
    assert len(send_back(folder, ["118001"], why="还有一处").events) == 1
    # What comes back counts again, and what was said stays on record.
    back = folder / "收件" / "118001 改好.xlsx"
    ByOpenpyxl().fill(
        place / "第2次" / "自评表.xlsx", back, {"report.basic_text": "已经写具体了。"}
    )
    receive(folder)
    record = history(folder, "118001")
    assert [event["data"]["why"] for event in record["events"] if event["kind"] == "sent_back"] == [
        why,
        "还有一处",
    ]
    assert record["duties"][0]["versions"][-1]["number"] == 2
    decide(folder, "118001", approve=True)
    assert "先用 --undo" in send_back(folder, ["118001"], why="又想起一处").refused[0][1]


def test_more_time_is_not_less_time(folder: Path) -> None:
    with pytest.raises(WorkbookError, match="还早"):
        decide(folder, CODE, extend="2025-3-1")
    with pytest.raises(WorkbookError, match="已经过去"):
        decide(folder, CODE, accept=[1], why="有批复", until="2025-3-1")


def test_a_day_is_read_as_people_write_it(folder: Path) -> None:
    path = folder / "round.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("deadline = 2025-03-31", "deadline = 2025-4-5  # 改"), encoding="utf-8"
    )
    board, _ = status(folder)
    assert board.departments[0].duties[0].deadline == datetime.date(2025, 4, 5)
    assert "2025-04-05" in board.remarks[0]


def test_what_stands_and_what_should_are_of_the_cell_that_is_named(folder: Path) -> None:
    import openpyxl  # noqa: PLC0415

    (place,) = (folder / "退回").glob(f"{CODE} *")
    sheet = openpyxl.load_workbook(place / "第1次" / "自评表.xlsx")["退回修改"]
    lines = [
        row[:6] for row in sheet.iter_rows(min_row=8, values_only=True) if isinstance(row[0], int)
    ]
    due = {str(line[2]): (line[3], line[4]) for line in lines}
    assert next(pair for text, pair in due.items() if "预算执行自评" in text) == ("10", "9.77")
    assert next(pair for text, pair in due.items() if "没有写明偏差原因" in text) == (
        "（空）",
        "",
    )


def test_a_departments_forms_may_come_from_anywhere(tmp_path: Path) -> None:
    """Its own form in one folder, its project's in another, a newer one in an archive: it is one department."""
    path = new_round(
        tmp_path / "r", forms=["department_overall", "project_expenditure"], roster=roster(tmp_path / "名册.xlsx"), year=2024
    )  # fmt: skip
    code, name = DEPARTMENTS[5]
    places = {"department_overall": "交来", "project_expenditure": "另一处"}
    for form, place in places.items():
        own: dict[str, Value] = {"identity.department_code": code, "identity.department": name}
        if form == "project_expenditure":
            own = {**own, "identity.project_name": PROJECTS[0][1]}
        template = build_template(
            find_form(form), tmp_path / f"{form}.xlsx", prefilled=own, fiscal_year=2024
        )
        (path / "收件" / place).mkdir()
        ByOpenpyxl().fill(template, path / "收件" / place / "自评表.xlsx", faultless(form)[0])
    received = receive(path)
    assert [each.outcome for each in received.files] == ["counted", "counted"]
    summarise(path)

    # Of two projects' forms one is let off: it is asked for no more.
    decide(
        path, DEPARTMENTS[6][0], project=PROJECTS[1][1], form="project_expenditure", nothing=True
    )
    summarise(path)
    book = openpyxl.load_workbook(path / "汇总" / "汇总表.xlsx")
    chased = [str(cell.value) for row in book["催报名单"].iter_rows() for cell in row]
    assert PROJECTS[1][1] not in chased


def test_lateness_is_that_of_the_first_copy(folder: Path) -> None:
    (first,) = (folder / "收件").glob(f"{CODE}_*.xlsx")
    dated(first, "2025-03-01")
    path = new_round(
        folder.parent / "二", forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024, deadline="2025-3-31"
    )  # fmt: skip
    receive(path, first)
    newer = dated(ByOpenpyxl().fill(first, folder.parent / f"{CODE}_改.xlsx", {}), "2025-04-20")
    assert receive(path, newer).files[0].outcome == "replaced_older"
    with opened(path) as this_round:
        (returned,) = counted_returns(this_round)
    assert returned.received == datetime.date(2025, 3, 1)


def test_the_summary_shows_who_was_drawn(folder: Path) -> None:
    receive(folder, SAMPLES / "returns")
    drawn = {line.split()[0] for line in sample_round(folder, ["604001"]).said}
    summarise(folder)
    sheet = openpyxl.load_workbook(folder / "汇总" / "汇总表.xlsx")["抽查复核名单"]
    heads = [cell.value for cell in sheet[3]]
    shown = {
        str(row[heads.index("预算编码")]) for row in sheet.iter_rows(min_row=4, values_only=True)
        if row[heads.index("是否抽查")] == "抽查"
    }  # fmt: skip
    assert shown == drawn
    assert "604001" in drawn


def test_an_answer_to_values_that_changed_is_kept_in_view(folder: Path) -> None:
    """Mending one problem often changes what another rests on: what was answered is shown, and asked for again."""
    (place,) = (folder / "退回").glob(f"{CODE} *")
    typed = {
        **answers({2: ("请免", "上级另有核定")}),
        "funds.execution_score": 9.9,
    }  # neither what stood nor what should
    ByOpenpyxl().fill(place / "第1次" / "自评表.xlsx", folder / "收件" / f"{CODE}_二.xlsx", typed)
    assert any("第 2 个问题答的是请免，有关的数又改了" in each for each in receive(folder).remarks)
    (duty,) = history(folder, CODE)["duties"]
    again = next(each for each in duty["problems"] if each["number"] == 2)
    assert (again["state"], again["answer"], again["note"]) == ("open", "请免", "上级另有核定")
    send_back(folder)
    sheet = openpyxl.load_workbook(place / "第2次" / "自评表.xlsx")["退回修改"]
    told = [str(cell.value) for row in sheet.iter_rows() for cell in row]
    assert any("上次答：请免，上级另有核定；答后有关的数变了，请再看" in each for each in told)


def test_the_rounds_own_folder_is_not_taken_in(folder: Path) -> None:
    for path in (folder, folder.parent, folder / ".round"):
        with pytest.raises(WorkbookError, match="这就是收表的文件夹"):
            receive(folder, path)


def test_the_closing_line_follows_the_form(folder: Path, office: Office) -> None:
    """都处理了，可以报回 is said once every answer is one of the three, reasons are given, and 自检 passes."""
    (place,) = (folder / "退回").glob(f"{CODE} *")
    (duty,) = history(folder, CODE)["duties"]
    numbers = [problem["number"] for problem in duty["problems"]]
    with office.open(place / "第1次" / "自评表.xlsx") as book:

        def said(given: dict[int, tuple[str, str]]) -> str:
            office.type_values(book, dict(answers(given)))  # type: ignore[arg-type]
            office.recalculate(book)
            return str(office.values(book, [("退回修改", "A5")])["退回修改", "A5"])

        assert said(dict.fromkeys(numbers, ("已改", ""))).startswith("都处理了，但自检未通过")
        assert "没有写“说明”" in said({numbers[0]: ("核对无误", " ")})
        assert "没有选“处理”" in said({numbers[0]: ("改了", "x")})


def test_a_return_counts_once_its_password_is_on_the_roster(tmp_path: Path) -> None:
    listed = SAMPLES / "roster.csv"
    folder = new_round(
        tmp_path / "r", forms=["department_overall"], roster=listed, year=2024, deadline="2025-3-31"
    )
    source = next((SAMPLES / "returns").glob(f"{CODE}_*.xlsx"))
    with source.open("rb") as plain, (folder / "收件" / source.name).open("wb") as sealed:
        msoffcrypto.OfficeFile(plain).encrypt("mima2025", sealed)
    receive(folder)

    def counted() -> list[str]:
        with opened(folder) as this_round:
            return [returned.path.name for returned in counted_returns(this_round)]

    assert counted() == []
    kept = next(folder.glob("名册*"))
    head, *lines = kept.read_text(encoding="utf-8-sig").splitlines()
    lines = [f"{line},{'mima2025' if CODE in line else ''}" for line in lines]
    kept.write_text("\n".join((f"{head},密码", *lines)), encoding="utf-8-sig")
    receive(folder)
    recheck(folder, [CODE])
    assert counted() == [source.name]


def test_budgets_and_spare_rows_go_out_and_come_back_as_round_toml_says(tmp_path: Path) -> None:
    listed, indicators = tmp_path / "名册.csv", tmp_path / "指标.csv"
    listed.write_text("预算编码,部门,年初预算数\n101001,一局,162.35\n", encoding="utf-8")
    indicators.write_text(
        "预算编码,一级指标,二级指标,三级指标,年度指标值,分值\n101001,产出指标,数量指标,整理档案,≥1200件,20\n",
        encoding="utf-8",
    )
    folder = new_round(
        tmp_path / "r",
        forms=["department_overall"],
        roster=listed,
        indicators=indicators,
        year=2024,
    )
    with pytest.raises(WorkbookError, match="spare_rows"):
        send(folder)
    toml = folder / "round.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(
        text.replace("lock_budget = false", "lock_budget = true").replace(
            "spare_rows = 0", "spare_rows = 2"
        ),
        encoding="utf-8",
    )
    (name,) = send(folder).files
    (folder / "收件" / "101001_一局.xlsx").write_bytes(b"PK broken")
    receive(folder)
    send_back(folder)
    (back,) = (folder / "退回").rglob("自评表.xlsx")
    for path in (folder / name, back):
        book = openpyxl.load_workbook(path)
        sheet = book["自评表"]
        assert (sheet["D7"].value, sheet["D7"].protection.locked) == (162.35, True)
        assert (sheet["D17"].value, sheet["D17"].protection.locked) == ("整理档案", True)
        assert [sheet[f"D{row}"].protection.locked for row in (18, 19)] == [False, False]
