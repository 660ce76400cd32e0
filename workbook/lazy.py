"""A package's names, imported when first used, so that the command line starts at once (PEP 562)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazily(
    package: dict[str, Any], names_by_home: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` for a package's globals: names by the modules that define them."""
    homes = {name: home for home, names in names_by_home.items() for name in names}

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module '{package['__name__']}' has no attribute '{name}'")
        found: object = getattr(import_module(homes[name]), name)
        package[name] = found
        return found

    return get, lambda: sorted(package["__all__"])
