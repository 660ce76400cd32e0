"""The story, part one: the bureau writes a blank form, and one for each department of its roster."""

from __future__ import annotations

import sys
from pathlib import Path

from builder import build_template, issue
from builder.template import addressees
from workbook import find_form, load_roster

HERE = Path(__file__).resolve().parent


def main(output: Path) -> list[str]:
    """Write the templates under `output`; tell where they are."""
    form = find_form("department_overall")
    blank = build_template(form, output / "1_发表" / "自评表（空白）.xlsx")
    roster = load_roster(HERE / "roster.csv")
    addressed = addressees(form, roster, rows={})
    sent = issue(form, output / "1_发表" / "各单位", addressed, folder=True)
    return [
        f"空白表：{blank}",
        f"按名册生成 {len(sent)} 份，单位名称和预算编码已锁定：{sent[0].parent}",
    ]


if __name__ == "__main__":
    print("\n".join(main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))))
