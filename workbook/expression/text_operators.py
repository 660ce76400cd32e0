"""The operators over texts: the Excel formula of each beside its array function."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from workbook import text as texts
from workbook.expression.operands import Array, Op, Param, Type


def _map_texts(function: Callable[[str], Any], values: Array, *, number: bool = False) -> Array:
    """Apply to each distinct text once; undecided stays undecided."""
    given = values.ravel().tolist()
    undecided = np.nan if number else None
    results = {text: undecided if text is None else function(text) for text in set(given)}
    if number:
        results = {text: np.nan if result is None else result for text, result in results.items()}
    dtype = np.dtype(float if number else object)
    mapped = np.fromiter(map(results.__getitem__, given), dtype, len(given))
    return mapped.reshape(values.shape)


def _pairs(function: Callable[[str, str], float], a: Array, b: Array) -> Array:
    if b.size == 1 and b.item() is not None:
        constant = b.item()
        return _map_texts(lambda text: function(text, constant), a, number=True)
    a, b = np.broadcast_arrays(a, b)
    result = [
        np.nan if x is None or y is None else float(function(x, y))
        for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
    ]
    return np.array(result, dtype=float).reshape(a.shape)


def _over_words(test: Callable[[tuple[str, ...]], Callable[[str], bool]]) -> Callable[..., Array]:
    """Whether a test of a text, made from the words, holds; the words are constants."""

    def over(text: Array, *words: Array) -> Array:
        return _map_texts(test(tuple(str(word.item()) for word in words)), text, number=True)

    return over


def _has_one(words: tuple[str, ...]) -> Callable[[str], bool]:
    return lambda text: any(map(text.__contains__, words))


def _begins_with_one(words: tuple[str, ...]) -> Callable[[str], bool]:
    return lambda text: text.startswith(words)


def _any_of(template: str) -> Callable[[list[str]], str]:
    """Whether a formula holds of the text and one of the words, which are constants: all of them in one list."""

    def formula(args: list[str]) -> str:
        text, *words = args
        listed = words[0] if len(words) == 1 else f"{{{','.join(words)}}}"
        return f"(SUMPRODUCT(({template.format(text, listed)})*1)>0)"

    return formula


def _joined(function: Callable[[str, str], str], a: Array, b: Array) -> Array:
    if b.size == 1 and b.item() is not None:
        constant = b.item()
        return _map_texts(lambda text: function(text, constant), a)
    a, b = np.broadcast_arrays(a, b)
    joined = [
        None if x is None or y is None else function(x, y)
        for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
    ]
    return _texts(joined, a.shape)


def _texts(values: list[str | None], shape: tuple[int, ...]) -> Array:
    return np.fromiter(values, np.dtype(object), len(values)).reshape(shape)


def _same(a: Array, b: Array) -> Array:
    return _pairs(str.__eq__, _map_texts(texts.fold, a), _map_texts(texts.fold, b))


def _substitutes(inner: str, folds: tuple[tuple[str, str], ...]) -> str:
    for word, substitute in folds:
        inner = f"SUBSTITUTE({inner},{_quoted(word)},{_quoted(substitute)})"
    return inner


_CONTROLS = {"\n": "CHAR(10)", "\r": "CHAR(13)", "\t": "CHAR(9)"}


def _quoted(value: str) -> str:
    return _CONTROLS.get(value) or literal(value)


def literal(value: str) -> str:
    """A text as a formula writes it."""
    doubled = value.replace('"', '""')
    return f'"{doubled}"'


def _fold_formula(args: list[str]) -> str:
    return f"UPPER({_substitutes(args[0], texts.FOLDS)})"


def _measure_formula(args: list[str]) -> str:
    return _substitutes(_fold_formula(args), texts.SIGN_WORDS)


def _same_formula(args: list[str]) -> str:
    return f"EXACT({_folded(args[0])},{_folded(args[1])})"


_CONSTANT = re.compile(r'"((?:[^"]|"")*)"')


def _folded(formula: str) -> str:
    """The folded text of a formula; a constant is folded once and for all."""
    constant = _CONSTANT.fullmatch(formula)
    if constant:
        return literal(texts.fold(constant[1].replace('""', '"')))
    return _fold_formula([formula])


def _begins_with(letters: str) -> str:
    # ISNUMBER(FIND(…)) would take an error in the text for "not found".
    return f'(LEN(SUBSTITUTE({literal(letters)},LEFT({{0}}&" ",1),""))<{len(letters)})'


_HAS_SIGN = _begins_with(texts.SIGNS)
_BEGINS_WITH_DIGIT = _begins_with(texts.DIGITS)
_SIGN_BEHIND = (
    f'AND(ISNUMBER(FIND(MID({{0}}&" ",1+{_HAS_SIGN},1),{literal(texts.DIGITS)})),'
    f"OR({','.join(f'RIGHT({{0}},2)={literal(s)}' for s in texts.SIGN_SUFFIXES)}))"
)
_BODY = f"MID({{0}},1+{_HAS_SIGN},LEN({{0}})-{_HAS_SIGN}-2*{_SIGN_BEHIND})"
_INDEXES = "{{" + ",".join(str(index) for index in range(1, texts.LONGEST_RUN + 1)) + "}}"
# The first index at which no digit stands; SUMPRODUCT makes every engine work through the whole list.
_RUN = (
    f'LEFT({{0}},SUMPRODUCT(MIN({_INDEXES}+999*ISNUMBER(FIND(MID({{0}}&" ",{_INDEXES},1),'
    f"{literal(texts.DIGITS)}))))-1)"
)
_VALUE = (
    f"IF(AND(LEN({{0}})>0,LEN({{0}})<{texts.LONGEST_RUN},EXACT({{0}},{_RUN}),"
    'LEN({0})-LEN(SUBSTITUTE({0},".",""))<2,NOT(EXACT({0},"."))),VALUE({0}),NA())'
)
_SIGN = (
    f"IF({_HAS_SIGN},LEFT({{0}},1),IF({_BEGINS_WITH_DIGIT},"
    f'IF(RIGHT({{0}},2)={literal(texts.AT_LEAST_SUFFIX)},"≥",'
    f'IF(OR({",".join(f"RIGHT({{0}},2)={literal(s)}" for s in texts.AT_MOST_SUFFIXES)}),"≤","")),""))'
)


# Far from all cells, so that no formula refers to itself.
_PLACES = f"ROW($IV$1:$IV${texts.LONGEST_LIKENED})"
_LIKENESS = (
    f"((SUMPRODUCT(({_PLACES}<LEN({{0}}))*ISNUMBER(FIND(MID({{0}},{_PLACES},2),{{1}})))+0*LEN({{1}}))"
    f"/MAX(1,MIN(LEN({{0}})-1,{texts.LONGEST_LIKENED})))"
)
_EACH_DIGIT = '{{"0","1","2","3","4","5","6","7","8","9"}}'
_FROM_FIGURE = f'MID({{0}},SUMPRODUCT(MIN(FIND({_EACH_DIGIT},{{0}}&"0123456789"))),32767)'
_DIGITS_LEFT_OUT = f'LEN(SUBSTITUTE({{0}},{_EACH_DIGIT},""))'
_SAME_DIGITS = (
    f"(SUMPRODUCT(ABS(LEN({{0}})-{_DIGITS_LEFT_OUT}"
    f"-LEN({{1}})+{_DIGITS_LEFT_OUT.replace('{0}', '{1}')}))=0)"
)

_CONTAINS = '(LEN(SUBSTITUTE({0},{1},""))<LEN({0}))'  # engines disagree on FIND("",…)
_STARTS = "EXACT(LEFT({0},LEN({1})),{1})"


def _contains(text: str, part: str) -> bool:
    return part != "" and part in text


def _before(text: str, word: str) -> str:
    return text.partition(word)[0] if word else text


def _after(text: str, word: str) -> str:
    return text.partition(word)[2] if word else ""


def _chained(*parts: Array) -> Array:
    parts = np.broadcast_arrays(*parts)
    rows = zip(*(part.ravel().tolist() for part in parts), strict=True)
    return _texts([None if None in row else "".join(row) for row in rows], parts[0].shape)


def _exactly(a: Array, b: Array) -> Array:
    return _pairs(str.__eq__, a, b)


def _rests(texts_: Array, runs: Array) -> Array:
    return _joined(lambda text, run: text[len(run) :], texts_, runs)


def _trimmed(text: str) -> str:
    return " ".join(filter(None, text.split(" ")))


def _replaced(text: Array, word: Array, substitute: Array) -> Array:
    if word.size == substitute.size == 1 and None not in (word.item(), substitute.item()):
        old, new = str(word.item()), str(substitute.item())
        return _map_texts(lambda words: words.replace(old, new), text) if old else text
    parts = np.broadcast_arrays(text, word, substitute)
    triples = zip(*(part.ravel().tolist() for part in parts), strict=True)
    replaced = [None if None in (t, w, s) else t.replace(w, s) if w else t for t, w, s in triples]
    return _texts(replaced, parts[0].shape)


# --- the table ------------------------------------------------------------------------------------

_T = Param.TEXT
TEXT_OPS: tuple[Op, ...] = (
    Op(
        "same",
        (_T, _T),
        Type.TRUTH,
        _same_formula,
        _same,
        doc="文字相同（不计空格、全半角、大小写）",
    ),
    Op(
        "differ",
        (_T, _T),
        Type.TRUTH,
        lambda args: f"NOT({_same_formula(args)})",
        lambda a, b: 1.0 - _same(a, b),
        doc="文字不同（不计空格、全半角、大小写）",
    ),
    Op(
        "exact",
        (_T, _T),
        Type.TRUTH,
        "EXACT({0},{1})",
        _exactly,
        doc="文字逐字相同",
    ),
    Op(
        "in",
        (_T, Param.WORDS),
        Type.TRUTH,
        _any_of("EXACT({0},{1})"),
        _over_words(lambda words: frozenset(words).__contains__),
        doc="文字逐字是词表里的一个词",
    ),
    Op(
        "contains",
        (_T, _T),
        Type.TRUTH,
        _CONTAINS,
        lambda a, b: _pairs(_contains, a, b),
        doc="文字中含有（空文字不算）",
    ),
    Op(
        "starts",
        (_T, _T),
        Type.TRUTH,
        _STARTS,
        lambda a, b: _pairs(str.startswith, a, b),
        doc="文字以此开头",
    ),
    Op(
        "mentions",
        (_T, Param.WORDS),
        Type.TRUTH,
        _any_of('LEN(SUBSTITUTE({0},{1},""))<LEN({0})'),
        _over_words(_has_one),
        doc="文字中含有词表里的一个词",
    ),
    Op(
        "begins",
        (_T, Param.WORDS),
        Type.TRUTH,
        _any_of(_STARTS),
        _over_words(_begins_with_one),
        doc="文字以词表里的一个词开头",
    ),
    Op(
        "likeness",
        (_T, _T),
        Type.NUMBER,
        _LIKENESS,
        lambda a, b: _pairs(texts.likeness, a, b),
        doc="前一段文字相邻的两个字，有多少也在后一段里，0 至 1",
    ),
    Op(
        "same_digits",
        (_T, _T),
        Type.TRUTH,
        _SAME_DIGITS,
        lambda a, b: _pairs(texts.same_digits, a, b),
        doc="两段文字里 0 到 9 各有几个都相同，先后不论",
    ),
    Op(
        "length",
        (_T,),
        Type.NUMBER,
        "LEN({0})",
        lambda a: _map_texts(len, a, number=True),
        doc="字数",
    ),
    Op(
        "breaks",
        (_T,),
        Type.NUMBER,
        '(LEN({0})-LEN(SUBSTITUTE({0},CHAR(10),"")))',
        lambda a: _map_texts(lambda text: text.count("\n"), a, number=True),
        doc="换行的个数",
    ),
    Op(
        "fold",
        (_T,),
        Type.TEXT,
        _fold_formula,
        lambda a: _map_texts(texts.fold, a),
        doc="去掉空格和数字中的逗号，全角转半角",
    ),
    Op(
        "measure",
        (_T,),
        Type.TEXT,
        _measure_formula,
        lambda a: _map_texts(texts.measure, a),
        doc="去空格、全角转半角，再把“不少于”等词换成 ≥、≤ 等符号",
    ),
    Op(
        "sign_of",
        (_T,),
        Type.TEXT,
        _SIGN,
        lambda a: _map_texts(texts.sign_of, a),
        doc="指标值的符号：≥ ≤ > < = 之一；没有则是空的",
    ),
    Op(
        "body_of",
        (_T,),
        Type.TEXT,
        _BODY,
        lambda a: _map_texts(texts.body_of, a),
        doc="去掉符号和“以上”“以下”“以内”的指标值",
    ),
    Op(
        "digits_of",
        (_T,),
        Type.TEXT,
        _RUN,
        lambda a: _map_texts(texts.digits_of, a),
        doc="开头的数字，仍是文字：`57.97万元` 的 `57.97`；没有则是空的",
    ),
    Op(
        "value_of",
        (_T,),
        Type.NUMBER,
        _VALUE,
        lambda a: _map_texts(texts.value_of, a, number=True),
        doc="文字写的数变成数，以便比较、计算；不是数则未定",
    ),
    Op(
        "from_figure",
        (_T,),
        Type.TEXT,
        _FROM_FIGURE,
        lambda a: _map_texts(texts.from_figure, a),
        doc="从第一个数字起的文字：`批复后20日内` 的 `20日内`；没有则是空的",
    ),
    Op(
        "rest_of",
        (_T, _T),
        Type.TEXT,
        "MID({0},LEN({1})+1,999)",
        _rests,
        doc="去掉开头的一段（后一个文字）以后剩下的，如数字之后的单位",
    ),
    Op(
        "join",
        (_T,),
        Type.TEXT,
        lambda args: f"({'&'.join(args)})",
        _chained,
        variadic=True,
        doc="把文字连起来",
    ),
    Op(
        "trim",
        (_T,),
        Type.TEXT,
        "TRIM({0})",
        lambda a: _map_texts(_trimmed, a),
        doc="去掉首尾的空格，中间连续的空格只留一个",
    ),
    Op(
        "before",
        (_T, _T),
        Type.TEXT,
        f"IF({_CONTAINS},LEFT({{0}},FIND({{1}},{{0}})-1),{{0}})",
        lambda a, b: _joined(_before, a, b),
        doc="某词第一次出现之前的文字；没有这个词则是全部",
    ),
    Op(
        "after",
        (_T, _T),
        Type.TEXT,
        f'IF({_CONTAINS},MID({{0}},FIND({{1}},{{0}})+LEN({{1}}),32767),"")',
        lambda a, b: _joined(_after, a, b),
        doc="某词第一次出现之后的文字；没有这个词则是空的",
    ),
    Op(
        "replace",
        (_T, _T, _T),
        Type.TEXT,
        "SUBSTITUTE({0},{1},{2})",
        _replaced,
        doc="把文字中所有的某词换成另一词",
    ),
)
"""The operators that take texts or make them."""
