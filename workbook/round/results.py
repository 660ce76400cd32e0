"""What a round comes to: the summary of the copies that count, the sample, what is published; and reading anew."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook.arguments import PathLike
from workbook.catalogue import Severity
from workbook.checking import Roster
from workbook.errors import WorkbookError
from workbook.findings import Finding
from workbook.language import t
from workbook.reading import Return, Returns
from workbook.release import __version__
from workbook.round.deciding import Done, duties_of
from workbook.round.folder import PUBLIC, RESULT, OpenRound, opened
from workbook.round.intake import Incoming
from workbook.round.ledger import DutyKey, Event
from workbook.round.placing import place, place_for
from workbook.round.receiving import KeptReader, Reception, findings_of
from workbook.round.state import STATES, Board, DutyState, LivingProblem, fold
from workbook.round.versions import Standing
from workbook.text import fold_as_seen
from workbook.writing import writing

if TYPE_CHECKING:
    from workbook.overview import Sampling
    from workbook.summary import Reviews, Summary

SUMMARY, DRAFT, PAGE, SAMPLE = "汇总表.xlsx", "汇总报告（初稿）.docx", "汇总.html", "抽查名单.csv"


def counted_returns(
    this_round: OpenRound, board: Board | None = None, *, approved: bool = False
) -> Returns:
    """The copies that count, each with the findings that were found when it was read, and what was decided on them.

    With `approved` those of approved duties alone. They stand under the names that the roster has now.

    >>> from workbook.round import counted_returns, new_round, opened, receive
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> with opened(path) as this_round:
    ...     len(counted_returns(this_round))
    12
    """
    board = board or fold(this_round)
    duties = [
        duty for duty in board.duties
        if duty.counted is not None and not duty.settled and (duty.is_approved or not approved)
    ]  # fmt: skip
    reader = KeptReader(this_round)
    read = reader.read(
        [(duty.counted.name, duty.counted.sha256) for duty in duties if duty.counted]
    )
    checked_by = f"workbook {__version__}，收表账本"
    return Returns(
        replace(
            _under_roster_name(returned, duty), path=returned.path,
            findings=tuple(_standing(this_round, duty)), checked_by=checked_by, received=duty.first_day,
            chosen=True,
        )
        for duty, returned in zip(duties, read, strict=True)
    )  # fmt: skip


def _under_roster_name(returned: Return, duty: DutyState) -> Return:
    submission, entry = returned.submission, duty.entry
    if submission is None or entry is None:
        return returned
    named = replace(
        submission,
        department=entry.department,
        department_code=entry.code or submission.department_code,
    )
    return replace(returned, submission=named, county=entry.county or returned.county)


def _standing(this_round: OpenRound, duty: DutyState) -> Iterator[Finding]:
    """A version's findings, those that were let stand as notes that say so."""
    version = duty.counted
    assert version is not None, "it counts"
    approved = _approved_for(duty)
    by_finding: dict[int, list[LivingProblem]] = {}
    for living in duty.problems_of(version):
        by_finding.setdefault(living.problem.finding, []).append(living)
    for number, item in enumerate(findings_of(this_round.ledger.reading(version.reading))):
        here = by_finding.get(number, [])
        waived = [each for each in here if each.state == "waived"]
        open_ = [each for each in here if each.state != "waived"]
        if waived:
            yield _let_stand(_narrowed(item, waived), "已核定不改", _reasons(waived))
        if open_ or not here:
            rest = _narrowed(item, open_)
            is_let = approved is not None and any(each.is_open_error for each in open_)
            yield _let_stand(rest, "带着错误核定", approved or "") if is_let else rest


def _approved_for(duty: DutyState) -> str | None:
    """Why a duty was approved with errors; None if it was not approved."""
    last = next((e for e in reversed(duty.decisions) if e.kind == "approved"), None)
    return str(last.data.get("why", "")) if duty.is_approved and last is not None else None


def _reasons(waived: Iterable[LivingProblem]) -> str:
    """Why some problems stay: what the bureau said, and what the department had."""
    words = []
    for each in waived:
        words.append(each.waiver.why if each.waiver else "")
        words.append(f"单位说明：{each.answer.note}" if each.answer and each.answer.note else "")
    return "；".join(dict.fromkeys(filter(None, words)))


