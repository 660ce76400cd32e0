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
from itertools import islice
from pathlib import Path
from urllib.parse import unquote_to_bytes

from workbook.text import printable

_ENDINGS = (".eml", ".msg")
_DEEPEST = 5
"""So many mails may be attached one to another."""
_MOST_PARTS = 500
_LONGEST, _LONGEST_TEXT = 200, 1_000_000
_CODECS = ("utf-8", "gb18030")
_BIG = (
    ("mail.qq.com/cgi-bin/ftnExs", "QQ 邮箱"), ("wx.mail.qq.com/ftn", "QQ 邮箱"), ("exmail.qq.com/cgi-bin/ftnExs", "腾讯企业邮箱"),
    ("mail.163.com/large-attachment", "163 邮箱"), ("fs.163.com/fs", "163 邮箱"), ("dashi.163.com", "163 邮箱"),
    ("mail.126.com/large-attachment", "126 邮箱"), ("mail.sina.com", "新浪邮箱"), ("mail.10086.cn", "139 邮箱"),
    ("mail.aliyun.com", "阿里邮箱"), ("pan.baidu.com", "百度网盘"), ("drive.weixin.qq.com", "微盘"),
)  # fmt: skip
"""Where mail services keep what was too large to be attached."""


_TOO_MANY = f"邮件里的附件多于 {_MOST_PARTS} 个，只收了前面的；请让单位打成压缩包再发"
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


class _AsTheyCame(email.policy.Compat32):
    """Heads whose bytes nobody encoded stay readable."""

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002 - of the library
        return value


def read_mail(name: str, content: bytes) -> Mail | None:
    """A mail by its content; None for what is none, is too broken, or a .msg that nothing here reads."""
    try:
        if name.lower().endswith(".msg"):
            return _of_outlook(content)
        return _of_internet(content) if name.lower().endswith(".eml") else None
    except (Exception, RecursionError):  # whatever a library makes of a foreign file
        return None


def _of_internet(content: bytes) -> Mail | None:
    message = email.message_from_bytes(content, policy=_AsTheyCame())
    if not message.keys():
        return None
    parts = list(islice(_walk(message, 0), _MOST_PARTS + 1))
    attachments: list[Attachment] = []
    remarks: list[str] = [_TOO_MANY] if len(parts) > _MOST_PARTS else []
    for part in parts[:_MOST_PARTS]:
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


def _walk(message: Message, depth: int) -> Iterator[Message]:
    """The parts that hold something, those of attached mails too."""
    if message.is_multipart():
        if message.get_content_type() == "message/rfc822" and depth >= _DEEPEST:
            return
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _walk(part, depth + (message.get_content_type() == "message/rfc822"))
    else:
        yield message


def _attachment(part: Message) -> Attachment | None:
    """A part that is a file; None for what the mail says."""
    name = _file_name(part)
    kind = part.get_content_type()
    main = part.get_content_maintype()
    if (not name and main in ("text", "image", "multipart")) or (
        main == "image"
        and part.get("Content-ID")
        and part.get_content_disposition() != "attachment"
    ):
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
            return _safe(_unfolded(str(value)))
        raw = str(part.get(head, ""))
        if star := re.search(rf"{parameter}\*=([\w-]*)'[^']*'([^;\s]+)", raw, re.IGNORECASE):
            return _safe(_decoded(unquote_to_bytes(star[2]), star[1]))
    return ""


def _safe(name: str) -> str:
    """A name without the folders that it may tell."""
    last = re.split(r"[\\/]", name.strip())[-1]
    plain = Path("".join(c if c.isprintable() and c not in ':*?"<>|' else "_" for c in last))
    if set(plain.name) <= {"."}:
        return ""
    return plain.name if len(plain.name) <= _LONGEST else plain.stem[:_LONGEST] + plain.suffix[:20]


def _words(text: object) -> str:
    """A head's text, whatever it was encoded in, as it may be shown."""
    return printable(_unfolded(text))


def _unfolded(text: object) -> str:
    """The same as it is."""
    raw = re.sub(r"\r?\n[ \t]", " ", str(text))
    if not raw.isascii():  # bytes that nobody encoded are GBK or UTF-8
        raw = _decoded(raw.encode("utf-8", "surrogateescape"), "")
    return _ENCODED.sub(_word, raw).strip()


_ENCODED = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=(?:\s*=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)*")
"""Encoded words one behind another: a letter may begin in one and end in the next."""


def _word(encoded: re.Match[str]) -> str:
    try:
        pieces = decode_header(encoded[0])
    except (ValueError, LookupError):
        return encoded[0]
    return "".join(
        piece if isinstance(piece, str) else _decoded(piece, charset or "")
        for piece, charset in pieces
    )


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
        _decoded(payload[:_LONGEST_TEXT], part.get_content_charset() or "")
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
        return _sensible(parsedate_to_datetime(str(message.get("Date", ""))))
    except (TypeError, ValueError, OverflowError):
        return None


def _sensible(time: datetime.datetime) -> datetime.datetime | None:
    """A time with a zone; None for one before there were mails, or beyond all calendars."""
    if not 1980 <= time.year <= 9000:
        return None
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


def _of_outlook(content: bytes) -> Mail | None:
    """Outlook's own format, if python-oxmsg is installed."""
    try:
        import oxmsg  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    message = oxmsg.Message.load(io.BytesIO(content))
    attachments = tuple(
        Attachment(_safe(each.file_name or "") or "附件", each.file_bytes)
        for each in message.attachments[:_MOST_PARTS]
        if each.file_bytes is not None
    )
    remarks: tuple[str, ...] = (_TOO_MANY,) if len(message.attachments) > _MOST_PARTS else ()
    text = f"{message.body or ''}\n{message.html_body or ''}"[:_LONGEST_TEXT]
    remarks += tuple(dict.fromkeys(_links(text)))
    time = _sensible(message.sent_date) if message.sent_date is not None else None
    sender = printable(parseaddr(message.sender or "")[1])
    return Mail(sender, printable(message.subject or ""), time, attachments, remarks)


def is_mail(path: Path) -> bool:
    """Whether a file's name says that it is a mail."""
    return path.suffix.lower() in _ENDINGS
