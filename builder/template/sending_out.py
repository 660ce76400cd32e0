"""Sending out: a blank template, or one for each department with its name and code locked in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from builder.sheets import Lock
from builder.template.approved import Addressee
from builder.template.template import build_templates
from workbook.arguments import PathLike, as_path, taken
from workbook.errors import BuildError
from workbook.form import DEPARTMENT, DEPARTMENT_CODE, Form, Value, as_form
from workbook.language import t
from workbook.reading import Filling
from workbook.writing import file_name, require_none_there, stem_of


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
    for numbers in alike.values():
        written = build_templates(
            form,
            [paths[n] for n in numbers],
            [filled[n] for n in numbers],
            plan=addressed[numbers[0]].plan,
            send_back=addressed[numbers[0]].send_back,
            fiscal_year=fiscal_year,
            lock=lock,
        )
        for path in written:
            if progress is not None:
                progress(path)
    return list(paths)


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
