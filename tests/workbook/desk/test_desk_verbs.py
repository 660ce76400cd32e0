"""A round is worked on at the desk: every page shows what the ledger says, every form is a verb and an event."""

from __future__ import annotations

import datetime
import html
import re
import shutil
from pathlib import Path

import pytest

from tests.desks import SAMPLES, Clerk, running
from tests.rounds import ByOpenpyxl, answers
from workbook.round import (
    Event,
    close_round,
    decide,
    fold,
    history,
    new_round,
    opened,
    receive,
    send,
    send_back,
    status,
)

CODE = "301001"


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round in which the samples were received."""
    folder = new_round(
        tmp_path_factory.mktemp("round") / "r", forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024,
        deadline=(datetime.date.today() + datetime.timedelta(days=3)).isoformat(),  # noqa: DTZ011
        bureau="云溪区财政局",
    )  # fmt: skip
    send(folder)
    receive(folder, SAMPLES / "returns")
    return folder


@pytest.fixture
def folder(received: Path, tmp_path: Path) -> Path:
    """A copy of it, to be worked on."""
    return Path(shutil.copytree(received, tmp_path / "2024年度自评"))


def events(folder: Path, kind: str) -> list[Event]:
    with opened(folder) as this_round:
        return [event for event in this_round.events if event.kind == kind]


def deadlines(folder: Path) -> set[datetime.date | None]:
    with opened(folder) as this_round:
        return {duty.deadline for duty in fold(this_round).duties}


def test_the_board_shows_what_waits_for_us_first(clerk: Clerk) -> None:
    text = clerk.text("board")
    assert "今天：新收 12，通过 3，须退回 9，换下旧件 0，仍缺 2" in text
    assert (
        text.index("等我们办 岳阳市")
        < text.index("等单位办 岳阳市")
        < text.index("已经报好 岳阳市")
    )


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("state=passed", 3), ("state=passed&state=issued", 5), ("q=教育", 1), ("q=301001", 1), ("q=区+局&state=faulty", 7),
        ("overdue=1", 0), ("q=没有这个", 0), ("page=99", 14), ("sort=errors", 14), ("sort=x&county=y", 0),
    ],
)  # fmt: skip
def test_the_board_is_found_and_sorted_by_its_address(clerk: Clerk, asked: str, names: int) -> None:
    assert len(re.findall(r'scope="row"', clerk.get(f"board?{asked}").text)) == names


def test_what_a_command_does_is_on_the_board_at_once(clerk: Clerk, folder: Path) -> None:
    assert "申报无 1" not in clerk.text("board")
    decide(folder, "119001", nothing=True)
    assert "申报无 1" in clerk.text("board")


def test_what_is_changed_by_hand_is_told_until_it_is_put_aside(clerk: Clerk, folder: Path) -> None:
    settings = folder / "round.toml"
    text = settings.read_text(encoding="utf-8").replace('contact = ""', 'contact = "李会计"')
    settings.write_text(text, encoding="utf-8")
    assert "设置改了：联系人 （空） → 李会计" in clerk.text("board")
    assert "设置改了" in clerk.text("board")
    clerk.do("noted")
    assert "设置改了" not in clerk.text("board")


def test_settings_are_changed_on_their_page_and_in_their_lines_alone(
    clerk: Clerk, folder: Path
) -> None:
    settings = folder / "round.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "# 我的话\n", encoding="utf-8")
    before = settings.read_text(encoding="utf-8").splitlines()
    form = clerk.form("settings")
    told = clerk.do("settings", **form | {"deadline": "2099-1-31", "contact": '李会计 "8412345"'})
    assert "截止日期 " in told
    assert "→ 2099-01-31" in told
    after = settings.read_text(encoding="utf-8").splitlines()
    assert [line for line in after if line not in before] == [
        'contact = "李会计 \\"8412345\\""', "deadline = 2099-01-31",
    ]  # fmt: skip
    assert len(after) == len(before)
    assert events(folder, "settings_changed")[-1].who == "王芳"
    assert "设置改了" not in clerk.text("board")
    assert deadlines(folder) == {datetime.date(2099, 1, 31)}
    # What the page showed before is not put back over what another has changed.
    assert "2099-01-31" not in clerk.do("settings", **form | {"bureau": "新河区财政局"})
    assert "deadline = 2099-01-31" in settings.read_text(encoding="utf-8")
    assert "没有改动" in clerk.do("settings", **clerk.form("settings"))
    assert "→ （空）" in clerk.do("settings", **clerk.form("settings") | {"deadline": ""})
    assert deadlines(folder) == {None}


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"deadline": "明天"}, "“明天”不是日期"), ({"remind_days": ""}, "请写天数"), ({"remind_days": "9999"}, "remind_days"),
    ],
)  # fmt: skip
def test_a_setting_that_is_none_changes_nothing(
    clerk: Clerk, folder: Path, form: dict[str, str], why: str
) -> None:
    before = (folder / "round.toml").read_bytes()
    assert why in clerk.do("settings", **clerk.form("settings") | form)
    assert (folder / "round.toml").read_bytes() == before


def test_settings_of_a_sealed_round_stay(clerk: Clerk, folder: Path) -> None:
    form = clerk.form("settings")
    close_round(folder, why="试")
    before = (folder / "round.toml").read_bytes()
    assert "已经封存" in clerk.do("settings", **form | {"deadline": "2099-1-31"})
    assert (folder / "round.toml").read_bytes() == before


def test_a_department_is_shown_with_its_findings_beside_its_form(clerk: Clerk) -> None:
    page = clerk.get(f"department?code={CODE}").text
    jumps = re.findall(r'href="#(c-[^"]+)" class="jump"', page)
    assert len(jumps) == 4
    assert all(page.count(f'id="{jump}"') == 1 for jump in jumps)
    assert "2024 年度部门整体支出绩效自评表" in page
    assert '<a class="mark" href="#p1"' in page


def test_decisions_are_events_under_the_clerks_name(clerk: Clerk, folder: Path) -> None:
    told = clerk.do("decide", do="approve", **clerk.seen("118001"))
    assert "核定" in told
    (event,) = events(folder, "approved")
    assert (event.who, event.duty.code) == ("王芳", "118001")
    told = clerk.do("decide", do="undo", why="看错了", **clerk.seen("118001"))
    assert "撤销了上一个决定" in told
    assert history(folder, "118001")["events"][-1]["data"]["why"] == "看错了"


@pytest.mark.parametrize(
    ("code", "form", "kind"),
    [
        ("119001", {"do": "excuse", "why": "撤并"}, "excused"), ("119001", {"do": "nothing"}, "declared_nothing"),
        ("119001", {"do": "extend", "day": "2099-1-31"}, "extended"),
        (CODE, {"do": "dated", "day": "2024-3-1", "number": "1"}, "dated"),
        (CODE, {"do": "approve", "why": "确有批复"}, "approved"),
        (CODE, {"do": "accept", "number": "1", "why": "确有批复"}, "waived"),
    ],
)  # fmt: skip
def test_each_decision_has_its_form(
    clerk: Clerk, folder: Path, code: str, form: dict[str, str], kind: str
) -> None:
    assert "没有照办" not in clerk.do("decide", **clerk.seen(code), **form)
    assert len(events(folder, kind)) == 1


@pytest.mark.parametrize(
    ("code", "form", "why"),
    [
        (CODE, {"do": "approve"}, "还有 1 处错误未改，请写明原因"), (CODE, {"do": "accept", "number": "1"}, "同意要写明原因"),
        (CODE, {"do": "use", "number": "7"}, "没有第 7 版"),
        (CODE, {"do": "accept", "number": "99", "why": "x"}, "没有第 99 个问题"),
        ("119001", {"do": "excuse"}, "免报要写明原因"), ("119001", {"do": "extend", "day": "明天"}, "“明天”不是日期"),
        ("119001", {"do": "extend"}, "请写延期到哪一天"), ("119001", {"do": "fly"}, "请选一个决定"),
        ("119001", {"do": "undo", "why": "x"}, "没有可以撤销的决定"), (CODE, {"do": "refuse", "number": "2"}, "单位没有答复"),
        (CODE, {"do": "use", "number": "一"}, "不是整数"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_a_sentence_and_no_event(
    clerk: Clerk, folder: Path, code: str, form: dict[str, str], why: str
) -> None:
    with opened(folder) as this_round:
        before = len(this_round.events)
    told = clerk.do("decide", **clerk.seen(code), **form)
    assert "没有照办" in told
    assert why in told
    assert "--" not in told
    with opened(folder) as this_round:
        assert len(this_round.events) == before


def test_files_are_dropped_in_read_and_shown_a_row_each(clerk: Clerk, folder: Path) -> None:
    content = next((SAMPLES / "returns").glob(f"{CODE}*")).read_bytes()
    answer = clerk.drop(
        ("扫描.pdf", b"%PDF-1.4 x"), ("118001 说明.pdf", b"%PDF-1.4 y"), ("again.xlsx", content)
    )
    assert answer.json() == {"kept": ["扫描.pdf", "118001 说明.pdf", "again.xlsx"], "refused": []}
    text = clerk.receive()
    assert "扫描.pdf 选是哪个单位的 不知是谁的 名字里看不出是哪个单位的" in text
    assert re.search(r"118001 说明.pdf 118001 岳阳市云溪区档案馆\s+附件", text)
    assert re.search(r"again.xlsx — 收过", text)
    assert [e.who for e in events(folder, "received")[-2:]] == ["王芳", "王芳"]


def test_a_file_of_nobody_is_given_to_a_department(clerk: Clerk, folder: Path) -> None:
    clerk.drop(("扫描.pdf", b"%PDF-1.4 x"), ("别的.pdf", b"%PDF-1.4 y"))
    clerk.receive()
    page = clerk.get("lists/unassigned").text
    first, second = re.findall(r'name="file" value="(\d+)"', page)
    assert '<option value="118001 岳阳市云溪区档案馆">' in page
    told = clerk.do("assign", do="assign", file=first, whose="118001 岳阳市云溪区档案馆")
    assert "归 118001 岳阳市云溪区档案馆" in told
    assert "从列出的里面选" in clerk.do("assign", do="assign", file=second, whose="火星")
    assert "不用管了" in clerk.do("assign", do="nobody", file=second)
    assert "都归到单位了" in clerk.text("lists/unassigned")


def test_a_return_is_sent_back_answered_and_decided(clerk: Clerk, folder: Path) -> None:
    told = clerk.do("send-back", by="2099-4-15", **clerk.seen(CODE))
    assert "写好了退回的表和通知 2 个文件" in told
    assert "退回修改中" in clerk.text(f"department?code={CODE}")
    (place,) = (folder / "退回").glob(f"{CODE} *")
    filled = ByOpenpyxl().fill(
        place / "第1次" / "自评表.xlsx", folder / "改好.xlsx", answers({1: ("请免", "确有批复")})
    )
    clerk.drop(("改好.xlsx", filled.read_bytes()))
    assert re.search(r"第 2 版\s+换下旧件，须退回，错误 1", clerk.receive())
    text = clerk.text("lists/decide")
    assert "单位答： 请免 ，确有批复" in text
    page = clerk.text(f"department?code={CODE}")
    assert "答复待定" in page
    assert "同意" in clerk.do("decide", do="accept", number="1", why="同意", **clerk.seen(CODE))
    assert "通过" in clerk.text(f"department?code={CODE}")


def test_what_passed_with_warnings_can_be_sent_back_too(clerk: Clerk, folder: Path) -> None:
    assert "没有查出要改的；要退回，请写明意见" in clerk.do("send-back", **clerk.seen("118001"))
    assert "要退回请写意见" in clerk.text("department?code=118001")
    assert "退回修改" in clerk.text("department?code=501001").partition("收到的各版")[0]
    told = clerk.do("send-back", by="2099-4-15", **clerk.seen("501001"))
    assert "写好了退回的表和通知 2 个文件" in told
    assert len(events(folder, "sent_back")) == 1
    assert "退回修改中" in clerk.text("department?code=501001")
    clerk.do("send-back", why="“存在的问题”写得太空", **clerk.seen("118001"))
    assert events(folder, "sent_back")[-1].data["why"] == "“存在的问题”写得太空"
    assert "写得太空" in clerk.text("department?code=118001")


def test_a_day_that_is_past_is_refused_before_anything_is_written(
    clerk: Clerk, folder: Path
) -> None:
    for path, seen in (("send-back", clerk.seen(CODE)), ("send-back-all", {})):
        told = clerk.do(path, by="2024-4-15", **seen)
        assert "没有照办： 改好报回的日期 2024-04-15 已经过去了" in told
    assert not events(folder, "sent_back")


def test_what_passed_is_approved_at_once_but_for_what_has_warnings(
    clerk: Clerk, folder: Path
) -> None:
    assert "可核定 3 个单位" in clerk.text("board")
    page = clerk.get("lists/passed").text
    ticked = re.findall(r'name="duty" value="([^"]+)"[^>]* checked>', page)
    (since,) = re.findall(r'name="since" value="(\d+)"', page)
    chosen = [html.unescape(each) for each in ticked]
    assert [each[6:12] for each in chosen] == ["118001", "604001"]
    assert "请先勾选" in clerk.do("approve", since=since)
    decide(folder, "118001", extend="2099-1-31")  # by somebody else, meanwhile
    told = clerk.do("approve", since=since, duty=chosen)
    assert "核定了 1 份表" in told
    assert "118001 岳阳市云溪区档案馆：您打开这一页以后又有变动" in told
    assert [e.duty.code for e in events(folder, "approved")] == ["604001"]
    assert "可核定 2 个单位" in clerk.text("board")


def test_the_lists_begin_with_one_that_is_not_empty(clerk: Clerk) -> None:
    assert "全部退回（9）" in clerk.text("lists")
    clerk.do("send-back-all", by="2099-4-15")
    assert "核定勾选的" in clerk.text("lists")


def test_a_file_called_after_another_department_is_told(clerk: Clerk) -> None:
    content = next((SAMPLES / "returns").glob("118001*")).read_bytes()
    clerk.drop(("水利局自评表.xlsx", content + b"\n"))  # the same form, of other bytes
    text = clerk.receive()
    assert "文件名写的是岳阳市云溪区水利局，表里是岳阳市云溪区档案馆，请核对" in text


def test_a_deadline_that_is_past_is_told_before_the_round_is_made(tmp_path: Path) -> None:
    with running(None, base=tmp_path) as desk, Clerk(desk) as clerk:
        clerk.get("/new")
        roster = {"roster": ("r.csv", (SAMPLES / "roster.csv").read_bytes())}
        form = {"_check": clerk.check, "name": "r", "kind": "county", "forms": "department_overall",
                "deadline": "2025-3-31", "contact": "李会计 8412345"}  # fmt: skip
        page = clerk.client.post("/new", data={**form, "do": "look"}, files=roster)
        assert "截止日期 2025-3-31 已经过去了" in page.text
        assert clerk.client.post("/new", data={**form, "do": "make"}).status_code == 303
    assert 'contact = "李会计 8412345"' in (tmp_path / "r" / "round.toml").read_text("utf-8")


def test_all_are_sent_back_and_chased_at_once(clerk: Clerk, folder: Path) -> None:
    assert "退回 9 个单位" in clerk.do("send-back-all", back="lists/back", by="2099-4-15")
    text = clerk.text("lists/chase")
    assert "岳阳市云溪区地方志编纂室：2024年度自评表截止" in text
    assert "记下了催报 2 个单位" in clerk.do("remind")
    assert len(events(folder, "reminded")) == 2
    assert "催过" in clerk.text("lists/chase")


def test_who_is_late_waits_for_us_to_chase(clerk: Clerk, folder: Path) -> None:
    assert "逾期要催" not in clerk.text("board")
    send_back(folder, [CODE], by="2024-4-15")
    assert "逾期要催 1 个单位" in clerk.text("board")


def test_the_year_is_summed_up_published_sampled_and_sealed(clerk: Clerk, folder: Path) -> None:
    clerk.do("decide", do="approve", **clerk.seen("118001"))
    assert "汇总好了" in clerk.do("summary", back="summary")
    assert "公开的材料写好了 1 份" in clerk.do("publish")
    assert "抽查 3 个单位" in clerk.do("sample")
    page = clerk.get("summary").text
    for link in re.findall(r'href="(/r/[^"]+/file/[^"]+)"', page):
        assert clerk.get(link.replace("&amp;", "&")).status_code == 200, link
    assert "没有照办" in clerk.do("close", back="close")
    assert "封存好了" in clerk.do("close", back="close", why="演练")
    page = clerk.get("close").text
    assert len(re.findall(r"<code>[0-9a-f]{64}</code>", page)) == 2
    assert clerk.get("file/pack/sealed").content[:2] == b"PK"
    assert "再写一份" not in page
    folder.with_name(f"{folder.name}.zip").unlink()  # as where it was killed between the two packs
    assert "再写一份" in clerk.get("close").text
    clerk.do("close", back="close")
    assert clerk.get("file/pack/sealed").content[:2] == b"PK"
    assert "已经封存" in clerk.do("decide", do="nothing", **{**clerk.seen("119001"), **SEEN})
    assert "没有照办" in clerk.do("reopen")
    assert "已重新打开" in clerk.do("reopen", why="还要改")
    assert "账本完好" in clerk.text("log")
    assert status(folder)[1]["round"]["closed"] is False


SEEN = {
    "code": "119001",
    "county": "",
    "form": "department_overall",
    "project": "",
    "seen": "0",
    "since": "999",
}


def test_the_log_is_found_by_kind_and_by_clerk(clerk: Clerk) -> None:
    clerk.do("decide", do="nothing", **clerk.seen("119001"))
    assert len(re.findall("<tr><td", clerk.get("log?kind=declared_nothing").text)) == 1
    assert len(re.findall("<tr><td", clerk.get("log?who=王芳").text)) == 1


def test_a_broken_chain_is_told_on_the_log(clerk: Clerk, folder: Path) -> None:
    import sqlite3  # noqa: PLC0415 - what a foreign hand would do

    ledger = sqlite3.connect(folder / ".round" / "ledger.db")
    ledger.execute("DROP TRIGGER events_stay")
    ledger.execute("UPDATE events SET who = '谁' WHERE id = 3")
    ledger.commit()
    ledger.close()
    answer = clerk.get("log")
    assert answer.status_code == 400
    assert "账本坏了：第 3 个事件被改过" in answer.text


def test_only_what_the_round_names_can_be_fetched(clerk: Clerk, folder: Path) -> None:
    send_back(folder, [CODE])
    page = clerk.get(f"department?code={CODE}").text
    links = re.findall(r'href="(/r/[^"]+/file/[^"]+)"', page)
    assert {link.split("/")[4] for link in links} == {"received", "sent", "back", "notice"}
    for link in links:
        answer = clerk.get(link)
        assert (answer.status_code, answer.content[:2]) == (200, b"PK")
        assert answer.headers["content-disposition"].startswith("attachment; filename")
    for path in (
        "file/received/" + "0" * 64, "file/sent/1", "file/back/999999", "file/result/round.toml", "file/pack/x",
        "file/result/..%2f..%2fround.toml", "file/public/1-0", "file/sent/../../round.toml", "file/x/y",
    ):  # fmt: skip
        assert clerk.get(path).status_code == 404, path


def test_a_round_is_made_from_a_roster_that_is_shown_with_its_mistakes(tmp_path: Path) -> None:
    wrong = "预算编码,部门,截止日期\n1,甲局,2025-13-40\n2,乙局,x\n".encode("utf-8-sig")
    with running(None, base=tmp_path) as desk, Clerk(desk) as clerk:
        form = {
            "name": "新的",
            "year": "2024",
            "deadline": "2025-3-31",
            "forms": "department_overall",
            "kind": "county",
        }

        def sent(do: str, *, roster: bytes = b"", **more: str) -> str:
            files = {"roster": ("我的名册.csv", roster)} if roster else None
            data = {"_check": clerk.check, "do": do, "back": "/new", **form, **more}
            answer = clerk.client.post("/new", data=data, files=files, follow_redirects=True)
            return answer.text

        clerk.get("/new")
        page = sent("look", roster=wrong)
        assert "我的名册.csv，第 2 行：截止日期“2025-13-40”不是有效的日期" in page
        assert "第 3 行" in page
        assert "请选名册" in sent("make")
        page = sent("look", roster=(SAMPLES / "roster.csv").read_bytes())
        assert "名册里的 14 个单位" in page
        assert not (tmp_path / "新的").exists()
        page = sent("make")
        assert "建好了" in page
        assert "发表：写出 14 份" in page
        assert len(status(tmp_path / "新的")[1]["departments"]) == 14
        clerk.get("/new")
        sent("look", roster=(SAMPLES / "roster.csv").read_bytes())
        assert "这里已经有一次收表" in sent("make")
        assert "新的" in clerk.text("/")


def test_a_round_is_made_of_a_form_of_ones_own(tmp_path: Path) -> None:
    own = SAMPLES.parent / "tests" / "forms" / "another_province.toml"
    roster = "预算编码,部门\n125001,区科协\n".encode("utf-8-sig")
    with running(None, base=tmp_path) as desk, Clerk(desk) as clerk:
        clerk.get("/new")

        def sent(do: str, **files: tuple[str, bytes]) -> str:
            data = {
                "_check": clerk.check,
                "do": do,
                "back": "/new",
                "name": "自己的",
                "kind": "county",
                "year": "2024",
            }
            answer = clerk.client.post("/new", data=data, files=files, follow_redirects=True)
            return answer.text

        assert "表的定义应是 .toml 文件" in sent("look", own=("表.xlsx", b"x"))
        assert "名册里的 1 个单位" in sent(
            "look", own=("坏.toml", b"id = 1"), roster=("r.csv", roster)
        )
        assert "没有照办" in sent("make", x=("", b""))
        sent("look", own=(own.name, own.read_bytes()))
        assert "建好了" in sent("make", x=("", b""))
    with opened(tmp_path / "自己的") as this_round:
        assert [form.path.name for form in this_round.forms.values()] == [
            "department_overall_2024-p.toml"
        ]
