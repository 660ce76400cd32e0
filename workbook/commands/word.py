"""The commands that deal with Word documents: reports out, last year's forms in."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from workbook.commands.former_outputs import settle
from workbook.commands.messages import CLEAN, FOUND, fail, say
from workbook.commands.options import (
    CountyOf,
    county_options,
    exit_code,
    force_option,
    form_file_option,
    json_option,
    opening_password_option,
    password_in,
    passwords_from,
    print_json,
    print_returns,
    progress_bar,
    read_all,
    refuse_existing,
    require_workbook_name,
    roster_option,
    use_option,
    year_option,
)
from workbook.commands.outcome import report_faults
from workbook.language import t


@click.command(
    help=t("写出各单位的自评报告（Word 公文格式，表作附件）；--public 写成公开用的一套。")
)
@click.argument("paths", nargs=-1, metavar=t("文件或文件夹..."), type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help=t("写到哪个文件夹。")
)
@click.option("--pdf", is_flag=True, help=t("另存为 PDF（要装有 LibreOffice）。"))
@click.option(
    "--public", is_flag=True, help=t("公开用：去掉填表人和联系电话，另写目录页 index.html。")
)
@click.option(
    "--template",
    type=click.Path(path_type=Path, dir_okay=False),
    help=t("在 Word 中改好的模板（.docx）。"),
)
@click.option(
    "--write-template",
    type=click.Path(path_type=Path, dir_okay=False),
    help=t("写出一份模板供修改，不写报告。"),
)
@roster_option
@county_options
@year_option
@use_option
@form_file_option
@opening_password_option
@force_option
def report(
    paths: tuple[Path, ...], output: Path | None, pdf: bool, public: bool, template: Path | None,
    write_template: Path | None, roster: Path | None, county: CountyOf,
    year: int | None, use: tuple[Path, ...], form_file: tuple[Path, ...], password_env: str, force: bool,
) -> None:  # fmt: skip
    """See the command's help."""
    from builder.word import select, write_reports
    from workbook.checking import check, load_roster
    from workbook.word import find_office

    if write_template is not None:
        _write_template(write_template, force=force)
        if not paths:
            return
    if not paths or output is None:
        fail(t("要给出收回的表和 -o 文件夹"))
    if pdf and find_office() is None:
        fail(t("没有找到 LibreOffice，不能转换成 PDF；请安装，或去掉 --pdf 后用 Word 另存"))
    loaded_roster = load_roster(roster) if roster else None
    passwords = passwords_from(password_env, loaded_roster)
    unchecked = read_all(paths, form_file, passwords, county=county, use=use)
    returns = check(unchecked, loaded_roster, year=year)
    chosen = select(returns, loaded_roster, year=year, public=public)
    with progress_bar(len(chosen.returns), t("写出")) as progress:
        written = write_reports(
            chosen.returns, output, template=template, pdf=pdf, public=public, force=force,
            unlisted=chosen.faulty, progress=progress,
        )  # fmt: skip
    for path in written.without_report:
        say(t("{path}：没有填写自评报告，只写出了表", path=path))
    index = t("，没有列入目录页") if public else ""
    for path, errors in chosen.faulty.items():
        say(t("{path}：有 {errors} 处错误未改{index}", path=path, errors=errors, index=index))
    left_out = [*chosen.left_out, *written.refused]
    for path, why in left_out:
        say(t("{path}：没有写出：{why}", path=path, why=why))
    if written.index is not None:
        say(t("目录页：{index}", index=written.index))
    elif public:
        say(t("没有写目录页：没有可以列入的单位"))
    paths_written = [*written.documents, *written.papers, *filter(None, [written.index])]
    settle(output, paths_written, "reports", force=force)
    papers = t("，PDF {count} 份", count=len(written.papers)) if pdf else ""
    say(
        t(
            "共 {returns} 份表：写出 {documents} 份报告{papers}，没有写出 {left_out} 份；"
            "在文件夹 {output}",
            returns=len(returns),
            documents=len(written.documents),
            papers=papers,
            left_out=len(left_out),
            output=output,
        )
    )
    report_faults([*written.faults, *(item.fault for item in returns)], output / "reports")
    sys.exit(FOUND if left_out or (public and chosen.faulty) else CLEAN)


def require_document_name(path: Path, *, force: bool) -> None:
    """Refuse a name that is no Word document's, or one that is taken."""
    if path.suffix.lower() != ".docx":
        fail(t("“{path}”应以 .docx 结尾", path=path))
    refuse_existing(path, (), force=force)


def _write_template(path: Path, *, force: bool) -> None:
    from builder.word import write_template

    require_document_name(path, force=force)
    write_template(path)
    say(t("模板：{path}；在 Word 中改样式、页边距、页眉页脚，再用 --template 给出", path=path))


@click.command(
    "import-word",
    help=t("读入 Word 格式的旧表（.docx、.doc）：检查，并写成填好的模板。"),
)
@click.argument("file", metavar=t("文件"), type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help=t("把读到的内容填入模板，写成这个 .xlsx。"),
)
@roster_option
@form_file_option
@opening_password_option
@force_option
@json_option
def import_word(
    file: Path, output: Path | None, roster: Path | None, form_file: tuple[Path, ...],
    password_env: str, force: bool, as_json: bool,
) -> None:  # fmt: skip
    """See the command's help."""
    from builder import build_template
    from workbook.checking import load_roster
    from workbook.commands.output import record
    from workbook.reading import known_forms
    from workbook.word import import_word as read_word

    if not file.exists():
        fail(t("找不到“{file}”，请检查路径", file=file))
    if output is not None:
        require_workbook_name(output)
        refuse_existing(output, (file,), force=force)
    loaded_roster = load_roster(roster) if roster else None
    password = password_in(password_env)
    forms = known_forms(form_file).values()
    imported = read_word(file, forms, loaded_roster, passwords=(password,) if password else ())
    submission = imported.returned.submission
    if output is not None and submission is not None:
        build_template(
            submission.form, output, filling=imported.filling, plan=imported.plan,
            fiscal_year=submission.fiscal_year,
        )  # fmt: skip
    if as_json:
        print_json(record(imported.returned, values=True))
    else:
        print_returns([imported.returned], form_file)
        if output is not None and submission is not None:
            say(t("填好的模板：{output}", output=output))
    sys.exit(exit_code([imported.returned]))
