"""A year of a round as a story that can be told by whatever does the verbs: the verbs themselves, or somebody at the desk."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import workbook.round
from builder import build_template
from tests.rounds import (
    DEPARTMENTS,
    PROJECTS,
    ByOpenpyxl,
    Hand,
    answers,
    dated,
    faultless,
    mailed,
    roster,
    zipped,
)
from workbook import WorkbookError, find_form, frames
from workbook.form import Value
from workbook.reading import Return
from workbook.round import counted_returns, history, opened, status, verify

OVERALL, PROJECT = "department_overall", "project_expenditure"
BY = (datetime.date.today() + datetime.timedelta(days=3)).isoformat()  # noqa: DTZ011
"""To come, which the desk asks for, and so near that whoever is late is chased."""
SPENT = "funds.actual_expenditure"


@dataclass
class Year:
    """The bureau's folder, and a desk for each department."""

    path: Path
    desk: Path
    hand: Hand
    formats: tuple[str, ...]
    """In what the departments save: turn by turn."""
    own: dict[str, dict[str, Value]] = field(default_factory=dict)
    by: Any = workbook.round
    """Whose are the verbs: the round's, or somebody's who does them by clicks."""

    @property
    def inbox(self) -> Path:
        return self.path / "收件"

    def sent(self, code: str, name: str = "自评表.xlsx") -> Path:
        (path,) = (self.path / "发出").glob(f"{code} *")
        return path / name

    def back(self, code: str, time: int = 1, name: str = "自评表.xlsx") -> Path:
        (path,) = (self.path / "退回").glob(f"{code} *")
        return path / f"第{time}次" / name

    def filled(
        self, code: str, values: dict[str, Value], *, source: Path | None = None, stem: str = ""
    ) -> Path:
        number = [each for each, _ in DEPARTMENTS].index(code)
        ending = self.formats[number % len(self.formats)]
        target = self.desk / f"{stem or code}{ending}"
        return self.hand.fill(source or self.sent(code), target, values)

    def drop(self, file: Path, name: str, day: str) -> Path:
        target = self.inbox / name
        target.write_bytes(file.read_bytes())
        return dated(target, day)

    def keep_open(self, code: str) -> None:
        """Look at a department now, to decide on it later."""

    def counts(self, day: str = "2025-03-20") -> dict[str, int]:
        board, _ = status(self.path, datetime.date.fromisoformat(day))
        return {state: count for state, count in board.counts().items() if count}

    def duty(self, code: str, project: str = "") -> Any:
        board, _ = status(self.path)
        return next(d for d in board.duties if d.key.code == code and d.project == project)

    def numbers(self, code: str) -> dict[str, int]:
        duty = self.duty(code)
        return {each.problem.code: each.number for each in duty.problems_of(duty.latest)}


def faulty(values: dict[str, Value]) -> dict[str, Value]:
    """A filling in which the parts of the budget do not make up the whole, and the date is no day to report on."""
    wrong = dict(values)
    wrong["funds.project_expenditure"] = float(wrong["funds.project_expenditure"]) + 7  # type: ignore[arg-type]
    wrong["identity.phone"] = "12345"
    return wrong


