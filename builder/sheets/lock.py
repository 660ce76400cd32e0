"""The protection of sheets and of a workbook's structure: `Lock`, with a password's hash or without."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from functools import cached_property

from workbook.errors import BuildError
from workbook.language import t

_ROUNDS = 100_000
_LONGEST = 255


@dataclass(frozen=True)
class Lock:
    """What locks the sheets of some workbooks; with an empty password everyone can open it.

    The hash is SHA-512 over salt and password, stirred 100,000 times (ISO 29500-1, 18.2.29 and 18.3.1.85); the
    16 bits that older programs store are opened by any of many passwords. It is worked out once for all
    workbooks of the lock. Raises BuildError for a password that no program takes.
    """

    password: str = ""
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def __post_init__(self) -> None:
        if len(self.password) > _LONGEST:
            raise BuildError(
                t(
                    "保护密码最多 {longest} 个字，给出的有 {count} 个",
                    longest=_LONGEST,
                    count=len(self.password),
                )
            )

    def attributes(self, prefix: str = "") -> list[tuple[str, str]]:
        """The attributes of the element that stores it; none without a password."""
        if not self.password:
            return []
        values = {
            "algorithmName": "SHA-512",
            "hashValue": base64.b64encode(self._hash).decode(),
            "saltValue": base64.b64encode(self.salt).decode(),
            "spinCount": str(_ROUNDS),
        }
        if not prefix:
            return list(values.items())
        return [(prefix + name[0].upper() + name[1:], value) for name, value in values.items()]

    @cached_property
    def _hash(self) -> bytes:
        stirred = hashlib.sha512(self.salt + self.password.encode("utf-16-le")).digest()
        for n in range(_ROUNDS):
            stirred = hashlib.sha512(stirred + n.to_bytes(4, "little")).digest()
        return stirred
