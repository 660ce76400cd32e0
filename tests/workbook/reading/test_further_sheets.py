"""A form's further sheet: what is typed there goes into the tables of returns; mistakes in it are named."""

from pathlib import Path

import pytest

from tests.fillings import FILLED, accepted, filling, overall
from workbook import FormError, frames, load_form

FORM = overall()


def test_what_is_typed_there_stands_in_the_tables() -> None:
    given = filling(FILLED[0])
    wide = frames([accepted(given)], checked=False).section("report")
    assert wide["personnel_expenditure"].tolist() == [given.values["report.personnel_expenditure"]]
    assert wide["basic_sentence"].tolist()[0].startswith("2024年财政拨款基本支出121.47万元")


FURTHER = '[[further_sheet]]\nname = "自评报告"\nwidths = [11, 11, 11, 11, 11, 11, 11, 11]\n'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('sheet = "自评报告"\n', 'sheet = "自评报告书"\n', "no [[further_sheet]]"),
        (FURTHER, FURTHER.replace("widths = [11, 11", "widths = [11"), "more cells than widths"),
        ('required = "begun"', 'required = "always"', "'begun'"),
        ('id = "indicators"\n', 'id = "indicators"\nsheet = "自评报告"\n', "own sheet"),
        (FURTHER, f"{FURTHER}\n{FURTHER}", "used twice"),
        (FURTHER, FURTHER.replace("自评报告", "自评表"), "used twice"),
    ],
)
def test_mistakes_in_a_further_sheet_are_named(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = FORM.path.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "own.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FormError, match=r"own\.toml") as raised:
        load_form(path)
    assert said in str(raised.value)
