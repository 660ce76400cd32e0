"""`send`, `send_back` and `remind`: what goes out to departments, always as files; nothing is sent from here."""

from __future__ import annotations

import datetime
import email.policy
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from builder.template import (
    SEVERITY_WORDS,
    Addressee,
    BackItem,
    BackLetter,
    SendBack,
    addressees,
    build_sent_back,
    issue_to,
    roster_remarks,
)
from builder.word import NoticeForm, write_back_notice
from workbook.arguments import DayLike, PathLike, as_day
from workbook.catalogue import CATALOGUE
from workbook.checking import RosterEntry
from workbook.errors import BuildError, WorkbookError
from workbook.findings import Finding
from workbook.form import DEPARTMENT, DEPARTMENT_CODE, Value, shown
from workbook.language import t
from workbook.layout import lay_out
from workbook.reading import Filling, Submission
from workbook.round.deciding import Done, duties_of
from workbook.round.folder import BACK, SENT, TEMPLATE, OpenRound, due_of, mail_of, opened
from workbook.round.ledger import DutyKey, Event, Overtaken
from workbook.round.problems import label_of
from workbook.round.receiving import KeptReader, findings_of
from workbook.round.state import Board, DutyState, LivingProblem, fold, today_in_china
from workbook.text import printable
from workbook.writing import digest_of, stem_of, writing

NOTICE = "退回修改通知.docx"
REMINDERS = "催报"
_TEXT = "催报短信.txt"
_LETTER = "催报邮件.txt"
_LONGEST_MESSAGE = 70
_SHORT_TEXT = "{部门}：{年度}年度{表}{期限}，{情况}，请尽快报送。{联系}"
_SHORTER_TEXT = "{部门}：{年度}年度{表}{情况}，请尽快报送。"
_LONG_TEXT = (
    "{部门}：\n\n请报送 {年度} 年度{表}。{期限}，{情况}。\n\n有问题请联系：{联系}\n\n{单位}\n"
)


def _own_name(this_round: OpenRound, duty: DutyState) -> str:
    """What the workbook of a duty is called in its department's folder."""
    if duty.project:
        return f"{stem_of('', f'项目 {duty.project}')}.xlsx"
    own = [
        name
        for name in this_round.settings.forms
        if this_round.form_of(name).key_fields.project is None
    ]
    return TEMPLATE if len(own) < 2 else f"{stem_of('', duty.form.name)}.xlsx"


def _wanted(
    board: Board, departments: Iterable[str], *, county: str = "", form: str = "", project: str = ""
) -> list[DutyState]:
    codes = list(departments)
    if not codes:
        return [
            d
            for d in board.duties
            if form in ("", d.form.id, d.form.name) and county in ("", d.key.county)
        ]
    return [
        duty
        for code in codes
        for duty in duties_of(board, code, county=county, form=form, project=project)
    ]


# --- templates -------------------------------------------------------------------------------------------


def send(
    folder: PathLike | OpenRound,
    departments: Iterable[str] = (),
    *,
    county: str = "",
    form: str = "",
    project: str = "",
    progress: Callable[[Path], None] | None = None,
) -> Done:
    """Write each department's forms into 发出/; all that have not been sent, or those of some departments anew.

    >>> from workbook.round import new_round, send
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> len(send(path).files)
    14
    """
    with opened(folder) as this_round:
        this_round.require_open()
        board = fold(this_round)
        codes = list(departments)
        wanted = [
            duty for duty in _wanted(board, codes, county=county, form=form, project=project)
            if duty.entry is not None and (codes or not duty.is_issued)
        ]  # fmt: skip
        place_of_duty: dict[DutyKey, Path] = {}
        doubts: dict[str, None] = {}
        for form_id in dict.fromkeys(duty.form.id for duty in wanted):
            due = [duty for duty in wanted if duty.form.id == form_id]
            places = [
                this_round.folder.of_department(SENT, duty.entry) / _own_name(this_round, duty)
                for duty in due
                if duty.entry
            ]
            _require_apart(places)
            doubts |= dict.fromkeys(roster_remarks(this_round.form_of(form_id), this_round.roster))
            issue_to(
                this_round.form_of(form_id), places, _addressed(this_round, due),
                fiscal_year=this_round.settings.year, progress=progress,
            )  # fmt: skip
            place_of_duty |= {duty.key: path for duty, path in zip(due, places, strict=True)}
        paths = [place_of_duty[duty.key] for duty in wanted]
        names = [this_round.folder.shown(path) for path in paths]
        issued = {
            duty.key: Event("issued", duty.key, data={"file": name, "sha256": digest_of(path)})
            for duty, name, path in zip(wanted, names, paths, strict=True)
        }
        written = _written_once(this_round, issued, again=bool(codes))
        ids = tuple(event.id for event in written)
        remarks = (*this_round.remarks, *(t("请核对：{remark}", remark=each) for each in doubts))
        return Done(ids, tuple(names), remarks=remarks, board=fold(this_round))


