"""How much the tests notice: three hundred small errors put into the code one at a time, and which of them no test sees.

    python benchmarks/mutants.py draw              # writes mutants.json: done once, kept
    python benchmarks/mutants.py run [--workers N] [--seconds S]

`run` needs to know which test comes by which line: first `pytest --cov --cov-context=test`, which leaves .coverage.
For each mutant the tests that come by its line are run in a copy of the tree, the quick ones first and each file in
its turn, as far as S seconds of them go, until one fails. A mutant is found again by its function and its text, so
that the sample outlives what moves around it; one whose text is gone is told as such.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue

import coverage

TOP = Path(__file__).resolve().parents[1]
SAMPLE = Path(__file__).with_suffix(".json")
COUNT = 300
FEWEST = 6
"""So many stand in each room at least."""
MOST_TESTS = 40
"""So many tests look at a mutant at most."""

_OPPOSITES: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small error: in a function of a module, the text that stands there and the text instead."""

    module: str
    function: str
    text: str
    instead: str
    nth: int
    """Which of the places in the function that read so, from 0."""


def changed(node: ast.AST) -> ast.AST | None:
    """The same with one thing wrong, or None where nothing is to be turned."""
    match node:
        case ast.Compare(left=left, ops=[op], comparators=sides) if type(op) in _OPPOSITES:
            return ast.Compare(left, [_OPPOSITES[type(op)]()], sides)  # type: ignore[list-item]
        case ast.BoolOp(op=op, values=values):
            return ast.BoolOp(_OPPOSITES[type(op)](), values)  # type: ignore[arg-type]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPPOSITES:
            return ast.BinOp(left, _OPPOSITES[type(op)](), right)  # type: ignore[arg-type]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operand
        case ast.Constant(value=bool(value)):
            return ast.Constant(not value)
        case ast.Constant(value=int(value)):
            return ast.Constant(value + 1)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return ast.IfExp(test, orelse, body)
    return None


