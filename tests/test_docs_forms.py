"""docs/form-file.md comes true as it stands, step by step; docs/form-reference.md says all that a definition may hold."""

import re
import runpy
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from builder import build_template
from tests.api import CLEAN, FORMS_DIR, FOUND, KINDS, cli
from tests.own_cases import own_cases, own_verdicts
from workbook import Form, FormError, load_form
from workbook.checking import judge_trials
from workbook.reading import Filling

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = (DOCS / "form-file.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "form-reference.md").read_text(encoding="utf-8")
MAKER = runpy.run_path(str(DOCS / "make_form_reference.py"))
FUNCTIONS, KEYS = MAKER["FUNCTIONS"], MAKER["KEYS"]
MODES = ("entered", "computed", "suggested", "fixed", "derived")
REHEARSAL = "workbook.rehearsal.rehearsal"

# --- the reference --------------------------------------------------------------------------------


def _chapter(title: str) -> str:
    return REFERENCE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _lines(chapter: str) -> dict[str, list[str]]:
    """Each table line's further cells, by its first."""
    lines = re.findall(r"^\| (.*) \|$", chapter, re.MULTILINE)
    return {first: rest for first, *rest in (line.split(" | ") for line in lines)}


def test_the_reference_is_what_its_script_writes() -> None:
    page = MAKER["page"]()
    assert page == REFERENCE, "python docs/make_form_reference.py writes it anew"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_has_its_line_in_its_own_words(name: str) -> None:
    assert (_lines(_chapter("函数"))[f"`{name}`"][-1], _chapter("函数").count(f"| `{name}` |")) == (
        FUNCTIONS[name].doc,
        1,
    )


def test_no_function_is_explained_that_is_not_there() -> None:
    assert set(re.findall(r"^\| `(\w+)`", _chapter("函数"), re.MULTILINE)) == set(FUNCTIONS)


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_explained(name: str) -> None:
    assert _lines(_chapter("种类"))[f"`{name}`"][0]


@pytest.mark.parametrize("name", MODES)
def test_each_mode_is_explained(name: str) -> None:
    assert name in " ".join(_lines(_chapter("填法")))


@pytest.mark.parametrize(
    ("table", "key"), [(table, key) for table, keys in KEYS.items() for key in keys]
)
def test_each_key_of_a_definition_is_explained(table: str, key: str) -> None:
    title, _ = MAKER["_TABLES"][table]
    assert _lines(_chapter(title))[f"`{key}`"][0]


LEFT_OUT = re.findall(r'"([^"]+)"', " ".join(_lines(_chapter("without 的写法"))))


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_the_reference_leaves_out_can_be_left_out(tmp_path: Path, name: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'extends = "department_overall_2024"\nwithout = ["{name}"]\n', "utf-8")
    told = ""
    try:
        load_form(path)
    except FormError as error:  # what rests on it is told
        told = str(error)
    assert len(LEFT_OUT) >= 10 and "is inherited" not in told


# --- the tutorial ---------------------------------------------------------------------------------


class Block(NamedTuple):
    """A block of the page, and the paragraph that stands before it."""

    language: str
    text: str
    before: str


def _blocks() -> Iterator[Block]:
    end = 0
    for found in re.finditer(r"^( *)```(\w*)\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL):
        before = PAGE[end : found.start()].strip().rpartition("\n\n")[2]
        yield Block(found[2], textwrap.dedent(found[3]), before)
        end = found.end()


BLOCKS = tuple(_blocks())
FILLED = Filling(
    {
        "identity.department": "区民政局",
        "identity.department_code": "201001",
        "funds.original_budget": 100,
        "funds.final_budget": 100,
        "funds.actual_expenditure": 96,
        "goals.planned_goals": "按时足额发放补贴。",
        "goals.achieved_goals": "补贴全部发放到位。",
    },
    {
        "indicators": {
            1: {
                "indicator": "补贴人数",
                "target": "≥1200人",
                "actual": "1250人",
                "weight": 40,
                "self_score": 40,
            },
            2: {
                "indicator": "发放及时率",
                "target": "≥98%",
                "actual": "96%",
                "weight": 40,
                "self_score": 40,
            },
        }
    },
)
"""What the page says to fill in once the third form is ready."""


@dataclass
class Reader:
    """Somebody who does in a folder what the page says, block by block."""

    folder: Path
    levels: Path | None = None

    def write(self, block: Block) -> Path:
        """Put a TOML block where its paragraph says."""
        (name,) = re.findall(r"(?:存为|加在|把上面) `(\w+\.toml)`", block.before)
        path: Path = self.folder / name
        text = block.text
        if "整段换成" in block.before:
            text = self._replaced(path, text)
        elif "加在" in block.before:
            text = f"{path.read_text(encoding='utf-8')}\n{text}"
        path.write_text(text, encoding="utf-8")
        return path

    def _replaced(self, path: Path, text: str) -> str:
        """The third form with its indicators in levels, and the two changes that the page tells."""
        assert 'widths` 下面加一行 `side_widths = [12]`，`without = ["S420"]` 去掉' in PAGE
        old = path.read_text(encoding="utf-8")
        head, _, rest = old.partition('[[section]]\nid = "indicators"')
        tail = rest.partition('[[section]]\nid = "totals"')
        head = head.replace('without = ["S420"]\n', "side_widths = [12]\n")
        return f"{head}{text}\n{''.join(tail[1:])}"

    def run(self, commands: str, wanted: str) -> None:
        """Commands print what the page says; a line of …… stands for any lines."""
        printed = "".join(map(self._printed, commands.splitlines()))
        pattern = re.escape(wanted).replace("……\\\n", r"(?:.*\n)*?")
        # How many there are grows with each rule that a shared set gains.
        pattern = re.sub(
            r"规则\\ \d+\\ 条，例子\\ \d+\\ 个", r"规则\\ \\d+\\ 条，例子\\ \\d+\\ 个", pattern
        )
        assert re.fullmatch(pattern, printed), f"{commands}\n{printed}"

    def _printed(self, command: str) -> str:
        program, *words = command.split()
        assert program == "workbook"
        if "收回" in words:
            (self.folder / "收回").mkdir(exist_ok=True)
            form = load_form(self.folder / "subsidy.toml")
            build_template(form, self.folder / "收回" / "试填.xlsx", filling=FILLED)
        result = CliRunner().invoke(cli, words)
        assert result.exit_code in (CLEAN, FOUND), result.output
        return result.stdout


def rehearsed_without_office(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if LibreOffice judged the cases alike; whether it does, the tests marked `office` say."""
    monkeypatch.setattr(f"{REHEARSAL}.find_office", lambda: "soffice")
    monkeypatch.setattr(
        f"{REHEARSAL}.verdicts_in_sheet", lambda form, trials, _: judge_trials(form, trials)
    )


def cases_hold(form: Form) -> bool:
    judged = own_verdicts(form)
    return all(judged[rule.key, number] == case.verdict for rule, number, case in own_cases(form))


def read_through(folder: Path, *, commands: bool = True) -> dict[str, str]:
    """Do all that the page says; the text of each file after each block, by file and number of the block."""
    reader, written = Reader(folder), {}
    for number, block in enumerate(BLOCKS):
        if block.language == "toml":
            path = reader.write(block)
            written[f"{path.stem} {number}"] = path.read_text(encoding="utf-8")
        elif block.language == "sh" and commands:
            following = BLOCKS[number + 1]
            assert (following.language, following.before) == ("", ""), block.text
            reader.run(block.text, following.text)
    return written


@pytest.mark.long
def test_a_reader_who_does_as_the_page_says_sees_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearsed_without_office(monkeypatch)
    monkeypatch.chdir(tmp_path)
    read_through(tmp_path)

    (remedy,) = re.findall(r"`(\{ verdict = [^`]*\},)`", PAGE)
    successor = tmp_path / "ours_2025.toml"
    mended = successor.read_text(encoding="utf-8").replace("cases = [", f"cases = [{remedy}")
    successor.write_text(mended, encoding="utf-8")
    assert CliRunner().invoke(cli, ["form", "check", successor.name]).exit_code == CLEAN


def test_every_definition_of_the_page_is_one_at_its_end(tmp_path: Path) -> None:
    read_through(tmp_path, commands=False)
    subsidy = tmp_path / "subsidy.toml"
    text = subsidy.read_text(encoding="utf-8")
    subsidy.write_text(text.replace('include = ["budget"', 'include = ["delay", "budget"'), "utf-8")
    forms = {path.stem: load_form(path) for path in tmp_path.glob("*.toml") if path.stem != "delay"}
    assert set(forms) == {"ours", "ours_2025", "subsidy"}
    assert all(cases_hold(form) for form in forms.values())
    own = {rule.code for rule in forms["subsidy"].rules}
    assert {"S420", "S499", "S602"} <= own
    assert forms["subsidy"].rule("S602").hint == "请说明2024年推迟的原因。"
    assert {"share", "spent_share"} <= set(forms["subsidy"].defines)
    assert "delays" in forms["subsidy"].words
    assert [group.optional for group in forms["subsidy"].sections["indicators"].groups][-1]


def test_both_forms_from_paper_are_short(tmp_path: Path) -> None:
    written = read_through(tmp_path, commands=False)
    lengths = [len(text.splitlines()) for name, text in written.items() if "subsidy" in name]
    assert max(lengths[:5]) < 150


@pytest.mark.long  # that cases are tried in a workbook, test_forms shows with a smaller form
@pytest.mark.office
@pytest.mark.parametrize(
    "state",
    [
        pytest.param(3, id="flat"),
        pytest.param(4, id="in levels"),
        pytest.param(-1, id="in levels, with a rule of its own"),
    ],
)
def test_the_workbook_judges_the_forms_from_paper_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: int
) -> None:
    written = read_through(tmp_path, commands=False)
    monkeypatch.chdir(tmp_path)
    states = [text for name, text in written.items() if name.startswith("subsidy")]
    (tmp_path / "subsidy.toml").write_text(states[state], encoding="utf-8")
    result = CliRunner().invoke(cli, ["form", "check", "subsidy.toml"])
    assert result.exit_code == CLEAN, result.output
    assert "LibreOffice" in result.stdout


# --- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('_by_source == final_budget"', '_by_source == finl_budget"'),
        ("round(funds.general_public_budget", "round(funds.general_public_budge"),
    ],
    ids=["in a rule", "in a define"],
)
def test_a_mistake_is_named_as_the_page_shows(tmp_path: Path, right: str, wrong: str) -> None:
    path = tmp_path / "department_overall_2024.toml"
    text = (FORMS_DIR / path.name).read_text(encoding="utf-8")
    path.write_text(text.replace(right, wrong), "utf-8")
    with pytest.raises(FormError) as raised:
        load_form(path)
    said = CliRunner().invoke(cli, ["form", "show", str(path)]).stderr
    assert said == f"错误：表式定义有误：{raised.value}\n"
    assert said in PAGE.replace("\n  ", "\n")


def test_a_mistake_in_a_rule_set_is_named_with_its_file(tmp_path: Path) -> None:
    read_through(tmp_path, commands=False)
    for name, old, new in (
        ("subsidy", 'include = ["budget"', 'include = ["delay", "budget"'),
        ("delay", "execution_rate < 0.5", "execution_rat < 0.5"),
    ):
        path = tmp_path / f"{name}.toml"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(FormError, match=r"delay\.toml, rule S602, when: 'execution_rat'"):
        load_form(tmp_path / "subsidy.toml")


def test_a_case_cannot_fill_in_a_fixed_cell(tmp_path: Path) -> None:
    assert "固定的格不能给" in PAGE
    read_through(tmp_path, commands=False)
    path = tmp_path / "subsidy.toml"
    rule = """
[[rule]]
code = "S404"
cases = [
  { verdict = "holds", given = { execution_weight = 10 } },
  { verdict = "broken", given = { execution_score = 9 } },
]
"""
    path.write_text(path.read_text(encoding="utf-8") + rule, encoding="utf-8")
    with pytest.raises(FormError, match=r"S404, cases: 'funds\.execution_weight' is fixed"):
        load_form(path)
