"""What each department is told to mend."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from builder import write_notices
from tests.fillings import ROSTER, SAMPLES
from workbook import BuildError, Return, check, load_roster, read_returns


@pytest.fixture(scope="module")
def returns(tmp_path_factory: pytest.TempPathFactory) -> list[Return]:
    """The samples, one of them twice, one department's file not to be read, and one litter."""
    folder = tmp_path_factory.mktemp("returns")
    for path in (SAMPLES / "returns").glob("*.xlsx"):
        shutil.copy(path, folder)
    seed = next(folder.glob("125001_*"))
    shutil.copy(seed, folder / "再报.xlsx")
    (folder / "119001_岳阳市云溪区地方志编纂室.xlsx").write_bytes(b"%PDF-1.7")
    (folder / "~$x.xlsx").write_bytes(b"x")
    return check(read_returns([folder]), load_roster(ROSTER))


def test_a_department_with_something_to_mend_gets_one_text(
    returns: list[Return], tmp_path: Path
) -> None:
    paths = write_notices(returns, tmp_path / "通知", load_roster(ROSTER))
    names = [path.name for path in paths]
    assert len(names) == len(set(names)) == len(list((tmp_path / "通知").iterdir()))
    assert "125001_岳阳市云溪区科学技术协会.txt" in names
    assert not [name for name in names if name.startswith("118001")], "nothing to mend there"
    text = next(p for p in paths if p.name.startswith("125001")).read_text(encoding="utf-8-sig")
    counted = next(r for r in returns if r.path.name == "再报.xlsx")
    replaced = next(r for r in returns if r.path.name.startswith("125001_"))
    shown = [item.path.name in text for item in (counted, replaced)]
    assert shown.count(True) == 1, "the one that counts"
    item = counted if shown[0] else replaced
    assert [f.code for f in item.findings if f"（{f.code}）" not in text] == []
    assert text.index("D420") < text.index("D404"), "errors first"
    refused = next(p for p in paths if p.name.startswith("119001"))
    assert "W103" in refused.read_text(encoding="utf-8-sig")


def test_what_is_there_is_written_over_only_if_told(returns: list[Return], tmp_path: Path) -> None:
    write_notices(returns, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(BuildError, match="--force"):
        write_notices(returns, tmp_path)
    write_notices(returns, tmp_path, force=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_round_without_faults_needs_no_notices(returns: list[Return], tmp_path: Path) -> None:
    clean = [item for item in returns if item.path.name.startswith("118001")]
    assert write_notices(clean, tmp_path / "通知") == []
