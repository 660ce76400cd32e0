"""What a form is: its fields, how it is drawn, its rules; read from a definition in TOML.

In comes `definitions/*.toml` or a bureau's own file, with the form it extends and the rule sets it includes; out
comes a `Form` (`load_form`, `find_form`) or a FormError that names file, key and column. `kinds` says all that
differs by the kind of a field; `key_fields` which fields make a department's line; `composition` how files are
put together. Start in `model`, then `definition`.
"""

from workbook.form.coercion import (
    DAYS_TO_1904,
    PLAIN_RECEIPTS,
    Raw,
    Value,
    day_of,
    is_day_format,
    serial,
)
from workbook.form.comparison import Difference, differences, places_with
from workbook.form.definition import available_forms, find_form, form_of, load_form
from workbook.form.definition_text import successor_text
from workbook.form.kinds import (
    FRACTION,
    PER_WANYUAN,
    PLAIN_DATE,
    POINTS,
    Entry,
    on_paper,
    shown,
    shown_formula,
    shows_day,
)
from workbook.form.model import (
    CELL,
    DEPARTMENT,
    DEPARTMENT_CODE,
    FISCAL_YEAR,
    GROUP,
    OWN_SHEETS,
    ROW,
    Case,
    Criterion,
    Drawing,
    DrawnCell,
    Field,
    Form,
    Group,
    KeyFields,
    Paper,
    Part,
    Rule,
    ScoredRows,
    Section,
    Sense,
)
from workbook.form.narrative import (
    NOTHING,
    Chapter,
    chapter_text,
    is_written,
    outline,
    report_section,
    report_title,
)
from workbook.form.rules import CASE_SECTION
from workbook.form.vocabulary import terms_of

__all__ = [
    "CASE_SECTION",
    "CELL",
    "DAYS_TO_1904",
    "DEPARTMENT",
    "DEPARTMENT_CODE",
    "FISCAL_YEAR",
    "FRACTION",
    "GROUP",
    "NOTHING",
    "OWN_SHEETS",
    "PER_WANYUAN",
    "PLAIN_DATE",
    "PLAIN_RECEIPTS",
    "POINTS",
    "ROW",
    "Case",
    "Chapter",
    "Criterion",
    "Difference",
    "Drawing",
    "DrawnCell",
    "Entry",
    "Field",
    "Form",
    "Group",
    "KeyFields",
    "Paper",
    "Part",
    "Raw",
    "Rule",
    "ScoredRows",
    "Section",
    "Sense",
    "Value",
    "available_forms",
    "chapter_text",
    "day_of",
    "differences",
    "find_form",
    "form_of",
    "is_day_format",
    "is_written",
    "load_form",
    "on_paper",
    "outline",
    "places_with",
    "report_section",
    "report_title",
    "serial",
    "shown",
    "shown_formula",
    "shows_day",
    "successor_text",
    "terms_of",
]
