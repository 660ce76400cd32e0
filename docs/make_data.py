"""Write docs/data.md: what `--data` writes, every column of every frame, and seven queries with their results.

    python docs/make_data.py

The tables come from `workbook.summary.schemas`, the results from the samples, run through DuckDB as a reader
would. `tests/test_docs.py` fails when the page no longer says what the code does.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from builder.tables import (  # noqa: E402
    DATABASE,
    attainment_schema,
    composition_schema,
    sample_schema,
    write_data,
)
from workbook import aggregate, check, find_form, load_roster, read_returns  # noqa: E402
from workbook.summary import (  # noqa: E402
    COVERAGE,
    DUES,
    DUTIES,
    FIGURES,
    FIXED,
    TRACES,
    Schema,
    counties_schema,
    departments_schema,
    frames,
    section_schema,
)

PAGE = Path(__file__).with_name("data.md")

_HEAD = """\
# 数据 · Data for the analyst

<!-- 由 python docs/make_data.py 生成，请勿手改 -->

`workbook aggregate … --data 文件夹` writes every frame as CSV (for Excel), as Parquet, and all of them as one DuckDB file with
views. Below: how to open it, how figures are worked out, seven queries with what they say about the samples, and every column
with its type and unit. The same frames in Python: [python-api.md](python-api.md); from ten thousand returns on:
[large-scale.md](large-scale.md).

```console
$ pip install 'selfeval-workbook[data]'
$ workbook aggregate samples/returns -o 汇总表.xlsx --roster samples/roster.csv --data 数据
```

| 文件 | 内容 |
|---|---|
| `files` `submissions` `cells` `findings` `finding_cells` `coverage` `duties` | \
收到的文件、收下的表、单元格、问题、问题所在的格子、报送情况、应报的表 |
| `department_overall_2024/` | 这一表式每一节一张表：一份一行，或填写了的行一行一行 |
| `department_overall_2024_summary/` | 由这一表式汇总出来的：\
`departments`，一个单位一行，重复报送的只计一份；`counties`，一个县区一行；`figures` 合计；`composition` 资金构成；\
`attainment` 各级指标的得分；`sample` 抽查名单；给了上年的，`comparison` 两年对照 |
| `data.duckdb` | 以上全部，文件夹即 schema，另有视图；每列的中文说明在列注释里 |

- 没有装 duckdb 时，其余照写，并提示一句；没有装 pyarrow 时什么都不写。全部写好才逐个换上，不会留下半个文件。
- 没有填的是空（NULL），不是零。各节的金额用表式的单位，`departments` 和视图里的一律是万元；比率是小数。
- CSV 里以 = + - @ 开头的文本前面加了撇号，免得被当作公式；Parquet 和 DuckDB 里一字不动。
- 各节里一个单位报了几份的，几份都在；要每个单位只计一次，用 `departments` 和视图，或照第 3 条那样连接。

```python
import duckdb

with duckdb.connect("数据/data.duckdb", read_only=True) as base:
    print(base.sql("FROM department_overall_2024_summary.totals").df())
```

## 数怎么算

汇总表、网页、报告和这里的 `…_summary` 是同一组数。

- 合计是相加，没有填的是缺数，不按零算。合计的执行率用两个合计数相除，只算两个数都有的单位；加权平均同样只算得分和预算都有的。
- `counted_score` 有复核得分的用复核得分，没有的用自评得分，四舍五入到两位小数，再定等次和名次；同分同名次。
  自评得分不在 0 到 100 之间的无效：没有采用得分、等次和名次，也不计入平均分。
  其余各数不作四舍五入，只有差额到 0.01 元。
- 失分＝分值－得分，不足 0.005 分的算没有失分，得分不低于分值的是满分。失分原因照定义里 `[[summary.reason]]` 的字词，从上往下，
  含有哪一类的字词就归哪一类；都不含的是“其他原因”，空白的是“未写原因”。
