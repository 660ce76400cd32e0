"""What is said of a finished summary first: who answered, what needs attention, what to mend first, whom to re-check.

In comes a `Summary`; out come counts, sentences and short lists, worked out here once for the workbook's 总览, the page,
the report and the desk. Nothing here adds up anew. Start in `concerns`.
"""

from workbook.overview.answering import (
    Coverage,
    asked,
    coverage_counts,
    pending,
    project_counts,
    projects_in_words,
    tells_projects,
)
from workbook.overview.concerns import (
    THINGS,
    Attention,
    attention,
    error_name,
    findings_by_code,
    reading_notes,
)
from workbook.overview.corrections import (
    RULE,
    effects,
    first_to_mend,
    next_steps,
    problem_list,
    problems,
)
from workbook.overview.sampling import (
    LEAST_LABEL,
    SHARE_LABEL,
    Sampling,
    sample,
    sampling_of,
    usual_sampling,
)
from workbook.overview.spread import BANDS, LOW_RATE, by_rate, distribution, rate_threshold

__all__ = [
    "BANDS",
    "LEAST_LABEL",
    "LOW_RATE",
    "RULE",
    "SHARE_LABEL",
    "THINGS",
    "Attention",
    "Coverage",
    "Sampling",
    "asked",
    "attention",
    "by_rate",
    "coverage_counts",
    "distribution",
    "effects",
    "error_name",
    "findings_by_code",
    "first_to_mend",
    "next_steps",
    "pending",
    "problem_list",
    "problems",
    "project_counts",
    "projects_in_words",
    "rate_threshold",
    "reading_notes",
    "sample",
    "sampling_of",
    "tells_projects",
    "usual_sampling",
]
