"""What a file that is no workbook looks like, judged by its content: a file's name proves nothing."""

from __future__ import annotations

from collections.abc import Collection

SAVE_AS = "请在 Excel 或 WPS 中另存为 .xlsx 后再提交"
SEND_ORIGINAL = "请报送填好的模板本身（.xlsx）"
UNPACK = "请解压后逐份提交，或改用 .zip 压缩"

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_PICTURE = f"图片，读不出数，{SEND_ORIGINAL}"
_OLD = f"很早的 Excel 文件，{SAVE_AS}"

# (offset, bytes, what it is); the first that fits wins.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x05\x06", "空的压缩包"),
    (0, b"PK\x07\x08", f"分卷压缩包，{UNPACK}"),
    (0, b"%PDF", f"PDF 文件，{SEND_ORIGINAL}"),
    (0, b"\x89PNG", _PICTURE),
    (0, b"\xff\xd8\xff", _PICTURE),
    (0, b"GIF8", _PICTURE),
    (0, b"BM", _PICTURE),
    (0, b"II*\x00", _PICTURE),
    (0, b"MM\x00*", _PICTURE),
    (8, b"WEBP", _PICTURE),
    (4, b"ftyphei", _PICTURE),
    (4, b"ftypmif1", _PICTURE),
    (4, b"ftyp", f"视频，{SEND_ORIGINAL}"),
    (0, b"Rar!", f"RAR 压缩包，{UNPACK}"),
    (0, b"7z\xbc\xaf\x27\x1c", f"7z 压缩包，{UNPACK}"),
    (0, b"\x1f\x8b", f"gzip 压缩包，{UNPACK}"),
    (0, b"{\\rtf", "Word 文档（RTF）"),
    (0, b"MZ", "可执行程序"),
    (0, b"\x09\x00\x04\x00", _OLD),  # Excel 2 to 4, which have no container
    (0, b"\x09\x02\x06\x00", _OLD),
    (0, b"\x09\x04\x06\x00", _OLD),
    (0, b"ID;P", f"SYLK 表格，{SAVE_AS}"),
)

# Document security software leaves these at the head of what it has encrypted.
_SEALS = (b"E-SafeNet", b"%TSD-Header-###%")

_STREAMS = (
    ("WordDocument", "Word 或 WPS 文字文档（.doc、.wps）"),
    ("PowerPoint Document", "演示文稿（.ppt、.dps）"),
)


def is_sealed(data: bytes) -> bool:
    """Whether document security software has encrypted the file as a whole."""
    return any(seal in data[:512] for seal in _SEALS)


def is_encrypted(data: bytes) -> bool:
    """Whether an OLE container holds a workbook that needs a password to open."""
    return data.startswith(OLE) and _has_stream(data, "EncryptedPackage")


def is_old_workbook(data: bytes) -> bool:
    """Whether it is a workbook of Excel 5 to 2003, or WPS's own format, which is the same."""
    if not data.startswith(OLE):
        return False
    return _has_stream(data, "Workbook") or _has_stream(data, "Book")


def document_kind(data: bytes) -> str:
    """The ending of a text document that is no .docx: doc, rtf or odt; blank for anything else."""
    if data.startswith(OLE):
        return "doc" if _has_stream(data, "WordDocument") else ""
    if data.startswith(b"{\\rtf"):
        return "rtf"
    odt = data.startswith(ZIP) and b"application/vnd.oasis.opendocument.text" in data[:200]
    return "odt" if odt else ""


def has_old_macros(data: bytes) -> bool:
    """Whether an OLE container holds macros."""
    return _has_stream(data, "_VBA_PROJECT_CUR")


def describe(data: bytes) -> str:
    """What a file that is neither zip nor workbook seems to be, in Chinese."""
    if data.startswith(OLE):
        for stream, text in _STREAMS:
            if _has_stream(data, stream):
                return text
        return "旧版 Office 文档"
    for offset, signature, text in _SIGNATURES:
        if data.startswith(signature, offset):
            return text
    return _describe_text(data[:4096]) or "无法识别的内容"


def describe_archive(names: Collection[str], mimetype: bytes) -> str:
    """What a zip without a workbook seems to be, by its members and its `mimetype` member."""
    if b"opendocument" in mimetype:
        return "OpenDocument 文档"
    low = [name.lower() for name in names]
    for start, text in (
        ("word/", "Word 文档"),
        ("ppt/", "演示文稿"),
        ("xl/workbook.bin", f"二进制 Excel 工作簿（.xlsb），{SAVE_AS}"),
        ("ofd.xml", f"OFD 版式文件，{SEND_ORIGINAL}"),
        ("fixeddocumentsequence", f"XPS 版式文件，{SEND_ORIGINAL}"),
        ("index/", "苹果的 Numbers、Pages 或 Keynote 文件，请在其中导出为 Excel（.xlsx）"),
    ):
        if any(name.startswith(start) for name in low):
            return text
    books = sum(name.endswith((".xlsx", ".xlsm", ".xls", ".et")) for name in low)
    return f"压缩包（内含 {books} 个表格文件）" if books else "压缩包"


def _has_stream(data: bytes, name: str) -> bool:
    """Whether an OLE directory entry bears the name: 128-byte records, length in bytes at 64."""
    text = (name + "\0").encode("utf-16-le")
    at = data.find(text)
    while at >= 0:
        length = int.from_bytes(data[at + 64 : at + 66], "little")
        if at % 128 == 0 and length == len(text):
            return True
        at = data.find(text, at + 2)
    return False


def _describe_text(head: bytes) -> str:
    text = _decode(head)
    if text is None:
        return ""
    low = text.lower()
    if "urn:schemas-microsoft-com:office:spreadsheet" in low:
        return f"XML 电子表格 2003，{SAVE_AS}"
    if "opendocument.spreadsheet" in low and "<?xml" in low:
        return f"单个 XML 的 OpenDocument 表格（.fods），{SAVE_AS}"
    if any(mark in low for mark in ("<html", "<!doctype html", "<table", "mime-version:")):
        return f"网页，{SAVE_AS}"
    return f"CSV 或文本文件，只有文字，没有表的格式，{SEND_ORIGINAL}"


def _decode(head: bytes) -> str | None:
    """The text of a head that may be cut inside a character; None if it is not text."""
    codecs = ("utf-16",) if head[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for codec in codecs:
        for cut in range(4):
            try:
                text = head[: len(head) - cut].decode(codec)
            except UnicodeDecodeError:
                continue
            return text if all(c.isprintable() or c in "\r\n\t\f" for c in text) else None
    return None
