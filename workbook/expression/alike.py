"""Places that hold the same in all that an expression looks at: it is worked out for the first of them alone.

Blank rows, and what many write in the same words, make most of a large batch; what is read out of texts in
many small steps costs the more, the more texts there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbook.expression.operands import Array, Cells

FEWEST_PLACES = 2000
"""With fewer places than that, looking for like ones takes as long as it saves."""
_LARGEST_TABLE = 8
"""So many times as many numbers as places are looked up in a table; more are sorted."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LikePlaces:
    """Each place's number, the same where the same stands; and for each number the first place that has it."""

    numbers: Numbers
    """(submissions, cells)"""
    firsts: Numbers
    """Places as counted along the rows."""

    def of_firsts(self, cells: Cells) -> Cells:
        """(numbers, 1): what stands in the first places, of cells that join with the shape of `numbers`."""

        def first(array: Array) -> Array:
            spread = np.broadcast_to(array, self.numbers.shape)
            return spread[np.unravel_index(self.firsts, spread.shape)].reshape(-1, 1)

        return Cells(first(cells.state), first(cells.number), first(cells.words))

    def everywhere(self, values: Array) -> Array:
        """(submissions, cells): values of the first places, (numbers, 1), at every place of the same number."""
        spread: Array = np.broadcast_to(values, (self.firsts.size, 1))[:, 0]
        return spread[self.numbers]

    def by_content(self, cells: Cells) -> LikePlaces | None:
        """The same places numbered by cells of theirs, (numbers, 1)."""
        coarser = alike_cells(cells, cells.state.size)
        if coarser is None:
            return None
        return LikePlaces(coarser.numbers[:, 0][self.numbers], self.firsts[coarser.firsts])


def alike_cells(cells: Cells, most: int) -> LikePlaces | None:
    """Cells numbered by what they hold; None if that is more than `most` things."""
    number_by_words: dict[str, int] = {}
    words = np.fromiter(
        (number_by_words.setdefault(w, len(number_by_words)) for w in cells.words.ravel().tolist()),
        np.int64,
        cells.words.size,
    )
    if len(number_by_words) > most:
        return None
    bits = np.ascontiguousarray(cells.number).ravel().view(np.int64)
    values = np.unique(bits, return_inverse=True)[1]
    states = cells.state.ravel().astype(np.int64)
    return _numbered((words, values, states), cells.state.shape, most)


def alike_in_all(
    parts: Iterable[LikePlaces], shape: tuple[int, int], most: int
) -> LikePlaces | None:
    """Places numbered by what stands in all of some fields; None if that is more than `most` things."""
    spread = [np.broadcast_to(part.numbers, shape).ravel() for part in parts]
    return _numbered(spread, shape, most) if spread else None


def _numbered(keys: Iterable[Numbers], shape: tuple[int, ...], most: int) -> LikePlaces | None:
    numbers, count = np.zeros(int(np.prod(shape)), dtype=np.int64), 1
    firsts = numbers[:1]
    for key in keys:
        size = int(key.max()) + 1
        numbers, firsts = _compact(numbers * size + key, count * size)
        count = firsts.size
        if count > most:
            return None
    return LikePlaces(numbers.reshape(shape), firsts)


def _compact(keys: Numbers, bound: int) -> tuple[Numbers, Numbers]:
    """Keys below `bound`, numbered without gaps, and where each number comes first."""
    if bound > _LARGEST_TABLE * keys.size:
        _, firsts, numbers = np.unique(keys, return_index=True, return_inverse=True)
        return numbers, firsts
    seen = np.zeros(bound, dtype=bool)
    seen[keys] = True
    numbers = (np.cumsum(seen) - 1)[keys]
    firsts = np.empty(int(seen.sum()), dtype=np.int64)
    firsts[numbers[::-1]] = np.arange(keys.size - 1, -1, -1)
    return numbers, firsts
