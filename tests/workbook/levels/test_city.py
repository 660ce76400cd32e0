"""A city of three counties with the same codes: what it adds up to, and what it takes, sends back and refuses."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import docx
import duckdb
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from builder import build_county_report, build_page, build_summary, build_template, write_data
from tests.api import cli, replace_part
from tests.rounds import DEPARTMENTS, ByOpenpyxl, dated, faultless
from workbook import WorkbookError, aggregate, find_form, frames
from workbook.checking import Roster, RosterEntry
from workbook.form import Value, form_of
from workbook.levels import (
    city_status,
    close_city,
    decide_county,
    receive_packs,
    returns_of_city,
    summarise_city,
    summary_of_city,
)
from workbook.reading import Return
from workbook.reported import CITY, PackedDuty, is_pack, open_pack, pack_of, write_pack
from workbook.round import (
    close_round,
    counted_returns,
    decide,
    new_round,
    opened,
    receive,
    reopen_round,
    send,
    verify,
)
from workbook.summary import Summary

OVERALL = "department_overall"
COUNTIES = ("东江县", "西江县", "南江县")
WHO = DEPARTMENTS[:4]
ABOUT = {"bureau": "", "year": 2024, "closed": "", "closed_at": "", "former": [], "reviews": []}
"""What a county's pack says of its round, but for the county's name."""


@dataclass
class City:
    """Three counties' rounds, closed, and the city's, which has taken nothing yet."""

    path: Path

    def round(self, county: str) -> Path:
        return self.path.parent / county

    def pack(self, county: str) -> Path:
        return pack_of(self.round(county))

    def answer(self, county: str, number: int, day: str, **typed: Value) -> None:
        """A department of a county sends its form."""
        code, name = WHO[number]
        desk = self.path.parent / "desk"
        desk.mkdir(exist_ok=True)
        own: dict[str, Value] = {"identity.department_code": code, "identity.department": name}
        template = build_template(
            find_form(OVERALL), desk / f"t_{code}.xlsx", prefilled=own, fiscal_year=2024
        )
        values = faultless(OVERALL)[COUNTIES.index(county) * len(WHO) + number] | {
            name.replace("__", "."): value for name, value in typed.items()
        }
        file = ByOpenpyxl().fill(template, desk / f"{code}_{day}.xlsx", values)
        assert receive(self.round(county), dated(file, day)).files[0].code == code

    def states(self) -> list[str]:
        return [each["state"] for each in city_status(self.path)[1]["counties"]]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    top = tmp_path_factory.mktemp("levels")
    roster = top / "名册.csv"
    lines = [f"{code},{name},王会计,0730-4221016" for code, name in WHO]
    roster.write_text("\n".join(["预算编码,部门,联系人,联系电话", *lines]), encoding="utf-8")
    (top / "县.csv").write_text(
        "\n".join(["县区,联系人", *(f"{name},李" for name in COUNTIES)]), encoding="utf-8"
    )
    made = City(new_round(top / "全市", counties=top / "县.csv", year=2024, bureau="清江市财政局"))
    for county in COUNTIES:
        path = new_round(
            made.round(county),
            forms=[OVERALL],
            roster=roster,
            year=2024,
            deadline="2025-03-31",
            area=county,
        )
        send(path)
        for number in range(3):
            wrong = (
                {"funds__basic_expenditure": 1.0} if (county, number) == (COUNTIES[0], 1) else {}
            )
            made.answer(county, number, "2025-03-01", **wrong)
        decide(path, WHO[3][0], excuse=True, why="机构改革")
        for code, _ in WHO[:3]:
            decide(path, code, approve=True, why="已核")
        close_round(path)
    return made


def read_here(city: City) -> tuple[list[Return], Roster]:
    """Every copy that counts, as its county has it, under the county's name; and who owed."""
    returns: list[Return] = []
    entries: list[RosterEntry] = []
    for county in COUNTIES:
        with opened(city.round(county)) as this_round:
            for each in counted_returns(this_round):
                assert each.submission is not None
                path = Path(f"{county}-上报.zip") / each.path.as_posix().lstrip("/")
                own = replace(each.submission, path=path)
                returns.append(replace(each, county=county, path=path, submission=own, saved_by=""))
            entries += [
                replace(
                    entry,
                    county=county,
                    contact="",
                    phone="",
                    extra={},
                    deadline=this_round.settings.deadline,
                )
                for entry in this_round.roster.entries[:3]
            ]
    return returns, Roster(Path("全市"), tuple(entries))