- 按规则应得的分由表式定义算出，指标值、完成值不能比较的没有。
- 退回、未报的单位没有数。一个单位几份、别的年度、名册外的怎么算，见[读表](reading.md#各份之间)；名册外的另列，其数仍在合计之内。
- 几个县区的表一起汇总的（`--county-from-folder`、`--county`，或名册有“县区”列），每张表都有 `county`，
  各县区的合计在 `counties`。各县区的编码会重复：
  按单位连接、分组要用 `county` 和 `code` 两列，不能只用 `code`；不知道县区的是空文本，照样可以分组。
- 报送日期是最早一份收下的表最后保存的那一天（北京时间），没有的按表中的填报日期；晚于截止日期的是迟报。
- 总览的“主要问题”：同一单位年初预算、全年预算、执行数相差 1000 倍以上（定义里的 `unit_slip`）
  或者检查提醒金额特别大（`large_amount`），执行率低于 90%（`rate_threshold`），
  各项之和与总数相差 0.01 万元以上，等等，取前三项。
"""


@dataclass(frozen=True, slots=True)
class Query:
    """A question, and the SQL that answers it."""

    question: str
    sql: str


QUERIES = (
    Query(
        "合计是多少，执行率和平均分是多少？",
        """\
SELECT departments, final_budget, actual_expenditure,
       round(100 * execution_rate, 2) AS rate_percent,
       round(mean_score, 2) AS mean_score, round(weighted_score, 2) AS weighted_score
FROM department_overall_2024_summary.totals""",
    ),
    Query(
        "哪些单位的执行率不到 90%，或超过 100%，或者算不出来？",
        """\
SELECT county, code, department, final_budget, actual_expenditure,
       round(100 * execution_rate, 2) AS rate_percent
FROM department_overall_2024_summary.departments
WHERE status IN ('answered', 'faulty')
  AND (execution_rate IS NULL OR execution_rate < 0.9 OR execution_rate > 1)
ORDER BY execution_rate""",
    ),
    Query(
        "分扣在哪些指标上，扣分的理由是什么？",
        """\
SELECT i.county, d.department, i.level2, i.weight, i.self_score, i.actual, i.deviation_reason
FROM department_overall_2024.indicators AS i
JOIN department_overall_2024_summary.departments AS d ON d.file = i.submission
WHERE i.self_score < i.weight
ORDER BY i.weight - i.self_score DESC, i.county, d.code, i.row
LIMIT 5""",
    ),
    Query(
        "各二级指标的得分率是多少，自评满分的占多少？",
        """\
SELECT level1, level2, rows, round(100 * attainment, 2) AS attainment_percent,
       round(100 * full_marks, 2) AS full_marks_percent
FROM department_overall_2024_summary.indicators_by_level
ORDER BY attainment, level2""",
    ),
    Query(
        "哪几种问题最多，涉及几个单位？",
        """\
SELECT code, severity, findings, files
FROM findings_by_code
WHERE severity <> 'note'
ORDER BY findings DESC, code
LIMIT 5""",
    ),
    Query(
        "全年预算最大的三个数，各在哪份文件的哪一格？",
        """\
SELECT c.county, d.department, c.number, c.raw, parse_filename(c.submission) AS file, c.sheet, c.cell
FROM cells AS c
JOIN department_overall_2024_summary.departments AS d ON d.file = c.submission
WHERE c.section = 'funds' AND c.field = 'final_budget'
ORDER BY c.number DESC
LIMIT 3""",
    ),
    Query(
        "各县区的合计和执行率是多少？（样例没有分县区）",
        """\
SELECT county, count(*) AS departments, sum(final_budget) AS final_budget,
       round(100 * sum(actual_expenditure) FILTER (final_budget IS NOT NULL)
                 / sum(final_budget) FILTER (actual_expenditure IS NOT NULL), 2) AS rate_percent
FROM department_overall_2024_summary.departments
WHERE status IN ('answered', 'faulty')
GROUP BY county
ORDER BY county""",
    ),
)


def answers(folder: Path) -> list[tuple[tuple[str, ...], list[tuple[object, ...]]]]:
    """What each query says about the samples: its columns and its rows. The data go to `folder`."""
    roster = load_roster(TOP / "samples" / "roster.csv")
    returns = check(read_returns([TOP / "samples" / "returns"]), roster)
    write_data(frames(returns), folder, aggregate(returns, roster))
    with duckdb.connect(folder / DATABASE, read_only=True) as base:
        found = []
        for query in QUERIES:
            result = base.execute(query.sql)
            found.append((tuple(c[0] for c in result.description or ()), result.fetchall()))
    return found


def page() -> str:
    """The whole page."""
    with tempfile.TemporaryDirectory() as folder:
        told = answers(Path(folder))
    return "\n".join([_HEAD, *_queries(told), *_schemas()])


def _queries(told: Iterable[tuple[tuple[str, ...], list[tuple[object, ...]]]]) -> Iterator[str]:
    yield "## 七个有用的查询\n"
    yield "结果来自 `samples/`；每次测试都重新执行并核对。\n"
    for number, (query, (heads, rows)) in enumerate(zip(QUERIES, told, strict=True), 1):
        yield f"### {number}. {query.question}\n\n```sql\n{query.sql}\n```\n"
        yield from _table(heads, ([_shown(value) for value in row] for row in rows))


def _shown(value: object) -> str:
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def _schemas() -> Iterator[str]:
    form = find_form("department_overall")
    yield "## 每张表的每一列\n"
    yield (
        "类型是 pandas 的：string 文本、Int64 整数、Float64 数、datetime64[s] 日期、datetime64[us] 时间、boolean 是否；都可以为空。"
        "前面带 * 的是索引，在文件里是头几列。\n"
    )
    for schema in (*FIXED, COVERAGE, DUTIES):
        yield from _schema(schema, schema.name)
    for section in form.sections.values():
        schema = section_schema(form, section)
        yield from _schema(schema, f"department_overall_2024/{schema.name}")
    further = (composition_schema(form), attainment_schema(form), sample_schema(form))
    for schema in (
        departments_schema(form), counties_schema(form), FIGURES, *further, DUES, TRACES
    ):  # fmt: skip
        yield from _schema(schema, f"department_overall_2024_summary/{schema.name}")
    yield "别的表式的表由它的定义照样得出；`workbook.summary` 里的 `section_schema(form, section)` 给出同样的内容。\n"


def _schema(schema: Schema, name: str) -> Iterator[str]:
    yield f"### {name}\n\n{schema.meaning}。\n"
    rows = [(f"*{c.name}", c.dtype, c.unit, c.meaning) for c in schema.index]
    rows += [(c.name, c.dtype, c.unit, c.meaning) for c in schema.columns]
    yield from _table(("列", "类型", "单位", "含义"), rows)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = list(heads)
    yield _row(heads)
    yield _row(["---"] * len(heads))
    yield from map(_row, rows)
    yield ""


def _row(cells: Iterable[str]) -> str:
    plain = (" ".join(cell.split()).replace("|", "&#124;").replace("*", "\\*") for cell in cells)
    return f"| {' | '.join(plain)} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(PAGE)


if __name__ == "__main__":
    main()
