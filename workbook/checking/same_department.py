"""Who is the same department: told by county and code, else by county and name.

Codes such as 118001 repeat in every county. All words are compared folded: blanks, width, case and what nobody sees aside.
Where a county is not known, code and name have to do, and names join no further than a folder; what that
leaves open, `workbook.checking.told_apart` refuses.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbook.text import fold_as_seen


@dataclass(frozen=True, slots=True)
class Identity:
    """What a department is known by; the words are folded."""

    county: str
    code: str
    name: str
    project: str = ""
    """Where a form is filled in for each project."""
    folder: str = ""
    """Where its return lay, as it stands; blank in a list of departments."""

    @classmethod
    def of(
        cls, county: str, code: str, name: str, *, project: str = "", folder: str = ""
    ) -> Identity:
        """The identity that some words tell."""
        county, code, name, project = map(fold_as_seen, (county, code, name, project))
        return cls(county, code, name, project, folder)


def full_name(county: str, department: str) -> str:
    """A department's name with its county in front, where one is known that the name does not tell."""
    return department if county in department else f"{county} {department}"


class Directory:
    """A list of departments in which others are looked up. Each is named by its position."""

    def __init__(self, identities: Iterable[Identity]) -> None:
        self.identities = tuple(identities)
        self._by_code: dict[str, list[int]] = {}
        self._by_name: dict[str, list[int]] = {}
        for position, identity in enumerate(self.identities):
            self._by_code.setdefault(identity.code, []).append(position)
            self._by_name.setdefault(identity.name, []).append(position)

    def find(self, sought: Identity) -> list[int]:
        """The department of that code; else the one of that name. None or one where counties are known.

        Without a county all that may be meant: of several with the code those of the name, if there are any.
        """
        of_code = self._within(sought, self._by_code.get(sought.code) if sought.code else None)
        if len(of_code) > 1:
            of_name = [p for p in of_code if self.identities[p].name == sought.name]
            return of_name or of_code
        return of_code or self._within(
            sought, self._by_name.get(sought.name) if sought.name else None
        )

    def _within(self, sought: Identity, positions: list[int] | None) -> list[int]:
        return [
            position
            for position in positions or ()
            if _may_be_one(sought.county, self.identities[position].county)
        ]


def _may_be_one(one: str, other: str) -> bool:
    """Whether two counties may be the same: they are, or one is not known."""
    return one == other or not one or not other


def department_numbers(identities: Sequence[Identity]) -> list[int]:
    """For each identity a number that all of its department share.

    Of one county, or of one folder where no county is known, those of one code or of one name are the
    same department. Beyond folders a code joins too; a name only where one of both has no code, and the
    own folder has no department of that name with one.
    """
    folders_of_name = _folders_of_names(identities)
    number_of_key: dict[Hashable, int] = {}
    numbers: list[int] = []
    for number, identity in enumerate(identities):
        keys = list(_joining_keys(identity, folders_of_name))
        joined_numbers = {number_of_key[key] for key in keys if key in number_of_key}
        shared_number = min(joined_numbers, default=number)
        if len(joined_numbers) > 1:  # this one joins two that had nothing in common before
            number_of_key = {
                key: shared_number if value in joined_numbers else value
                for key, value in number_of_key.items()
            }
            numbers = [shared_number if value in joined_numbers else value for value in numbers]
        number_of_key |= dict.fromkeys(keys, shared_number)
        numbers.append(shared_number)
    return numbers


def _folders_of_names(identities: Iterable[Identity]) -> dict[str, dict[str, bool]]:
    """By a name without county: the folders in which it stands, and whether it has a code there."""
    folders_of_name: dict[str, dict[str, bool]] = {}
    for identity in identities:
        if identity.name and not identity.county:
            folders = folders_of_name.setdefault(identity.name, {})
            folders[identity.folder] = folders.get(identity.folder, False) or bool(identity.code)
    return folders_of_name


def _joining_keys(
    identity: Identity, folders_of_name: Mapping[str, Mapping[str, bool]]
) -> Iterable[Hashable]:
    """What a department has in common with others that are the same."""
    if identity.code:
        yield "code", identity.county, identity.code
    if not identity.name:
        return
    folders: Iterable[str] = (identity.folder,)
    if not (identity.county or identity.code):
        with_code = folders_of_name[identity.name]
        folders = folders if with_code[identity.folder] else with_code
    for folder in folders:
        yield "name", identity.county, identity.name, "" if identity.county else folder


# --- two lists ------------------------------------------------------------------------------------


_PASSES: tuple[tuple[tuple[str, ...], bool], ...] = (
    (("code",), False),
    (("code",), True),
    (("code", "name"), True),
    (("name",), False),
    (("name",), True),
)
"""By which words two lists are paired, in turn; and whether where one of both has no county."""


def pair(ours: Sequence[Identity], theirs: Sequence[Identity]) -> dict[int, int]:
    """By position in one list the position of the same department in the other, each at most once.

    All by code first, then what is left by name; of a project, its name has to be the same besides. Where
    one list knows no counties, words join if they stand for one county only in the other.
    """
    pairs: dict[int, int] = {}
    knows_counties = any(identity.county for identity in (*ours, *theirs))
    for words, loose in _PASSES:
        if knows_counties or not loose:
            _add_pairs(pairs, (ours, theirs), words, loose=loose)
    return pairs


def _add_pairs(
    pairs: dict[int, int],
    lists: tuple[Sequence[Identity], Sequence[Identity]],
    words: Sequence[str],
    *,
    loose: bool = False,
) -> None:
    """Pair what is left and has these words in common; `loose`: where one of both has no county."""
    ours, theirs = lists
    free: dict[Hashable, int] = {}
    paired = set(pairs.values())
    for position, key in enumerate(_keys(theirs, words, loose=loose)):
        if key is not None and position not in paired:
            free.setdefault(key, position)
    for position, key in enumerate(_keys(ours, words, loose=loose)):
        if key is None or position in pairs or key not in free:
            continue
        if not loose or not (ours[position].county and theirs[free[key]].county):
            pairs[position] = free.pop(key)


def _keys(
    identities: Sequence[Identity], words: Sequence[str], *, loose: bool
) -> list[Hashable | None]:
    """What each is known by; None where a word is blank or, if `loose`, stands for several counties."""
    keys: list[tuple[str, ...] | None] = []
    counties: dict[tuple[str, ...], set[str]] = {}
    for identity in identities:
        values = [getattr(identity, word) for word in words]
        key = (*values, identity.project) if all(values) else None
        if key is not None and loose:
            counties.setdefault(key, set()).add(identity.county)
        elif key is not None:
            key = (identity.county, *key)
        keys.append(key)
    return [key if key is None or not loose or len(counties[key]) == 1 else None for key in keys]