def _written_once(
    this_round: OpenRound, issued: Mapping[DutyKey, Event], *, again: bool
) -> list[Event]:
    """Write down what was sent, but for what somebody else has sent meanwhile."""
    events = list(issued.values())
    while events:
        try:
            return this_round.write(events)
        except Overtaken:
            this_round.refresh()
            duties = fold(this_round).by_key
            events = [e for key, e in issued.items() if again or not duties[key].is_issued]
    return []


def _addressed(this_round: OpenRound, due: Sequence[DutyState]) -> list[Addressee]:
    """What is locked in for each duty of one form, in their order."""
    form = due[0].form
    settings = this_round.settings
    of_all = addressees(
        form, this_round.roster, spare=settings.spare_rows, budget=settings.lock_budget
    )
    by_key = {(each.county, each.code, each.department, each.project): each for each in of_all}
    result = []
    for duty in due:
        entry = duty.entry
        assert entry is not None, "only the roster's departments are sent forms"
        each = by_key[entry.county, entry.code, entry.department, duty.project]
        deadline = each.send_back.deadline or due_of(entry, settings)
        result.append(replace(each, send_back=SendBack(deadline, each.send_back.address)))
    return result


def _require_apart(places: Sequence[Path]) -> None:
    seen: dict[str, Path] = {}
    for place in places:
        if str(place).casefold() in seen:
            raise BuildError(
                t(
                    "{place}：两个单位（或项目）的文件名会相同，请在名册里写上预算编码，或改名",
                    place=place,
                )
            )
        seen[str(place).casefold()] = place


# --- sending back ----------------------------------------------------------------------------------------


def send_back(
    folder: PathLike | OpenRound,
    departments: Iterable[str] = (),
    *,
    county: str = "",
    form: str = "",
    project: str = "",
    by: DayLike | None = None,
    why: str = "",
    progress: Callable[[Path], None] | None = None,
) -> Done:
    """Write 退回/…/第N次/ for each department with something to mend: a workbook a duty, one notice.

    Where nothing has come since the last time, nothing new is written. One that is named and passed goes back too, if
    it has warnings that nobody has waived, or if `why` says in the bureau's own words what is to be mended.

    >>> from workbook.round import new_round, receive, send_back
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> len(send_back(path, ["301001"], by="2025-4-15").files)
    2
    """
    with opened(folder) as this_round:
        this_round.require_open()
        board = fold(this_round)
        codes = list(departments)
        if why and not codes:
            raise WorkbookError(t("写了意见（--why）的，要用 --department 指明退回哪个单位的"))

        def goes_back(duty: DutyState) -> bool:
            if not codes:
                return duty.needs_sending_back
            return duty.can_be_sent_back or duty.can_be_sent_back_for(why)

        wanted = _wanted(board, codes, county=county, form=form, project=project)
        day = None if by is None else as_day(by, "by")
        by_department: dict[tuple[str, str], list[DutyState]] = {}
        refused = []
        remarks = list(this_round.remarks)
        if not this_round.settings.contact:
            remarks.append(t("round.toml 里没有写联系人（contact），退回的表和通知上就没有写找谁"))
        if day is not None and day < board.today:
            remarks.append(t("--by {day} 已经过去了，写在退回的表上的就是这一天", day=day))
        for duty in wanted:
            if goes_back(duty) and duty.entry is not None:
                if duty.answered():
                    refused.append(
                        (duty.key.code, t("单位的答复还没有核定，请先定（--accept、--refuse）"))
                    )
                    continue
                by_department.setdefault((duty.key.county, duty.key.code), []).append(duty)
            elif codes and duty.is_approved:
                refused.append((duty.key.code, t("已经核定；要退回，先用 --undo 撤销核定")))
            elif codes and not duty.versions:
                refused.append((duty.key.code, t("还没有收到，没有可退的")))
            elif codes and not duty.is_sent_back:
                refused.append((duty.key.code, t("没有查出要改的；要退回，用 --why 写明意见")))
        files: list[Path] = []
        ids: list[int] = []
        for (_, code), asked in by_department.items():
            if why and len(asked) > 1:
                refused.append(
                    (
                        code,
                        t(
                            "有 {count} 张表可以退，要用 --form、--project 写明是哪一张",
                            count=len(asked),
                        ),
                    )
                )
                continue
            duties, paths = asked, list[Path]()
            while duties:
                paths, events = _Back(this_round, duties, day, why).written()
                try:
                    ids += [event.id for event in this_round.write(events)]
                    break
                except Overtaken:  # by one who sent it back, or received something
                    this_round.refresh()
                    now = fold(this_round).by_key
                    duties = [now[d.key] for d in duties if goes_back(now[d.key])]
                    paths = []
            files += paths
            if progress is not None:
                for path in paths:
                    progress(path)
        names = tuple(this_round.folder.shown(path) for path in files)
        return Done(
            tuple(ids),
            names,
            tuple(refused),
            tuple(remarks if files else this_round.remarks),
            board=fold(this_round),
        )


