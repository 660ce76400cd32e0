"""Mails as they are dropped in: .eml by the standard library, .msg by python-oxmsg; what they carry, and who wrote when."""

from __future__ import annotations

import datetime
import email
import email.policy
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from html import unescape
from pathlib import Path
from urllib.parse import unquote_to_bytes

from workbook.text import printable

_ENDINGS = (".eml", ".msg")
_DEEPEST = 5
"""So many mails may be attached one to another."""
_MOST_PARTS = 500
_CODECS = ("utf-8", "gb18030")
_BIG = (
    ("mail.qq.com/cgi-bin/ftnExs", "QQ 邮箱"), ("wx.mail.qq.com/ftn", "QQ 邮箱"), ("exmail.qq.com/cgi-bin/ftnExs", "腾讯企业邮箱"),
    ("mail.163.com/large-attachment", "163 邮箱"), ("fs.163.com/fs", "163 邮箱"), ("dashi.163.com", "163 邮箱"),
    ("mail.126.com/large-attachment", "126 邮箱"), ("mail.sina.com", "新浪邮箱"), ("mail.10086.cn", "139 邮箱"),
    ("mail.aliyun.com", "阿里邮箱"), ("pan.baidu.com", "百度网盘"), ("drive.weixin.qq.com", "微盘"),
)  # fmt: skip
"""Where mail services keep what was too large to be attached."""


_WINMAIL = "附件被 Outlook 包成了 winmail.dat，打不开；请让单位把邮件改为“纯文本”或“HTML”格式再发，或用压缩包发"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file that a mail carries."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says of itself, and what it carries."""

    sender: str
    subject: str
    time: datetime.datetime | None
    """Its date; None where it has none that can be read."""
    attachments: tuple[Attachment, ...]
    remarks: tuple[str, ...]
    """What it seems to carry and does not: links to large attachments, a winmail.dat."""


def read_mail(name: str, content: bytes) -> Mail | None:
    """A mail by its content; None for what is none, or a .msg that nothing here reads."""
    if name.lower().endswith(".msg"):
        return _of_outlook(content)
    if not name.lower().endswith(".eml"):
        return None
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    if not message.keys():
        return None
    parts = list(_parts(message))
    attachments: list[Attachment] = []
    remarks: list[str] = []
    for part in parts:
        attachment = _attachment(part)
        if attachment is None:
            remarks += _links(_text(part))
        elif (
            attachment.name.lower() == "winmail.dat"
            or part.get_content_type() == "application/ms-tnef"
        ):
            remarks.append(_WINMAIL)
        else:
            attachments.append(attachment)
    return Mail(
        parseaddr(_words(message.get("From", "")))[1],
        _words(message.get("Subject", "")),
        _date(message),
        tuple(attachments),
        tuple(dict.fromkeys(remarks)),
    )


def _parts(message: Message, depth: int = 0) -> Iterator[Message]:
    """The parts that hold something, those of attached mails too."""
    for number, part in enumerate(_walk(message, depth)):
        if number >= _MOST_PARTS:
            return
        yield part


def _walk(message: Message, depth: int) -> Iterator[Message]:
    if message.is_multipart():
        if message.get_content_type() == "message/rfc822" and depth >= _DEEPEST:
            return
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _walk(part, depth + 1)
    else:
        yield message


def _attachment(part: Message) -> Attachment | None:
    """A part that is a file; None for what the mail says."""
    name = _file_name(part)
    kind = part.get_content_type()
    if not name and part.get_content_maintype() in ("text", "image", "multipart"):
        return None  # what it says, and the pictures in it
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return None
    return Attachment(name or f"附件.{kind.rpartition('/')[2]}", content)


def _file_name(part: Message) -> str:
    """The name of a part's file: RFC 2231, RFC 2047, or the bytes of GBK as they are."""
    for head, parameter in (("Content-Disposition", "filename"), ("Content-Type", "name")):
        value = part.get_param(parameter, header=head)
        if isinstance(value, tuple):
            charset, _, text = value
            return _safe(_decoded(text.encode("latin-1", "surrogateescape"), charset or ""))
        if value:
            return _safe(_words(str(value)))
        raw = str(part.get(head, ""))
        if star := re.search(rf"{parameter}\*=([\w-]*)'[^']*'([^;\s]+)", raw, re.IGNORECASE):
            return _safe(_decoded(unquote_to_bytes(star[2]), star[1]))
    return ""


def _safe(name: str) -> str:
    """A name without the folders that it may tell."""
    return printable(re.split(r"[\\/]", name.strip())[-1])[:200]


def _words(text: object) -> str:
    """A head's text, whatever it was encoded in."""
    raw = str(text)
    try:
        pieces = decode_header(re.sub(r"\r?\n[ \t]", " ", raw))
    except (ValueError, LookupError):
        return printable(raw)
    words = [_piece(piece, charset or "") for piece, charset in pieces]
    return printable("".join(words).strip())


def _piece(piece: bytes | str, charset: str) -> str:
    """A piece of a head; bytes that nobody encoded are GBK or UTF-8."""
    if isinstance(piece, str):
        if piece.isascii():
            return piece
        piece = piece.encode("ascii", "surrogateescape")
    return _decoded(piece, charset)


def _decoded(data: bytes, charset: str) -> str:
    """Bytes as text: as they say, else as UTF-8 or GBK."""
    for codec in (charset, *_CODECS):
        try:
            return data.decode(codec) if codec else data.decode("ascii")
        except (LookupError, UnicodeDecodeError):
            continue
    return data.decode("gb18030", "replace")


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return (
        _decoded(payload[:1_000_000], part.get_content_charset() or "")
        if isinstance(payload, bytes)
        else ""
    )


def _links(text: str) -> Iterator[str]:
    """What is said of large attachments that lie elsewhere."""
    plain = unescape(text)
    for address, service in _BIG:
        if address in plain:
            yield f"邮件里是{service}的超大附件链接，附件不在邮件里；请让单位把表作为普通附件发来（表一般不到 1 MB）"


def _date(message: Message) -> datetime.datetime | None:
    try:
        time = parsedate_to_datetime(str(message.get("Date", "")))
    except (TypeError, ValueError, OverflowError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


def _of_outlook(content: bytes) -> Mail | None:
    """Outlook's own format, if python-oxmsg is installed."""
    try:
        import oxmsg  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    try:
        message = oxmsg.Message.load(io.BytesIO(content))
        attachments = tuple(
            Attachment(_safe(each.file_name or "附件"), each.file_bytes)
            for each in message.attachments
            if each.file_bytes is not None
        )
        heads = {
            str(name).lower(): str(value) for name, value in (message.message_headers or {}).items()
        }
        time = message.sent_date
    except Exception:  # whatever a foreign library makes of a foreign file
        return None
    if time is not None and time.tzinfo is None:
        time = time.replace(tzinfo=datetime.UTC)
    sender = parseaddr(message.sender or heads.get("from", ""))[1]
    return Mail(printable(sender), printable(message.subject or ""), time, attachments, ())


def is_mail(path: Path) -> bool:
    """Whether a file's name says that it is a mail."""
    return path.suffix.lower() in _ENDINGS
