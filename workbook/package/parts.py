"""The XML parts of a workbook other than its sheets: bytes in, plain data out, one pass each.

Every part goes through `parse_xml`: no document type, no entities, bounded depth, a deadline. Namespaces
are compared, prefixes never; Strict and Transitional names mean the same.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote
from xml.parsers import expat

from workbook.errors import Refused
from workbook.limits import Limits
from workbook.package import plain_xml
from workbook.package.container import Watch
from workbook.package.seen import Seen
from workbook.text import brief

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"

_HOMES = frozenset(
    {
        MAIN,
        STRICT_MAIN,
        "http://schemas.openxmlformats.org/package/2006/content-types",
        "http://schemas.openxmlformats.org/package/2006/relationships",
        "http://schemas.openxmlformats.org/package/2006/metadata/core-properties",
        "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties",
        "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties",
        "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes",
        "http://purl.oclc.org/ooxml/officeDocument/extendedProperties",
        "http://purl.oclc.org/ooxml/officeDocument/customProperties",
        "http://purl.oclc.org/ooxml/officeDocument/docPropsVTypes",
        "http://purl.org/dc/elements/1.1/",
        "http://purl.org/dc/terms/",
    }
)
_CHUNK = 65_536
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

Visit = Callable[[str, dict[str, str], str], None]


class Relationship(NamedTuple):
    """One link of a part: `kind` is the last word of its type, `target` a member or, outside, text."""

    id: str
    kind: str
    target: str
    external: bool


class SheetEntry(NamedTuple):
    """A sheet as the workbook part lists it."""

    name: str
    state: str
    relation: str


@dataclass(frozen=True, slots=True)
class WorkbookPart:
    """What the workbook part says; returns of one template share it."""

    sheets: tuple[SheetEntry, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Workbook-level: name → "'自评表'!$D$8"."""
    date1904: bool = False


class Styles(NamedTuple):
    """Of every cell style: whether it unlocks, and its number format."""

    unlocked: frozenset[int]
    formats: Mapping[int, str]


# 1-49 as in ECMA-376 18.8.30; 27-36 and 50-58 as Excel and WPS mean them in Chinese.
BUILTIN_FORMATS: Mapping[int, str] = MappingProxyType(
    {
        0: "General",
        1: "0",
        2: "0.00",
        3: "#,##0",
        4: "#,##0.00",
        9: "0%",
        10: "0.00%",
        11: "0.00E+00",
        12: "# ?/?",
        13: "# ??/??",
        14: "mm-dd-yy",
        15: "d-mmm-yy",
        16: "d-mmm",
        17: "mmm-yy",
        18: "h:mm AM/PM",
        19: "h:mm:ss AM/PM",
        20: "h:mm",
        21: "h:mm:ss",
        22: "m/d/yy h:mm",
        **dict.fromkeys((27, 36, 50, 52, 57), 'yyyy"年"m"月"'),
        **dict.fromkeys((28, 29, 51, 53, 54, 58), 'm"月"d"日"'),
        30: "m-d-yy",
        31: 'yyyy"年"m"月"d"日"',
        32: 'h"时"mm"分"',
        33: 'h"时"mm"分"ss"秒"',
        **dict.fromkeys((34, 55), '上午/下午h"时"mm"分"'),
        **dict.fromkeys((35, 56), '上午/下午h"时"mm"分"ss"秒"'),
        37: "#,##0 ;(#,##0)",
        38: "#,##0 ;[Red](#,##0)",
        39: "#,##0.00;(#,##0.00)",
        40: "#,##0.00;[Red](#,##0.00)",
        45: "mm:ss",
        46: "[h]:mm:ss",
        47: "mmss.0",
        48: "##0.0E+0",
        49: "@",
    }
)


class ParseTask(NamedTuple):
    """What every parse needs to know beside the bytes: whose they are, and what they may cost."""

    part: str
    limits: Limits
    watch: Watch

    def damaged(self, why: str) -> Refused:
        return Refused("W104", f"{brief(self.part)}：{why}")

    def over(self, quantity: str, limit: int) -> Refused:
        return Refused("W106", f"{brief(self.part)}：{quantity}超过 {limit}")

    def require_shallow(self, depth: int) -> None:
        """Refuse deep nesting; asked between chunks, which cannot nest deep enough to hurt."""
        if depth > self.limits.xml_depth:
            raise self.over("嵌套层数", self.limits.xml_depth)


def parse_xml(
    data: bytes,
    task: ParseTask,
    *,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], object],
    tick: Callable[[], None] | None = None,
) -> None:
    """Tell of each start, end and text in the part; `tick` is called between chunks. Raises Refused only."""
    parser = expat.ParserCreate(None, " ")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.EntityDeclHandler = _refuse_doctype
    try:
        for at in range(0, len(data), _CHUNK):
            parser.Parse(data[at : at + _CHUNK], False)
            task.watch.check()
            if tick is not None:
                tick()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise task.damaged(f"第 {error.lineno} 行不是完整的 XML") from None
    except (ValueError, LookupError, OverflowError, TypeError, AttributeError):
        # A number or an encoding that is none; codecs raise what they like.
        raise task.damaged("内容不合规范") from None