class _Back:
    """What goes back to one department, one time."""

    def __init__(
        self, this_round: OpenRound, duties: Sequence[DutyState], by: datetime.date | None, why: str
    ) -> None:
        self.round = this_round
        self.duties = duties
        self.reader = KeptReader(this_round)
        self.today = today_in_china()
        self.by, self.why = by, why
        siblings = [
            d
            for d in fold(this_round).duties
            if (d.key.county, d.key.code) == (duties[0].key.county, duties[0].key.code)
        ]
        self.time = (
            max((event.data["time"] for duty in siblings for event in duty.sent), default=0) + 1
        )
        entry = duties[0].entry
        assert entry is not None, "only the roster's departments are written to"
        self.entry = entry
        self.place = this_round.folder.of_department(BACK, entry) / f"第{self.time}次"

    def written(self) -> tuple[list[Path], list[Event]]:
        """Write the workbooks and the notice; the events that say so."""
        paths, events, told = [], [], []
        for duty in self.duties:
            path = self.place / _own_name(self.round, duty)
            version = duty.latest or duty.versions[-1]
            (returned,) = self.reader.read([(version.name, version.sha256)])
            items, living = self._items(duty, returned.submission)
            token = hashlib.sha256(
                f"{duty.key.text}|{self.time}|{version.sha256}".encode()
            ).hexdigest()[:12]
            self._write(path, duty, items, token, returned.submission if version.is_right else None)
            paths.append(path)
            told.append(
                NoticeForm(
                    _form_words(duty),
                    [
                        (i.number, i.place, f"{SEVERITY_WORDS[i.severity]}：{i.message}。{i.hint}")
                        for i in items
                    ],
                    is_carried=version.is_right,
                )
            )
            events.append(Event("sent_back", duty.key, version.sha256, {
                "time": self.time, "version": version.number, "token": token, "by": self.by.isoformat() if self.by else None,
                "why": self.why,
                "file": self.round.folder.shown(path), "sha256": digest_of(path),
                "problems": {str(each.number): [*each.problem.identity, each.problem.values] for each in living},
            }))  # fmt: skip
        notice = self.place / NOTICE
        settings = self.round.settings
        write_back_notice(
            notice, department=self.entry.department, forms=told, by=self.by, why=self.why, contact=settings.contact,
            bureau=settings.bureau, day=self.today,
        )  # fmt: skip
        digest = digest_of(notice)
        return [*paths, notice], [replace(e, data={**e.data, "notice": digest}) for e in events]

    def _items(
        self, duty: DutyState, submission: Submission | None
    ) -> tuple[list[BackItem], list[LivingProblem]]:
        """The problems of the last copy that are not settled, the most important first."""
        version = duty.latest or duty.versions[-1]
        findings = findings_of(self.round.ledger.reading(version.reading))
        open_ = duty.to_mend(version)
        open_.sort(key=lambda p: (p.problem.severity != "error", p.problem.finding, p.number))
        items = []
        for living in open_:
            item, names = findings[living.problem.finding], living.problem.fields
            target = next(
                (
                    submission.cells[name].address
                    for name in names
                    if submission and name in submission.cells
                ),
                None,
            )
            before = _before(living)
            standing = _stands(submission, names) if submission else ""
            items.append(BackItem(
                living.number, living.problem.severity,
                _place_of(submission, names, item) if submission else printable(Path(version.name).name),
                target if version.is_right else None, names, _message_of(item, living.problem.row),
                standing, _right_value(item, standing) if _can_be_typed(submission, names) else "", _hint_of(item), before,
            ))  # fmt: skip
        return items, open_

    def _write(
        self,
        path: Path,
        duty: DutyState,
        items: Sequence[BackItem],
        token: str,
        submission: Submission | None,
    ) -> None:
        (addressed,) = _addressed(self.round, [duty])
        who = {DEPARTMENT_CODE: addressed.code, DEPARTMENT: addressed.department}
        known: dict[str, Value] = {name: value for name, value in who.items() if value}
        prefilled = Filling(addressed.prefilled.values | known, addressed.prefilled.rows)
        filling, plan = Filling(), addressed.plan
        left_over: list[tuple[str, str]] = []
        if submission is not None:
            filling, left_over = carried(submission)
            if addressed.plan is not None and submission.plan != addressed.plan:
                prefilled = replace(prefilled, rows={})
            plan = submission.plan
        due = self.by or duty.deadline
        until = (
            f"请于 {due.year} 年 {due.month} 月 {due.day} 日前改好报回。"
            if due
            else "请尽快改好报回。"
        )
        if submission is None:
            what = "不能用，原因列在下面；这份是空表，请重新填。"
        else:
            what = f"有 {len(items)} 个问题，列在下面。" if items else "请照下面的意见改。"
        letter = BackLetter(
            f"退回修改（第 {self.time} 次）",
            f"{addressed.department}：你单位报来的{_form_words(duty)}{what}{until}",
            f"有问题请联系：{self.round.settings.contact}" if self.round.settings.contact else "",
            token, tuple(items), tuple(left_over), self.round.settings.bureau, self.today, self.why,
        )  # fmt: skip
        build_sent_back(
            duty.form, path, letter, filling=filling, prefilled=prefilled, plan=plan,
            fiscal_year=self.round.settings.year, send_back=SendBack(due, addressed.send_back.address),
        )  # fmt: skip


