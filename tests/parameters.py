"""Parameters of which a few stand for all: the others are tried in the long run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet


def few_of(paths: Sequence[Path], always: int = 1) -> list[ParameterSet]:
    """Files, named by how they begin; those after the first so many are marked `long`."""
    return [
        pytest.param(path, id=path.stem[:6], marks=() if number < always else pytest.mark.long)
        for number, path in enumerate(paths)
    ]