def _refuse_doctype(*_: object) -> None:
    raise Refused("W107", "XML 中含有 DOCTYPE 或 ENTITY 声明")


def scan(data: bytes, task: ParseTask, visit: Visit) -> str:
    """Call `visit(path, attributes, text)` at the end of every element; return the root's namespace.

    A path is the local names from the root, `workbook/sheets/sheet`; an element of a namespace that
    is not ours keeps it in its name, so it can pass for nothing else.
    """
    paths: list[str] = []
    attributes: list[dict[str, str]] = []
    text: list[str] = []
    root = ""

    def start(name: str, own_attributes: dict[str, str]) -> None:
        nonlocal root
        space, _, local = name.rpartition(" ")
        step = local if space in _HOMES else name
        if paths:
            step = f"{paths[-1]}/{step}"
        else:
            root = space
        paths.append(step)
        attributes.append(own_attributes)
        text.clear()
        if len(paths) > task.limits.xml_depth:
            raise task.over("嵌套层数", task.limits.xml_depth)

    def end(_: str) -> None:
        visit(paths.pop(), attributes.pop(), "".join(text))
        text.clear()

    parse_xml(data, task, start=start, end=end, text=text.append)
    return root


def is_true(text: str | None) -> bool:
    """An XML boolean; anything else is false."""
    return text in {"1", "true", "on"}


def unescape(text: str) -> str:
    """Undo `_x000D_`; an escaped half of a surrogate pair stays as written, being no character."""
    return _ESCAPE.sub(_character, text) if "_x" in text else text


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0] if 0xD800 <= code <= 0xDFFF else chr(code)


def parse_content_types(data: bytes, task: ParseTask) -> Mapping[str, str]:
    """Content type by member (casefolded, no leading slash), and by `*.extension` for the rest."""
    types: dict[str, str] = {}

    def visit(path: str, attributes: dict[str, str], _: str) -> None:
        if path == "Types/Override":
            types[attributes["PartName"].lstrip("/").casefold()] = attributes["ContentType"]
        elif path == "Types/Default":
            types[f"*.{attributes['Extension']}"] = attributes["ContentType"]
        if len(types) > task.limits.items:
            raise task.over("部件数", task.limits.items)

    scan(data, task, visit)
    return types


def parse_relationships(data: bytes, task: ParseTask) -> tuple[Relationship, ...]:
    """The links of a part; `task.part` is the `.rels` member, which says what targets relate to."""
    folder = posixpath.dirname(posixpath.dirname(task.part))
    relationships: list[Relationship] = []

    def visit(path: str, attributes: dict[str, str], _: str) -> None:
        if path != "Relationships/Relationship":
            return
        external = attributes.get("TargetMode") == "External"
        target = attributes["Target"]
        if not external:
            target = _member(folder, target)
        kind = attributes["Type"].rpartition("/")[2]
        relationships.append(Relationship(attributes["Id"], kind, target[:2048], external))
        if len(relationships) > task.limits.items:
            raise task.over("链接数", task.limits.items)

    scan(data, task, visit)
    return tuple(relationships)


def _member(folder: str, target: str) -> str:
    """The member that a target means: absolute, or relative to the part's folder."""
    path = unquote(target.partition("#")[0]).replace("\\", "/")
    path = posixpath.normpath(path if path.startswith("/") else f"/{folder}/{path}")
    return path.lstrip("/")


def parse_workbook(data: bytes, task: ParseTask) -> WorkbookPart:
    """The workbook part: sheets in order, names, date system."""
    sheets: list[SheetEntry] = []
    defined: list[tuple[str, bool, str]] = []
    flags: dict[str, bool] = {}

    def visit(path: str, attributes: dict[str, str], text: str) -> None:
        match path:
            case "workbook/definedNames/definedName":
                defined.append((attributes["name"], "localSheetId" in attributes, text))
                if len(defined) > task.limits.names:
                    raise task.over("名称数", task.limits.names)
                if len(text) > task.limits.attribute_length:
                    raise task.over("名称长度", task.limits.attribute_length)
            case "workbook/sheets/sheet":
                links = [v for k, v in attributes.items() if k.endswith("/relationships id")]
                relation = links[0] if links else ""
                sheets.append(
                    SheetEntry(attributes["name"], _state(attributes.get("state")), relation)
                )
                if len(sheets) > task.limits.sheets:
                    raise task.over("工作表数", task.limits.sheets)
            case "workbook/workbookPr":
                flags["date1904"] = is_true(attributes.get("date1904"))
            case "workbook":
                flags["root"] = True

    scan(data, task, visit)
    if not flags.get("root") or not sheets:
        raise task.damaged("没有工作表")
    if len({sheet.name.casefold() for sheet in sheets}) < len(sheets):
        raise task.damaged("工作表重名")
    return WorkbookPart(tuple(sheets), _names(defined, task), flags.get("date1904", False))