def play_year(year: Year) -> None:  # noqa: PLR0915 - a story has a length
    """From the first form sent to the next year's round: what is where, at every step."""
    by = year.by
    overall, projects = faultless(OVERALL), faultless(PROJECT)
    by.new_round(
        year.path, forms=[OVERALL, PROJECT], roster=roster(year.desk / "名册.xlsx"), year=2024, deadline="2025-03-31",
        bureau="清江县财政局",
    )  # fmt: skip
    assert year.counts() == {"not_issued": 14}

    # Sent out: sixteen forms, two of them of projects.
    done = by.send(year.path)
    assert (len(done.events), len(done.files)) == (16, 16)
    assert by.send(year.path).files == ()
    assert year.counts() == {"issued": 14}

    # Twelve answer, five with mistakes; two by mail in one archive. Nothing is heard of two.
    codes = [code for code, _ in DEPARTMENTS]
    wrong = codes[:5]
    for number, code in enumerate(codes[:12]):
        year.own[code] = faulty(overall[number]) if code in wrong else overall[number]
        file = year.filled(code, year.own[code])
        if number not in (10, 11):
            year.drop(file, f"{code}{file.suffix}", "2025-03-20")
    pair = zipped(year.desk / "两家.zip", {f"{code}.xlsx".replace(".xlsx", p.suffix): p for code in codes[10:12]
                                         for p in year.desk.glob(f"{code}.*")})  # fmt: skip
    mail = mailed(
        year.desk / "转来.eml", pair, name="两个单位的表.zip", sender="office@example.cn", day="2025-03-21",
    )  # fmt: skip
    year.drop(mail, mail.name, "2025-03-21")
    for number, (code, project) in enumerate(PROJECTS):
        file = year.filled(
            code,
            projects[number],
            source=year.sent(code, f"项目 {project}.xlsx"),
            stem=f"{code}_项目",
        )
        year.drop(file, file.name, "2025-03-22")
    year.drop(_scan(year.desk), "清江县文化旅游广电局盖章扫描件.pdf", "2025-03-22")
    year.drop(_foreign(year), "平江表.xlsx", "2025-03-22")
    received = by.receive(year.path)
    outcomes = [each.outcome for each in received.files]
    others = [(e.file, e.outcome, e.why) for e in received.files if e.outcome != "counted"]
    assert outcomes.count("counted") == 14, others
    assert (outcomes.count("attachment"), outcomes.count("wrong_county")) == (1, 1)
    assert received.numbers() == {
        "new": 16, "unchanged": 0, "replaced": 0, "faulty": 6, "passed": 9, "unassigned": 0, "missing": 2,
    }  # fmt: skip
    assert year.counts() == {"faulty": 6, "passed": 7, "issued": 1}
    assert by.receive(year.path).numbers()["new"] == 0
    assert year.duty("111001").counted.time == "2025-03-21T16:30:00+08:00"

    # Five are sent back, and the one that sent another county's form is told what to send.
    done = by.send_back(year.path, by=BY)
    assert len(done.events) == 6
    assert by.send_back(year.path, by=BY).files == ()
    assert year.counts("2025-04-01") == {"sent_back": 6, "passed": 7, "issued": 1}

    # Corrected in the very files that were sent back, with answers of all three kinds.
    problems = {code: year.numbers(code) for code in wrong}
    for code in wrong[:3]:
        right = overall[codes.index(code)]
        mended: dict[str, Value] = {"funds.project_expenditure": right["funds.project_expenditure"]}
        sum_number = problems[code]["D407"]
        given = {sum_number: ("已改", ""), problems[code]["D467"]: ("核对无误", "单位内线电话")}
        file = year.filled(code, mended | answers(given), source=year.back(code), stem=f"{code}_改")
        year.drop(file, file.name, "2025-04-08")
    for code in wrong[3:]:
        given = {
            problems[code]["D407"]: ("请免", "上级单列"),
            problems[code]["D467"]: ("核对无误", "总机"),
        }
        file = year.filled(code, answers(given), source=year.back(code), stem=f"{code}_改")
        year.drop(file, file.name, "2025-04-09")
    received = by.receive(year.path)
    others = [(e.file, e.outcome, e.why) for e in received.files if e.outcome != "replaced_older"]
    assert received.count("replaced_older") == 5, others
    assert year.counts("2025-04-10") == {"to_decide": 2, "passed": 10, "sent_back": 1, "issued": 1}
    waived = {
        code: status(year.path)[1]["departments"][codes.index(code)]["duties"][0]["waived"]
        for code in wrong
    }
    assert waived == dict.fromkeys(wrong, 1)

    # One answer is accepted, one refused and sent back again.
    first, second = wrong[3:]
    by.decide(year.path, first, accept=[problems[first]["D407"]], why="确有批复", seen=2)
    by.decide(year.path, second, refuse=[problems[second]["D407"]])
    assert year.duty(first).state == "passed"
    assert year.duty(second).state == "faulty"
    assert len(by.send_back(year.path, by=BY).events) == 1
    right = overall[codes.index(second)]
    mended = {"funds.project_expenditure": right["funds.project_expenditure"]}
    mended |= answers({problems[second]["D407"]: ("已改", "")})
    file = year.filled(second, mended, source=year.back(second, 2), stem=f"{second}_再改")
    year.drop(file, file.name, "2025-04-12")
    assert by.receive(year.path).count("replaced_older") == 1
    assert year.duty(second).state == "passed"

    # A copy older than the one that counts comes late, and displaces nothing.
    old = _saved(
        year, codes[5], overall[5] | {"identity.phone": "0730-4221017"}, "2025-01-02T08:00:00Z"
    )
    year.drop(old, f"旧的{old.suffix}", "2025-04-13")
    (late,) = by.receive(year.path).files
    if old.suffix == ".xlsx":
        assert late.outcome == "not_displacing", late
        assert year.duty(codes[5]).counted.number == 1

    # Two copies in one day of which nothing tells the later: the bureau decides.
    for n, more in enumerate(("稳步推进。", "有序推进。")):
        text = f"{overall[6]['goals.achieved_goals']}{more}"
        copy = _saved(year, codes[6], overall[6] | {"goals.achieved_goals": text}, "")
        year.drop(copy, f"{codes[6]}_{n}{copy.suffix}", "2025-04-13")
    by.receive(year.path)
    assert year.duty(codes[6]).state == "to_decide"
    by.decide(year.path, codes[6], form=OVERALL, use=3)
    assert year.duty(codes[6]).counted.number == 3

    # One is let off, one has nothing to report, one is chased, one gets more time.
    by.decide(year.path, codes[12], excuse=True, why="机构改革并入")
    by.decide(year.path, codes[7], extend="2025-05-01")
    with pytest.raises(WorkbookError, match=r"--why|写明原因"):
        by.decide(year.path, codes[13], excuse=True)
    chased = by.remind(year.path)
    assert len(chased.said) == 1
    assert len(chased.said[0]) <= 70
    by.decide(year.path, codes[13], nothing=True)
    assert year.counts("2025-04-20") == {"passed": 12, "nothing": 1, "excused": 1}

    # The roster changes in mid-season: one is added, one renamed.
    lists = year.path / "名册.xlsx"
    roster(lists, without=("112001",), add=(
        ("115001", "清江县档案史志研究中心", "李", "", "", "", "新"), ("212001", "清江县科协", "赵", "", "", "112001", "改名"),
    ))  # fmt: skip
    board, record = status(year.path, datetime.date(2025, 4, 20))
    assert [d.entry.code for d in board.departments][-2:] == ["115001", "212001"]
    assert record["counts"]["not_issued"] == 1
    assert year.duty("212001").counted.number == 1
    by.decide(year.path, "115001", excuse=True, why="新设，明年起报")

    # A decision is undone and made again; a new copy after approval waits for the bureau.
    by.decide(year.path, codes[8], approve=True)
    by.decide(year.path, codes[8], undo=True, why="点错了")
    assert year.duty(codes[8]).state == "passed"
    year.keep_open(codes[8])
    by.decide(year.path, codes[8], approve=True)
    newer = _saved(
        year, codes[8], overall[8] | {"identity.phone": "0730-4221020"}, "2030-01-02T08:00:00Z"
    )
    year.drop(newer, f"{codes[8]}_新{newer.suffix}", "2025-04-21")
    by.receive(year.path)
    assert year.duty(codes[8]).state == "to_decide"
    assert year.duty(codes[8]).counted.number == 1
    with pytest.raises(WorkbookError, match="后来又有"):
        by.decide(year.path, codes[8], approve=True, seen=1)
    by.decide(year.path, codes[8], approve=True, seen=2)
    assert year.duty(codes[8]).counted.number == 2

    # Added up, drawn, reviewed; what was typed is on record before the workbook is written anew.
    by.summarise(year.path)
    drawn = by.sample_round(year.path)
    assert by.sample_round(year.path).events == ()
    assert len(drawn.said) == 3
    summary = year.path / "汇总" / "汇总表.xlsx"
    _review(summary, codes[0], 88.5, "资料不全")
    assert by.summarise(year.path).events
    with opened(year.path) as this_round:
        reviewed = [event for event in this_round.events if event.kind == "reviewed"]
        assert [
            (e.duty.code, e.data["score"], e.data["remark"]) for e in reviewed if "score" in e.data
        ] == [(codes[0], 88.5, "资料不全")]
        returns = counted_returns(this_round)
    assert _typed(summary, codes[0]) == (88.5, "资料不全")
    assert _spent(returns) == pytest.approx(sum(float(str(own[SPENT])) for own in overall[:12]))
    assert len(frames(returns).submissions) == 14

    # What is approved is published, and nothing of whom to ring up.
    with pytest.raises(WorkbookError, match="还不能封存"):
        by.close_round(year.path)
    for code in [c for c in codes[:11] if c != codes[8]] + ["212001"]:
        by.decide(year.path, code, approve=True)
    assert year.counts() == {"approved": 12, "nothing": 1, "excused": 2}
    done = by.publish(year.path)
    assert len([name for name in done.files if name.endswith(".docx")]) == 14
    public = (year.path / "公开" / "index.html").read_text(encoding="utf-8")
    assert "88.5" in public
    assert "0730-" not in public
    assert "example.cn" not in public

    # Sealed, verified, opened for one correction, sealed again; then one byte is changed, and found.
    by.close_round(year.path)
    pack = year.path.with_name(f"{year.path.name}.zip")
    whole = verify(pack)
    assert not whole.faults
    with pytest.raises(WorkbookError, match=r"已经?封存"):
        by.decide(year.path, codes[0], undo=True, why="想改")
    by.reopen_round(year.path, why="更正一处")
    by.decide(year.path, codes[0], undo=True, why="更正")
    by.decide(year.path, codes[0], approve=True)
    with pytest.raises(WorkbookError, match="汇总表是最后的变动以前写的"):
        by.close_round(year.path)
    by.summarise(year.path)
    by.close_round(year.path)
    again = verify(pack)
    assert not again.faults
    assert again.seal != whole.seal
    _change_a_byte(pack)
    assert verify(pack).faults

    # The next year's round begins from this one.
    following = by.new_round(year.path.with_name("2025年度自评"), last=year.path)
    _, record = status(following)
    assert record["round"]["year"] == 2025
    assert len(record["departments"]) == 15
    (first_history,) = (d for d in history(year.path, codes[0], form=OVERALL)["duties"])
    assert [v["number"] for v in first_history["versions"]] == [1, 2]
    assert [c["name"] for c in first_history["versions"][1]["changed"]] == [
        "funds.project_expenditure"
    ]
    assert first_history["versions"][1]["gone"] == [problems[codes[0]]["D407"]]