def _let_stand(item: Finding, what: str, why: str) -> Finding:
    told = f"{item.message}（{what}{'：' if why else ''}{why}）"
    return replace(item, severity=Severity.NOTE, message=told)


def _narrowed(item: Finding, living: Iterable[LivingProblem]) -> Finding:
    """A finding over several cells, for those of some of its problems."""
    names = {name for each in living for name in each.problem.fields}
    fields, cells = item.field.split(","), item.cell.split(",")
    if not names or len(fields) != len(cells):
        return item
    kept = [(field, cell) for field, cell in zip(fields, cells, strict=True) if field in names]
    return (
        replace(item, field=",".join(f for f, _ in kept), cell=",".join(c for _, c in kept))
        if kept
        else item
    )


def _roster_now(this_round: OpenRound, board: Board) -> Roster:
    """The roster without those let off, each with the day that holds for it."""
    by_entry = {department.entry: department for department in board.departments}
    settled = {(d.key.county, d.key.code, d.project) for d in board.duties if d.settled}
    entries = []
    for entry in this_round.roster.entries:
        department = by_entry.get(entry)
        if department is not None and all(duty.settled for duty in department.duties):
            continue
        days = [duty.deadline for duty in department.duties if duty.deadline] if department else []
        key = entry.county, entry.code or entry.department
        projects = tuple(each for each in entry.projects if (*key, each.name) not in settled)
        deadline = max(days, default=entry.deadline)
        entries.append(replace(entry, deadline=deadline, projects=projects))
    return replace(this_round.roster, entries=tuple(entries))


# --- the summary -----------------------------------------------------------------------------------------


def summarise(folder: PathLike | OpenRound) -> Done:
    """Write 汇总/: the workbook, the page and the draft, of what counts now.

    Scores and remarks that were typed into the former workbook become events before it is written anew.

    >>> from workbook.round import new_round, receive, summarise
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> summarise(path).files
    ('汇总/汇总表.xlsx', '汇总/汇总.html', '汇总/汇总报告（初稿）.docx')
    """
    with opened(folder) as this_round:
        board = fold(this_round)
        former = this_round.folder.path / RESULT / SUMMARY
        typed = () if board.closed else _reviewed(this_round, board, former)
        reviewed = this_round.write_now(typed)
        summary = summary_of(this_round, board)
        shown = write_result(this_round, summary, _sampling_of(this_round, summary))
        written = list(reviewed)
        if not board.closed and is_stale(this_round, board):
            data = {"counted": _counted(board), "file": shown[0]}
            written += this_round.write_now([Event("summarised", data=data)])
        let_off = [
            d.entry.department for d in board.departments if all(duty.settled for duty in d.duties)
        ]
        said = (
            [t("免报或申报无的不在应报之内：{let_off}", let_off=t("、").join(let_off))]
            if let_off
            else []
        )
        if scores := sum(data["score"] is not None for _, data in _scores(this_round)):
            said.append(t("复核得分 {scores} 个，都记在账上", scores=scores))
        return Done(
            tuple(e.id for e in written),
            shown,
            remarks=tuple(this_round.remarks),
            said=tuple(said),
            board=board,
        )


def write_result(
    this_round: OpenRound, summary: Summary, sampling: Sampling | None = None
) -> tuple[str, ...]:
    """Write a summary into 汇总/, as workbook, page and draft; returns their names, as from the folder."""
    from builder.summary import build_summary  # noqa: PLC0415 - with all that it imports
    from builder.web import build_page  # noqa: PLC0415
    from builder.word import build_county_report  # noqa: PLC0415

    result = this_round.folder.path / RESULT
    build_page(summary, result / PAGE)
    build_county_report(summary, result / DRAFT)
    build_summary(summary, result / SUMMARY, sampling=sampling)
    return tuple(this_round.folder.shown(result / name) for name in (SUMMARY, PAGE, DRAFT))


def is_stale(this_round: OpenRound, board: Board) -> bool:
    """Whether something that the summary shows has happened since it was last written.

    >>> from workbook.round import fold, is_stale, new_round, opened, receive, summarise
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received, done = receive(path, "samples/returns"), summarise(path)
    >>> with opened(path) as this_round:
    ...     is_stale(this_round, fold(this_round))
    False
    """
    last = next((e for e in reversed(this_round.events) if e.kind == "summarised"), Event(""))
    since = this_round.events[last.id :]
    is_seen = any(
        event.kind not in _UNSEEN and not (event.kind == "approved" and not event.data.get("why"))
        for event in since
    )
    return is_seen or _counted(board) != last.data.get("counted")


