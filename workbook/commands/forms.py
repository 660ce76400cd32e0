"""The commands about forms: what definitions there are and say, templates to send out, where cells stand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbook.commands.messages import CLEAN, FOUND, CommandGroup, fail, say
from workbook.commands.options import (
    FORM,
    force_option,
    form_argument,
    form_file_option,
    given_form,
    given_roster,
    json_option,
    password_in,
    print_json,
    progress_bar,
    projects_option,
    refuse_existing,
    require_workbook_name,
    roster_option,
)
from workbook.language import t

if TYPE_CHECKING:
    from workbook.form import Form


@click.command(help=t("列出现有的表式定义。"))
@form_file_option
@json_option
def forms(form_file: tuple[Path, ...], as_json: bool) -> None:
    """See the command's help."""
    from workbook.form import available_forms, load_form

    definitions = [load_form(path) for path in (*available_forms(), *form_file)]
    if as_json:
        print_json([
            {"form": f.id, "version": f.version, "name": f.name, "unit": f.unit,
             "fields": sum(1 for _ in f.fields()), "rules": len(f.rules), "path": str(f.path)}
            for f in definitions
        ])  # fmt: skip
        return
    for form in definitions:
        rule_count = sum(not rule.general for rule in form.rules)
        say(
            f"{form.id}  {form.version}  {form.name}"
            + t("（{unit}，{rule_count} 条规则）", unit=form.unit, rule_count=rule_count)
        )
    say(t("\n用 workbook template 表名 -o 文件.xlsx 生成空白表。"))


def _row_counts(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, int]:
    """`数量指标=6` by its name."""
    counts = {}
    for text in given:
        name, _sign, number = text.replace("＝", "=").rpartition("=")
        if not name or not number.strip().isdigit():
            fail(t("--rows “{text}”请写成 数量指标=6 这样", text=text))
        counts[name.strip()] = int(number)
    return counts


@click.command(help=t("生成空白表；给出单位则生成该单位专用的表，给出名册则每个单位一份。"))
@form_argument
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help=t("写到哪个文件（有名册时为文件夹）。"),
)
@click.option(
    "--department",
    default="",
    help=t("单位名称，写入并锁定。"),
)
@click.option("--code", default="", help=t("预算编码，写入并锁定。"))
@click.option("--year", type=click.IntRange(2000, 2100), help=t("年度。"))
@click.option(
    "--rows",
    multiple=True,
    callback=_row_counts,
    metavar=t("名称=行数"),
    help=t("某一级指标要几行，如 数量指标=6；可以写几次。"),
)
@roster_option
@projects_option
@click.option(
    "--indicators",
    type=click.Path(path_type=Path),
    help=t(
        "批复的指标（.csv 或 .xlsx，有“预算编码”“部门”“三级指标”等列），填好、"
        "锁住；名册是 .xlsx 的，写在它的“指标”工作表里就行。"
    ),
)
@click.option(
    "--spare",
    type=click.IntRange(0, 50),
    default=0,
    help=t("批复的指标后面，每级另留几行由单位填。"),
)
@click.option(
    "--budget", is_flag=True, help=t("名册上的预算数（年初预算数、全年预算数等列）也填好、锁住。")
)
@form_file_option
@force_option
@click.option("--password-env", default="", help=t("存有保护密码的环境变量名。"))
def template(
    form: str, output: Path, department: str, code: str, year: int | None, rows: dict[str, int],
    roster: Path | None, projects: Path | None, indicators: Path | None, spare: int, budget: bool,
    form_file: tuple[Path, ...], force: bool, password_env: str,
) -> None:  # fmt: skip
    """See the command's help."""
    from builder.template import Addressee, addressees, issue, roster_remarks
    from workbook.layout import plan_for

    definition = given_form(form, form_file)
    require_workbook_name(output, folder=roster is not None)
    loaded_roster = given_roster(roster, projects, indicators)
    if loaded_roster is None:
        if budget or spare:
            fail(t("--budget、--spare 要与 --roster 一起用"))
        refuse_existing(output, (), force=force)
        addressed = [Addressee("", code, department, plan=plan_for(definition, rows))]
    else:
        year = year or loaded_roster.year
        addressed = addressees(definition, loaded_roster, rows=rows, spare=spare, budget=budget)
    password = password_in(password_env)
    with progress_bar(len(addressed), t("生成")) as progress:
        written = issue(definition, output, addressed, folder=roster is not None, fiscal_year=year,
                        password=password, force=force, progress=progress)  # fmt: skip
    issued_year = year or definition.fiscal_year
    if roster is None:
        say(
            t(
                "已生成：{written}（{issued_year} 年度）",
                written=written[0],
                issued_year=issued_year,
            )
        )
    else:
        say(
            t(
                "已生成 {count} 份（{issued_year} 年度），在文件夹 {output}",
                count=len(written),
                issued_year=issued_year,
                output=output,
            )
        )
        for remark in roster_remarks(definition, loaded_roster) if loaded_roster else ():
            say(t("请核对：{remark}", remark=remark), err=True)


