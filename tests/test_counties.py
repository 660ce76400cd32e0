"""Three counties whose departments bear the same codes and names: nothing of theirs is lost or mingled."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import docx
import duckdb
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from pandas.testing import assert_frame_equal

from builder.summary import build_summary
from builder.tables import summary_of, write_data
from builder.template import build_template
from builder.word import build_county_report, select, write_notices, write_reports
from tests.api import Folder, cli, page_data, replace_part
from tests.fillings import FILLED, changed, filling, main_form
from tests.office import Office
from tests.sheets import differences
from workbook import WorkbookError, aggregate, check, find_form, load_roster, read_returns
from workbook.layout import lay_out
from workbook.overview import sample
from workbook.reading import Filling, FolderCounties, Return, known_forms
from workbook.scale import listed, roll_up, write_partitions
from workbook.summary import Review, Reviews, Summary, frames, load_reviews

COUNTIES = ("甲县", "乙县", "丙县")
NAMES = {"118001": "档案馆", "125001": "科学技术协会", "207001": "文化旅游广电局"}
AMOUNTS = ("original_budget", "final_budget", "actual_expenditure")
PARTS = ("general_public_budget", "government_fund", "special_account_nontax", "other_funds")


def write_counties(folder: Path, *, year: int = 2024, named: bool = False) -> Path:
    """A folder a county, in each a return of each department, under the same codes and file names.

    Their names are the same too unless `named`: then they begin with the county.
    """
    form = find_form("department_overall")
    for number, county in enumerate(COUNTIES, 1):
        for path, (code, name) in zip(FILLED, NAMES.items(), strict=False):
            given, more = filling(path), number * 1000.37 + (2024 - year)
            department = f"{county if named else ''}{name}"
            own = changed(given, identity__department=department, identity__department_code=code)
            own = changed(own, **{f"funds__{key}": amount(given, key) + more for key in AMOUNTS})
            # The parts add up, so that no figure is in doubt.
            gap = amount(given, "final_budget") - sum(
                amount(given, part) for part in PARTS if given.value(SPOTS[f"funds.{part}"])
            )
            own = changed(
                own,
                funds__general_public_budget=amount(given, PARTS[0]) + gap + more,
                funds__basic_expenditure=amount(given, "basic_expenditure") + more,
            )
            target = folder / county / f"{code}.xlsx"
            target.parent.mkdir(parents=True, exist_ok=True)
            build_template(form, target, filling=own, fiscal_year=year)
    return folder


def amount(given: Filling, name: str) -> float:
    value = given.value(SPOTS[f"funds.{name}"])
    assert isinstance(value, float | int)
    return float(value)


SPOTS = lay_out(find_form("department_overall")).spots


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], prog_name="workbook")


def read(folder: Path) -> list[Return]:
    return read_returns(folder, county=FolderCounties.under(folder))


def figure(summary: Summary, name: str) -> float:
    value = main_form(summary).totals["value"].loc[name]
    return float(value)


def roster_of(folder: Path, *, named: bool = False) -> Path:
    lines = [
        f"{county},{code},{county if named else ''}{name}"
        for county in COUNTIES
        for code, name in NAMES.items()
    ]
    path = folder / "名册.csv"
    path.write_text("\n".join(["县（区）,预算编码,部门", *lines]), encoding="utf-8")
    return path


@dataclass(frozen=True)
class City:
    """The counties' returns, their summary, and each county's own."""

    folder: Path
    returns: list[Return]
    summary: Summary
    own: dict[str, Summary]

    def added(self, name: str) -> float:
        """A figure of the counties' own summaries, added up."""
        return sum(figure(one, name) for one in self.own.values())


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = write_counties(tmp_path_factory.mktemp("city") / "收回")
    returns = check(read(folder))
    own = {county: aggregate(check(read_returns(folder / county))) for county in COUNTIES}
    return City(folder, returns, aggregate(returns), own)


def equal(shown: object, expected: float) -> bool:
    """Equal to the cent; amounts are 万元."""
    return abs(float(shown) - expected) < 5e-7  # type: ignore[arg-type]


# --- sums -----------------------------------------------------------------------------------------


