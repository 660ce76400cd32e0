"""round.toml: what a round asks for, as the clerk can read and change it."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from workbook.arguments import FIRST_YEAR, LAST_YEAR
from workbook.errors import WorkbookError, reason_of
from workbook.language import marked, t
from workbook.layout import MOST_ROWS
from workbook.reported import CITY, COUNTY
from workbook.text import printable
from workbook.writing import writing

NAME = "round.toml"

_TEXT = """\
# 这一次收表的设置。改了保存，下一个命令就照新的做，并先记下改了什么。以 # 开头的是说明。

# 这一级收什么：county 收各单位的表，city 收各县区的上报包；开始以后不要改
{level}
# 收哪些表（workbook forms 列出的名字；开始收表以后不要改）。
# 执行率低到多少要说明原因之类的界限写在表的定义里，要改的先照“表的定义”做一张自己的表
{forms}
# 哪个年度
{year}
# 发表、收表的单位，写在退回修改表和通知上
{bureau}
# 本县区（本市）的名称，如 云溪区：封存时写进上报包，上一级靠它认
{area}
# 有问题找谁：姓名、电话，写在退回修改表和催报信上
{contact}
# 报送截止日期（当天 24 时止）；名册的“截止日期”列优先
{deadline}
# 截止前几天起算“该催了”
{remind_days}
# 上一年度的：收表文件夹、汇总表，或放自评表的文件夹；汇总时加一张同比表
{previous}

# 发出的表上，名册里的预算数（年初预算数、全年预算数等列）也填好、锁住（true），还是由单位填（false）
{lock_budget}
# 名册上有批复的指标的，每级另留几行由单位填
{spare_rows}

# 没有错误的表自动核定（true），还是由人核定（false）
{approve_passed}
# 单位对“提醒”答“核对无误”的，自动了结（true），还是由人核定（false）；错误总是由人核定
{close_checked_warnings}

