"""A return as plain data, and the return that the data describes: cells with their places, findings, whence it came."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from workbook.address import Address
from workbook.catalogue import Severity
from workbook.findings import Finding
from workbook.form import Form
from workbook.reading import Cell, Return, Submission

_PLAIN = ("status", "sha256", "size", "application", "saved_by", "modified", "county", "chosen", "fault", "checked_by")  # fmt: skip
_FINDING = tuple(item.name for item in fields(Finding))


def record_of(returned: Return, *, with_contacts: bool) -> dict[str, Any]:
    """A return as JSON can hold it. Without contacts nobody is named: neither the fields that the definition marks so,
    nor what findings quote of them, nor who saved the file."""
    submission = returned.submission
    hidden = _contacts(submission) if submission is not None and not with_contacts else ()
    record = {name: getattr(returned, name) for name in _PLAIN}
    if not with_contacts:
        record["saved_by"] = ""
    return record | {
        "path": returned.path.as_posix()
        .replace(":", "_")
        .lstrip("/"),  # below the pack, wherever it lay
        "received": returned.received.isoformat() if returned.received else None,
        "findings": [_finding_record(item, hidden) for item in returned.findings],
        "submission": _submission_record(submission, hidden) if submission is not None else None,
    }


def return_of(
    record: Mapping[str, Any], forms: Mapping[tuple[str, str], Form], path: Path
) -> Return:
    """The return that a record describes, under another path. Raises KeyError, TypeError and ValueError for what is none."""
    received = record["received"]
    submission = record["submission"]
    return Return(
        path=path,
        findings=tuple(_finding(each) for each in record["findings"]),
        submission=_submission(submission, forms, path) if submission is not None else None,
        received=datetime.date.fromisoformat(received) if received else None,
        **{name: record[name] for name in _PLAIN},
    )


def _contacts(submission: Submission) -> frozenset[str]:
    return frozenset(item.key for item in submission.form.key_fields.contacts)


def _is_of(name: str, keys: Collection[str]) -> bool:
    return ".".join(name.split(".")[:2]) in keys


# --- findings --------------------------------------------------------------------------------------------


def _finding_record(item: Finding, hidden: Collection[str]) -> list[str]:
    if any(_is_of(name, hidden) for name in item.field.split(",")):
        quoted = tuple(filter(None, (item.printed, item.expected)))
        item = replace(
            item,
            printed="",
            expected="",
            message=_without(item.message, quoted),
            hint=_without(item.hint, quoted),
        )
    return [str(getattr(item, name)) for name in _FINDING]


def _without(text: str, quoted: Collection[str]) -> str:
    for each in quoted:
        text = text.replace(each, "…")
    return text


def _finding(record: list[str]) -> Finding:
    words = dict(zip(_FINDING, record, strict=True))
    return Finding(**{**words, "severity": Severity(words["severity"])})  # type: ignore[arg-type]


# --- submissions -----------------------------------------------------------------------------------------


def _submission_record(submission: Submission, hidden: Collection[str]) -> dict[str, Any]:
    return {
        "form": [submission.form.id, submission.form.version],
        "plan": list(submission.plan),
        "year": submission.fiscal_year,
        "department": submission.department,
        "code": submission.department_code,
        "values_only": submission.values_only,
        "verdicts": dict(submission.verdicts),
        "cells": {
            name: _cell_record(Cell(None, None, cell.address) if _is_of(name, hidden) else cell)
            for name, cell in submission.cells.items()
        },
    }


def _cell_record(cell: Cell) -> list[Any]:
    value: Any = cell.value
    if isinstance(value, datetime.date):
        value = {"day": value.isoformat()}
    told = [*cell.address, cell.raw, value, cell.error, cell.formula, cell.receipt, cell.problem]
    while len(told) > 5 and not told[-1]:  # what most cells have not
        told.pop()
    return told


def _submission(
    record: Mapping[str, Any], forms: Mapping[tuple[str, str], Form], path: Path
) -> Submission:
    form_id, version = record["form"]
    return Submission(
        path=path,
        form=forms[form_id, version],
        plan=tuple(record["plan"]),
        cells={sys.intern(name): _cell(told) for name, told in record["cells"].items()},
        verdicts=record["verdicts"],
        fiscal_year=record["year"],
        department=record["department"],
        department_code=record["code"],
        values_only=record["values_only"],
    )


def _cell(told: list[Any]) -> Cell:
    sheet, row, column, raw, value, *rest = told
    if isinstance(value, dict):
        value = datetime.date.fromisoformat(value["day"])
    return Cell(raw, value, Address(sys.intern(sheet), row, column), *rest)
