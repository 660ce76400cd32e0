"""Problems over versions: none lost, none doubled; answers read from whatever the sheet was saved with."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.api import CATALOGUE, Problem, findings_of, problems_of, reading_of
from tests.fillings import accepted, overall
from tests.office import Office
from tests.rounds import ByOffice, ByOpenpyxl, Hand, Values, answers, dated, faultless, roster
from workbook.checking import check
from workbook.form import Value
from workbook.layout import NUMBER, lay_out
from workbook.reading import Filling, Return, read_returns
from workbook.round import new_round, receive, send, send_back, status

OVERALL = "department_overall"


# --- three versions of many departments ------------------------------------------------------------------


def as_filling(values: Values) -> Filling:
    single: dict[str, Value] = {}
    rows: dict[str, dict[int, dict[str, Value]]] = {}
    for name, value in values.items():
        section, field, *number = name.split(".")
        if number:
            rows.setdefault(section, {}).setdefault(int(number[0]), {})[field] = value
        else:
            single[name] = value
    return Filling(single, rows)


def spoiled(values: Values, chance: random.Random, cells: int) -> dict[str, Value]:
    """Some cells emptied, some figures a little or much off, some texts cut, some rows called the same."""
    changed = dict(values)
    for name in chance.sample(sorted(values), cells):
        value = values[name]
        if chance.random() < 0.25:
            del changed[name]
        elif isinstance(value, float | int):
            changed[name] = chance.choice((value + 7, -value, value * 10, "待定"))
        elif isinstance(value, str):
            changed[name] = chance.choice((value[:1], "／", "同名", value + "。", "12345"))
    return changed


def versions(count: int, seed: int) -> list[list[Return]]:
    """Three versions of so many departments' returns, checked: spoiled, mended in part and spoiled anew, as at first."""
    chance, right = random.Random(seed), faultless(OVERALL)
    of_all: list[list[Return]] = []
    first = [
        spoiled(right[number % len(right)], chance, chance.randint(0, 12))
        for number in range(count)
    ]
    second = [
        {
            **values,
            **{
                name: right[n % len(right)][name]
                for name in right[n % len(right)]
                if chance.random() < 0.7
            },
        }
        for n, values in enumerate(first)
    ]
    second = [spoiled(values, chance, chance.randint(0, 4)) for values in second]
    for number, batch in enumerate((first, second, first)):
        returns = [
            accepted(
                as_filling({**values, "identity.department_code": f"{n:06}"}), f"{number}_{n}.xlsx"
            )
            for n, values in enumerate(batch)
        ]
        of_all.append(list(check(returns)))
    return of_all


def is_general(returned: Return, number: int) -> bool:
    """Whether a finding is of a check that every form has: each of its cells is a problem of its own."""
    return returned.findings[number].code in CATALOGUE


@pytest.mark.parametrize("count", [20, pytest.param(300, marks=pytest.mark.long)])
def test_over_three_versions_no_problem_is_lost_or_doubled(count: int) -> None:
    total: Counter[str] = Counter()
    for first, second, third in zip(*versions(count, 7), strict=True):
        problems = [problems_of(each) for each in (first, second, third)]
        for returned, own in zip((first, second, third), problems, strict=True):
            findings = [n for n, item in enumerate(returned.findings) if item.severity != "note"]
            assert {problem.finding for problem in own} == set(findings)
            assert len({problem.identity for problem in own}) == len(own)
            for number in findings:
                fields = set(filter(None, returned.findings[number].field.split(",")))
                assert fields == {name for p in own if p.finding == number for name in p.fields}
                rows = {name.split(".")[2] for name in fields if name.count(".") == 2}
                assert len([p for p in own if p.finding == number]) <= max(
                    len(rows), 1
                ) or is_general(returned, number)
            assert [Problem.of(problem.record()) for problem in own] == own
            assert findings_of(reading_of(returned)) == list(returned.findings)
        assert problems[0] == problems[2]  # as it was, so with the same names and values
        before, after = ({p.identity for p in each} for each in problems[:2])
        total.update(gone=len(before - after), new=len(after - before), open=len(before & after))
    assert min(total["gone"], total["new"], total["open"]) >= count // 4, total