# --- what happens on the departments' desks -------------------------------------------------------------


def _scan(desk: Path) -> Path:
    path = desk / "scan.pdf"
    path.write_bytes(b"%PDF-1.4\n%scan\n")
    return path


def _foreign(year: Year) -> Path:
    """The form of another county's department that has the code of one of ours."""
    template = build_template(
        find_form(OVERALL), year.desk / "foreign.xlsx",
        prefilled={"identity.department_code": "114001", "identity.department": "平江县文化旅游局"},
    )  # fmt: skip
    return ByOpenpyxl().fill(template, year.desk / "foreign_filled.xlsx", faultless(OVERALL)[20])


def _saved(year: Year, code: str, values: dict[str, Value], moment: str) -> Path:
    """A filled form that says when it was saved: at that moment, or not at all."""
    path = year.filled(code, values, stem=f"{code}_{moment[:4]}")
    if path.suffix == ".xlsx":
        _set_saved(path, moment)
    return path


def _set_saved(path: Path, moment: str) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, stored in parts.items():
            content = stored
            if info.filename == "docProps/core.xml":
                content = re.sub(
                    rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + moment.encode(), content
                )
            archive.writestr(info, content)


def _review(summary: Path, code: str, score: float, remark: str) -> None:
    book = openpyxl.load_workbook(summary)
    sheet, row, columns = _line(book, code)
    sheet.cell(row, columns["复核得分"]).value = score
    sheet.cell(row, columns["备注"]).value = remark
    book.save(summary)


