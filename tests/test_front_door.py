"""The front door: what people type is taken where it can mean one thing, else refused in a sentence."""

from __future__ import annotations

import datetime
import doctest
import inspect
import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import builder
import workbook
import workbook.round
from builder import build_summary, build_template
from tests.fillings import FILLED, ROSTER, SAMPLES, accepted, changed, filling, sample_returns
from workbook import (
    ArgumentError,
    Filling,
    Returns,
    Summary,
    WorkbookError,
    aggregate,
    check,
    find_form,
    frames,
    read_returns,
    roll_up,
    write_partitions,
)

RETURNS = SAMPLES / "returns"
ONE = min(RETURNS.glob("*.xlsx"))


@pytest.fixture(scope="module")
def read() -> Returns:
    return read_returns(ONE)


@pytest.fixture(scope="module")
def summary(read: Returns) -> Summary:
    return aggregate(check(read))


Call = Callable[[Mapping[str, Any]], object]
VERBS: Any = workbook  # as a script without types sees it
WRITERS: Any = builder
WRONG: dict[str, tuple[Call, str]] = {
    "no path": (lambda _: VERBS.read_returns(None), "paths=一个 NoneType：应是一个或几个文件、文件夹的路径"),
    "a number for a path": (lambda _: VERBS.read_returns([3]), "paths=3：应是文件或文件夹的路径"),
    "a blank path": (lambda _: VERBS.read_returns(""), "paths=''：应是文件或文件夹的路径"),
    "a path where nothing is": (lambda _: VERBS.read_returns("returnz"), "找不到“returnz”，请检查路径"),
    "bytes for a path": (lambda _: VERBS.read_returns(b"x"), "paths=b'x'：应是"),
    "fewer than one worker": (lambda _: VERBS.read_returns(ONE, workers=-3), "workers=-3：应是 1 以上的整数"),
    "workers in words": (lambda _: VERBS.read_returns(ONE, workers="two"), "workers='two'：应是 1 以上的整数"),
    "workers by truth": (lambda _: VERBS.read_returns(ONE, workers=True), "workers=True：应是"),
    "a number for a password": (lambda _: VERBS.read_returns(ONE, passwords=5), "passwords=5：应是密码"),
    "a number for a county": (lambda _: VERBS.read_returns(ONE, county=5), "county=5：应是县区的名称"),
    "a name for an executor": (lambda _: VERBS.read_returns(ONE, executor="dask"), "executor='dask'：应是"),
    "a name for forms": (lambda _: VERBS.read_returns(ONE, forms="x"), "forms='x'：应是表式"),
    "a path for returns": (lambda _: VERBS.check(str(RETURNS)), "returns='/.*'：应是 read_returns 读出的表"),
    "paths for returns": (lambda _: VERBS.check([ONE]), "returns=一个 PosixPath：应是 read_returns 读出的表"),
    "nothing for returns": (lambda _: VERBS.check(None), "returns=一个 NoneType：应是"),
    "a number for a roster": (lambda g: VERBS.check(g["read"], 5), "roster=5：应是名册"),
    "a year in words": (lambda g: VERBS.check(g["read"], year="last"), "year='last'：应是 2000 到 2100"),
    "half a year": (lambda g: VERBS.check(g["read"], year=2024.5), r"year=2024\.5：应是 2000 到 2100"),
    "a short year": (lambda g: VERBS.check(g["read"], year=24), "year=24：应是 2000 到 2100 的整数"),
    "a path for last year's": (lambda g: VERBS.check(g["read"], last_year="2023"), "last_year='2023'：应是"),
    "unchecked, added up": (lambda g: VERBS.aggregate(g["read"]), "1 份表没有检查过.*checked=False"),
    "unchecked, framed": (lambda g: VERBS.frames(g["read"]), "1 份表没有检查过.*checked=False"),
    "unchecked, written": (
        lambda g: WRITERS.write_data(VERBS.frames(g["read"], checked=False), g["out"]), "frames：出自没有检查过的表"),
    "a day in words": (lambda g: VERBS.aggregate(VERBS.check(g["read"]), deadline="soon"), "deadline='soon'：应是日期"),
    "no day of any month": (
        lambda g: VERBS.aggregate(VERBS.check(g["read"]), deadline="2025-2-30"), "deadline='2025-2-30'：应是日期"),
    "a form's name for a form": (lambda g: VERBS.frames(VERBS.check(g["read"]), "x"), "form='x'：应是表式"),
    "an unknown section": (lambda g: VERBS.frames(VERBS.check(g["read"])).section("nope"), "section='nope'：有的是：ident"),
    "returns for frames": (lambda g: WRITERS.write_data(g["read"], g["out"]), "frames=一个 Returns：应是 frames"),
    "returns for a summary": (lambda g: WRITERS.build_summary(g["read"], "a.xlsx"), "summary=一个 Returns：应是 agg"),
    "a summary named .csv": (lambda g: WRITERS.build_summary(g["summary"], "a.csv"), r"a\.csv：.*应以 \.xlsx 结尾"),
    "a page named .xlsx": (lambda g: WRITERS.build_page(g["summary"], "a.xlsx"), r"a\.xlsx：.*应以 \.html 或 \.htm"),
    "a template named .xls": (lambda _: WRITERS.build_template("department_overall", "a.xls"), r"应以 \.xlsx 结尾"),
    "a number for a form": (lambda _: WRITERS.build_template(3, "a.xlsx"), "form=3：应是表式"),
    "no form of the name": (lambda _: WRITERS.build_template("nope", "a.xlsx"), "no form 'nope'"),
    "a list for a filling": (
        lambda _: WRITERS.build_template("department_overall", "a.xlsx", filling=[1]), "filling=一个 list：应是 Filling"),
    "a plan of another form": (
        lambda _: WRITERS.build_template("department_overall", "a.xlsx", plan=(1, 2)), "plan=.*：应是 9 个行数"),
    "a number for a name": (lambda _: VERBS.find_form(3), "name=3：应是表式的名称"),
    "a number for a file": (lambda _: VERBS.load_form(3), "path=3：应是文件或文件夹的路径"),
    "a number for a list": (lambda _: VERBS.load_roster(3), "path=3：应是"),
    "a number for reviews": (lambda _: VERBS.load_reviews(3), "path=3：应是"),
    "a number for last year's": (lambda _: VERBS.load_previous(3), "path=3：应是"),
    "a stranger chosen": (lambda g: VERBS.choose(g["read"], "b.xlsx"), "b.xlsx：指定的文件不在读到的文件里"),
    "returns for partitions": (lambda g: VERBS.roll_up(g["read"]), "parts=一个 Returns：应是 write_partitions"),
    "no executor": (lambda g: VERBS.write_partitions(ONE, g["out"], executor=None), "executor=一个 NoneType：应是"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_is_refused_in_a_sentence(
    name: str, read: Returns, summary: Summary, tmp_path: Path
) -> None:
    call, sentence = WRONG[name]
    with pytest.raises(WorkbookError, match=sentence) as refused:
        call({"read": read, "summary": summary, "out": tmp_path / "out"})
    assert len(str(refused.value).splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_text_is_a_path_and_not_its_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SAMPLES.parent)
    by_text = read_returns("samples/returns")
    assert len(by_text) == 12
    routes = (
        Path("samples/returns"), ["samples/returns"], "samples/returns/*.xlsx", "./samples/../samples/returns/",
    )  # fmt: skip
    for route in routes:
        assert [r.key for r in read_returns(route)] == [r.key for r in by_text]


def test_what_can_mean_one_thing_only_is_taken(read: Returns, tmp_path: Path) -> None:
    checked = check(read, str(ROSTER), year="2024")  # type: ignore[arg-type]
    assert checked[0].checked_by.endswith(f"名册 {ROSTER}，2024 年度")
    days = (
        "2025-3-31",
        "2025年3月31日",
        datetime.date(2025, 3, 31),
        datetime.datetime(2025, 3, 31, 12, tzinfo=datetime.UTC),
    )
    dues = {
        str(aggregate(checked, ROSTER, deadline=day).coverage["deadline"].iloc[0])[:10]
        for day in days
    }
    assert dues == {"2025-03-31"}
    former = build_summary(aggregate(checked, ROSTER), tmp_path / "s.xlsx")
    assert aggregate(checked, ROSTER, reviews=str(former)).reviews is not None
    given: dict[str, Any] = {"identity.department": "教育局", "funds.original_budget": 5.0}
    template = build_template(
        "department_overall", tmp_path / "a.xlsx", filling=given, plan={"数量指标": 4},
        fiscal_year="2024",  # type: ignore[arg-type]
    )  # fmt: skip
    (back,) = read_returns(template, passwords="secret", forms=find_form("department_overall"))
    assert back.submission is not None
    assert (back.submission.department, back.submission.plan[0]) == ("教育局", 4)


def test_a_return_knows_whether_it_was_checked(read: Returns) -> None:
    assert not read[0].checked_by
    assert check(read)[0].checked_by == f"workbook {workbook.__version__}"
    assert aggregate(read, checked=False).main is not None
    assert not frames(read, checked=False).checked


def test_the_names_are_whole_and_none_is_a_module() -> None:
    for package in (workbook, builder):
        assert dir(package) == sorted(package.__all__)
        for name in package.__all__:
            assert type(getattr(package, name)).__name__ != "module"
        with pytest.raises(AttributeError, match="has no attribute 'nope'"):
            package.nope  # noqa: B018
    assert "read_returns" in (workbook.__doc__ or "")


def test_objects_show_themselves_in_a_line_and_in_a_short_table() -> None:
    returns = Returns(sample_returns() * 90)
    assert len(returns) > 1000
    shown: list[Any] = [
        returns,
        returns[0],
        returns[0].submission,
        find_form("department_overall"),
        frames(returns[:12]),
    ]
    summary = aggregate(check(sample_returns()))
    shown += [summary, summary.main, check(sample_returns())[0]]
    for each in shown:
        assert len(repr(each)) < 400, repr(each)
        assert "\n" not in repr(each)
        page = each._repr_html_()
        assert page.count("<tr>") <= 62
        assert len(page) < 20_000
    assert len(repr(list(returns))) < 400_000


def test_what_is_filled_in_shows_no_markup() -> None:
    given = changed(filling(FILLED[0]), identity__department="<b>局</b>")
    assert "<b>" not in Returns([accepted(given)])._repr_html_()


def test_errors_of_arguments_are_value_errors() -> None:
    assert issubclass(ArgumentError, WorkbookError) and issubclass(ArgumentError, ValueError)


@pytest.mark.parametrize(
    "verb",
    [getattr(p, n) for p in (workbook, builder, workbook.round) for n in p.__all__ if inspect.isfunction(getattr(p, n))],
    ids=lambda verb: verb.__name__,
)  # fmt: skip
def test_the_example_of_each_verb_runs(
    verb: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "samples").symlink_to(SAMPLES)
    monkeypatch.chdir(tmp_path)
    (example,) = [e for e in doctest.DocTestFinder(recurse=False).find(verb) if e.examples]
    told: list[str] = []
    failed, tried = doctest.DocTestRunner(verbose=False).run(example, out=told.append)
    assert tried and not failed, "".join(told)


def test_a_filling_takes_what_a_row_of_a_frame_holds(tmp_path: Path) -> None:
    day = pd.Timestamp(2025, 3, 1)
    given: dict[str, Any] = {
        "funds.original_budget": np.int64(5), "funds.final_budget": Decimal("5.5"), "funds.project_expenditure": pd.NA,
        "identity.department": "教育局", "identity.prepared_on": day,
        "indicators.indicator.1": "培训", "indicators.actual.1": np.float64(3), "goals.planned_goals": math.nan,
    }  # fmt: skip
    template = build_template("department_overall", tmp_path / "a.xlsx", filling=given)
    (back,) = read_returns(template)
    assert back.submission is not None
    cells = back.submission.cells
    found = {name: cells[name].value for name in given}
    assert found == given | {
        "funds.final_budget": 5.5, "funds.project_expenditure": None, "identity.prepared_on": day.date(),
        "indicators.actual.1": "3", "goals.planned_goals": None,
    }  # fmt: skip


FILLINGS: dict[str, tuple[Any, str]] = {
    "endless": ({"funds.final_budget": math.inf}, "funds.final_budget=inf：应是数字、文字或日期"),
    "a list": ({"funds.final_budget": [5]}, "funds.final_budget=一个 list：应是数字、文字或日期"),
    "true": ({"funds.final_budget": True}, "funds.final_budget=True：应是数字"),
    "beyond numbers": ({"funds.final_budget": 10**400}, "funds.final_budget=一个 int：应是数字"),
    "too long": ({"goals.planned_goals": "长" * 40_000}, "goals.planned_goals：文字有 40000 个字"),
    "a frame": (pd.DataFrame({"a": [1]}), "filling=一个 DataFrame：应是 Filling"),
    "no such cell": ({"funds.nope": 1}, "表中没有“funds.nope”这一格"),
    "no such cell in a row": ({"indicators.taget.1": 1}, "“indicators”第 1 行没有“taget”这一格"),
    "no such row": ({"indicators.actual.99": 1}, "“indicators”没有这么多行：99"),
    "a row before the first": (Filling({}, {"indicators": {0: {"actual": 1.0}}}), "行号=0：应是 1 以上"),
    "rows in a list": (Filling({}, {"indicators": [{}]}), "filling=一个 list：行应是"),  # type: ignore[dict-item]
    "a row's cell among single ones": (Filling({"indicators.actual.1": 1.0}), "请写在 Filling 的 rows 里"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILLINGS)
def test_a_filling_that_cannot_be_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    filled, sentence = FILLINGS[name]
    with pytest.raises(WorkbookError, match=sentence):
        build_template("department_overall", tmp_path / "a.xlsx", filling=filled)
    assert not list(tmp_path.iterdir())


def test_what_was_written_in_batches_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SAMPLES.parent)
    with ThreadPoolExecutor(2) as executor:
        parts = write_partitions(["samples/returns"], tmp_path / "p", executor=executor)
    assert parts.rows("files") == 12
    returns, summary = roll_up(str(tmp_path / "p"), "samples/roster.csv", year=2023)
    alone = aggregate(check(read_returns("samples/returns"), ROSTER, year=2023), ROSTER)
    assert summary.counts.to_dict() == alone.counts.to_dict()
    assert list(summary.files.index) == list(alone.files.index)
    for verb in (frames, aggregate):
        with pytest.raises(ArgumentError, match="没有带着单元格"):
            verb(returns)
    with pytest.raises(ArgumentError, match="应是 write_partitions 的结果，或它写过的文件夹"):
        roll_up(tmp_path)


def test_a_path_of_ones_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert build_template("department_overall", "~/a.xlsx") == tmp_path / "a.xlsx"


def test_addressees_and_forms_are_taken_as_people_give_them(tmp_path: Path) -> None:
    two = builder.addressees("department_overall", ROSTER, rows={"数量指标": int(np.int64(4))})[:2]
    assert len(builder.issue("department_overall", tmp_path / "t", iter(two), folder=True)) == 2
    assert find_form("department_overall", 2024).version == "2024"
    verbs: Any = builder
    calls: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: verbs.addressees("department_overall", None), "roster=一个 NoneType：应是名册"),
        (lambda: verbs.addressees("department_overall", ROSTER, rows=6), "rows=6：应是"),
        (lambda: verbs.issue("department_overall", tmp_path / "z", two), "应以 .xlsx 结尾"),
        (lambda: verbs.issue("department_overall", tmp_path, ["118001"], folder=True), "addressed='118001'：应是"),
    )  # fmt: skip
    for call, sentence in calls:
        with pytest.raises(WorkbookError, match=sentence):
            call()
