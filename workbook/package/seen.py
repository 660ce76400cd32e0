"""What was made of fragments of files seen before, by their very bytes, within a budget of memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

V = TypeVar("V")


class Seen(Generic[V]):
    """Values by bytes. Returns of one template are nearly all alike, and looking up costs little.

    There are two generations, each within the budget: what is asked for moves to the younger, and
    when that is full, the older is dropped. So nobody who sends other files can fill the memory, and
    what all returns share stays.
    """

    __slots__ = ("_budget", "_each", "_old", "_remaining", "_young")

    def __init__(self, budget: int, each: int) -> None:
        """`budget` in bytes; an entry counts as its key and `each` bytes, for what is made of it."""
        self._budget = budget
        self._each = each
        self._remaining = budget
        self._young: dict[bytes, V] = {}
        self._old: dict[bytes, V] = {}

    def all(self, keys: Sequence[bytes], make: Callable[[bytes], V | None]) -> list[V] | None:
        """The value of each key, made where it was not seen; None if one cannot be made."""
        values: list[V | None] = list(map(self._young.get, keys))
        if not all(values):  # a blank text is false too
            for index, value in enumerate(values):
                if value is None:
                    values[index] = new_value = self.one(keys[index], make)
                    if new_value is None:
                        return None
        return values  # type: ignore[return-value]  # none of them is None now

    def one(self, key: bytes, make: Callable[[bytes], V | None]) -> V | None:
        """The value of a key, made if it was not seen; what cannot be made is not kept."""
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key)
            value = make(key) if value is None else value
            if value is not None:
                self._keep(key, value)
        return value

    def _keep(self, key: bytes, value: V) -> None:
        if self._remaining <= 0:
            self._old, self._young, self._remaining = self._young, {}, self._budget
        self._young[key] = value
        self._remaining -= len(key) + self._each

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