def _before(living: LivingProblem) -> str:
    """What was answered the last time, and what the bureau said of it."""
    answer, refusal = living.answer, living.refusal
    if answer is None:
        return ""
    note = answer.note.rstrip("。；;，, ")
    said = f"上次答：{answer.action}" + (f"，{note}" if note else "")
    if refusal is not None:
        why = f"：{refusal.data['why']}" if refusal.data.get("why") else ""
        return f"{said}；未同意{why}"
    if answer.values == living.problem.values:
        return f"{said}；这一格还是原样"
    return f"{said}；答后有关的数变了，请再看"


def _form_words(duty: DutyState) -> str:
    return f"《{duty.form.name}》" + (f"（{duty.project}）" if duty.project else "")


def carried(submission: Submission) -> tuple[Filling, list[tuple[str, str]]]:
    """What a department filled in, as a fresh form takes it; and what it does not, each with its place."""
    values: dict[str, Value] = {}
    rows: dict[str, dict[int, dict[str, Value]]] = {}
    left_over: list[tuple[str, str]] = []
    for name, spot in lay_out(submission.form, submission.plan).spots.items():
        cell, item = submission.cells.get(name), spot.field
        if (
            cell is None
            or cell.raw is None
            or cell.formula
            or (item.section == "identity" and item.is_closed)
        ):
            continue
        value = cell.value if cell.value is not None else cell.raw
        if not item.is_input or item.is_hidden:
            if item.mode == "computed" and not item.is_hidden:
                left_over.append(
                    (
                        f"{_label_of(submission, name)}（{cell.address.sheet} {cell.address.a1}）",
                        str(cell.raw),
                    )
                )
            continue
        if spot.number and item.grain == "row":
            rows.setdefault(item.section, {}).setdefault(spot.number, {})[item.id] = value
        else:
            values[name] = value
    return Filling(values, rows), left_over


# --- what an accountant is told ------------------------------------------------------------------------

