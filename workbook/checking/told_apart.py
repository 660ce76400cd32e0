"""Refuses returns whose departments cannot be told apart: else figures would be lost without a word.

A code or a name stands for a department of one county only. Where the county of returns is not given, what
comes from several folders under one code or one name, or under one code with several names, may be one
department or several; nobody but the bureau knows. Where it said that a return counts, it has said whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from workbook import text as texts
from workbook.checking.roster import Roster
from workbook.checking.senders import SentReturns, folder_of_return
from workbook.errors import WorkbookError
from workbook.language import marked, t
from workbook.reading import SKIPPED, Return, Submission

_LISTED = 3
"""So many cases are told one by one, and so many files of each."""
_REMEDIES = marked(
    "各县区的编码会重复。请三选一：每个县区的表放进以县区命名的文件夹，加 --county-from-folder；"
    "在名册里加“县区”一列（各县区的单位编码、名称不同的，才分得清）；"
    "都是一个县区的（如分几批收回、同一单位再报），加 --county 县区名，同一单位的算保存最晚的一份"
    "（在 Python 里是 read_returns 的 county）"
)


def require_told_apart(sent: SentReturns) -> None:
    """Raise WorkbookError, naming files and remedies, if departments cannot be told apart."""
    _require_counties(sent.returns, sent.roster)
    cases = [*_of_several_counties(sent), *_of_one_department(sent), *_of_one_name(sent)]
    if cases:
        more = t("；另有 {count} 处", count=len(cases) - _LISTED) if len(cases) > _LISTED else ""
        raise WorkbookError(
            t(
                "分不清单位：{names}{more}。{remedies}",
                names=t("；").join(cases[:_LISTED]),
                more=more,
                remedies=t(_REMEDIES),
            )
        )


def _require_counties(returns: Sequence[Return], roster: Roster | None) -> None:
    """All returns have a county or none, and the roster knows it."""
    sent = [returned for returned in returns if returned.status != SKIPPED]
    counties = {texts.fold_as_seen(r.county): r.county for r in sent if r.county}
    without = [returned for returned in sent if not returned.county]
    if counties and without:
        raise WorkbookError(
            t(
                "{without}：没有县区，其余的有（{names}）；请给每一份表都标明县区",
                without=_named(without),
                names=t("、").join(counties.values()),
            )
        )
    if not counties or roster is None:
        return
    known = {texts.fold_as_seen(county) for county in roster.counties}
    if not known and len(counties) > 1:
        raise WorkbookError(
            t(
                "{path}：名册没有“县区”一列，收回的表分属{names}；请在名册里加上这一列",
                path=roster.path,
                names=t("、").join(counties.values()),
            )
        )
    for folded, county in counties.items():
        if known and folded not in known:
            theirs = [r for r in sent if texts.fold_as_seen(r.county) == folded]
            raise WorkbookError(
                t(
                    "{theirs}：县区是“{county}”，名册 {path} 里没有这个县区，有的是："
                    "{counties}；请改文件夹的名称或名册，写成一样的",
                    theirs=_named(theirs),
                    county=county,
                    path=roster.path,
                    counties=t("、").join(roster.counties),
                )
            )


def _of_several_counties(sent: SentReturns) -> Iterator[str]:
    """Returns that departments of several counties on the roster may have sent."""
    roster = sent.roster
    if roster is None or not roster.counties:
        return
    by_words: dict[tuple[str, str], list[int]] = {}
    for position, submission in sent.read.items():
        if not sent.returns[position].county and sent.senders[position].entry is None:
            words = submission.department_code.strip(), submission.department.strip()
            by_words.setdefault(words, []).append(position)
    for words, positions in by_words.items():
        counties = [entry.county for entry in roster.candidates(*words)]
        if len(counties) > 1:
            returns = [sent.returns[position] for position in positions]
            yield t(
                "{words}（{returns}）名册上{counties}都有",
                words=" ".join(filter(None, words)),
                returns=_named(returns),
                counties=t("、").join(counties),
            )


def _of_one_department(sent: SentReturns) -> Iterator[str]:
    """Returns without county that were taken for one department's and may be several's."""
    positions_of: dict[int, list[int]] = {}
    for position in sent.read:
        if not (sent.returns[position].county or sent.returns[position].chosen):
            positions_of.setdefault(sent.departments[position], []).append(position)
    for positions in positions_of.values():
        if len(positions) > 1:
            returns = [sent.returns[position] for position in positions]
            read = [sent.read[position] for position in positions]
            case = _case_of(read, returns)
            if case:
                yield case


def _of_one_name(sent: SentReturns) -> Iterator[str]:
    """Returns of one name and several codes from several folders: a slip of the code, or two counties'."""
    by_name: dict[str, list[int]] = {}
    for position, submission in sent.read.items():
        name, sender = texts.fold_as_seen(submission.department), sent.senders[position]
        returned = sent.returns[position]
        if name and sender.entry is None and not (returned.county or returned.chosen):
            by_name.setdefault(name, []).append(position)
    for positions in by_name.values():
        returns = [sent.returns[position] for position in positions]
        codes = {
            texts.fold_as_seen(sent.read[position].department_code) for position in positions
        } - {""}
        if len(codes) > 1 and len(set(map(folder_of_return, returns))) > 1:
            name = sent.read[positions[0]].department.strip()
            yield t(
                "“{name}” 在几个文件夹里都有，预算编码不同（{returns}）",
                name=name,
                returns=_named(returns),
            )


def _case_of(read: Sequence[Submission], returns: Sequence[Return]) -> str:
    """What is doubtful about a department's returns; blank if nothing is."""
    by_folder = {folder_of_return(returned): returned for returned in reversed(returns)}
    if len(by_folder) > 1:
        first = read[0]
        code = first.department_code.strip()
        who = t("预算编码 {code}", code=code) if code else f"“{first.department.strip()}”"
        return t(
            "{who} 在 {count} 个文件夹里都有（{returns}）",
            who=who,
            count=len(by_folder),
            returns=_named(list(by_folder.values())[::-1]),
        )
    names: dict[tuple[str, str], tuple[str, Return]] = {}
    for submission, returned in zip(read, returns, strict=True):
        code, name = submission.department_code.strip(), submission.department.strip()
        if code and name:
            names.setdefault((texts.fold_as_seen(code), texts.fold_as_seen(name)), (name, returned))
    codes = [code for code, _ in names]
    for code in dict.fromkeys(codes):
        several = [pair for (own_code, _), pair in names.items() if own_code == code]
        if len(several) > 1:
            listed_names = t("、").join(f"“{name}”" for name, _ in several[:_LISTED])
            files = _named([returned for _, returned in several])
            return t(
                "预算编码 {code} 有不同的单位名称{names}（{files}）",
                code=code,
                names=listed_names,
                files=files,
            )
    return ""


def _named(returns: Iterable[Return]) -> str:
    """The first few files by name, and how many there are."""
    keys = [returned.key for returned in returns]
    rest = t(" 等 {count} 个文件", count=len(keys)) if len(keys) > _LISTED else ""
    return f"{'、'.join(keys[:_LISTED])}{rest}"
