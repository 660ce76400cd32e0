"""`summary` and `close` of a city: the counties' copies added up, a county at a time, and sealed for the level above."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook.arguments import PathLike
from workbook.checking import Roster, RosterEntry, RosterProject
from workbook.errors import WorkbookError
from workbook.form import DEPARTMENT, Form
from workbook.language import t
from workbook.levels.city import COUNTY_STATES, CityBoard, CountyState, fold_city
from workbook.reading import Return, Returns, Submission
from workbook.reported import CITY, PackedDuty, ReportPack, open_pack, write_city_pack
from workbook.round import Done, OpenRound, opened
from workbook.round.closing import about_round, seal_round
from workbook.round.folder import RESULT
from workbook.round.ledger import Event
from workbook.round.results import SUMMARY, write_result

if TYPE_CHECKING:
    from workbook.summary import Figures, Summary


def counted_packs(
    city: OpenRound, board: CityBoard | None = None
) -> Iterator[tuple[CountyState, ReportPack]]:
    """The packs that count, in the list's order, opened and held to their seals one at a time."""
    for county in (board or fold_city(city)).counties:
        if county.counted is not None:
            yield county, open_pack(city.folder.content(county.counted.sha256), county.counted.name)


def returns_of_city(folder: PathLike | OpenRound) -> Returns:
    """All copies that count in all packs that count, whole, as each county read and judged them: for `frames` and the like.

    Of a province take `summary_of_city`, which holds one county's at a time.
    """
    with opened(folder, CITY) as city:
        return Returns(
            _of_county(each, f"{county.name}{below}")
            for county, pack in counted_packs(city)
            for below, own in pack.by_county()
            for each in own.returns(f"{county.name}{below}-上报.zip")
        )


@dataclass(slots=True)
class _Collected:
    """What of the counties' packs adds up. Of a return the cells go, once its figures are taken."""

    returns: list[Return] = field(default_factory=list)
    entries: list[RosterEntry] = field(default_factory=list)
    reviews: list[Mapping[str, Any]] = field(default_factory=list)
    _figures: dict[tuple[str, int], list[Figures]] = field(default_factory=dict)

    def take(self, county: str, pack: ReportPack) -> None:
        """A county's own pack, under the name that the county has at this level."""
        from workbook.summary import by_form, figures_in  # noqa: PLC0415 - pandas

        returns = [_of_county(each, county) for each in pack.returns(f"{county}-上报.zip")]
        for form, submissions in by_form(returns).values():
            self._figures.setdefault((form.key, pack.year), []).append(
                figures_in(form, submissions)
            )
        self.returns += [_light(each) for each in returns]
        self.entries += _entries(county, pack)
        self.reviews += [{**each, "county": county} for each in pack.reviews]

    def figures(self, form: Form, submissions: Sequence[Submission]) -> Figures:
        """As `workbook.summary.figures_in`, of submissions whose cells are gone."""
        from workbook.summary import joined_figures  # noqa: PLC0415

        parts = [
            part for (key, _), taken in self._figures.items() if key == form.key for part in taken
        ]
        return joined_figures(form, parts, [submission.key for submission in submissions])


def _of_county(returned: Return, county: str) -> Return:
    return replace(returned, county=county, chosen=True)


def _light(returned: Return) -> Return:
    """A return without the cells that have been added up."""
    submission = returned.submission
    if submission is None:
        return returned
    form = submission.form
    kept = form.field_of(DEPARTMENT), form.key_fields.prepared_on, form.key_fields.project
    keys = {item.key for item in kept if item is not None}
    keys |= {f"{section.id}.{form.key_fields.row_start(section)}" for section in form.repeating}
    cells = {
        name: cell
        for name, cell in submission.cells.items()
        if ".".join(name.split(".")[:2]) in keys
    }
    return replace(
        returned,
        submission=replace(submission, cells=cells, verdicts={}, stored_filling=submission.filling),
    )


_LET_OFF = ("excused", "nothing")