def test_a_problem_keeps_its_name_where_its_row_has_moved() -> None:
    values = faultless(OVERALL)[0]
    start = overall().key_fields.row_start(overall().sections["indicators"])
    numbers = sorted(
        {int(name.split(".")[2]) for name in values if name.startswith(f"indicators.{start}.")}
    )
    block = lay_out(overall()).blocks["indicators"]
    paths = {slot.number: slot.path for slot in block.slots}
    one, two = next((a, b) for a in numbers for b in numbers if a < b and paths[a] == paths[b])

    def swapped(name: str) -> str:
        number = re.fullmatch(r"indicators\.\w+\.(\d+)", name)
        pair = {str(one): str(two), str(two): str(one)}
        return (
            f"{name.rpartition('.')[0]}.{pair[number[1]]}" if number and number[1] in pair else name
        )

    wrong = dict(values)
    wrong[f"indicators.self_score.{one}"] = 99.0
    moved = {swapped(name): value for name, value in wrong.items()}
    first, second = check([
        accepted(as_filling({**wrong, "identity.department_code": "1"}), "a.xlsx"),
        accepted(as_filling({**moved, "identity.department_code": "2"}), "b.xlsx"),
    ])  # fmt: skip
    of_row = [
        {
            p.identity
            for p in problems_of(each)
            if any(n == f"indicators.self_score.{at}" for n in p.fields)
        }
        for each, at in ((first, one), (second, two))
    ]
    assert of_row[0]
    assert of_row[0] == of_row[1]


# --- what was answered survives whatever saved it --------------------------------------------------------


@pytest.fixture(scope="module")
def back(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round in which one department's form was sent back with two problems."""
    desk = tmp_path_factory.mktemp("back")
    folder = new_round(desk / "r", forms=[OVERALL], roster=roster(desk / "名册.xlsx"), year=2024)
    send(folder, ["101001"])
    wrong = faultless(OVERALL)[0]
    wrong["funds.project_expenditure"] = float(str(wrong["funds.project_expenditure"])) + 7
    wrong["identity.phone"] = "12345"
    (form,) = (folder / "发出").glob("101001 */自评表.xlsx")
    dated(ByOpenpyxl().fill(form, folder / "收件" / "101001.xlsx", wrong), "2025-03-20")
    receive(folder)
    assert send_back(folder).events
    return folder


NOTE = "单位内线电话，见〔2024〕3 号；\n第二行 <b>&amp;"
GIVEN = {1: ("请免", "上级单列"), 2: ("核对无误", NOTE)}


def require_answers(folder: Path, hand: Hand, ending: str, target: Path, *, times: int = 1) -> None:
    (source,) = (folder / "退回").glob("101001 */第1次/自评表.xlsx")
    path = hand.fill(source, target / f"1{ending}", answers(GIVEN))
    for number in range(1, times):
        path = hand.fill(path, target / f"{number + 1}{ending}", {})
    (returned,) = read_returns(path)
    assert returned.submission is not None, returned.findings
    given = returned.submission.answers
    assert given is not None
    duty = next(duty for duty in status(folder)[0].duties if duty.key.code == "101001")
    assert given.token == duty.sent[-1].data["token"]
    assert {number: (action, note) for number, action, note in given.answers} == GIVEN


@pytest.mark.parametrize("times", [1, 2])
def test_answers_survive_a_save_by_openpyxl(back: Path, tmp_path: Path, times: int) -> None:
    require_answers(back, ByOpenpyxl(), ".xlsx", tmp_path, times=times)


@pytest.mark.parametrize("ending", [".xlsx", ".xls", ".ods"])
def test_answers_survive_a_save_by_libreoffice(
    back: Path, tmp_path: Path, office: Office, ending: str
) -> None:
    require_answers(back, ByOffice(office), ending, tmp_path, times=2)


@pytest.mark.parametrize(
    "number",
    ["9" * 5000, "1.5", "-1", "一", "", "²"],
    ids=["long", "fraction", "minus", "word", "blank", "raised"],
)
def test_a_number_that_is_none_is_no_answer(back: Path, tmp_path: Path, number: str) -> None:
    import openpyxl  # noqa: PLC0415

    (source,) = (back / "退回").glob("101001 */第1次/自评表.xlsx")
    path = ByOpenpyxl().fill(source, tmp_path / "1.xlsx", answers(GIVEN))
    book = openpyxl.load_workbook(path)
    sheet = book["退回修改"]
    head = next(cell for row in sheet.iter_rows() for cell in row if cell.value == NUMBER)
    sheet.cell(head.row + 1, head.column).value = number
    book.save(path)
    (returned,) = read_returns(path)
    assert returned.submission is not None
    assert returned.submission.answers is not None
    assert [each[0] for each in returned.submission.answers.answers] == [2]