_UNSEEN = (
    "issued", "sent_back", "reminded", "sampled", "published", "closed", "reopened", "answered", "received",
)  # fmt: skip
"""What changes nothing in the summary."""


def _counted(board: Board) -> dict[str, str]:
    return {d.key.text: d.counted.sha256 for d in board.duties if d.counted and not d.settled}


def summary_of(this_round: OpenRound, board: Board | None = None) -> Summary:
    """The summary of the copies that count, with the scores on record."""
    from workbook.summary import aggregate, load_previous  # noqa: PLC0415 - pandas

    board = board or fold(this_round)
    previous: Any = None
    if this_round.last_year:
        previous = aggregate(this_round.last_year, checked=False)
    elif (
        this_round.settings.previous
        and (path := this_round.folder.path / this_round.settings.previous).is_file()
    ):
        previous = load_previous(path)
    summary = aggregate(
        counted_returns(this_round, board), _roster_now(this_round, board),
        deadline=this_round.settings.deadline, reviews=reviews_on_record(this_round), previous=previous,
    )  # fmt: skip
    return replace(summary, root=str(this_round.folder.path))


def _reviewed(this_round: OpenRound, board: Board, path: Path) -> Iterator[Event]:
    """What was typed into the summary since it was written, as events."""
    from workbook.summary import typed_in  # noqa: PLC0415

    typed = typed_in(path) if path.is_file() else None
    if typed is None:
        return
    known = dict(_scores(this_round))
    settings = {
        "cutoffs": [[*k, v] for k, v in typed.cutoffs.items()],
        "criteria": [[*k, v] for k, v in typed.criteria.items()],
    }
    if settings != _settings_on_record(this_round):
        yield Event("reviewed", data=settings)
    found: set[str] = set()
    for entry in typed.entries:
        duty = _duty_of(board, entry)
        key = duty.key if duty else DutyKey()
        data = {
            "form": entry.form, "year": entry.fiscal_year, "county": entry.county, "code": entry.code,
            "department": entry.department, "project": entry.project, "score": entry.score, "remark": entry.remark,
        }  # fmt: skip
        identity = _identity_of(data)
        found.add(identity)
        if known.get(identity) != data:
            yield Event("reviewed", key, data=data)
    for identity, data in known.items():
        if identity not in found and (data["score"] is not None or data["remark"]):
            yield Event("reviewed", data={**data, "score": None, "remark": ""})


def _duty_of(board: Board, entry: Any) -> DutyState | None:
    for duty in board.duties:
        same = entry.code == duty.key.code or (
            duty.entry and fold_as_seen(entry.department) == fold_as_seen(duty.entry.department)
        )
        same_project = fold_as_seen(entry.project) == fold_as_seen(duty.project)
        same_form = duty.form.name.removesuffix("表") == entry.form
        if same and same_project and same_form and entry.county in ("", duty.key.county):
            return duty
    return None


def _identity_of(data: Mapping[str, Any]) -> str:
    return "|".join(
        str(data[name]) for name in ("form", "year", "county", "code", "department", "project")
    )


def _scores(this_round: OpenRound) -> Iterator[tuple[str, dict[str, Any]]]:
    """By whom it is about the last that was typed."""
    last: dict[str, dict[str, Any]] = {}
    for event in this_round.events:
        if event.kind == "reviewed" and "score" in event.data:
            last[_identity_of(event.data)] = dict(event.data)
    yield from last.items()


def scores_on_record(this_round: OpenRound) -> list[dict[str, Any]]:
    """The last score and remark that was typed of each: form, year, county, code, department, project, score, remark."""
    return [data for _, data in _scores(this_round)]


def _settings_on_record(this_round: OpenRound) -> Mapping[str, Any]:
    nothing: dict[str, Any] = {"cutoffs": [], "criteria": []}
    return next(
        (
            e.data
            for e in reversed(this_round.events)
            if e.kind == "reviewed" and "cutoffs" in e.data
        ),
        nothing,
    )