@click.command(help=t("列出每个单元格的名称和位置。"))
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
        say(f"{spot.address}\t{name}\t{spot.field.label}\t{spot.field.mode}")


# --- definitions ----------------------------------------------------------------------------------


@click.group(
    cls=CommandGroup,
    invoke_without_command=True,
    help=t("表式定义：看、比、检查、接着写下一年度的。"),
)
@click.pass_context
def form(ctx: click.Context) -> None:
    """See the group's help."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@form.command(help=t("打印一份表式定义的全部：连同它继承的表、引用的规则集，合成一个文件。"))
@click.argument("name", metavar=FORM)
@form_file_option
def show(name: str, form_file: tuple[Path, ...]) -> None:
    """See the command's help."""
    say(given_form(name, form_file).definition.rstrip("\n"))


@form.command(help=t("两份表式定义差在哪里，一处一行。"))
@click.argument("old", metavar=t("原来的表名"))
@click.argument("new", metavar=t("新的表名"))
@form_file_option
@json_option
def diff(old: str, new: str, form_file: tuple[Path, ...], as_json: bool) -> None:
    """See the command's help."""
    from workbook.form import differences

    found = differences(given_form(old, form_file), given_form(new, form_file))
    if as_json:
        print_json([
            {"part": d.part, "name": d.name, "key": d.key, "change": d.change,
             "before": d.before, "after": d.after}
            for d in found
        ])  # fmt: skip
        return
    for difference in found:
        say(difference.sentence)
    if not found:
        say(t("没有差别"))


@form.command(
    "check",
    help=t(
        "检查一份表式定义：每条规则的例子（在程序里，也在工作簿里）对不对、"
        "缺不缺，有没有重复的、总不会违反的规则。"
    ),
)
@form_argument
@form_file_option
@json_option
def check_definition(form: str, form_file: tuple[Path, ...], as_json: bool) -> None:
    """See the command's help."""
    from workbook.commands.output import print_rehearsal, rehearsal_record
    from workbook.rehearsal import rehearse

    definition = given_form(form, form_file)
    case_count = sum(len(rule.cases) for rule in definition.rules)
    with progress_bar(case_count, t("在工作簿里试例子")) as progress:
        rehearsal = rehearse(definition, progress=progress)
    if as_json:
        print_json(rehearsal_record(rehearsal))
    else:
        print_rehearsal(rehearsal)
    sys.exit(FOUND if rehearsal.problems else CLEAN)


@form.command(help=t("接着一份表式定义写下一年度的：一个短文件，只写不同的地方。"))
@click.option("--from", "base", required=True, metavar=FORM, help=t("接着哪一份定义。"))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help=t("写到哪个文件（.toml）。"),
)
@click.option("--id", "form_id", help=t("表的英文名（不写时照旧）。"))
@click.option("--version", help=t("版本（不写时随年度）。"))
@click.option("--name", help=t("表的中文名称（不写时照旧）。"))
@click.option(
    "--fiscal-year", type=click.IntRange(2000, 2100), help=t("年度（不写时是下一年度）。")
)
@form_file_option
@force_option
def new(
    base: str, output: Path, form_id: str | None, version: str | None, name: str | None,
    fiscal_year: int | None, form_file: tuple[Path, ...], force: bool,
) -> None:  # fmt: skip
    """See the command's help."""
    from workbook.form import form_of, places_with, successor_text
    from workbook.writing import writing

    old = given_form(base, form_file)
    if output.suffix != ".toml":
        fail(t("“{output}”应以 .toml 结尾", output=output))
    refuse_existing(output, [old.path], force=force)
    _require_base_in_reach(old, output)
    year = fiscal_year or old.fiscal_year + 1
    text = successor_text(
        old,
        form_id=form_id or old.id,
        version=version or old.version.replace(str(old.fiscal_year), str(year)),
        name=name or old.name,
        fiscal_year=year,
    )
    definition = form_of(output, text.encode())
    if definition.key == old.key:
        fail(t("“{key}”已经有了，请用 --version 或 --id 另起一个", key=old.key))
    with writing(output) as path:
        path.write_text(text, encoding="utf-8")
    say(
        t(
            "已生成：{output}（{key}，接着 {name}）",
            output=output,
            key=definition.key,
            name=old.path.name,
        )
    )
    dated = places_with(definition, str(old.fiscal_year)) if year != old.fiscal_year else ()
    if dated:
        say(
            t(
                "仍写着 {fiscal_year} 的有 {count} 处，请看要不要改：{dated}",
                fiscal_year=old.fiscal_year,
                count=len(dated),
                dated=t("、").join(dated),
            )
        )


def _require_base_in_reach(base: Form, output: Path) -> None:
    """A definition extends one that stands beside it, or one of ours."""
    from workbook.form import available_forms

    ours = [path.resolve() for path in available_forms()]
    beside = output.parent / base.path.name
    if output.name == base.path.name:
        fail(t("请另起一个文件名，“{name}”是原来那份定义的", name=base.path.name))
    if not (beside.samefile(base.path) if beside.exists() else base.path.resolve() in ours):
        fail(t("“{output}”要和“{path}”放在同一文件夹", output=output, path=base.path))
