"""Make anew all that is generated, and say what changed: `make refresh`, after a change of a form, a rule, a kind …

    python docs/refresh.py        (needs LibreOffice and Chromium; run from the top of the checkout)

What follows from the definitions and the code is written by the scripts below, each from what those before it
wrote. Look at the changes before you take them: an approved text that changed is a template, or a summary, that changed.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
STEPS = {
    "workbook/locale": ("docs/make_translations.py",),
    "docs/codes.md": ("docs/make_codes.py",),
    "docs/form-reference.md": ("docs/make_form_reference.py",),
    "docs/pictures/floors.svg": ("docs/make_floors.py",),
    "samples/word": ("samples/make_word.py",),
    "samples/returns": ("samples/make_returns.py",),
    "docs/data.md": ("docs/make_data.py",),
    "docs/compatibility.md": ("docs/make_compatibility.py",),
    "docs/pictures": ("docs/make_pictures.py",),
    "tests/pins/approved": ("-m", "pytest", "-q", "tests/pins", "--snapshot-update"),
}
"""What is written, and by what, in the order in which one needs the other."""


def contents() -> dict[Path, str]:
    """By file: a digest of it, of all that is generated."""
    paths = (TOP / target for target in STEPS)
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]))
    return {
        file.relative_to(TOP): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file()
    }


def main() -> None:
    """Write everything; stop at the first step that fails."""
    before = contents()
    for target, arguments in STEPS.items():
        print(f"{target} …", flush=True)
        done = subprocess.run(
            [sys.executable, *arguments], cwd=TOP, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{done.stdout}{done.stderr}\n{' '.join(arguments)} failed")
    after = contents()
    changed = sorted(path for path in before | after if before.get(path) != after.get(path))
    print("\n".join(["Changed:", *map(str, changed)]) if changed else "Nothing has changed.")


if __name__ == "__main__":
    main()