# 抽查复核：抽几成，至少几个
{sample_share}
{sample_least}
"""


@dataclass(frozen=True, slots=True)
class RoundSettings:
    """What stands in round.toml."""

    forms: tuple[str, ...]
    year: int
    level: str = COUNTY
    bureau: str = ""
    area: str = ""
    contact: str = ""
    deadline: datetime.date | None = None
    remind_days: int = 7
    previous: str = ""
    lock_budget: bool = False
    spare_rows: int = 0
    approve_passed: bool = False
    close_checked_warnings: bool = True
    sample_share: float = 0.2
    sample_least: int = 3

    def record(self) -> dict[str, Any]:
        """As the ledger keeps it."""
        plain = asdict(self) | {"forms": list(self.forms)}
        return plain | {"deadline": self.deadline.isoformat() if self.deadline else None}

    def text(self) -> str:
        """The file that says so."""
        return _TEXT.format(
            **{f.name: _line_of(f.name, getattr(self, f.name)) for f in fields(self)}
        )


def load_settings(path: Path) -> RoundSettings:
    """Read round.toml. Raises WorkbookError naming the file, the key and the remedy."""
    return _settings_in(_text_of(path), path)


def change_settings(path: Path, changed: Mapping[str, Any]) -> None:
    """Write settings into their lines of round.toml; all else in it stays.

    Raises WorkbookError, and the file is as it was, for a value that is none or a line that cannot be replaced.
    """
    text = _text_of(path)
    for name, value in changed.items():
        line = _line_of(name, value)
        written = line.replace("\\", r"\\")
        for old in (rf"^[ \t]*{name}[ \t]*=.*$", rf"^[ \t]*#[ \t]*{name}[ \t]*=.*$"):
            text, count = re.subn(old, written, text, count=1, flags=re.MULTILINE)
            if count:
                break
        else:
            text = f"{text.rstrip()}\n{line}\n"
    _settings_in(text, path)
    with writing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _line_of(name: str, value: Any) -> str:
    """How a setting stands in the file."""
    if value is None:
        return "# deadline = 2025-03-31"
    is_day = isinstance(value, datetime.date)
    return f"{name} = {value if is_day else json.dumps(value, ensure_ascii=False)}"


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise WorkbookError(
            t(
                "{path}：读不了（{reason}）；这里应是 workbook round new 建的文件夹",
                path=path,
                reason=reason_of(error),
            )
        ) from None
    except UnicodeDecodeError:
        raise WorkbookError(t("{path}：文字编码不对，请另存为 UTF-8", path=path)) from None


def _settings_in(text: str, path: Path) -> RoundSettings:
    """What the file's text says."""
    try:
        table = tomllib.loads(_DAY.sub(_two_digits, text))
    except tomllib.TOMLDecodeError as error:
        remedy = t("请照旁边各行的样子改：引号用半角的，日期如 2025-03-31，是否写 true、false")
        raise WorkbookError(
            t(
                "{path}：写法有误（{error}），{remedy}",
                path=path,
                error=_where(str(error), text),
                remedy=remedy,
            )
        ) from None
    names = [item.name for item in fields(RoundSettings)]
    for key in table:
        if key not in names:
            raise WorkbookError(
                t(
                    "{path}：没有“{key}”这一项；能写的有：{names}",
                    path=path,
                    key=printable(key),
                    names=t("、").join(names),
                )
            )
    values: dict[str, Any] = {}
    for name, (kind, wanted) in _KINDS.items():
        if name not in table:
            continue
        value = table[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise WorkbookError(
                t(
                    "{path}：{name} = {value!r} 不对，应是{wanted}",
                    path=path,
                    name=name,
                    value=value,
                    wanted=t(wanted),
                )
            )
        values[name] = tuple(value) if isinstance(value, list) else value
    for name in ("forms", "year"):
        if not values.get(name) and not (name == "forms" and values.get("level") == CITY):
            raise WorkbookError(t("{path}：缺少 {name}", path=path, name=name))
    settings = RoundSettings(**values)
    _require_sensible(path, settings)
    return settings


_NUMBER = (int, float)
_KINDS: Mapping[str, tuple[Any, str]] = {
    "forms": (list, marked('表名的列表，如 ["department_overall"]')),
    "year": (int, marked("年度，如 2024")),
    "level": (str, marked('"county" 或 "city"')),
    "bureau": (str, marked("引号里的文字")),
    "area": (str, marked("引号里的文字")),
    "contact": (str, marked("引号里的文字")),
    "deadline": (datetime.date, marked("日期，如 2025-03-31（不加引号）")),
    "remind_days": (int, marked("天数，如 7")),
    "previous": (str, marked("引号里的路径")),
    "lock_budget": (bool, marked("true 或 false")),
    "spare_rows": (int, marked("行数，如 2")),
    "approve_passed": (bool, marked("true 或 false")),
    "close_checked_warnings": (bool, marked("true 或 false")),
    "sample_share": (_NUMBER, marked("0 到 1 之间的数，如 0.2")),
    "sample_least": (int, marked("个数，如 3")),
}


def _require_sensible(path: Path, settings: RoundSettings) -> None:
    if isinstance(settings.deadline, datetime.datetime):
        raise WorkbookError(t("{path}：deadline 只写日期，如 2025-03-31，不写时刻", path=path))
    wrong = (
        "forms" if not all(isinstance(form, str) for form in settings.forms)
        else "year" if not FIRST_YEAR <= settings.year <= LAST_YEAR
        else "level" if settings.level not in (COUNTY, CITY)
        else "remind_days" if not 0 <= settings.remind_days <= 366
        else "spare_rows" if not 0 <= settings.spare_rows <= MOST_ROWS
        else "sample_share" if not 0 <= settings.sample_share <= 1
        else "sample_least" if not 0 <= settings.sample_least <= 100_000
        else ""
    )  # fmt: skip
    if wrong:
        raise WorkbookError(
            t(
                "{path}：{name} = {value!r} 不对，应是{wanted}",
                path=path,
                name=wrong,
                value=getattr(settings, wrong),
                wanted=t(_KINDS[wrong][1]),
            )
        )


_DAY = re.compile(r"^(\s*deadline\s*=\s*)(\d{4})-(\d{1,2})-(\d{1,2})(?=\s*(?:#|$))", re.MULTILINE)
"""A day as people write it; TOML asks for two digits."""


def _two_digits(day: re.Match[str]) -> str:
    return f"{day[1]}{day[2]}-{int(day[3]):02}-{int(day[4]):02}"


def _where(message: str, text: str) -> str:
    place = re.search(r"line (\d+), column (\d+)", message)
    if place is None:
        return t("文件没有写完")
    lines = text.splitlines()
    line = lines[int(place[1]) - 1].strip() if int(place[1]) <= len(lines) else ""
    return t("第 {place} 行“{line}”", place=place[1], line=printable(line[:40]))


LABELS = {
    "forms": "表", "year": "年度", "level": "级别", "bureau": "单位", "area": "地区",
    "contact": "联系人", "deadline": "截止日期", "remind_days": "提前几天催报",
    "previous": "上一年度", "lock_budget": "锁住预算数", "spare_rows": "批复指标后另留几行",
    "approve_passed": "自动核定", "close_checked_warnings": "核对无误自动了结",
    "sample_share": "抽查几成", "sample_least": "至少抽查几个",
}  # fmt: skip
"""What the settings are called where a change is told."""


def with_defaults(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of settings, also of ones that it is older than."""
    return RoundSettings((), 0).record() | dict(record)


def told_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What has changed between two records of settings, a clause each."""
    return [
        f"{LABELS.get(name, name)} {_shown(before.get(name))} → {_shown(after.get(name))}"
        for name in after
        if before.get(name) != after.get(name)
    ]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return t("、").join(map(str, value))
    return "（空）" if value in (None, "") else str(value)