def added_up(city: City) -> Summary:
    with opened(city.path, CITY) as opened_city:
        return summary_of_city(opened_city)


def require_equal(ours: Summary, theirs: Summary) -> None:
    for name in ("coverage", "duties", "files", "findings"):
        pd.testing.assert_frame_equal(getattr(ours, name), getattr(theirs, name))
    for one, other in zip(ours.forms, theirs.forms, strict=True):
        for name in (
            "departments",
            "totals",
            "counties",
            "grades",
            "indicators",
            "funds",
            "composition",
            "sources",
        ):
            pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
        for name, details in one.details.items():
            pd.testing.assert_frame_equal(details, other.details[name])


def test_a_city_takes_recalls_corrects_and_adds_up(  # noqa: PLR0915 - one story
    city: City, tmp_path: Path
) -> None:
    # All three report; what adds up is what was read in the counties, to the last digit, in every form.
    assert city.states() == ["missing"] * 3
    received = receive_packs(city.path, [city.pack(county) for county in COUNTIES])
    assert [(each.county, each.outcome) for each in received.files] == [
        (c, "counted") for c in COUNTIES
    ]
    assert city.states() == ["received"] * 3
    returns, roster = read_here(city)
    require_equal(added_up(city), aggregate(returns, roster))

    # One pack is replaced before anything is decided.
    reopen_round(city.round(COUNTIES[1]), why="漏了一份")
    city.answer(COUNTIES[1], 0, "2025-03-02", funds__original_budget=880.0)
    decide(city.round(COUNTIES[1]), WHO[0][0], approve=True, why="已核")
    close_round(city.round(COUNTIES[1]))
    again = receive_packs(city.path, city.pack(COUNTIES[1]))
    assert [(each.outcome, each.why) for each in again.files] == [("replaced_older", "")]
    returns, roster = read_here(city)
    require_equal(added_up(city), aggregate(returns, roster))

    # One department is refused and corrected through its county; an approved county takes no newer pack before.
    for county in COUNTIES:
        decide_county(city.path, county, approve=True)
    with pytest.raises(WorkbookError, match="已经核定"):
        decide_county(city.path, COUNTIES[0], approve=True)
    reopen_round(city.round(COUNTIES[0]), why="市里要更正")
    city.answer(COUNTIES[0], 1, "2025-03-03")
    decide(city.round(COUNTIES[0]), WHO[1][0], approve=True, why="已改")
    close_round(city.round(COUNTIES[0]))
    early = receive_packs(city.path, city.pack(COUNTIES[0]))
    assert early.files[0].outcome == "not_displacing"
    with pytest.raises(WorkbookError, match="没有预算编码 999"):
        decide_county(city.path, COUNTIES[0], send_back=True, departments=["999"], why="试")
    done = decide_county(
        city.path, COUNTIES[0], send_back=True, departments=[WHO[1][0]], why="合计不对"
    )
    letter = "\n".join(p.text for p in docx.Document(str(city.path / done.files[0])).paragraphs)
    assert f"{WHO[1][0]} {WHO[1][1]}" in letter
    assert "合计不对" in letter
    # The newer pack lies here already, and names the one that was sent back.
    assert city.states() == ["received", "approved", "approved"]
    decide_county(city.path, COUNTIES[0], approve=True)

    # One pack is recalled by taking its approval back, and comes again.
    done = decide_county(city.path, COUNTIES[2], undo=True, why="再核")
    assert done.files == (f"退回/{COUNTIES[2]}/第1次/退回函.docx",)
    assert city.states() == ["approved", "approved", "received"]
    with pytest.raises(WorkbookError, match=f"{COUNTIES[2]} 已报，待核定"):
        close_city(city.path)
    decide_county(city.path, COUNTIES[2], send_back=True, why="再核")
    assert city.states()[2] == "sent_back"
    with pytest.raises(WorkbookError, match="还没有报来更正的包"):
        decide_county(city.path, COUNTIES[2], approve=True)
    reopen_round(city.round(COUNTIES[2]), why="市里退回")
    close_round(city.round(COUNTIES[2]))
    receive_packs(city.path, city.pack(COUNTIES[2]))
    assert city.states()[2] == "received"
    decide_county(city.path, COUNTIES[2], approve=True)

    # The same in workbook, page, frames, DuckDB and Word.
    returns, roster = read_here(city)
    summary, theirs = added_up(city), aggregate(returns, roster)
    require_equal(summary, theirs)
    summarise_city(city.path)
    written = _cells(city.path / "汇总" / "汇总表.xlsx")
    assert written == _cells(
        build_summary(replace(theirs, root=str(city.path)), tmp_path / "汇总" / "汇总表.xlsx")
    )
    pages = [(city.path / "汇总" / "汇总.html"), build_page(theirs, tmp_path / "汇总.html")]
    assert len({page.read_text(encoding="utf-8") for page in pages}) == 1
    papers = [
        city.path / "汇总" / "汇总报告（初稿）.docx",
        build_county_report(theirs, tmp_path / "稿.docx"),
    ]
    assert (
        len({"\n".join(p.text for p in docx.Document(str(paper)).paragraphs) for paper in papers})
        == 1
    )
    written_data = write_data(frames(returns_of_city(city.path)), tmp_path / "data", summary)
    (base,) = (path for path in written_data if path.suffix == ".duckdb")
    with duckdb.connect(str(base), read_only=True) as opened_base:
        query = "select count(*), sum(actual_expenditure) from department_overall_2024_summary.departments"
        ((count, spent),) = opened_base.execute(query).fetchall()
    assert count == len(returns) == 9
    assert spent == pytest.approx(theirs.forms[0].totals.loc["actual_expenditure", "value"])

    # Every figure walks back to county, department, file and cell.
    part = summary.forms[0]
    source = part.sources[part.sources["figure"] == "actual_expenditure"].iloc[0]
    county, _, name = source["path"].partition("-上报.zip/")
    with opened(city.round(county)) as this_round:
        (origin,) = [r for r in counted_returns(this_round) if r.key.lstrip("/") == name]
        assert origin.submission is not None
        content = this_round.folder.content(origin.sha256)
    home = openpyxl.load_workbook(io.BytesIO(content))
    assert home[source["sheet"]][source["cell"]].value == pytest.approx(source["value"])

    # Closed, and handed to a province, which sees the same departments.
    close_city(city.path)
    first = verify(pack_of(city.path))
    assert not first.faults
    reopened = run("reopen", city.path, "--why", "省里退回")
    assert (reopened.exit_code, city_status(city.path)[0].closed) == (0, False)
    close_city(city.path)
    assert open_pack(pack_of(city.path).read_bytes(), "全市").former == (first.seal,)
    (tmp_path / "市.csv").write_text("县区\n清江市\n", encoding="utf-8")
    province = new_round(tmp_path / "全省", counties=tmp_path / "市.csv", year=2024)
    assert receive_packs(province, pack_of(city.path)).files[0].outcome == "counted"
    with opened(province, CITY) as above:
        totals = summary_of_city(above).forms[0].totals
    pd.testing.assert_frame_equal(totals, part.totals)


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["round", *map(str, words)], prog_name="workbook")