def reviews_on_record(this_round: OpenRound) -> Reviews:
    """All that was typed into summaries, whether one of them is still there or not."""
    from workbook.summary import Review, Reviews  # noqa: PLC0415

    entries = [
        Review(data["form"], data["year"], data["county"], data["code"], data["department"], data["project"],
               data["score"], data["remark"], "账本")
        for _, data in _scores(this_round)
        if data["score"] is not None or data["remark"]
    ]  # fmt: skip
    settings = _settings_on_record(this_round)
    pairs = (
        {(first, second): value for first, second, value in settings[name]}
        for name in ("cutoffs", "criteria")
    )
    return Reviews(this_round.folder.path / RESULT / SUMMARY, tuple(entries), *pairs)


# --- the sample ------------------------------------------------------------------------------------------


def sample_round(folder: PathLike | OpenRound, add: Iterable[str] = ()) -> Done:
    """Draw the sample for re-checking, once; then it stays, but for what is added by decision.

    >>> from workbook.round import new_round, receive, sample_round
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> len(sample_round(path).said)
    3
    """
    from workbook.overview import sample, sampling_of  # noqa: PLC0415

    with opened(folder) as this_round:
        this_round.require_open()
        board = fold(this_round)
        drawn = sampled(this_round)
        events: list[Event] = []
        if not drawn:
            summary = summary_of(this_round, board)
            settings = this_round.settings
            lines = []
            for part in summary.forms[:1]:
                chosen = replace(
                    sampling_of(summary), share=settings.sample_share, least=settings.sample_least
                )
                frame = sample(part, chosen)
                words = frame.loc[frame["sampled"], ["county", "code", "department", "why"]].fillna(
                    ""
                )
                lines = [
                    {**line, "why": line["why"] or "按次序"} for line in words.to_dict("records")
                ]
            if not lines:
                raise WorkbookError(t("还没有可以抽查的表"))
            events.append(
                Event(
                    "sampled",
                    data={
                        "lines": lines,
                        "share": settings.sample_share,
                        "least": settings.sample_least,
                    },
                )
            )
        known = {line["code"] for line in drawn}
        for code in add:
            entry = duties_of(board, code)[0].entry
            if entry is not None and entry.code not in known:
                line = {
                    "county": entry.county,
                    "code": entry.code,
                    "department": entry.department,
                    "why": "指定",
                }
                events.append(Event("sampled", data={"lines": [line], "added": True}))
        written = this_round.write_now(events)
        path = this_round.folder.path / RESULT / SAMPLE
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["县区", "预算编码", "部门", "为什么抽到"])
        writer.writerows(
            [line["county"], line["code"], line["department"], line["why"]]
            for line in sampled(this_round)
        )
        with writing(path) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
        said = tuple(
            t("{who}：{what}", who=" ".join((line["code"], line["department"])), what=line["why"])
            for line in sampled(this_round)
        )
        remarks = list(this_round.remarks)
        if not drawn and board.missing:
            remarks.append(
                t(
                    "抽定以后不再变：还没有报来的 {missing} 个单位不在里面，以后要查的用 --add 添",
                    missing=board.missing,
                )
            )
        return Done(tuple(e.id for e in written), (this_round.folder.shown(path),), remarks=tuple(remarks),
                    said=said, board=board)  # fmt: skip


def _sampling_of(this_round: OpenRound, summary: Summary) -> Sampling | None:
    """By what the summary proposes whom to re-check: the settings, or who was drawn."""
    from workbook.overview import usual_sampling  # noqa: PLC0415

    settings = this_round.settings
    drawn = frozenset((line["county"], line["code"]) for line in sampled(this_round))
    return replace(
        usual_sampling(summary),
        share=settings.sample_share,
        least=settings.sample_least,
        drawn=drawn or None,
    )


def sampled(this_round: OpenRound) -> list[dict[str, str]]:
    """The departments drawn so far, in order."""
    return [
        line
        for event in this_round.events
        if event.kind == "sampled"
        for line in event.data["lines"]
    ]


# --- publishing ------------------------------------------------------------------------------------------


