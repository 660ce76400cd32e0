"""The commands about forms: what definitions there are, templates to send out, where each cell stands."""

from __future__ import annotations

from pathlib import Path

import click

from workbook.commands.messages import say, t
from workbook.commands.options import (
    force_option,
    form_argument,
    form_file_option,
    given_form,
    json_option,
    password_in,
    print_json,
    progress_bar,
    refuse_existing,
    require_workbook_name,
    roster_option,
)


@click.command(help=t("列出现有的表式定义。", "List the form definitions."))
@json_option
def forms(as_json: bool) -> None:
    """See the command's help."""
    from workbook.form import available_forms, load_form

    definitions = [load_form(path) for path in available_forms()]
    if as_json:
        print_json([
            {"form": f.id, "version": f.version, "name": f.name, "unit": f.unit,
             "fields": sum(1 for _ in f.fields()), "rules": len(f.rules), "path": str(f.path)}
            for f in definitions
        ])  # fmt: skip
        return
    for form in definitions:
        rule_count = sum(not rule.general for rule in form.rules)
        click.echo(f"{form.id}  {form.version}  {form.name}"
                   + t(f"（{form.unit}，{rule_count} 条规则）", f" ({form.unit}, {rule_count} rules)"))  # fmt: skip
    click.echo(t("\n用 workbook template 表名 -o 文件.xlsx 生成空白表。",
                  "\n`workbook template FORM -o FILE.xlsx` writes a blank form."))  # fmt: skip


@click.command(help=t(
    "生成空白表；给出单位则生成该单位专用的表，给出名册则每个单位一份。",
    "Write a blank form; one for a department, or one for each department of a roster.",
))  # fmt: skip
@form_argument
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path),
              help=t("写到哪个文件（有名册时为文件夹）。", "The file (with a roster: the folder) to write."))  # fmt: skip
@click.option(
    "--department",
    default="",
    help=t("单位名称，写入并锁定。", "Department, filled in and locked."),
)
@click.option(
    "--code", default="", help=t("预算编码，写入并锁定。", "Budget code, filled in and locked.")
)
@click.option("--year", type=click.IntRange(2000, 2100), help=t("年度。", "Fiscal year."))
@roster_option
@form_file_option
@force_option
@click.option("--password-env", default="", help=t(
    "存有保护密码的环境变量名。", "Environment variable that holds the protection password."))  # fmt: skip
def template(
    form: str, output: Path, department: str, code: str, year: int | None,
    roster: Path | None, form_file: tuple[Path, ...], force: bool, password_env: str,
) -> None:  # fmt: skip
    """See the command's help."""
    from builder.template import issue
    from workbook.checking import load_roster

    definition = given_form(form, form_file)
    require_workbook_name(output, folder=roster is not None)
    if roster is None:
        refuse_existing(output, (), force=force)
    password = password_in(password_env)
    if roster is None:
        written = issue(
            definition, output, [(code, department)], fiscal_year=year, password=password
        )
    else:
        loaded_roster = load_roster(roster)
        year = year or loaded_roster.year
        entries = [(entry.code, entry.department) for entry in loaded_roster.entries]
        with progress_bar(len(entries), t("生成", "Writing")) as progress:
            written = issue(definition, output, entries, folder=True, fiscal_year=year,
                            password=password, force=force, progress=progress)  # fmt: skip
    if len(written) == 1 and roster is None:
        say(t(f"已生成：{written[0]}", f"Written: {written[0]}"))
    else:
        issued_year = year or definition.fiscal_year
        say(t(f"已生成 {len(written)} 份（{issued_year} 年度），在文件夹 {output}",
              f"{len(written)} written to {output} (fiscal year {issued_year})"))  # fmt: skip


@click.command(help=t("列出每个单元格的名称和位置。", "List each cell's name and place."))
@form_argument
@form_file_option
@json_option
def layout(form: str, form_file: tuple[Path, ...], as_json: bool) -> None:
    """See the command's help."""
    from workbook.commands.output import spot_record
    from workbook.layout import lay_out

    spots = lay_out(given_form(form, form_file)).spots
    if as_json:
        print_json({name: spot_record(spot) for name, spot in spots.items()})
        return
    for name, spot in spots.items():
        click.echo(f"{spot.address}\t{name}\t{spot.field.label}\t{spot.field.mode}")
