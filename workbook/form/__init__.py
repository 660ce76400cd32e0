"""What a form is: its fields, how it is drawn, its rules; read from a definition in TOML.

In comes `definitions/*.toml` or a bureau's own file; out comes a `Form` (`load_form`, `find_form`) or a
FormError that names file, key and column. `kinds` says all that differs by the kind of a field; `key_fields`
which fields make a department's line. Start in `model`, then `definition`.
"""

from workbook.form.definition import available_forms, find_form, form_of, load_form
from workbook.form.key_fields import LOWEST_GRADE, PROJECTS, UNIT, Headline, column_of, first_field
from workbook.form.kinds import (
    DAYS_TO_1904,
    KINDS,
    Kind,
    Raw,
    Value,
    day_of,
    serial,
    shown,
    shows_day,
)
from workbook.form.model import (
    CELL,
    GROUP,
    ROW,
    Case,
    Drawing,
    DrawnCell,
    Field,
    Form,
    Group,
    Paper,
    Part,
    Rule,
    Section,
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

__all__ = [
    "CASE_SECTION",
    "CELL",
    "DAYS_TO_1904",
    "GROUP",
    "KINDS",
    "LOWEST_GRADE",
    "NOTHING",
    "PROJECTS",
    "ROW",
    "UNIT",
    "Case",
    "Chapter",
    "Drawing",
    "DrawnCell",
    "Field",
    "Form",
    "Group",
    "Headline",
    "Kind",
    "Paper",
    "Part",
    "Raw",
    "Rule",
    "Section",
    "Value",
    "available_forms",
    "chapter_text",
    "column_of",
    "day_of",
    "find_form",
    "first_field",
    "form_of",
    "is_written",
    "load_form",
    "outline",
    "report_section",
    "report_title",
    "serial",
    "shown",
    "shows_day",
]