_RESAVE = "请在 Excel、WPS 里打开填好的表，另存为 .xlsx 再报。"
_FRESH = "退回的这份表已经恢复原样，请在上面填报。"
_HINTS = {
    "W101": _RESAVE, "W102": _RESAVE, "W104": _RESAVE, "W107": _RESAVE, "W108": "请填在发下的表里报来。",
    "W103": "请填在发下的表里，保存为 .xlsx 报来。", "W105": "请取消打开密码再报。", "W106": _RESAVE,
    "W109": "请用这一次发下的表填报。", "W110": "请填写后再报。", "W111": _FRESH, "W114": "请保存为 .xlsx（不带宏）再报。",
    "W115": "请断开外部链接，直接填数。", "W116": "请去掉嵌入的文件，附件另外报送。", "W117": "请用退回的这份表填报。",
    "W118": "请只留下要报的一张。", "W119": _RESAVE, "A503": "请核对这份表是不是你单位的。",
    "A504": "请核对是不是用了别的单位填好的表。", "A506": "请核对项目名称，与批复的预算一致。",
}  # fmt: skip
"""Remedies in place of those of the catalogue, which speak to the clerk."""
_EXPECTED_IS_RIGHT = ("L202", "V303")


def _hint_of(item: Finding) -> str:
    """How an accountant mends it."""
    return _HINTS.get(item.code, item.hint)


def _right_value(item: Finding, standing: str) -> str:
    """The one right value of the cell that stands there; blank where there is none."""
    is_right = item.code not in CATALOGUE or item.code in _EXPECTED_IS_RIGHT
    return item.expected if is_right and standing in (item.printed, _brief(item.printed)) else ""


def _can_be_typed(submission: Submission | None, names: tuple[str, ...]) -> bool:
    """Whether a problem is about one cell that takes what is typed."""
    return (
        submission is not None
        and len(names) == 1
        and submission.form.field_of(".".join(names[0].split(".")[:2])).is_input
    )


def _place_of(submission: Submission, names: tuple[str, ...], item: Finding) -> str:
    """Where it is, by the label of its first cell."""
    first = next((name for name in names if name in submission.cells), "")
    if not first:
        return item.sheet or "整份表"
    at = submission.cells[first].address
    more = f" 等 {len(names)} 格" if len(names) > 1 else ""
    return f"{_label_of(submission, first)}（{at.sheet} {at.a1}{more}）"


def _label_of(submission: Submission, name: str) -> str:
    cells = submission.cells
    row = cells[name].address.row if name in cells else 0
    return label_of(submission.form, name, row, lambda of: cells[of].value if of in cells else None)


def _message_of(item: Finding, row: str) -> str:
    """What is wrong at one row, of a finding that may stand for several."""
    if not item.subject or not row or "“" not in item.subject:
        return item.message
    first = item.subject.partition("”")[0]
    own = f"{first.partition('“')[0]}“{row.rpartition('／')[2]}”"
    return own + item.message.removeprefix(item.subject)


def _stands(submission: Submission, names: tuple[str, ...]) -> str:
    """What stands in the one cell that a problem is about; blank where it is about several."""
    cell = submission.cells.get(names[0]) if len(names) == 1 else None
    if cell is None:
        return ""
    spot = lay_out(submission.form, submission.plan).spots.get(names[0])
    if cell.value is not None and spot is not None and not isinstance(cell.value, str):
        return shown(spot.field.kind, cell.value)
    return _brief(str(cell.raw)) if cell.raw is not None else "（空）"