def test_the_sums_are_those_of_the_counties_own_summaries(city: City) -> None:
    part = main_form(city.summary)
    assert city.summary.counties == COUNTIES[::-1], "by their names"
    assert len(part.departments) == len(city.summary.coverage) == 9
    for name in AMOUNTS:
        assert equal(figure(city.summary, name), city.added(name)), name
        by_county = part.departments.groupby("county")[name].sum()
        for county, own in city.own.items():
            assert equal(by_county[county], figure(own, name)), county
    assert len(city.summary.duplicates) == 0
    for frame in (part.sources, part.composition, part.generosity, *part.details.values()):
        assert set(frame["county"]) == set(COUNTIES)
    for section, rows in part.details.items():
        assert len(rows) == sum(len(main_form(own).details[section]) for own in city.own.values())


def test_the_frames_name_the_county(city: City) -> None:
    data = frames(city.returns)
    sections = next(iter(data.sections.values())).values()
    for frame in (data.files, data.submissions, data.findings, data.cells, *sections):
        assert set(frame["county"]) == set(COUNTIES)
        flat = frame.reset_index()
        paths = flat["path" if "path" in flat.columns else "submission"]
        assert all(f"/{c}/" in path for c, path in zip(flat["county"], paths, strict=True))
    assert set(city.summary.files["county"]) == set(COUNTIES)
    assert equal(data.section("funds")["final_budget"].sum(), city.added("final_budget"))
    one_county = frames(read_returns(city.folder / "甲县"), checked=False)
    assert set(one_county.files["county"]) == {""}


def test_the_workbook_lists_counties_and_adds_up(city: City, tmp_path: Path) -> None:
    path = build_summary(city.summary, tmp_path / "汇总.xlsx")
    book = openpyxl.load_workbook(path, data_only=True)
    for name in (
        "部门汇总",
        "资金构成",
        "指标明细",
        "抽查复核名单",
        "问题清单",
        "报送情况",
        "来源",
    ):
        heads = [cell.value for cell in book[name][3]]
        at = heads.index("县区")
        assert heads[at + 1 : at + 3] == ["预算编码", "部门"], name
        assert {row[at].value for row in book[name].iter_rows(min_row=4)} >= set(COUNTIES), name
    sheet = book["部门汇总"]
    heads = [str(cell.value) for cell in sheet[3]]
    (line,) = (r for r in sheet.iter_rows(min_row=4, values_only=True) if "合计" in r[:6])
    for label, name in (
        ("年初预算数", AMOUNTS[0]),
        ("全年预算数", AMOUNTS[1]),
        ("全年执行数", AMOUNTS[2]),
    ):
        assert equal(line[heads.index(label)], city.added(name)), label
    assert {cell.value for cell in sheet["C"][3:12]} == set(COUNTIES)
    own = openpyxl.load_workbook(build_summary(city.own["甲县"], tmp_path / "甲县.xlsx"))
    heads = [
        cell.value for sheet in own.worksheets for row in sheet.iter_rows(max_row=3) for cell in row
    ]
    assert "县区" not in heads, "one county's workbook stays as it is"


@pytest.fixture(scope="module")
def everything(city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook with all its sheets: last year's lines, a county that owes, a file that is rejected."""
    folder = tmp_path_factory.mktemp("everything")
    last = aggregate(check(read(write_counties(folder / "去年", year=2023))))
    roster = load_roster(roster_of(folder))
    broken = folder / "收回" / "丙县" / "118001.xlsx"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"PK\x03\x04 broken")
    sent = [r for r in read(city.folder) if r.county != "丙县"] + read(folder / "收回")
    summary = aggregate(check(sent, roster), roster, previous=last)
    return build_summary(summary, folder / "汇总.xlsx")


