"""The ledger only grows, says what was changed in it, and refuses in one sentence."""

from __future__ import annotations

import datetime
import os
import random
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.api import Ledger, cli
from tests.rounds import roster
from workbook import WorkbookError
from workbook.round import DutyKey, Event, new_round, receive, status
from workbook.round import ledger as module
from workbook.round.ledger import Overtaken, body_of, hash_of

READINGS = tuple({"n": n, "text": random.Random(n).randbytes(3000).hex()} for n in range(5))
BODIES = tuple(map(body_of, READINGS))
LEAST = hash_of(min(BODIES, key=lambda body: zlib.compress(body, 1)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of five events, each with a reading."""
    path = tmp_path / "r" / ".round" / "ledger.db"
    path.parent.mkdir(parents=True)
    with Ledger(path, create=True) as ledger:
        for number, reading in enumerate(READINGS):
            key = DutyKey("甲县", f"10{number}", "f")
            ledger.write(
                [Event("read", key, f"{number}" * 64, {"n": number})], readings=[body_of(reading)]
            )
    return path


def altered(path: Path, *statements: str) -> None:
    """What somebody does who opens the file with another program, past the triggers."""
    connection = sqlite3.connect(path)
    names = [
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    ]
    for statement in (*(f"DROP TRIGGER {name}" for name in names), *statements):
        connection.execute(statement)
    connection.commit()
    connection.close()


# --- it only grows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET who = 'x'",
        "DELETE FROM events WHERE id = 3",
        "REPLACE INTO events SELECT id, at, 'x', kind, duty, file, data, previous, hash FROM events",
        "UPDATE readings SET body = x'00'",
        "DELETE FROM readings",
    ],
)  # fmt: skip
def test_what_is_written_down_cannot_be_changed_or_deleted(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute(statement)
    connection.close()


def test_a_reading_is_not_replaced_by_another(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("REPLACE INTO readings SELECT hash, x'00' FROM readings")
    connection.commit()
    connection.close()
    with Ledger(path) as ledger:
        assert ledger.reading(hash_of(BODIES[2])) == READINGS[2]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE events SET who = 'x' WHERE id = 3", "第 3 个事件被改过"),
        ("UPDATE events SET data = '{}' WHERE id = 5", "第 5 个事件被改过"),
        ("UPDATE events SET at = '2020-01-01T00:00:00+08:00' WHERE id = 1", "第 1 个事件被改过"),
        ("DELETE FROM events WHERE id = 2", "少了第 2 个事件"),
        ("DELETE FROM events WHERE id = 1", "少了第 1 个事件"),
        (f"UPDATE readings SET body = x'00' WHERE hash = '{hash_of(BODIES[1])}'", hash_of(BODIES[1])[:8]),
        (f"UPDATE readings SET body = (SELECT max(body) FROM readings) WHERE hash = '{LEAST}'", LEAST[:8]),
    ],
)  # fmt: skip
def test_what_was_changed_is_named(path: Path, statement: str, told: str) -> None:
    with Ledger(path) as ledger:
        assert ledger.require_whole() == ledger.events()[-1].hash
    altered(path, statement)
    with Ledger(path) as ledger, pytest.raises(WorkbookError, match=told):
        ledger.require_whole()


def test_an_event_that_is_no_json_is_named(path: Path) -> None:
    altered(path, "UPDATE events SET data = '{' WHERE id = 4")
    with Ledger(path) as ledger, pytest.raises(WorkbookError, match="第 4 个事件被改过"):
        ledger.events()


def test_a_changed_reading_is_not_given_out(path: Path) -> None:
    altered(path, "UPDATE readings SET body = x'00'")
    with Ledger(path) as ledger, pytest.raises(WorkbookError, match="被改过"):
        ledger.reading(hash_of(BODIES[0]))


def test_a_reading_that_is_gone_is_named(path: Path) -> None:
    altered(path, "DELETE FROM readings")
    with Ledger(path) as ledger, pytest.raises(WorkbookError, match=hash_of(BODIES[0])[:8]):
        ledger.reading(hash_of(BODIES[0]))


# --- who, when, and who came first -----------------------------------------------------------------------


def test_an_event_says_who_and_when_with_an_offset(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBOOK_WHO", " 李\x1b科长 ")
    with Ledger(path) as ledger:
        (event,) = ledger.write([Event("summarised")])
        assert ledger.events()[-1] == event
    assert event.who == r"李\x1b科长"
    moment = datetime.datetime.fromisoformat(event.at)
    assert moment.tzinfo is not None
    assert abs(datetime.datetime.now(datetime.UTC) - moment) < datetime.timedelta(minutes=1)


def test_nobody_named_is_the_systems_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBOOK_WHO", raising=False)
    monkeypatch.setattr("getpass.getuser", lambda: "wang")
    with Ledger(path) as ledger:
        assert ledger.write([Event("summarised")])[0].who == "wang"


def test_one_who_looked_before_another_wrote_is_overtaken(path: Path) -> None:
    with Ledger(path) as first, Ledger(path) as second:
        seen = first.events()[-1].id
        second.write([Event("summarised")], seen=seen)
        with pytest.raises(Overtaken):
            first.write(
                [Event("published")], seen=seen, readings=[body_of({"never": 1})], known={"a": 1}
            )
        assert [event.kind for event in first.events(seen)] == ["summarised"]
        assert "a" not in first.known_files()
        with pytest.raises(WorkbookError, match="少了一份"):
            first.reading(hash_of(body_of({"never": 1})))
        first.write([Event("published")], seen=seen + 1)
        assert first.require_whole()


def test_of_many_events_all_or_none_are_written(path: Path) -> None:
    def breaking() -> Iterator[Event]:
        yield Event("summarised")
        raise KeyboardInterrupt

    with Ledger(path) as ledger:
        with pytest.raises(KeyboardInterrupt):
            ledger.write(breaking())
        assert ledger.events()[-1].id == 5
        ledger.write([Event("summarised")])
        assert ledger.require_whole()


def test_writers_at_once_make_one_chain(path: Path) -> None:
    def write() -> None:
        with Ledger(path) as ledger:
            for _ in range(20):
                ledger.write([Event("summarised"), Event("published")])

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Ledger(path) as ledger:
        assert ledger.events()[-1].id == 5 + 4 * 40
        assert ledger.require_whole()


def test_a_clerks_change_is_written_down_once_though_two_come_upon_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_round(tmp_path)
    toml = folder / "round.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8").replace("remind_days = 7", "remind_days = 9"),
        encoding="utf-8",
    )
    write = Ledger.write
    came: list[int] = []

    def overtaken(ledger: Ledger, *args: object, **named: object) -> list[Event]:
        if not came:
            came.append(1)
            status(folder)  # another, at this very moment
        return write(ledger, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "write", overtaken)
    status(folder)
    monkeypatch.undo()
    with Ledger(folder / ".round" / "ledger.db") as ledger:
        assert [event.kind for event in ledger.events()].count(
            "settings_changed"
        ) == 2  # with the first


# --- one file --------------------------------------------------------------------------------------------


def a_round(tmp_path: Path) -> Path:
    return new_round(
        tmp_path / "r",
        forms=["department_overall"],
        roster=roster(tmp_path / "名册.xlsx"),
        year=2024,
    )


def in_hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / ".round").iterdir() if path.is_file())


@pytest.mark.parametrize(
    "command",
    [("receive",), ("status",), ("send", "--department", "101001"), ("history", "101001")],
)
def test_after_each_command_the_ledger_is_one_file(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    folder = a_round(tmp_path)
    (folder / "收件" / "x.pdf").write_bytes(b"%PDF-1.4")
    verb, *words = command
    done = CliRunner().invoke(cli, ["round", verb, str(folder), *words])
    assert done.exit_code in (0, 1), done.output
    assert in_hidden(folder) == ["ledger.db", "version.txt"]


def test_what_a_killed_command_left_is_folded_back_by_the_next(path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from workbook.round.ledger import *\n"
        "ledger = Ledger(Path(sys.argv[1])); ledger.write([Event('summarised')]); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert path.with_name("ledger.db-wal").stat().st_size
    with Ledger(path) as ledger:
        assert ledger.events()[-1].id == 6
        assert ledger.require_whole()
    assert [each.name for each in path.parent.iterdir()] == ["ledger.db"]


# --- what cannot be used ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda whole: whole[:0], id="empty"),
        pytest.param(lambda whole: b"what is this" * (len(whole) // 12), id="no database"),
        pytest.param(lambda whole: whole[:50], id="cut off in the head"),
        pytest.param(lambda whole: whole[: len(whole) // 2], id="cut off"),
        pytest.param(lambda whole: whole[:-4096], id="the last page cut off"),
        pytest.param(lambda whole: b"\0" * len(whole), id="zeros"),
        pytest.param(lambda whole: whole[:4096] + b"\xff" * (len(whole) - 4096), id="overwritten"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["status", "receive"])
def test_a_broken_ledger_is_one_sentence_and_stays_as_it_is(
    tmp_path: Path, broken: Callable[[bytes], bytes], verb: str
) -> None:
    folder = a_round(tmp_path)
    (folder / "收件" / "x.pdf").write_bytes(b"%PDF-1.4")
    ledger = folder / ".round" / "ledger.db"
    content = broken(ledger.read_bytes())
    ledger.write_bytes(content)
    done = CliRunner().invoke(cli, ["round", verb, str(folder)])
    assert done.exit_code == 2, done.output
    (sentence,) = done.output.strip().splitlines()
    assert "账本坏了" in sentence
    assert "database" not in sentence.replace(str(folder), "")
    assert ledger.read_bytes() == content
    assert in_hidden(folder) == ["ledger.db", "version.txt"]


def test_another_database_is_no_ledger(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE addresses (name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(WorkbookError, match="里面没有账"):
        Ledger(path)
    assert path.read_bytes() == before


def test_a_folder_without_a_ledger_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="这里没有收表的账本"):
        Ledger(tmp_path / "ledger.db")
    assert list(tmp_path.iterdir()) == []


# --- the machine says no ---------------------------------------------------------------------------------


def on_small_disk(tmp_path: Path, kilobytes: int, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the shell with a disk of its own in $DISK; skipped where nobody may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"set -e; mount -t tmpfs -o size={kilobytes}k none '{disk}'; DISK='{disk}'\n"
    tried = subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("nothing may be mounted here")
    run = f"run() {{ '{sys.executable}' -c 'from workbook.commands import main; main()' round \"$@\"; }}\n"
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount + run + script], capture_output=True, text=True, check=False, timeout=120,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a disk")
@pytest.mark.parametrize("room", [0, 70, 215])
def test_a_full_disk_is_one_sentence_and_nothing_is_written_down(tmp_path: Path, room: int) -> None:
    folder = a_round(tmp_path)
    (folder / "收件" / "x.pdf").write_bytes(b"%PDF-1.4" + os.urandom(200_000))
    done = on_small_disk(
        tmp_path, 4096,
        f"""cp -a '{folder}' $DISK/r; cd $DISK
        head -c 100000000 /dev/zero > fill 2>/dev/null || true
        truncate -s -{room}K fill
        run receive r >&2 && exit 7
        rm fill; run status r --json | tr -d '\\n' | sed 's/"departments".*//'
        ls -A r/.round r/.round/files/* 2>/dev/null || true""",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    (sentence,) = done.stderr.strip().splitlines()
    assert sentence.startswith("错误：")
    assert "磁盘" in sentence
    assert "-wal" not in done.stdout
    assert '"unassigned": []' in done.stdout
    assert not re.search(r"^\.\w{8}$", done.stdout, re.MULTILINE)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a disk")
def test_a_read_only_disk_is_one_sentence(tmp_path: Path) -> None:
    folder = a_round(tmp_path)
    done = on_small_disk(
        tmp_path,
        8192,
        f"cp -a '{folder}' $DISK/r; mount -o remount,ro $DISK; cd $DISK; run receive r",
    )
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("错误：")


# --- on a drive of the network ---------------------------------------------------------------------------


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every folder lies on a drive of the network."""
    monkeypatch.setattr(module, "is_shared", bool)  # of any path


@pytest.mark.usefixtures("shared")
def test_on_a_network_drive_there_is_no_shared_memory(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.write([Event("summarised")])
        assert sorted(each.name for each in path.parent.iterdir()) == ["ledger.db", "在用.txt"]
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        connection.close()
    assert [each.name for each in path.parent.iterdir()] == ["ledger.db"]


@pytest.mark.usefixtures("shared")
def test_on_a_network_drive_the_second_is_told_who_is_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBOOK_WHO", "李科长")
    with Ledger(path):
        monkeypatch.setenv("WORKBOOK_WHO", "王会计")
        with pytest.raises(WorkbookError, match=f"李科长，{socket.gethostname()}"):
            Ledger(path)
        assert path.with_name("在用.txt").exists()
    with Ledger(path) as ledger:
        assert ledger.who == "王会计"


@pytest.mark.usefixtures("shared")
def test_a_note_of_a_process_that_has_ended_is_taken_over(path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    note = path.with_name("在用.txt")
    note.write_text(f"李，科长，{socket.gethostname()}，{ended.pid}", encoding="utf-8")
    with Ledger(path):
        assert note.read_text(encoding="utf-8").endswith(f"，{os.getpid()}")
    assert not note.exists()


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(
    "note", ["李科长，另一台机器，1", "什么", "", f"李，{socket.gethostname()}，{'9' * 40}"]
)
def test_a_note_that_tells_no_process_of_ours_is_left(path: Path, note: str) -> None:
    path.with_name("在用.txt").write_text(note, encoding="utf-8")
    with pytest.raises(WorkbookError, match="删去"):
        Ledger(path)
    assert path.with_name("在用.txt").read_text(encoding="utf-8") == note


@pytest.mark.usefixtures("shared")
def test_a_note_is_given_back_where_the_ledger_is_broken(path: Path) -> None:
    path.write_bytes(b"no database" * 900)
    with pytest.raises(WorkbookError, match="账本坏了"):
        Ledger(path)
    assert [each.name for each in path.parent.iterdir()] == ["ledger.db"]


@pytest.mark.usefixtures("shared")
def test_a_round_on_a_network_drive_says_so_and_works(tmp_path: Path) -> None:
    folder = a_round(tmp_path)
    (folder / "收件" / "x.pdf").write_bytes(b"%PDF-1.4")
    received = receive(folder)
    assert any("网络盘" in remark for remark in received.remarks)
    assert received.count("unassigned") == 1
    assert in_hidden(folder) == ["ledger.db", "version.txt"]
