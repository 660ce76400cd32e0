"""Workbooks locked with an opening password: decrypted, by msoffcrypto-tool, in a process of its own.

The process is bounded, since a file says itself how many rounds of hashing its password needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO

from workbook.errors import Refused
from workbook.limits import Limits
from workbook.package import worker

BUILT_IN = "VelvetSweatshop"
"""Excel encrypts with this, and opens without asking, where a workbook is only write-protected."""


def unlock(data: bytes, passwords: Sequence[str], limits: Limits) -> bytes:
    """The workbook inside an encrypted one. Raises Refused: W105 if no password opens it."""
    if find_spec("msoffcrypto") is None:
        raise Refused("W105", "设置了打开密码；有密码时要安装附加依赖 legacy 才能读")
    tried = list(dict.fromkeys((BUILT_IN, *filter(None, passwords))))
    plain = worker.run(decrypt, data, {"passwords": tried}, limits)
    if len(plain) > limits.file_bytes:
        raise Refused("W106", f"解密后超过 {limits.file_bytes} 字节")
    return plain


def decrypt(data: bytes, words: worker.Words) -> bytes:
    """The decrypted file, by the first of the passwords that fits; runs in the worker."""
    import msoffcrypto  # noqa: PLC0415 - an extra, and slow to import
    from msoffcrypto.exceptions import InvalidKeyError  # noqa: PLC0415

    for password in words["passwords"]:
        out = BytesIO()
        try:
            book = msoffcrypto.OfficeFile(BytesIO(data))
            # The verifier of an .xls is checked in any case, by a method of fewer options.
            checked = {} if book.format == "xls97" else {"verify_password": True}
            book.load_key(password=password, **checked)
            book.decrypt(out)
        except InvalidKeyError:
            continue
        except MemoryError:
            raise
        except Exception:  # the library raises whatever its parsing met
            raise Refused("W105", "设置了打开密码，加密方式不认识或已损坏，无法解密") from None
        return out.getvalue()
    passwords_given = len(words["passwords"]) > 1
    raise Refused(
        "W105", "设置了打开密码，给出的密码都不对" if passwords_given else "设置了打开密码"
    )