def test_every_list_of_departments_has_their_counties(everything: Path) -> None:
    book = openpyxl.load_workbook(everything, data_only=True)
    for name, counties in {
        "部门汇总": COUNTIES, "同比": COUNTIES, "报送情况": COUNTIES, "文件清单": COUNTIES,
        "催报名单": COUNTIES, "资金构成": COUNTIES[:2], "问题清单": COUNTIES,
    }.items():  # fmt: skip
        heads = [cell.value for cell in book[name][3]]
        at = heads.index("县区")
        assert {row[at].value for row in book[name].iter_rows(min_row=4)} >= set(counties), name
    pending = book["催报名单"]
    heads = [cell.value for cell in pending[3]]
    lines = [[row[heads.index(h)] for h in ("县区", "预算编码", "状态", "原因")]
             for row in pending.iter_rows(min_row=4, values_only=True)]  # fmt: skip
    assert [line[2] for line in lines if line[0] == "丙县"] == ["退回", "未报", "未报"]
    errors = {(line[0], line[1]): str(line[3]) for line in lines if line[2] == "须修改"}
    assert re.fullmatch("有 [1-9][0-9]* 处错误，见问题清单", errors["甲县", "125001"])


def test_the_workbook_recalculates_the_same(everything: Path, office: Office) -> None:
    assert differences(office, everything) == []


def test_a_county_has_a_line_of_its_own_sums(city: City, tmp_path: Path) -> None:
    part = main_form(city.summary)
    assert part.counties.index.tolist() == list(city.summary.counties)
    book = openpyxl.load_workbook(
        build_summary(city.summary, tmp_path / "汇总.xlsx"), data_only=True
    )
    sheet = book["县区汇总"]
    heads = [cell.value for cell in sheet[3]]
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    shown = {str(row[0]): row for row in rows if row[heads.index("部门")] is None}
    labels = {
        "original_budget": "年初预算数",
        "final_budget": "全年预算数",
        "actual_expenditure": "全年执行数",
        "execution_rate": "执行率",
        "mean_score": "自评平均分",
    }
    for county, own in city.own.items():
        line = part.counties.loc[county]
        assert (line["departments"], line["answered"], line["missing"]) == (3, 3, 0)
        for name, label in labels.items():
            assert equal(line[name], figure(own, name)), (county, name)
            assert equal(shown[county][heads.index(label)], figure(own, name)), (county, name)
    for name, label in labels.items():
        assert equal(shown["合计"][heads.index(label)], figure(city.summary, name)), name
    # Its departments are folded beneath it, each with its rank within and across.
    beneath = [row for row in rows if row[heads.index("部门")] is not None]
    assert [(row[0], row[1]) for row in beneath] == [
        (line.county, line.department)
        for county in part.counties.index
        for line in part.departments[part.departments["county"] == county].itertuples()
    ]
    mean, within = heads.index("自评平均分"), heads.index("县内\n名次")
    for row in beneath:
        scores = [float(str(r[mean])) for r in beneath if r[0] == row[0]]
        assert row[within] == 1 + sum(score > float(str(row[mean])) for score in scores)
    levels = [sheet.row_dimensions[4 + n].outlineLevel for n in range(len(rows))]
    assert [level == 1 for level in levels] == [
        row[heads.index("部门")] is not None for row in rows
    ]
    assert main_form(city.own["甲县"]).counties.empty, "no county is known"
    assert (
        "县区汇总"
        not in openpyxl.load_workbook(
            build_summary(city.own["甲县"], tmp_path / "甲县.xlsx")
        ).sheetnames
    )


def test_a_reviewed_score_changes_no_county_s_mean(city: City, tmp_path: Path) -> None:
    one = Review("部门整体支出绩效自评", 2024, "乙县", "118001", "档案馆", "", 1, "", "")
    reviewed = aggregate(city.returns, reviews=Reviews(tmp_path / "s.xlsx", (one,)))
    assert main_form(reviewed).departments["grade"].eq("差").sum() == 1
    assert_frame_equal(main_form(reviewed).counties, main_form(city.summary).counties)


def test_the_page_shows_counties_and_adds_up(city: City) -> None:
    data = json.loads(json.dumps(page_data(city.summary)))
    lines = data["forms"][0]["lines"]
    assert data["counties"] is True
    assert sorted(set(lines["county"])) == sorted(COUNTIES)
    assert len(set(lines["short"])) == 9, "told apart in charts"
    for name in AMOUNTS:
        assert equal(sum(lines[f"amount_{name}"]), city.added(name))
    shown = {f["label"]: f["value"] for f in data["forms"][0]["figures"]}
    assert shown["全年预算数"] == f"{city.added('final_budget'):,.2f}"
    lines = {row["county"]: row for row in data["forms"][0]["counties"]}
    for county, summary in city.own.items():
        assert equal(lines[county]["amount_final_budget"], figure(summary, "final_budget"))
    own = page_data(city.own["甲县"])
    assert "counties" not in own
    assert own["forms"][0]["counties"] == []
    assert "county" not in own["forms"][0]["lines"]


