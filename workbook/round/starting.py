"""`new`: a folder for one year's collection, from a roster, or from last year's folder."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from workbook.arguments import DayLike, PathLike, as_day, as_path, as_year
from workbook.checking import load_counties, load_roster
from workbook.errors import BuildError, WorkbookError, reason_of, remedy_of
from workbook.form import Form, as_form
from workbook.language import t
from workbook.release import __version__
from workbook.reported import CITY
from workbook.round.folder import (
    BACK,
    FILES,
    FORMS,
    HIDDEN,
    INBOX,
    INDICATORS_STEM,
    LEDGER,
    PROJECTS_STEM,
    PUBLIC,
    RESULT,
    ROSTER_STEM,
    SENT,
    OpenRound,
    RoundFolder,
)  # fmt: skip
from workbook.round.ledger import Ledger
from workbook.round.settings import NAME, RoundSettings, load_settings
from workbook.round.state import today_in_china
from workbook.writing import writing

_README = """\
收件：收到的表、压缩包、邮件（.eml）都放进这里，再运行 workbook round receive。
发出：发给各单位的表。退回：退回去改的表和通知。催报：催报的短信和邮件。汇总、公开：汇总表、报告和公开的材料。
名册和 round.toml 可以改；.round 是账本和收到过的全部文件，不要动它。
整个文件夹一起备份、一起搬。
"""


def new_round(
    folder: PathLike,
    *,
    forms: Iterable[Form | PathLike] = (),
    roster: PathLike | None = None,
    counties: PathLike | None = None,
    projects: PathLike | None = None,
    indicators: PathLike | None = None,
    year: int | None = None,
    deadline: DayLike | None = None,
    bureau: str = "",
    area: str = "",
    contact: str = "",
    last: PathLike | None = None,
) -> Path:
    """Make the folder of a round; `last` is last year's, whose roster, settings and figures it takes over.

    With `counties`, a table of their names, it is a city's: it takes their packs instead of forms (`workbook.levels`).

    Raises WorkbookError where something is there already or missing, RosterError and FormError for what it is made of.

    >>> from workbook.round import new_round
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> sorted(each.name for each in path.iterdir() if each.suffix)
    ['round.toml', '名册.csv', '说明.txt']
    """
    path = as_path(folder, "folder")
    if path.is_file():
        raise BuildError(t("{path}：这是一个文件，请给出文件夹", path=path))
    hidden = path / HIDDEN  # without a ledger and a file: of a `new` that was ended half way
    half_made = hidden.is_dir() and not any((hidden / FILES).glob("*/*"))
    if (hidden / LEDGER).exists() or (
        not half_made and (hidden.exists() or (path / NAME).exists())
    ):
        raise BuildError(t("{path}：这里已经有一次收表，请换一个文件夹", path=path))
    if last is not None:
        settings, definitions, lists = _after(path, RoundFolder(last), year)
        settings = replace(settings, deadline=None)
    else:
        settings, definitions, lists = (
            RoundSettings((), year or today_in_china().year - 1),
            [],
            {},
        )
    if counties is not None or settings.level == CITY:
        if forms or roster is not None or projects is not None or indicators is not None:
            raise WorkbookError(
                t("收各县区上报包的，只要 --counties，不要 --form、--roster：收哪些表由上报包说")
            )
        lists = {ROSTER_STEM: as_path(counties, "counties")} if counties is not None else lists
        load_counties(lists[ROSTER_STEM])
        settings = replace(settings, forms=(), level=CITY)
        _make(path, _settled(settings, year, deadline, bureau, area, contact), [], lists)
        return path
    given = [as_form(form) for form in forms]
    definitions = given or definitions
    if not definitions:
        raise WorkbookError(t("收哪些表？请用 --form 写出表名，如 --form department_overall"))
    if roster is not None:
        lists = {ROSTER_STEM: as_path(roster, "roster")}
    for stem, file in ((PROJECTS_STEM, projects), (INDICATORS_STEM, indicators)):
        if file is not None:
            lists[stem] = as_path(file, stem)
    if ROSTER_STEM not in lists:
        raise WorkbookError(t("谁应报？请用 --roster 给出名册"))
    listed = load_roster(lists[ROSTER_STEM], lists.get(PROJECTS_STEM), lists.get(INDICATORS_STEM))
    by_project = next((form for form in definitions if form.key_fields.project is not None), None)
    if by_project is not None and not listed.projects:
        raise WorkbookError(
            t(
                "《{name}》一个项目报一份，名册里没有项目："
                "请加一张工作表“{projects_stem}”，或用 --projects 给出",
                name=by_project.name,
                projects_stem=PROJECTS_STEM,
            )
        )
    settings = replace(settings, forms=tuple(form.id for form in definitions))
    settings = _settled(settings, year or listed.year, deadline, bureau, area, contact)
    if len(set(settings.forms)) < len(settings.forms):
        raise WorkbookError(t("同一张表写了两次，请只写一次"))
    _make(path, settings, definitions, lists)
    return path


def _settled(
    settings: RoundSettings, year: int | None, deadline: DayLike | None, bureau: str, area: str, contact: str
) -> RoundSettings:  # fmt: skip
    """The settings with what was given."""
    return replace(
        settings,
        year=as_year(year) if year is not None else settings.year,
        deadline=as_day(deadline, "deadline") if deadline is not None else settings.deadline,
        bureau=bureau or settings.bureau,
        area=area or settings.area,
        contact=contact or settings.contact,
    )


def _after(
    folder: Path, last: RoundFolder, year: int | None
) -> tuple[RoundSettings, list[Form], dict[str, Path]]:
    """What a round takes over from the one before it."""
    if not last.hidden.is_dir():
        raise WorkbookError(
            t("{path}：这里没有收表的账本；--from 要给出上一次收表的文件夹", path=last.path)
        )
    before = last.settings()
    forms = last.forms()
    definitions = [
        form for name in before.forms for (form_id, _), form in forms.items() if form_id == name
    ]
    lists = {
        stem: path
        for stem in (ROSTER_STEM, PROJECTS_STEM, INDICATORS_STEM)
        if (path := last.file(stem)) is not None
    }
    try:
        previous = Path(os.path.relpath(last.path.absolute(), folder.absolute())).as_posix()
    except ValueError:  # on another drive
        previous = str(last.path.absolute())
    settings = replace(before, year=year or before.year + 1, previous=previous)
    return settings, definitions, lists


def _make(
    path: Path, settings: RoundSettings, forms: Iterable[Form], lists: dict[str, Path]
) -> None:
    """Make all of the folder but its ledger, then that: a folder without one is no round yet."""
    try:
        for room in (SENT, INBOX, BACK, RESULT, PUBLIC, f"{HIDDEN}/{FORMS}", f"{HIDDEN}/files"):
            (path / room).mkdir(parents=True, exist_ok=True)
        for stem, source in lists.items():
            with writing(path / f"{stem}{source.suffix.lower()}") as temporary:
                shutil.copyfile(source, temporary)
    except OSError as error:
        raise BuildError(
            t(
                "{path}：建不了（{reason}），{remedy}",
                path=path,
                reason=reason_of(error),
                remedy=remedy_of(error),
            )
        ) from None
    texts = {
        NAME: settings.text(),
        "说明.txt": _README,
        f"{HIDDEN}/version.txt": f"workbook {__version__}\n",
    }
    texts |= {
        f"{HIDDEN}/{FORMS}/{form.id}_{_file_version(form)}.toml": form.definition for form in forms
    }
    for name, text in texts.items():
        with writing(path / name) as temporary:
            temporary.write_text(text, encoding="utf-8-sig" if name.endswith(".txt") else "utf-8")
    load_settings(path / NAME)
    half = path / HIDDEN / f"{LEDGER}.new"
    for leftover in half.parent.glob(f"{half.name}*"):
        leftover.unlink()
    # Its name comes last: else who opened a round that was ended here would write down, as theirs, what it begins with.
    with Ledger(half, create=True) as ledger:
        OpenRound(RoundFolder(path), ledger)
    half.replace(path / HIDDEN / LEDGER)


def _file_version(form: Form) -> str:
    return re.sub(r"[^\w.-]", "_", form.version)