def _state(text: str | None) -> str:
    return text if text in {"hidden", "veryHidden"} else "visible"


def _names(defined: list[tuple[str, bool, str]], task: ParseTask) -> dict[str, str]:
    """The names of the whole workbook; not those of one sheet, nor Excel's own (`_xlnm.…`)."""
    names: dict[str, str] = {}
    for name, is_local, text in defined:
        if is_local or name.lower().startswith("_xlnm"):
            continue
        if name in names:
            raise task.damaged(f"名称 {brief(name)} 定义了两次")
        names[name] = text
    return names


def parse_styles(data: bytes, task: ParseTask) -> Styles:
    """Which cell styles unlock, and every cell style's number format."""
    codes: dict[int, str] = {}
    formats: dict[int, str] = {}
    unlocked: set[int] = set()
    locked = True

    def visit(path: str, attributes: dict[str, str], _: str) -> None:
        nonlocal locked
        match path:
            case "styleSheet/cellXfs/xf/protection":
                locked = is_true(attributes.get("locked", "1"))
            case "styleSheet/cellXfs/xf":
                style, number = len(formats), int(attributes.get("numFmtId", "0"))
                formats[style] = codes.get(number) or BUILTIN_FORMATS.get(number, "General")
                if not locked:
                    unlocked.add(style)
                locked = True
                if style >= task.limits.styles:
                    raise task.over("单元格样式数", task.limits.styles)
            case "styleSheet/numFmts/numFmt":
                codes[int(attributes["numFmtId"])] = attributes["formatCode"][:1024]

    scan(data, task, visit)
    return Styles(frozenset(unlocked), MappingProxyType(formats))


def parse_strings(data: bytes, task: ParseTask) -> Sequence[str]:
    """The shared strings: runs joined, phonetic guides left out, escapes undone."""
    cut = plain_xml.cut_strings(data)
    if cut is not None:
        rest, items = cut
        # One empty item, for those taken out: so they stood in the root, in its namespace.
        if _parse_strings(rest, task) == [""]:
            strings = _strings(task.limits.text_length).all(items, partial(_plain_string, task))
            if strings is not None:
                return strings
    return _parse_strings(data, task)


# By the longest text that the limits admit: what is kept passed that bound.
@lru_cache(maxsize=4)
def _strings(_longest: int) -> Seen[str]:
    """The shared strings seen before: a template's labels stand in every return."""
    return Seen(2 * 2**20, each=200)


def _plain_string(task: ParseTask, item: bytes) -> str | None:
    text = plain_xml.string(item)
    try:
        return None if text is None else _bounded(unescape(text), task)
    except Refused:
        return None


def _parse_strings(data: bytes, task: ParseTask) -> list[str]:
    strings: list[str] = []
    runs: list[str] = []
    text: list[str] = []
    item_tag = text_tag = phonetic_tag = ""
    depth = 0
    phonetic = False
    clear, join = text.clear, "".join

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal depth, phonetic, item_tag, text_tag, phonetic_tag
        depth += 1
        if name == phonetic_tag:
            phonetic = True
        elif depth == 1:
            space = root_space(name, "sst", task)
            item_tag, text_tag, phonetic_tag = f"{space} si", f"{space} t", f"{space} rPh"
        clear()

    def end(name: str) -> None:
        nonlocal depth, phonetic
        depth -= 1
        if name == text_tag:
            if not phonetic:
                runs.append(join(text))
        elif name == item_tag and depth == 1:
            strings.append(_bounded(unescape(join(runs)), task))
            runs.clear()
        elif name == phonetic_tag:
            phonetic = False

    parse_xml(
        data, task, start=start, end=end, text=text.append,
        tick=lambda: task.require_shallow(depth),
    )  # fmt: skip
    return strings


def _bounded(text: str, task: ParseTask) -> str:
    if len(text) > task.limits.text_length:
        raise task.over("文字长度", task.limits.text_length)
    return text


def root_space(name: str, expected: str, task: ParseTask) -> str:
    """The namespace of a part's root, which must be one of the two and the root the expected."""
    space, _, local = name.rpartition(" ")
    if local != expected or space not in {MAIN, STRICT_MAIN}:
        raise task.damaged(f"不是 {expected} 部件")
    return space


def parse_properties(data: bytes, task: ParseTask) -> Mapping[str, str]:
    """Core, application or custom properties as text, keys as `lastModifiedBy`, `custom:NAME`."""
    properties: dict[str, str] = {}

    def visit(path: str, attributes: dict[str, str], text: str) -> None:
        root, _, key = path.partition("/")
        if root in {"coreProperties", "Properties"} and key and "/" not in key:
            if "name" in attributes:
                key = f"custom:{attributes['name']}"
                text = values.get("value", "")
                values.clear()
            if text.strip():
                properties[key[:1].lower() + key[1:]] = text[: task.limits.text_length]
        elif path.startswith("Properties/property/"):
            values["value"] = text
        if len(properties) > task.limits.items:
            raise task.over("属性数", task.limits.items)

    values: dict[str, str] = {}
    scan(data, task, visit)
    return properties