def test_the_database_adds_up_and_groups_by_county(city: City, tmp_path: Path) -> None:
    write_data(frames(city.returns), tmp_path, city.summary)
    schema = summary_of(main_form(city.summary).form)
    with duckdb.connect(tmp_path / "data.duckdb", read_only=True) as base:
        ((total,),) = base.execute(f'SELECT final_budget FROM "{schema}".totals').fetchall()
        assert equal(total, city.added("final_budget"))
        sums = dict(base.execute(
            f'SELECT county, sum(final_budget) FROM "{schema}".departments GROUP BY county'
        ).fetchall())  # fmt: skip
        for county, own in city.own.items():
            assert equal(sums[county], figure(own, "final_budget"))
        lines = dict(base.execute(
            f'SELECT county, final_budget FROM "{schema}".counties'
        ).fetchall())  # fmt: skip
        assert lines == pytest.approx(sums)
        rows = base.execute(
            f'SELECT DISTINCT county FROM "{schema}".indicators_attainment'
        ).fetchall()
        assert {county for (county,) in rows} == set(COUNTIES)
    files = pd.read_parquet(tmp_path / "files.parquet")
    assert set(files["county"]) == set(COUNTIES)


def test_the_draft_report_adds_up_and_names_counties(city: City, tmp_path: Path) -> None:
    document = docx.Document(str(build_county_report(city.summary, tmp_path / "初稿.docx")))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    for name in AMOUNTS:
        assert f"{city.added(name):,.2f}" in cells
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert all(f"{county}档案馆" in text for county in COUNTIES)
    assert "分3个县区看，执行率最高的是" in text
    for county, own in city.own.items():
        at = cells.index(county)
        assert cells[at + 3] == f"{figure(own, 'final_budget'):,.2f}"


