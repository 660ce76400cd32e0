"""Sending out: a blank template, or one for each department with its name and code locked in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from builder.sheets import Lock
from builder.template.approved import Addressee
from builder.template.edition import Edition
from builder.template.guide import SendBack
from builder.template.results import Results, worked_out
from builder.template.template import build, check_filling, issued
from workbook.arguments import PathLike, as_path, taken
from workbook.checking import Batch, joint_plan
from workbook.errors import BuildError
from workbook.form import DEPARTMENT, DEPARTMENT_CODE, Form, Value, as_form
from workbook.language import t
from workbook.layout import Layout, default_plan, formulas_of, lay_out
from workbook.reading import Filling
from workbook.writing import file_name, require_none_there, stem_of, writing


def issue(
    form: Form | PathLike,
    output: PathLike,
    addressed: Iterable[Addressee],
    *,
    folder: bool = False,
    fiscal_year: int | None = None,
    password: str = "",
    force: bool = True,
    progress: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Write one template for each who is addressed.

    With `folder`, `output` is a folder and files are named after code and department, of a form by project
    after code and project, in a folder of the county where there is one; without `force` files that are there
    already stop it before anything is written. Returns the files written, in order. Raises BuildError.

    >>> from builder import addressees, issue
    >>> two = addressees("department_overall", "samples/roster.csv", rows={"数量指标": 4})[:2]
    >>> len(issue("department_overall", "sent", two, folder=True))
    2
    """
    form = as_form(form)
    output = as_path(output, "output", suffixes=() if folder else (".xlsx",))
    remedy = t("应是 addressees(表式, 名册) 的结果")
    addressed = [
        taken(each, Addressee, "addressed", remedy)
        for each in taken(addressed, Iterable, "addressed", remedy)
    ]
    if folder and output.exists() and not output.is_dir():
        raise BuildError(t("{output}：有名册时应给出文件夹，这是一个文件", output=output))
    paths = [
        output / stem_of(each.county, "") / file_name(each.code, each.project or each.department)
        if folder
        else output
        for each in addressed
    ]
    of_path: dict[str, Addressee] = {}
    for path, each in zip(paths, addressed, strict=True):
        first = of_path.setdefault(str(path).casefold(), each)
        if first is not each:
            names = t(
                "“{first}”和“{second}”",
                first=first.project or first.department,
                second=each.project or each.department,
            )
            raise BuildError(
                t(
                    "{path}：{names}的文件名会相同，请在名册里写上预算编码，或改名",
                    path=path,
                    names=names,
                )
            )
    if folder and not force:
        require_none_there(paths)
    return issue_to(
        form, paths, addressed, fiscal_year=fiscal_year, password=password, progress=progress
    )


def issue_to(
    form: Form,
    paths: Sequence[Path],
    addressed: Sequence[Addressee],
    *,
    fiscal_year: int | None = None,
    password: str = "",
    progress: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Write one template for each who is addressed, to a path of its own. Raises BuildError."""
    filled = [_prefilled(each) for each in addressed]
    lock = Lock(password)
    alike: dict[tuple[object, ...], list[int]] = {}
    for n, each in enumerate(addressed):
        alike.setdefault((each.plan, each.send_back, _shape(filled[n])), []).append(n)
    for together in _together(form, addressed, alike.values()):
        layouts = [lay_out(form, addressed[numbers[0]].plan) for numbers in together]
        locked = [
            [issued(layout, filled[n], fiscal_year) for n in numbers]
            for layout, numbers in zip(layouts, together, strict=True)
        ]
        batch = _worked_out(layouts, locked)
        first = 0
        for layout, of_layout, numbers in zip(layouts, locked, together, strict=True):
            places = range(first, first + len(numbers))
            first += len(numbers)
            how = lock, addressed[numbers[0]].send_back
            for path in _written(
                layout, batch, places, [paths[n] for n in numbers], of_layout, *how
            ):
                if progress is not None:
                    progress(path)
    return list(paths)


_MOST_FORMS, _MOST_ROWS = 256, 8192
"""So many forms are worked out at a time, and rows of forms."""


def _together(
    form: Form, addressed: Sequence[Addressee], alike: Iterable[Sequence[int]]
) -> Iterator[list[Sequence[int]]]:
    """The numbers of forms that are worked out at a time, by which are alike."""
    together: list[Sequence[int]] = []
    count, plan = 0, default_plan(form)
    runs = (
        numbers[start : start + _MOST_FORMS]
        for numbers in alike
        for start in range(0, len(numbers), _MOST_FORMS)
    )
    for numbers in runs:
        own = addressed[numbers[0]].plan or default_plan(form)
        count, plan = count + len(numbers), joint_plan((plan, own))
        if together and (count > _MOST_FORMS or count * sum(plan) > _MOST_ROWS):
            yield together
            together, count, plan = [], len(numbers), own
        together.append(numbers)
    if together:
        yield together


def _worked_out(layouts: Sequence[Layout], locked: Sequence[Sequence[Filling]]) -> Batch:
    for layout, of_layout in zip(layouts, locked, strict=True):
        for filling in of_layout:
            check_filling(layout, filling)
    return worked_out(
        layouts[0].form,
        (
            (layout.plan, filling)
            for layout, of_layout in zip(layouts, locked, strict=True)
            for filling in of_layout
        ),
    )


def _written(
    layout: Layout,
    batch: Batch,
    places: Sequence[int],
    paths: Sequence[Path],
    locked: Sequence[Filling],
    lock: Lock,
    send_back: SendBack,
) -> Iterator[Path]:
    """Write forms that have the same cells locked in: the first as a workbook, and the others made from it."""
    results = Results(formulas_of(layout), batch, places)
    sheets = build(results, paths[0], locked, lock, send_back)
    yield paths[0]
    if len(paths) == 1:
        return
    differing = _differing(layout, locked)
    marks = [mark for mark in results.marks if mark.shown.keys & differing]
    edition = Edition(paths[0].read_bytes(), sheets, marks)
    for i, path in enumerate(paths[1:], 1):
        content = edition.form(i)
        if content is None:
            own = Results(formulas_of(layout), batch, [places[i]])
            build(own, path, [locked[i]], lock, send_back)
        else:
            with writing(path) as temporary:
                temporary.write_bytes(content)
        yield path


def _differing(layout: Layout, locked: Sequence[Filling]) -> frozenset[str]:
    """The fields whose locked values are not the same in all forms, and those computed from them."""
    spots = layout.spots.values()
    inputs = {
        spot.field.key
        for spot in spots
        if any(each.value(spot) != locked[0].value(spot) for each in locked)
    }
    computed = {key for key in layout.form.formulas if layout.form.origins_of(key) & inputs}
    return frozenset(inputs | computed)


def _shape(filling: Filling) -> tuple[object, ...]:
    """Which cells a filling fills in, and with what kind of value."""
    kinds = [(name, isinstance(value, str)) for name, value in sorted(filling.values.items())]
    rows = [
        (section, number, name, isinstance(value, str))
        for section, section_rows in sorted(filling.rows.items())
        for number, values in sorted(section_rows.items())
        for name, value in sorted(values.items())
    ]
    return (*kinds, *rows)


def _prefilled(each: Addressee) -> Filling:
    identity = {DEPARTMENT_CODE: each.code, DEPARTMENT: each.department}
    known: dict[str, Value] = {key: value for key, value in identity.items() if value}
    return Filling(each.prefilled.values | known, each.prefilled.rows)
