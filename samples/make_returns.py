"""Make `samples/returns/` anew: LibreOffice types each filling into a template we sent, and saves it.

    python samples/make_returns.py        (needs LibreOffice; run from the top of the checkout)

Nothing of ours writes the returns: what is read from them has been through another program.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from builder import build_template  # noqa: E402
from tests.fillings import FILLED, filling  # noqa: E402
from tests.office import Office, Target  # noqa: E402
from workbook import find_form  # noqa: E402
from workbook.form import Value, serial  # noqa: E402
from workbook.layout import lay_out  # noqa: E402


def main(folder: Path = HERE / "returns") -> None:
    """Type and save every filling; a locked cell that refuses is an error. What stays the same is let be."""
    form = find_form("department_overall")
    layout = lay_out(form)
    folder.mkdir(exist_ok=True)
    with Office() as office:
        for source in FILLED:
            template = build_template(form, folder / f".{source.stem}.xlsx")
            given = filling(source)
            typed: dict[Target, float | str | None] = {}
            for name, spot in layout.spots.items():
                value = given.value(spot)
                if value is not None:
                    typed[name] = _typed(value)
            with office.open(template) as book:
                refused = office.type_values(book, typed)
                if refused:
                    raise SystemExit(f"{source.name}: locked: {refused}")
                office.recalculate(book)
                office.save(book, template)
            kept = folder / f"{source.stem}.xlsx"
            if not kept.exists() or _parts(kept) != _parts(template):
                template.replace(kept)
                print(source.stem)
            template.unlink(missing_ok=True)


def _parts(path: Path) -> dict[str, bytes]:
    """What a workbook holds, but for when it was saved."""
    with zipfile.ZipFile(path) as archive:
        return {
            name: archive.read(name) for name in archive.namelist() if name != "docProps/core.xml"
        }


def _typed(value: Value) -> float | str | None:
    if value is None or isinstance(value, float | str):
        return value
    return serial(value)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