@pytest.mark.parametrize("rows", [500_000, 0])
def test_batches_give_what_the_whole_gives(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    replace_part(monkeypatch, "the rows that a roll-up lists", rows)
    with ThreadPoolExecutor(2) as executor:
        parts = write_partitions(
            listed([city.folder]), Folder(str(tmp_path)), forms=known_forms(), executor=executor,
            county=FolderCounties.under(city.folder), batch=2,
        )  # fmt: skip
    returns, summary = roll_up(parts)
    assert [(r.key, r.county) for r in returns] == [(r.key, r.county) for r in city.returns]
    assert_frame_equal(summary.coverage, city.summary.coverage)
    assert_frame_equal(main_form(summary).totals, main_form(city.summary).totals)
    assert_frame_equal(main_form(summary).departments, main_form(city.summary).departments)
    assert_frame_equal(main_form(summary).counties, main_form(city.summary).counties)
    assert set(pd.concat(parts.frames("files"))["county"]) == set(COUNTIES)


def test_the_command_adds_up_by_folder_whole_and_in_batches(city: City, tmp_path: Path) -> None:
    shown = []
    for number, more in enumerate(([], ["--cluster", "local", "--workers", "2"])):
        out, data = tmp_path / f"{number}.xlsx", tmp_path / f"data{number}"
        result = run(
            "aggregate", city.folder, "-o", out, "--county-from-folder", "--data", data, *more
        )
        assert result.exit_code == 1, result.output
        sheet = openpyxl.load_workbook(out, data_only=True)["部门汇总"]
        rows = list(sheet.iter_rows(min_row=4, max_row=13, max_col=8, values_only=True))
        assert {row[2] for row in rows[:9]} == set(COUNTIES)
        shown.append(rows)
    assert shown[0] == shown[1]


def test_what_a_later_return_takes_the_place_of_is_told_with_its_county(city: City) -> None:
    again = [
        replace(
            r,
            path=Path(f"{r.key}.xlsx"),
            submission=replace(r.submission, path=Path(f"{r.key}.xlsx")),
        )
        for r in city.returns
        if r.county == "乙县" and r.submission
    ]
    duplicates = aggregate([*city.returns, *again]).duplicates
    assert duplicates["county"].tolist() == ["乙县"] * 3
    assert sorted(duplicates["code"]) == list(NAMES)


# --- refused --------------------------------------------------------------------------------------


def refused(result: Result) -> str:
    assert result.exit_code == 2, result.output
    return result.stderr


@pytest.mark.parametrize("command", ["check", "aggregate", "batches"])
def test_without_a_county_they_are_refused_by_name(
    city: City, tmp_path: Path, command: str
) -> None:
    out = tmp_path / "汇总.xlsx"
    words: list[str | Path] = ["check"] if command == "check" else ["aggregate", "-o", out]
    words += ["--cluster", "local", "--data", tmp_path / "data"] if command == "batches" else []
    text = refused(run(*words, city.folder))
    for told in (
        "118001",
        "3 个文件夹",
        "甲县/118001.xlsx",
        "--county-from-folder",
        "县区",
        "--county 县区名",
    ):
        assert told in text
    assert not out.exists()


def test_in_python_they_are_refused_alike(city: City) -> None:
    returns = read_returns(city.folder)
    for verb in (check, partial(aggregate, checked=False)):
        with pytest.raises(
            WorkbookError, match=r"118001 在 3 个文件夹里都有.*--county-from-folder"
        ):
            verb(returns)


def test_a_file_in_no_countys_folder_is_refused_by_name(city: City, tmp_path: Path) -> None:
    folder = tmp_path / "收回"
    shutil.copytree(city.folder, folder)
    shutil.copy(folder / "甲县" / "118001.xlsx", folder / "散.xlsx")
    text = refused(run("check", folder, "--county-from-folder"))
    assert "散.xlsx" in text
    assert "--county 县区名" in text
    text = refused(run("check", folder / "甲县" / "118001.xlsx", "--county-from-folder"))
    assert "118001.xlsx" in text
    (folder / "散.xlsx").unlink()
    (folder / "~$散.xlsx").touch()
    assert run("check", folder, "--county-from-folder").exit_code == 1


def test_both_options_are_one_too_many(city: City) -> None:
    text = refused(run("check", city.folder, "--county", "甲县", "--county-from-folder"))
    assert "只能写一个" in text


def test_of_one_county_that_is_told_the_later_batch_replaces_the_first(
    city: City, tmp_path: Path
) -> None:
    for batch in ("第一批", "第二批"):
        shutil.copytree(city.folder / "甲县", tmp_path / "收回" / batch)
    assert "--county 县区名" in refused(run("check", tmp_path / "收回"))
    result = run("check", tmp_path / "收回", "--county", "甲县", "--json")
    files = json.loads(result.stdout)["files"]
    assert sum(f["code"] == "A502" for file in files for f in file["findings"]) == 3
    assert {file["county"] for file in files} == {"甲县"}


# --- roster ---------------------------------------------------------------------------------------


def test_with_a_roster_and_folders_all_are_on_it(city: City, tmp_path: Path) -> None:
    roster = load_roster(roster_of(tmp_path))
    returns = check(read(city.folder), roster)
    assert not [f for r in returns for f in r.findings if f.code in ("A501", "A502")]
    summary = aggregate(returns, roster)
    assert summary.counties == COUNTIES, "in the roster's order"
    assert summary.coverage["on_roster"].all()
    assert equal(figure(summary, "final_budget"), city.added("final_budget"))
    missing = aggregate(check([r for r in read(city.folder) if r.county != "乙县"], roster), roster)
    lines = missing.coverage[missing.coverage["status"] == "missing"]
    assert set(lines["county"]) == {"乙县"}


def test_with_a_roster_alone_equal_names_are_refused(city: City, tmp_path: Path) -> None:
    text = refused(run("check", city.folder, "--roster", roster_of(tmp_path)))
    assert "118001 档案馆" in text
    assert "名册上甲县、乙县、丙县都有" in text


def test_a_roster_alone_tells_counties_by_their_names(city: City, tmp_path: Path) -> None:
    folder = write_counties(tmp_path / "收回", named=True)
    flat = tmp_path / "一起"
    flat.mkdir()
    for path in folder.rglob("*.xlsx"):
        shutil.copy(path, flat / f"{path.parent.name}{path.name}")
    assert "不同的单位名称" in refused(run("check", flat))
    roster = load_roster(roster_of(tmp_path, named=True))
    for given in (folder, flat):
        summary = aggregate(check(read_returns(given), roster), roster)
        assert summary.counties == COUNTIES
        assert len(summary.coverage) == 9
        assert equal(figure(summary, "final_budget"), city.added("final_budget"))


def test_a_county_that_the_roster_does_not_know_is_told_with_both(
    city: City, tmp_path: Path
) -> None:
    folder = tmp_path / "收回"
    shutil.copytree(city.folder, folder)
    (folder / "丙县").rename(folder / "丁县")
    roster = roster_of(tmp_path)
    text = refused(run("check", folder, "--county-from-folder", "--roster", roster))
    for told in ("丁县", "名册.csv", "甲县、乙县、丙县"):
        assert told in text
    roster.write_text("预算编码,部门\n118001,档案馆\n", encoding="utf-8")
    text = refused(run("check", city.folder, "--county-from-folder", "--roster", roster))
    assert "没有“县区”一列" in text
    result = run("check", city.folder / "甲县", "--county", "甲县", "--roster", roster)
    assert result.exit_code == 1, "one county needs no column"


def test_templates_are_issued_into_a_folder_a_county(tmp_path: Path) -> None:
    out = tmp_path / "发出"
    result = run("template", "department_overall", "-o", out, "--roster", roster_of(tmp_path))
    assert result.exit_code == 0, result.output
    names = sorted(str(path.relative_to(out)) for path in out.rglob("*.xlsx"))
    assert len(names) == 9
    assert "甲县/118001_档案馆.xlsx" in names


# --- archives -------------------------------------------------------------------------------------


def test_an_archive_stands_for_its_county(city: City, tmp_path: Path) -> None:
    folder = tmp_path / "收回"
    folder.mkdir()
    for county in COUNTIES:
        shutil.make_archive(str(folder / county), "zip", city.folder / county)
    (folder / "坏县.zip").write_bytes(b"PK\x03\x04 broken")
    returns = read(folder)
    assert {r.county for r in returns} == {*COUNTIES, "坏县"}
    total = figure(aggregate(check(returns)), "final_budget")
    assert equal(total, city.added("final_budget"))
    shutil.make_archive(str(tmp_path / "全市"), "zip", city.folder)
    whole = read(tmp_path / "全市.zip")
    assert {r.county for r in whole} == set(COUNTIES)
    with pytest.raises(WorkbookError, match=r"118001\.xlsx"):
        read(folder / "甲县.zip")


# --- what goes back, and what comes back ----------------------------------------------------------


def test_notices_and_reports_do_not_overwrite_one_another(city: City, tmp_path: Path) -> None:
    notices = write_notices(city.returns, tmp_path / "通知")
    assert len(set(notices)) == 9
    assert (
        (tmp_path / "通知" / "乙县_118001_档案馆.txt")
        .read_text("utf-8-sig")
        .startswith("乙县 档案馆：")
    )
    chosen = select(city.returns, public=True)
    assert not chosen.left_out
    written = write_reports(chosen.returns, tmp_path / "公开", public=True)
    assert len(written.documents) == 9
    assert {path.name.split("_")[0] for path in written.documents} == set(COUNTIES)
    assert written.index is not None
    index = written.index.read_text("utf-8")
    assert "共 9 个单位" in index
    assert "丙县 档案馆" in index


def typed(path: Path, county: str, code: str, score: float) -> Path:
    """The summary with a review score typed in."""
    book = openpyxl.load_workbook(path)
    sheet = book["部门汇总"]
    heads = [cell.value for cell in sheet[3]]
    for row in sheet.iter_rows(min_row=4):
        if (row[2].value, row[heads.index("预算编码")].value) == (county, code):
            row[heads.index("复核得分")].value = score
    book.save(path)
    return path


def test_reviews_come_back_to_their_county(city: City, tmp_path: Path) -> None:
    path = typed(build_summary(city.summary, tmp_path / "汇总.xlsx"), "乙县", "118001", 61.5)
    reviews = load_reviews(path)
    summary = aggregate(city.returns, reviews=reviews)
    lines = main_form(summary).departments
    reviewed = lines[lines["review_score"].notna()]
    assert reviewed[["county", "code", "review_score"]].to_numpy().tolist() == [
        ["乙县", "118001", 61.5]
    ]
    without = aggregate([r for r in city.returns if r.county != "乙县"], reviews=reviews)
    assert without.unmatched["county"].tolist() == ["乙县"]
    again = build_summary(without, tmp_path / "少.xlsx")
    heads = [cell.value for cell in openpyxl.load_workbook(again)["未对应复核"][3]]
    assert heads[2:5] == ["县区", "预算编码", "部门"]
    assert [entry.county for entry in load_reviews(again).entries] == ["乙县"]


def test_a_former_summary_without_counties_is_taken_where_it_is_clear(city: City) -> None:
    path = city.folder.parent / "旧.xlsx"
    build_summary(city.own["甲县"], path)
    book = openpyxl.load_workbook(path)
    sheet = book["部门汇总"]
    heads = [cell.value for cell in sheet[3]]
    sheet.cell(4, heads.index("复核得分") + 1).value = 66
    book.save(path)
    reviews = load_reviews(path)
    one = aggregate([r for r in city.returns if r.county == "丙县"], reviews=reviews)
    assert main_form(one).departments["review_score"].count() == 1
    several = aggregate(city.returns, reviews=reviews)
    assert main_form(several).departments["review_score"].count() == 0
    assert len(several.unmatched) == 1, "kept, not given to the wrong county"


def test_last_years_lines_are_those_of_the_same_county(city: City, tmp_path: Path) -> None:
    last = aggregate(check(read(write_counties(tmp_path / "去年", year=2023))))
    (compared,) = aggregate(city.returns, previous=last).comparisons
    lines = compared.departments
    assert lines["pairing"].eq("both").all()
    assert len(lines) == 9
    assert all(equal(change, -1) for change in lines["final_budget_change"])
    alone = aggregate(read_returns(tmp_path / "去年" / "甲县"), checked=False)
    (unclear,) = aggregate(city.returns, previous=alone).comparisons
    assert not unclear.departments["pairing"].eq("both").any(), "whose they were is not known"
    county = [r for r in city.returns if r.county == "甲县"]
    (clear,) = aggregate(county, previous=alone).comparisons
    assert clear.departments["pairing"].eq("both").all()


def test_the_sample_is_drawn_in_one_order(city: City) -> None:
    drawn = sample(main_form(city.summary))
    assert set(drawn["county"]) == set(COUNTIES)
    turned = aggregate(city.returns[::-1])
    assert_frame_equal(
        sample(main_form(turned)).reset_index(drop=True), drawn.reset_index(drop=True)
    )


# --- findings between counties --------------------------------------------------------------------


def findings(returns: Iterable[Return], code: str) -> dict[str, tuple[str, str]]:
    return {r.key: (f.message, f.expected) for r in returns for f in r.findings if f.code == code}


def test_a_copy_from_another_county_names_it(city: City) -> None:
    first = next(r for r in read(city.folder) if r.county == "甲县")
    assert first.submission is not None
    path = Path("收回/乙县/x.xlsx")
    stolen = replace(
        first, path=path, county="乙县", submission=replace(first.submission, path=path)
    )
    copied = findings(check([first, stolen]), "A504")
    assert re.search("“乙县 档案馆”", copied[first.key][0])
    assert re.search("“甲县 档案馆”", copied[stolen.key][0])
    assert findings(check([first, stolen]), "A502") == {}


def test_identical_copies_are_told_on_the_one_that_does_not_count(tmp_path: Path) -> None:
    folder = write_counties(tmp_path / "收回") / "甲县"
    shutil.copy(folder / "118001.xlsx", folder / "118001(1).xlsx")
    (told,) = findings(check(read_returns(folder)), "A502").items()
    assert told[0].endswith("118001(1).xlsx")
    assert told[1][1] == "118001.xlsx"
    assert "内容与“118001.xlsx”完全相同" in told[1][0]