def _cells(path: Path) -> dict[str, Sequence[object]]:
    return {
        sheet.title: [cell.value for row in sheet.iter_rows() for cell in row]
        for sheet in openpyxl.load_workbook(path)
    }


def test_a_pack_changed_by_one_byte_is_refused(city: City, tmp_path: Path) -> None:
    content = city.pack(COUNTIES[1]).read_bytes()
    step = max(1, len(content) // 150)
    for place in [*range(0, len(content), step), len(content) - 1]:
        changed = bytearray(content)
        changed[place] ^= 0x20
        with pytest.raises(WorkbookError):
            open_pack(bytes(changed), "西江县-上报.zip")
    path = new_round(tmp_path / "市", counties=city.path.parent / "县.csv", year=2024)
    (tmp_path / "坏-上报.zip").write_bytes(bytes(changed))
    refused = receive_packs(path, tmp_path / "坏-上报.zip").files[0]
    assert refused.outcome == "unreadable"
    assert "与封存时不同" in refused.why
    assert verify(tmp_path / "坏-上报.zip").faults


def test_a_sealed_pack_that_our_program_did_not_write_is_one_sentence(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_part(monkeypatch, "a return in a pack", lambda *_, **__: {"path": "x"})
    with opened(city.round(COUNTIES[1])) as this_round:
        returns = counted_returns(this_round)
    duty = PackedDuty("", "1", "甲局", OVERALL, "", "approved", "", None, 0)
    pack = tmp_path / "仿-上报.zip"
    write_pack(pack, ABOUT | {"name": "西江县"}, [find_form(OVERALL)], [(duty, returns[0])])
    path = new_round(tmp_path / "市", counties=city.path.parent / "县.csv", year=2024)
    assert receive_packs(path, pack).files[0].outcome == "counted"
    with pytest.raises(WorkbookError, match="甲局）不是程序写的样子"):
        summarise_city(path)


def test_the_pack_names_nobody_unless_asked_to(city: City) -> None:
    with zipfile.ZipFile(city.pack(COUNTIES[0])) as archive:
        told = b"".join(
            archive.read(name)
            for name in archive.namelist()
            if name.startswith(("份/", "上报清单"))
        )
    for filling in faultless(OVERALL)[:3]:
        assert str(filling["identity.prepared_by"]).encode() not in told
        assert str(filling["identity.phone"]).encode() not in told


def test_what_is_no_countys_pack_is_told_apart(city: City, tmp_path: Path) -> None:
    path = new_round(tmp_path / "市", counties=city.path.parent / "县.csv", year=2025)
    assert receive_packs(path, city.pack(COUNTIES[0])).files[0].outcome == "wrong_year"
    (tmp_path / "x.txt").write_text("x", encoding="utf-8")
    assert receive_packs(path, tmp_path / "x.txt").files[0].outcome == "unreadable"
    assert not is_pack(b"PK")
    (tmp_path / "两县.csv").write_text("县区\n甲县\n乙县\n", encoding="utf-8")
    other = new_round(tmp_path / "他市", counties=tmp_path / "两县.csv", year=2024)
    stray = receive_packs(other, city.pack(COUNTIES[0])).files[0]
    assert stray.outcome == "unassigned"
    status = run("status", other)
    assert "不知是哪个县区的" in status.output
    number = status.output.partition("不知是哪个县区的 ")[2].partition("：")[0]
    assert run("assign", other, number, "甲县").exit_code == 0
    assert city_status(other)[1]["counties"][0]["state"] == "received"
    receive_packs(other, city.pack(COUNTIES[1]))
    assert run("assign", other, "西江县-上报.zip", "--none").exit_code == 0
    assert city_status(other)[0].unassigned == ()


def test_copies_that_were_read_by_other_definitions_are_not_added_up(
    city: City, tmp_path: Path
) -> None:
    path = new_round(tmp_path / "市", counties=city.path.parent / "县.csv", year=2024)
    receive_packs(path, city.pack(COUNTIES[0]))
    form = find_form(OVERALL)
    changed = form.definition.replace("rate_threshold = 0.9", "rate_threshold = 0.8")
    assert changed != form.definition
    other = form_of(form.path, changed.encode())
    write_pack(tmp_path / "他-上报.zip", ABOUT | {"name": COUNTIES[1]}, [other], [])
    refused = receive_packs(path, tmp_path / "他-上报.zip").files[0]
    assert (refused.outcome, "的定义与别的县区的不一样" in refused.why) == ("unreadable", True)


def test_the_commands_tell_which_level_a_folder_is_of(city: City) -> None:
    for word in ("send", "sample", "publish", "send-back", "remind"):
        refused = run(word, city.path)
        assert refused.exit_code == 2
        assert "这里收的是各县区的上报包" in refused.output
    county = city.round(COUNTIES[1])
    refused = run("decide", county, WHO[0][0], "--send-back", "--why", "x")
    assert refused.exit_code == 2
    with pytest.raises(WorkbookError, match="不是各县区的上报包"):
        receive_packs(county)