def _brief(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


_LONGEST_SHOWN = 40
"""So many characters of what stands in a cell are shown."""


# --- chasing ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a department is told that has to act, as a short text and as a letter."""

    duty: DutyState
    entry: RosterEntry
    text: str
    subject: str
    letter: str


def reminders(
    this_round: OpenRound, board: Board, departments: Iterable[str] = (), *, county: str = ""
) -> list[Reminder]:
    """Whom to remind, and in what words: those who have to act and whose day is near or past; or some departments.

    >>> from workbook.round import fold, new_round, opened, reminders
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> with opened(path) as this_round:
    ...     [each.text for each in reminders(this_round, fold(this_round), ["118001"])]
    ['岳阳市云溪区档案馆：2024年度自评表，还没有收到，请尽快报送。']
    """
    codes = list(departments)
    due = {
        (duty.key.county, duty.key.code): duty
        for duty in reversed(_wanted(board, codes, county=county))
        if duty.entry is not None and duty.state in ("issued", "sent_back", "not_issued", "faulty")
        and (codes or duty.state in ("issued", "sent_back"))
        and (codes or (duty.days_left is not None and duty.days_left <= this_round.settings.remind_days))
    }  # fmt: skip
    short, long = (
        _text_of(this_round, name, usual)
        for name, usual in ((_TEXT, _SHORT_TEXT), (_LETTER, _LONG_TEXT))
    )
    told = []
    for duty in reversed(due.values()):
        assert duty.entry is not None, "only the roster's departments are reminded"
        words = _words(this_round, duty)
        text, letter = (_filled(this_round, template, words) for template in (short, long))
        subject = f"请报送{words['年度']}年度{words['表']}"
        told.append(Reminder(duty, duty.entry, text, subject, letter))
    return told


def remind(
    folder: PathLike | OpenRound, departments: Iterable[str] = (), *, county: str = ""
) -> Done:
    """Write into 催报/ a short text and a mail draft for each department that has to act and whose day is near or past.

    >>> from workbook.round import new_round, remind
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> remind(path, ["118001"]).said
    ('岳阳市云溪区档案馆：2024年度自评表，还没有收到，请尽快报送。',)
    """
    with opened(folder) as this_round:
        this_round.require_open()
        board = fold(this_round)
        moment = datetime.datetime.combine(board.today, datetime.time(9), datetime.UTC)
        files, events = [], []
        told = reminders(this_round, board, departments, county=county)
        for each in told:
            path = this_round.folder.of_department(REMINDERS, each.entry)
            mail = _draft(
                to=mail_of(each.entry), subject=each.subject, text=each.letter, date=moment
            )
            for target, content in (
                (path.with_name(f"{path.name}.txt"), f"{each.text}\r\n".encode("utf-8-sig")),
                (path.with_name(f"{path.name}.eml"), mail),
            ):
                with writing(target) as temporary:
                    temporary.write_bytes(content)
                files.append(target)
            data = {"text": each.text, "day": board.today.isoformat()}
            events.append(Event("reminded", each.duty.key, data=data))
        told_today = {
            e.duty
            for e in this_round.events
            if e.kind == "reminded" and e.data["day"] == board.today.isoformat()
        }
        written = this_round.write_now(event for event in events if event.duty not in told_today)
        names = tuple(this_round.folder.shown(path) for path in files)
        return Done(
            tuple(e.id for e in written),
            names,
            remarks=tuple(this_round.remarks),
            said=tuple(each.text for each in told),
            board=board,
        )


def _text_of(this_round: OpenRound, name: str, usual: str) -> str:
    """The bureau's own text beside round.toml, else the usual one."""
    path = this_round.folder.path / name
    if not path.is_file():
        return usual
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError:
        return path.read_bytes().decode("gb18030", "replace").strip()


def _words(this_round: OpenRound, duty: DutyState) -> Mapping[str, Any]:
    due, settings = duty.due, this_round.settings
    left = duty.days_left
    when = f"截止{due.month}月{due.day}日" if due else ""
    status = "退回的还没有改好报回" if duty.state == "sent_back" else "还没有收到"
    if left is not None and left < 0:
        status = f"已超过{-left}天，{status}"
    entry = duty.entry
    what = f"“{duty.project}”项目自评表" if duty.project else "自评表"
    return {
        "部门": entry.department if entry else "", "年度": settings.year, "表": what, "期限": when, "情况": status,
        "联系": settings.contact, "单位": settings.bureau, "联系人": entry.contact if entry else "",
    }  # fmt: skip


def _filled(this_round: OpenRound, template: str, words: Mapping[str, Any]) -> str:
    try:
        text = template.format(**words)
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        known = "、".join(f"{{{name}}}" for name in words)
        raise WorkbookError(
            t(
                "{text}：花括号里的词不对（{error}）；能用的有：{known}",
                text=this_round.folder.path / _TEXT,
                error=error,
                known=known,
            )
        ) from None
    if template == _SHORT_TEXT and len(text) > _LONGEST_MESSAGE:
        text = _SHORTER_TEXT.format(**words)
        return text if len(text) <= _LONGEST_MESSAGE else f"{text[: _LONGEST_MESSAGE - 1]}…"
    return text


def _draft(*, to: str, subject: str, text: str, date: datetime.datetime) -> bytes:
    """A mail that is opened, looked at and sent by a person: `X-Unsent` makes Outlook open it for writing."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["To"], message["Subject"], message["X-Unsent"] = to, subject, "1"
    message["Date"] = date
    message.set_content(text, charset="utf-8")
    return message.as_bytes()