def _typed(summary: Path, code: str) -> tuple[Any, Any]:
    sheet, row, columns = _line(openpyxl.load_workbook(summary), code)
    return sheet.cell(row, columns["复核得分"]).value, sheet.cell(row, columns["备注"]).value


def _spent(returns: Iterable[Return]) -> float:
    """What the departments spent, by their own forms that count."""
    own = [r.submission for r in returns if r.submission and r.submission.form.id == OVERALL]
    assert len(own) == 12
    return sum(float(str(submission.cells[SPENT].value)) for submission in own)


def _line(book: Any, code: str) -> tuple[Any, int, dict[str, int]]:
    sheet = book["部门汇总"]
    for head in range(1, 11):
        columns = {str(cell.value): cell.column for cell in sheet[head] if cell.value}
        if "复核得分" in columns:
            row = next(
                r
                for r in range(head + 1, sheet.max_row + 1)
                if str(sheet.cell(r, columns["预算编码"]).value) == code
            )
            return sheet, row, columns
    raise LookupError(code)


def _change_a_byte(pack: Path) -> None:
    """Change one byte of one file, and pack it so that the archive itself is whole."""
    with zipfile.ZipFile(pack) as archive:
        parts = {info: archive.read(info) for info in archive.infolist()}
    name = next(info for info in parts if info.filename.startswith(".round/files/"))
    parts[name] = parts[name][:-1] + bytes([parts[name][-1] ^ 1])
    with zipfile.ZipFile(pack, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in parts.items():
            archive.writestr(info, content)
