"""A year of collecting, as it is played in tests: who asks, who answers, and with what hand."""

from __future__ import annotations

import datetime
import email.policy
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

import openpyxl

from tests.office import Office, Target
from workbook.form import Value, serial
from workbook.layout import answer_name

Values = Mapping[str, Value]
LINES = Path(__file__).with_name("returns") / "faultless.jsonl"
DAY = "identity.prepared_on"
DEPARTMENTS = (
    ("101001", "清江县财政监督局"), ("102001", "清江县档案馆"), ("103001", "清江县图书馆"), ("104001", "清江县教育局"),
    ("105001", "清江县卫生健康局"), ("106001", "清江县农业农村局"), ("107001", "清江县水利局"), ("108001", "清江县交通运输局"),
    ("109001", "清江县应急管理局"), ("110001", "清江县市场监督管理局"), ("111001", "清江县残疾人联合会"),
    ("112001", "清江县科学技术协会"), ("113001", "清江县退役军人事务局"), ("114001", "清江县文化旅游广电局"),
)  # fmt: skip
PROJECTS = (("106001", "高标准农田建设项目"), ("107001", "小型水库除险加固项目"))


class Hand(Protocol):
    """Who opens a workbook, types into it and saves it."""

    def fill(self, source: Path, target: Path, values: Values) -> Path:
        """Type values by the names of their cells; the target's ending says in what format it is saved."""


class ByOpenpyxl:
    """A hand that leaves formulas without results, as programs do."""

    def fill(self, source: Path, target: Path, values: Values) -> Path:
        book = openpyxl.load_workbook(source)
        for name, value in values.items():
            ((sheet, place),) = book.defined_names[name].destinations
            book[sheet][place.replace("$", "")] = value
        book.save(target)
        return target


class ByOffice:
    """A hand in LibreOffice."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def fill(self, source: Path, target: Path, values: Values) -> Path:
        typed: dict[Target, float | str | None] = {
            name: float(serial(value)) if isinstance(value, datetime.date) else value
            for name, value in values.items()
        }
        with self.office.open(source) as book:
            refused = self.office.type_values(book, typed)
            assert not refused, refused
            self.office.recalculate(book)
            self.office.save(book, target, target.suffix[1:])  # type: ignore[arg-type]
        return target


@contextmanager
def office_hand() -> Iterator[ByOffice]:
    """LibreOffice, for as long as it is needed."""
    with Office() as office:
        yield ByOffice(office)


def faultless(form: str) -> list[dict[str, Value]]:
    """Fillings in which nothing is wrong, without whose they are."""
    lines = (json.loads(line) for line in LINES.read_text(encoding="utf-8").splitlines())
    fillings = []
    for line in lines:
        if line["form"] == form:
            values = {
                name: value
                for name, value in line["values"].items()
                if not re.match(r"identity\.(department|fiscal|project)", name)
            }
            values[DAY] = datetime.date.fromisoformat(values[DAY])
            fillings.append(values)
    return fillings


def roster(
    path: Path, *, without: tuple[str, ...] = (), add: tuple[tuple[str, ...], ...] = ()
) -> Path:
    """The list of departments as a workbook, with the projects on their own sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["预算编码", "部门", "联系人", "联系电话", "邮箱", "原编码", "备注"])
    for code, name in DEPARTMENTS:
        if code not in without:
            sheet.append([code, name, "王会计", "0730-4221016", f"{code}@example.cn", "", "老单位"])
    for line in add:
        sheet.append(list(line))
    projects = book.create_sheet("项目")
    projects.append(["预算编码", "项目名称"])
    for line in PROJECTS:
        projects.append(list(line))
    book.save(path)
    return path


def answers(given: Mapping[int, tuple[str, str]]) -> dict[str, Value]:
    """Answers to problems, as values by the names of their cells."""
    typed: dict[str, Value] = {}
    for number, (action, note) in given.items():
        typed[answer_name(number, "action")] = action
        if note:
            typed[answer_name(number, "note")] = note
    return typed


def dated(path: Path, day: str) -> Path:
    """The file as it was last written on a day, at nine in China."""
    moment = datetime.datetime.fromisoformat(f"{day}T09:00:00+08:00").timestamp()
    os.utime(path, (moment, moment))
    return path


def zipped(path: Path, files: Mapping[str, Path]) -> Path:
    """An archive with files under names of its own."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, file in files.items():
            archive.write(file, name)
    return path


def mailed(path: Path, attachment: Path, *, name: str, sender: str, day: str) -> Path:
    """A mail that carries a file."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = sender, "czj@example.cn", "报送自评表"
    message["Date"] = datetime.datetime.fromisoformat(f"{day}T16:30:00+08:00")
    message.set_content("请查收。")
    message.add_attachment(
        attachment.read_bytes(), maintype="application", subtype="octet-stream", filename=name
    )
    path.write_bytes(message.as_bytes())
    return path
