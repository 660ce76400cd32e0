"""Word documents as returns: last year's forms, read into the same submissions and fillings.

In comes a .docx (or what LibreOffice turns into one); out comes a `Return` like any other and a `Filling`
for our template. Start in `returns`; `document` opens the file, `looks` knows which of its text is
seen and as what, `form_tables` finds the form in it, `report_text` takes the narrative apart.
"""

from workbook.word.document import read_word
from workbook.word.office import NoOffice, convert, find_office
from workbook.word.returns import import_word

__all__ = [
    "NoOffice",
    "convert",
    "find_office",
    "import_word",
    "read_word",
]