def publish(folder: PathLike | OpenRound, *, pdf: bool = False) -> Done:
    """Write 公开/: the reports of approved duties and their index with reviewed scores; nothing of whom to ring up.

    What an earlier run wrote there and no longer holds is taken away.

    >>> from workbook.round import decide, new_round, publish, receive
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> done = decide(path, "118001", approve=True)
    >>> publish(path).files
    ('公开/118001_岳阳市云溪区档案馆_自评报告.docx', '公开/index.html')
    """
    from builder.word import select, write_reports  # noqa: PLC0415

    with opened(folder) as this_round:
        board = fold(this_round)
        target = this_round.folder.path / PUBLIC
        returns = counted_returns(this_round, board, approved=True)
        reviewed = _reviewed_scores(summary_of(this_round, board))
        left_out = [
            (duty.full_key, _why_unpublished(duty))
            for duty in board.duties
            if not (duty.is_approved and not duty.settled)
        ]
        chosen = select(returns, this_round.roster, year=this_round.settings.year, public=True)
        left_out += [(this_round.folder.shown(path), why) for path, why in chosen.left_out]
        result = write_reports(
            chosen.returns, target, public=True, pdf=pdf, force=True, reviewed=reviewed
        )
        left_out += [(this_round.folder.shown(path), why) for path, why in result.refused]
        files = [*result.documents, *result.papers, *filter(None, [result.index])]
        none: list[str] = []
        former = next(
            (e.data["files"] for e in reversed(this_round.events) if e.kind == "published"), none
        )
        shown = [this_round.folder.shown(path) for path in files]
        for name in set(former) - set(shown):
            (this_round.folder.path / name).unlink(missing_ok=True)
        written = []
        if not board.closed and sorted(shown) != sorted(former):
            written = this_round.write_now(
                [Event("published", data={"files": shown, "left_out": [list(x) for x in left_out]})]
            )
        return Done(
            tuple(e.id for e in written),
            tuple(shown),
            tuple(left_out),
            tuple(this_round.remarks),
            board=board,
        )


def _reviewed_scores(summary: Summary) -> dict[Path, tuple[float, str]]:
    """By a return's path: the score that re-checking gave it, and the grade that follows."""
    return {
        Path(line["file"]): (float(line["review_score"]), str(line["grade"]))
        for part in summary.forms
        if part.key_fields.score is not None
        for line in part.departments.dropna(subset=["review_score", "file"]).to_dict("records")
    }


def _why_unpublished(duty: DutyState) -> str:
    return (
        t("{state}，没有核定", state=t(STATES[duty.state]))
        if not duty.settled
        else t(STATES[duty.settled])
    )


# --- reading anew ----------------------------------------------------------------------------------------


def recheck(folder: PathLike | OpenRound, departments: Iterable[str] = ()) -> Done:
    """Read every copy anew with today's tool; where something else comes of it, that is an event.

    >>> from workbook.round import new_round, receive, recheck
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> recheck(path, ["118001"]).events
    ()
    """
    with opened(folder) as this_round:
        this_round.require_open()
        board = fold(this_round)
        codes = list(departments)
        duties = (
            [d for code in codes for d in duties_of(board, code)] if codes else list(board.duties)
        )
        reader = KeptReader(this_round)
        events: list[Event] = []
        readings: list[bytes] = []
        said = []
        for duty in duties:
            for version in duty.versions:
                received = board.files[version.sha256]
                incoming = Incoming(
                    version.name,
                    version.sha256,
                    received.data["size"],
                    version.time,
                    received.data["time_of"],
                )
                (returned,) = reader.read([(version.name, version.sha256)])
                placement = place_for(this_round, duty.key, incoming, returned)
                reception = Reception(this_round, board, reader)
                reception.placements[version.sha256] = placement
                judged, _ = reception.judge([(incoming, returned)])
                standing = version.standing
                if standing is Standing.UNREADABLE:  # its password was given meanwhile
                    placed = place(this_round, incoming, returned)
                    standing = placed.standing if placed.key == duty.key else standing
                data = reception.read_data(
                    judged[version.sha256], replace(placement, standing=standing)
                )
                before = {**this_round.ledger.reading(version.reading), "by": ""}
                if before != {**json.loads(reception.readings[-1]), "by": ""}:
                    events.append(Event("rechecked", duty.key, version.sha256, data))
                    readings += reception.readings
                    said.append(
                        t(
                            "{full_key} 第 {number} 版：读出的与以前不同",
                            full_key=duty.full_key,
                            number=version.number,
                        )
                    )
        written = this_round.write(events, readings=readings) if events else []
        return Done(tuple(e.id for e in written), remarks=tuple(this_round.remarks),
                    said=tuple(said) or (t("都与以前读出的一样"),), board=fold(this_round))  # fmt: skip