def functions(tree: ast.AST, within: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every function by its qualified name; one inside another belongs to the outer one too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = f"{within}.{node.name}".strip(".")
            if isinstance(node, ast.FunctionDef):
                yield name, node
            else:
                yield from functions(node, name)


def places(function: ast.AST, source: str) -> Iterator[tuple[str, str, int, ast.AST]]:
    """What may be turned in a function: its text, the text instead, the how-manieth that reads so, the node."""
    met: dict[str, int] = defaultdict(int)
    for node in ast.walk(function):
        instead = changed(node)
        text = ast.get_source_segment(source, node) if instead is not None else None
        if instead is not None and text:
            yield text, ast.unparse(instead), met[text], node
            met[text] += 1


def draw() -> list[Mutant]:
    """The sample: of each room as many as its share of all places, but never fewer than FEWEST."""
    rooms: dict[str, list[Mutant]] = defaultdict(list)
    for path in sorted([*(TOP / "workbook").rglob("*.py"), *(TOP / "builder").rglob("*.py")]):
        source, module = path.read_text(encoding="utf-8"), path.relative_to(TOP).as_posix()
        for name, function in functions(ast.parse(source)):
            for text, instead, nth, _ in places(function, source):
                rooms[module.rpartition("/")[0]].append(Mutant(module, name, text, instead, nth))
    chance = random.Random(2024)
    whole = sum(map(len, rooms.values()))
    sample: list[Mutant] = []
    for room in sorted(rooms):
        sample += chance.sample(rooms[room], max(FEWEST, round(COUNT * len(rooms[room]) / whole)))
    return chance.sample(sample, COUNT)  # in any order: the first hundred stand for all


def located(mutant: Mutant) -> ast.AST | None:
    """Where a mutant stands in the code of now; None if it is gone."""
    path = TOP / mutant.module
    source = path.read_text(encoding="utf-8") if path.exists() else ""
    for name, function in functions(ast.parse(source)):
        for text, _, nth, node in places(function, source) if name == mutant.function else ():
            if (text, nth) == (mutant.text, mutant.nth):
                return node
    return None


def turned(source: str, node: ast.AST, instead: str) -> str:
    """The source with one expression replaced."""
    assert isinstance(node, ast.expr)
    lines = source.encode().splitlines(keepends=True)
    before = b"".join(lines[: node.lineno - 1]) + lines[node.lineno - 1][: node.col_offset]
    assert node.end_lineno is not None
    last = node.end_lineno - 1
    after = lines[last][node.end_col_offset :] + b"".join(lines[last + 1 :])
    return (before + f"({instead})".encode() + after).decode()


def coming_by(data: coverage.CoverageData, mutant: Mutant, node: ast.AST) -> list[str]:
    """The tests that come by a mutant's line, each file's in turn."""
    assert isinstance(node, ast.expr)
    contexts = data.contexts_by_lineno(str(TOP / mutant.module))
    # An expression over several lines is on record by the first of them.
    line = max((n for n in contexts if n <= node.lineno), default=0)
    by_file: dict[str, list[str]] = defaultdict(list)
    for name in sorted({c.partition("|")[0] for c in contexts.get(line, ()) if c}):
        by_file[name.partition("::")[0]].append(name)
    turns = sorted(
        (n, file, test) for file, tests in by_file.items() for n, test in enumerate(tests)
    )
    return [test for _, _, test in turns]


def within(tests: list[str], seconds: float, took: dict[str, float]) -> list[str]:
    """As many of the tests as take so long together, quick ones first."""
    chosen, spent = [], 0.0
    for test in sorted(tests, key=lambda name: took.get(name, 0.05) > 1.0):
        spent += took.get(test, 0.05)
        if chosen and spent > seconds:
            break
        chosen.append(test)
    return chosen[:MOST_TESTS]


def verdict(tree: Path, mutant: Mutant, node: ast.AST, tests: list[str]) -> str:
    """`killed`, `survived` or `unreached`: what the tests say of a mutant."""
    if not tests:
        return "unreached"
    path = tree / mutant.module
    source = path.read_text(encoding="utf-8")
    path.write_text(turned(source, node, mutant.instead), encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", *tests],
            cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "killed"
    finally:
        path.write_text(source, encoding="utf-8")
    return "survived" if done.returncode == 0 else "killed"


def durations(log: Path | None) -> dict[str, float]:
    """How long each test took, of what `pytest --durations=0` printed."""
    lines = log.read_text(encoding="utf-8") if log else ""
    return {
        name: float(time)
        for time, name in re.findall(r"^([\d.]+)s call +(\S.*)$", lines, re.MULTILINE)
    }


def run(first: int, workers: int, seconds: float, log: Path | None) -> None:
    """Try every mutant of the sample, a line each, and count."""
    data = coverage.CoverageData(str(TOP / ".coverage"))
    data.read()
    took = durations(log)
    sample = [Mutant(**each) for each in json.loads(SAMPLE.read_text(encoding="utf-8"))[:first]]
    counts: dict[str, int] = defaultdict(int)
    with tempfile.TemporaryDirectory() as folder:
        trees: Queue[Path] = Queue()
        for number in range(workers):
            tree = Path(folder) / str(number)
            ignored = shutil.ignore_patterns(
                ".git", ".venv", "__pycache__", ".coverage*", ".*_cache"
            )
            shutil.copytree(TOP, tree, ignore=ignored)
            trees.put(tree)

        def tried(mutant: Mutant) -> tuple[Mutant, str]:
            node = located(mutant)
            if node is None:
                return mutant, "gone"
            tree = trees.get()
            try:
                tests = within(coming_by(data, mutant, node), seconds, took)
                return mutant, verdict(tree, mutant, node, tests)
            finally:
                trees.put(tree)

        with ThreadPoolExecutor(workers) as pool:
            for mutant, said in pool.map(tried, sample):
                counts[said] += 1
                line = (
                    f"{said:9} {mutant.module} {mutant.function}: {mutant.text} → {mutant.instead}"
                )
                print(" ".join(line.split()), flush=True)
    print(", ".join(f"{count} {said}" for said, count in sorted(counts.items())))


def main() -> None:
    """Draw the sample, or run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("draw", "run"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--first", type=int, default=COUNT, help="so many of the sample alone")
    parser.add_argument("--seconds", type=float, default=20, help="of tests for each mutant")
    parser.add_argument(
        "--log", type=Path, help="what pytest --durations=0 printed: quick tests first"
    )
    asked = parser.parse_args()
    if asked.what == "draw":
        text = json.dumps([asdict(each) for each in draw()], ensure_ascii=False, indent=1)
        SAMPLE.write_text(text + "\n", encoding="utf-8")
    else:
        run(asked.first, asked.workers, asked.seconds, asked.log)


if __name__ == "__main__":
    main()