def _entries(county: str, pack: ReportPack) -> Iterator[RosterEntry]:
    """The departments that owed something, as the city's roster has them."""
    by_department: dict[tuple[str, str], list[PackedDuty]] = {}
    for duty in pack.duties:
        by_department.setdefault((duty.code, duty.department), []).append(duty)
    for (code, department), duties in by_department.items():
        owed = [duty for duty in duties if duty.state not in _LET_OFF]
        if owed:
            projects = tuple(RosterProject(duty.project) for duty in owed if duty.project)
            known = code if code != department else ""
            day = min((duty.deadline for duty in owed if duty.deadline), default="")
            deadline = date.fromisoformat(day) if day else None
            yield RosterEntry(
                known, department, county=county, projects=projects, deadline=deadline
            )


def summary_of_city(city: OpenRound, board: CityBoard | None = None) -> Summary:
    """The summary of all copies that count in all packs that count, as if each had been read here."""
    from workbook.summary import Review, Reviews, aggregate, load_previous  # noqa: PLC0415 - pandas

    board = board or fold_city(city)
    collected = _Collected()
    for county, pack in counted_packs(city, board):
        for below, own in pack.by_county():
            collected.take(f"{county.name}{below}", own)
    if not collected.entries:
        raise WorkbookError(
            t("{path}：还没有一个县区报来上报包，没有可以汇总的", path=city.folder.path)
        )
    previous = city.settings.previous
    path = city.folder.path / previous if previous else None
    names = (
        "form",
        "year",
        "county",
        "code",
        "department",
        "project",
        "score",
        "remark",
        "address",
    )
    typed = tuple(
        Review(*({**each, "address": "上报包"}[name] for name in names))
        for each in collected.reviews
    )
    return replace(
        aggregate(
            collected.returns,
            Roster(city.folder.path, tuple(collected.entries)),
            reviews=Reviews(city.folder.path, typed) if typed else None,
            previous=load_previous(path / RESULT / SUMMARY if path.is_dir() else path)
            if path and path.exists()
            else None,
            reading=collected.figures,
        ),
        root=str(city.folder.path),
    )


def summarise_city(folder: PathLike | OpenRound) -> Done:
    """Write 汇总/ of a city: workbook, page and draft, of the packs that count now. Raises WorkbookError."""
    with opened(folder, CITY) as city:
        board = fold_city(city)
        shown = write_result(city, summary_of_city(city, board))
        counted = {c.key.text: c.counted.sha256 for c in board.counties if c.counted}
        last = next((e for e in reversed(city.events) if e.kind == "summarised"), Event(""))
        written = (
            city.write_now([Event("summarised", data={"counted": counted, "file": shown[0]})])
            if counted != last.data.get("counted") and not board.closed
            else []
        )
        missing = [county.name for county in board.counties if county.counted is None]
        said = (t("还没有报来的县区：{missing}", missing=t("、").join(missing)),) if missing else ()
        return Done(tuple(e.id for e in written), shown, remarks=tuple(city.remarks), said=said)


def close_city(folder: PathLike | OpenRound) -> Done:
    """Seal a city's round: DIR.zip, which stays, and DIR-上报.zip with the counties' packs, for the province.

    Raises WorkbookError while a county is not approved.
    """
    with opened(folder, CITY) as city:

        def stands_against() -> list[str]:
            return [
                f"{county.name} {COUNTY_STATES[county.state]}"
                for county in fold_city(city).counties
                if county.state != "approved"
            ]

        def write(target: Path, data: Mapping[str, Any]) -> str:
            board = fold_city(city)
            packs = {
                c.name: city.folder.stored(c.counted.sha256) for c in board.counties if c.counted
            }
            return write_city_pack(target, {**about_round(city, data), "reviews": []}, packs)

        if open_ := ([] if city.is_closed else stands_against()):
            raise WorkbookError(
                t(
                    "各县区都核定了才能封存，还有：{open}；今年不报的县区，从名册里去掉",
                    open=t("；").join(open_),
                )
            )
        return seal_round(city, stands_against, write)
