"""A zip that ends with the hash of all its other bytes, as its comment: what changes any one of them shows."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

_LENGTH = 64
_CHUNK = 1 << 20
ROOM = b"0" * _LENGTH
"""The comment that a zip is written with, until `stamp` puts the hash in its place."""


def stamp(path: Path) -> None:
    """Put the hash of a zip that was written with the comment `ROOM` in its place. Raises OSError."""
    with path.open("r+b") as file:
        digest = _digest(file, file.seek(0, 2) - _LENGTH)
        file.seek(-_LENGTH, 2)
        file.write(digest)


def is_as_stamped(file: BinaryIO) -> bool:
    """Whether every byte is as it was when the zip was stamped. Raises OSError."""
    size = file.seek(0, 2) - _LENGTH
    if size < 0:
        return False
    digest = _digest(file, size)
    return file.read(_LENGTH) == digest


def _digest(file: BinaryIO, size: int) -> bytes:
    """The hash of the first bytes, in hexadecimal; the file then stands behind them."""
    file.seek(0)
    digest = hashlib.sha256()
    while size > 0 and (chunk := file.read(min(size, _CHUNK))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest().encode("ascii")
