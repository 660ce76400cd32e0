"""The samples' fillings and submissions, without a workbook in between.

A filling file (samples/filled/*.toml) has one table a section; a repeating section's rows name the
branch they stand on (`level1`, `level2`) and take its slots in order.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from workbook.findings import Finding
from workbook.form import Form, find_form
from workbook.kinds import Value
from workbook.layout import Plan, place
from workbook.submission import ACCEPTED, REJECTED, Filling, Return, Submission, submit

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
FILLED = tuple(sorted((SAMPLES / "filled").glob("*.toml")))
ROSTER = SAMPLES / "roster.csv"


def overall() -> Form:
    """The form that the samples fill in."""
    return find_form("department_overall")


def filling(path: Path, form: Form | None = None, plan: Plan | None = None) -> Filling:
    """What a filling file says; LookupError if a branch has more rows than slots."""
    form = form or overall()
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    values: dict[str, Value] = {}
    rows: dict[str, dict[int, dict[str, Value]]] = {}
    for name, content in table.items():
        if form.sections[name].repeats:
            rows[name] = _numbered(form, name, content, plan)
        else:
            values |= {f"{name}.{key}": _plain(value) for key, value in content.items()}
    return Filling(values, rows)


def _numbered(
    form: Form, name: str, content: Iterable[dict[str, Any]], plan: Plan | None
) -> dict[int, dict[str, Value]]:
    levels = form.sections[name].levels
    free = [(slot.path, slot.number) for slot in place(form, plan).blocks[name].slots]
    found: dict[int, dict[str, Value]] = {}
    for row in content:
        path = tuple(row[level] for level in levels)
        slot = next((item for item in free if item[0] == path), None)
        if slot is None:
            raise LookupError(f"no row is left under {path}")
        free.remove(slot)
        found[slot[1]] = {key: _plain(v) for key, v in row.items() if key not in levels}
    return found


def _plain(value: Any) -> Value:
    if isinstance(value, str):
        return value.removeprefix("\n")
    return float(value) if isinstance(value, int) else value


def submission(
    form: Form, given: Filling, path: Path | str = "return.xlsx", *, plan: Plan | None = None
) -> Submission:
    """The submission as the template would come back, with nothing tampered with."""
    return submit(form, given, plan=plan, path=Path(path))


def accepted(
    given: Filling,
    path: Path | str = "return.xlsx",
    *,
    form: Form | None = None,
    plan: Plan | None = None,
    findings: Sequence[Finding] = (),
    modified: str = "",
) -> Return:
    """A return that was read."""
    read = submission(form or overall(), given, path, plan=plan)
    return Return(
        path=Path(path),
        status=ACCEPTED,
        findings=tuple(findings),
        submission=read,
        sha256="0" * 64,
        size=20_000,
        application="WPS Office",
        saved_by="填表人",
        modified=modified,
    )


def rejected(path: Path | str, *findings: Finding) -> Return:
    """A file that was not read."""
    return Return(path=Path(path), status=REJECTED, findings=findings, size=100)


def sample_returns() -> list[Return]:
    """The samples' returns as they would come in, by path."""
    return [accepted(filling(path), Path("returns") / f"{path.stem}.xlsx") for path in FILLED]


def changed(given: Filling, **values: Value) -> Filling:
    """A filling with other values; keys are `section__field`, None empties a cell."""
    merged = given.values | {key.replace("__", "."): value for key, value in values.items()}
    return Filling({k: v for k, v in merged.items() if v is not None}, given.rows)
