"""Files of unknown origin, opened with care: bytes in, plain data out, nothing trusted, nothing run.

In comes a path or bytes; out comes a `Package` (sheets, cells, formulas, locks, names, properties) or
`Refused` with the reason. Everything is bounded by `workbook.limits.Limits`; what may crash or hang runs in a process
of its own. Start in `opening`; `container` is the zip, `parts` and `sheets` its XML, `opendocument` .ods, `foreign` .xls,
`mail` what a mail carries.
"""

from workbook.package.container import Archive, Watch, read_file
from workbook.package.encrypted import unlock
from workbook.package.file_types import describe_archive, document_kind, is_encrypted
from workbook.package.mail import Mail, is_mail, read_mail
from workbook.package.opening import Package, open_bytes, open_package
from workbook.package.parts import (
    ParseTask,
    Relationship,
    WorkbookPart,
    parse_content_types,
    parse_relationships,
    parse_xml,
    scan,
)
from workbook.package.sheets import RawCell, Sheet, Validation
from workbook.package.worker import bounded
from workbook.package.zip_bundle import members

__all__ = [
    "Archive",
    "Mail",
    "Package",
    "ParseTask",
    "RawCell",
    "Relationship",
    "Sheet",
    "Validation",
    "Watch",
    "WorkbookPart",
    "bounded",
    "describe_archive",
    "document_kind",
    "is_encrypted",
    "is_mail",
    "members",
    "open_bytes",
    "open_package",
    "parse_content_types",
    "parse_relationships",
    "parse_xml",
    "read_file",
    "read_mail",
    "scan",
    "unlock",
]
