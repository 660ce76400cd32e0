"""Mails as departments, Outlook, Foxmail, QQ and 163 make them, and as somebody makes them who means harm."""

from __future__ import annotations

import base64
import datetime
import struct
from collections.abc import Sequence
from email.message import EmailMessage
from itertools import pairwise

import pytest

from workbook.package import Mail, read_mail

DATE = "Fri, 21 Mar 2025 16:30:00 +0800"
BOOK = b"PK\x03\x04 a workbook"


def mail(*heads: bytes, body: bytes = b"", name: str = "a.eml") -> Mail:
    """A mail from its lines as they go over the wire."""
    read = read_mail(name, b"\r\n".join(heads) + b"\r\n\r\n" + body)
    assert read is not None
    return read


def with_file(disposition: bytes, kind: bytes = b"application/octet-stream") -> Mail:
    """A mail that carries one file, with the head that names it."""
    part = b"\r\n".join((
        b"Content-Type: " + kind, b"Content-Transfer-Encoding: base64", b"Content-Disposition: " + disposition, b"",
        base64.b64encode(BOOK),
    ))  # fmt: skip
    body = b"--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x\r\n" + part + b"\r\n--x--\r\n"
    return mail(
        b"From: a@b.cn", b"Date: " + DATE.encode(), b"Content-Type: multipart/mixed; boundary=x", body=body
    )  # fmt: skip


def encoded(text: str, charset: str) -> bytes:
    return b"=?" + charset.encode() + b"?B?" + base64.b64encode(text.encode(charset)) + b"?="


NAME = "教育局自评表.xlsx"
GBK = NAME.encode("gbk")
PERCENT = "".join(f"%{byte:02X}" for byte in NAME.encode()).encode()


@pytest.mark.parametrize(
    "disposition",
    [
        pytest.param(b'attachment; filename="' + GBK + b'"', id="bytes of GBK as they are"),
        pytest.param(b'attachment; filename="' + NAME.encode() + b'"', id="bytes of UTF-8"),
        pytest.param(b"attachment; filename*=UTF-8''" + PERCENT, id="RFC 2231"),
        pytest.param(
            b"attachment; filename*=gb2312''"
            + "".join(f"%{b:02X}" for b in GBK).encode(),
            id="RFC 2231 in GBK",
        ),
        pytest.param(
            b"attachment;\r\n filename*0*=UTF-8''" + PERCENT[:27] + b";\r\n filename*1*=" + PERCENT[27:],
            id="RFC 2231 in pieces",
        ),
        pytest.param(b'attachment; filename="' + encoded(NAME, "utf-8") + b'"', id="RFC 2047"),
        pytest.param(
            b'attachment; filename="' + encoded(NAME[:4], "gb18030") + b"\r\n " + encoded(NAME[4:], "gb18030") + b'"',
            id="RFC 2047 in two words",
        ),
        pytest.param(
            b'attachment; filename="=?utf-8?B?' + base64.b64encode(NAME.encode()[:4]) + b"?= =?utf-8?B?"
            + base64.b64encode(NAME.encode()[4:]) + b'?="',
            id="RFC 2047 with a letter cut in two",
        ),
        pytest.param(
            b'attachment; filename="' + encoded(NAME[:-5], "gb2312") + b'.xlsx"', id="RFC 2047 with a plain end"
        ),
    ],
)  # fmt: skip
def test_a_files_name_is_read_however_it_was_encoded(disposition: bytes) -> None:
    (attachment,) = with_file(disposition).attachments
    assert (attachment.name, attachment.content) == (NAME, BOOK)


def test_a_name_in_the_type_alone_is_read() -> None:
    read = with_file(b"attachment", b'application/octet-stream; name="' + GBK + b'"')
    assert [each.name for each in read.attachments] == [NAME]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (b"../../x.xlsx", "x.xlsx"),
        (rb"C:\temp\x.xlsx", "x.xlsx"),
        (b"/etc/passwd", "passwd"),
        (b"..", "附件.octet-stream"),
        (b"a/", "附件.octet-stream"),
        (b"", "附件.octet-stream"),
        (b"a\x1b[2Jb.xlsx", "a_[2Jb.xlsx"),
        (b"a\x00b.xlsx", "a_b.xlsx"),
        ("a\u202excod.xlsx".encode(), "a_xcod.xlsx"),
    ],
)
def test_a_name_is_no_path_and_obeys_nothing(given: bytes, name: str) -> None:
    (attachment,) = with_file(
        b'attachment; filename="' + given.replace(b"\\", rb"\\") + b'"'
    ).attachments
    assert attachment.name == name


def test_a_very_long_name_keeps_its_ending() -> None:
    (attachment,) = with_file(b'attachment; filename="' + b"x" * 5000 + b'.xlsx"').attachments
    assert len(attachment.name) < 250
    assert attachment.name.endswith(".xlsx")


def test_a_file_without_a_name_is_a_file() -> None:
    (attachment,) = with_file(b"attachment").attachments
    assert attachment.name == "附件.octet-stream"


def test_raw_gbk_in_the_heads_is_read() -> None:
    read = mail(
        "From: 王会计 <wang@example.cn>".encode("gbk"), "Subject: 教育局 自评表".encode("gbk")
    )
    assert (read.sender, read.subject) == ("wang@example.cn", "教育局 自评表")


def test_encoded_words_among_raw_bytes_are_read() -> None:
    read = mail(b"Subject: " + "转发：".encode("gbk") + encoded("水利局", "gb2312") + b" 2024")
    assert read.subject == "转发：水利局 2024"


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (DATE, "2025-03-21T16:30:00+08:00"),
        ("Fri, 21 Mar 2025 16:30:00", "2025-03-21T16:30:00+00:00"),
        ("", None),
        ("yesterday", None),
        ("Fri, 31 Dec 9999 23:59:59 -0800", None),
        ("Mon, 01 Jan 0001 00:00:00 +0800", None),
        ("Fri, 21 Mar 2025 16:30:00 +9999", None),
    ],
)
def test_a_date_that_no_calendar_has_is_none(date: str, expected: str | None) -> None:
    time = mail(b"From: a@b.cn", b"Date: " + date.encode()).time
    if expected is None:
        assert time is None or -24 <= time.utcoffset().total_seconds() / 3600 <= 100  # type: ignore[union-attr]
    else:
        assert time is not None
        assert time.isoformat() == expected
    if time is not None:
        time.astimezone(datetime.timezone(datetime.timedelta(hours=8)))


def test_a_mail_without_a_date_has_none() -> None:
    assert mail(b"From: a@b.cn").time is None


def test_a_mail_without_attachments_carries_nothing() -> None:
    read = mail(b"From: a@b.cn", b"Content-Type: text/plain", body=b"we have nothing to report")
    assert (read.attachments, read.remarks) == ((), ())


def attached(message: EmailMessage, inner: EmailMessage) -> EmailMessage:
    message.set_content("转发")
    message.add_attachment(inner)
    return message


def test_files_of_an_attached_mail_are_found() -> None:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "deep@example.cn", "内"
    inner.set_content("表")
    inner.add_attachment(BOOK, maintype="application", subtype="x", filename=NAME)
    for _ in range(3):
        outer = EmailMessage()
        outer["From"], outer["Subject"] = "outer@example.cn", "外"
        inner = attached(outer, inner)
    read = read_mail("a.eml", inner.as_bytes())
    assert read is not None
    assert [each.name for each in read.attachments] == [NAME]
    assert read.sender == "outer@example.cn"


def test_mails_attached_without_end_come_to_one() -> None:
    nested = b"From: a@b.cn\r\n\r\nend"
    for number in range(300):
        mark = f"b{number}".encode()
        nested = (
            b"From: a@b.cn\r\nContent-Type: multipart/mixed; boundary=" + mark + b"\r\n\r\n--" + mark
            + b"\r\nContent-Type: message/rfc822\r\n\r\n" + nested + b"\r\n--" + mark + b"--\r\n"
        )  # fmt: skip
    read = read_mail("a.eml", nested)
    assert read is None or read.attachments == ()


def test_a_winmail_is_said_and_not_taken_for_a_form() -> None:
    for named in (with_file(b'attachment; filename="winmail.dat"'),
                  with_file(b"attachment", b"application/ms-tnef")):  # fmt: skip
        assert named.attachments == ()
        assert len(named.remarks) == 1
        assert "winmail.dat" in named.remarks[0]


@pytest.mark.parametrize(
    ("link", "service"),
    [
        ("http://mail.qq.com/cgi-bin/ftnExs_download?k=1&amp;t=exs", "QQ 邮箱"),
        ("https://wx.mail.qq.com/ftn/download?func=3&key=1", "QQ 邮箱"),
        ("https://mail.163.com/large-attachment-download/index.html?p=1", "163 邮箱"),
        ("http://fs.163.com/fs/display/?p=X&file=1", "163 邮箱"),
    ],
)
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_a_link_to_a_large_attachment_is_said(link: str, service: str, encoding: str) -> None:
    message = EmailMessage()
    message["From"] = "a@qq.com"
    text = f'<p>超大附件 <a href="{link}">自评表.xlsx</a></p>'
    message.set_content(text, subtype="html", charset="utf-8", cte=encoding)
    read = read_mail("a.eml", message.as_bytes())
    assert read is not None
    assert len(read.remarks) == 1
    assert service in read.remarks[0]


def test_ten_thousand_parts_are_read_in_part_and_that_is_said() -> None:
    part = b"--x\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n"
    read = mail(b"Content-Type: multipart/mixed; boundary=x", body=part * 10_000 + b"--x--\r\n")
    assert len(read.attachments) == 500
    assert len(read.remarks) == 1
    assert "500" in read.remarks[0]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nno end", id="no end"),
        pytest.param(b"Content-Type: multipart/mixed\r\n\r\n--x\r\nno boundary", id="no boundary"),
        pytest.param(b'Content-Type: multipart/mixed; boundary="\xff"\r\n\r\nx', id="odd boundary"),
        pytest.param(
            b"A: b\r\nContent-Disposition: attachment; filename=a\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!=",
            id="broken base64",
        ),
        pytest.param(
            b"Content-Disposition: attachment; filename*0*=x'; filename*0*=y; filename*99999999999999999999=z\r\n\r\nx",
            id="broken RFC 2231",
        ),
        pytest.param(b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe", id="no such charset"),
        pytest.param(b"Subject: =?utf-8?B?@@@?= =?x?Q?=ZZ?= =?utf-8?Q\r\n\r\nx", id="broken words"),
        pytest.param(b"From: " + b"(" * 5000 + b"\r\n\r\nx", id="brackets"),
        pytest.param(b"Content-Transfer-Encoding: uuencode\r\nA: b\r\n\r\nbegin 6", id="uuencode"),
        pytest.param(
            b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)),
            id="parts in parts",
        ),
        pytest.param(b"\x00" * 100_000, id="nothing"),
        pytest.param(b"", id="empty"),
    ],
)  # fmt: skip
def test_broken_mime_raises_nothing(content: bytes) -> None:
    read = read_mail("a.eml", content)
    assert read is None or all(isinstance(each.content, bytes) for each in read.attachments)


def test_pictures_in_the_text_are_no_files() -> None:
    message = EmailMessage()
    message["From"] = "a@b.cn"
    message.set_content("<img src='cid:1'>", subtype="html")
    message.add_related(
        b"\x89PNG",
        maintype="image",
        subtype="png",
        cid="<1>",
        disposition="inline",
        filename="image001.png",
    )
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="盖章.png")
    read = read_mail("a.eml", message.as_bytes())
    assert read is not None
    assert [each.name for each in read.attachments] == ["盖章.png"]


# --- Outlook's own format, in the smallest compound file that holds it -----------------------------------


def test_an_outlook_mail_is_read_like_any_other() -> None:
    pytest.importorskip("oxmsg")
    sent = datetime.datetime(2025, 3, 21, 8, 30, tzinfo=datetime.UTC)
    content = outlook(
        "报送自评表",
        "王会计",
        "wang@example.cn",
        sent,
        [("..\\教育局.xlsx", BOOK), ("", b"x" * 5000)],
    )
    read = read_mail("a.MSG", content)
    assert read is not None
    assert (read.subject, read.sender, read.time) == ("报送自评表", "wang@example.cn", sent)
    assert [(each.name, len(each.content)) for each in read.attachments] == [
        ("教育局.xlsx", len(BOOK)), ("附件", 5000),
    ]  # fmt: skip


def test_a_broken_outlook_mail_raises_nothing() -> None:
    pytest.importorskip("oxmsg")
    whole = outlook(
        "题", "王", "w@example.cn", datetime.datetime.now(datetime.UTC), [("a.xlsx", BOOK)]
    )
    for cut in range(0, len(whole), 257):
        read_mail("a.msg", whole[:cut])
    for at in range(512, len(whole), 101):
        read_mail("a.msg", whole[:at] + b"\xff" * 7 + whole[at + 7 :])
    assert read_mail("a.msg", b"") is None


def outlook(
    subject: str,
    name: str,
    address: str,
    sent: datetime.datetime,
    files: Sequence[tuple[str, bytes]],
) -> bytes:
    """A .msg (MS-OXMSG): texts as streams, their sizes and the date in the stream of properties."""
    epoch = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)
    ticks = int((sent - epoch).total_seconds() * 10_000_000)
    texts = {0x0037: subject, 0x0C1A: name, 0x0C1F: address, 0x001A: "IPM.Note"}
    root = _texts(texts)
    lines = [
        _property(pid, 0x001F, struct.pack("<II", 2 * len(t) + 2, 0)) for pid, t in texts.items()
    ]
    lines.append(_property(0x0039, 0x0040, struct.pack("<Q", ticks)))
    heads = struct.pack("<8x4I8x", 0, len(files), 0, len(files))
    root["__properties_version1.0"] = heads + b"".join(lines)
    folders: dict[str, dict[str, bytes]] = {}
    for number, (file_name, content) in enumerate(files):
        own = {0x3707: file_name} if file_name else {}
        streams = _texts(own) | {"__substg1.0_37010102": content}
        lines = [_property(0x3701, 0x0102, struct.pack("<II", len(content), 0)),
                 _property(0x3705, 0x0003, struct.pack("<II", 1, 0))]  # fmt: skip
        lines += [
            _property(pid, 0x001F, struct.pack("<II", 2 * len(t) + 2, 0)) for pid, t in own.items()
        ]
        streams["__properties_version1.0"] = bytes(8) + b"".join(lines)
        folders[f"__attach_version1.0_#{number:08X}"] = streams
    return _compound(root, folders)


def _texts(texts: dict[int, str]) -> dict[str, bytes]:
    return {f"__substg1.0_{pid:04X}001F": text.encode("utf-16-le") for pid, text in texts.items()}


def _property(pid: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<HHI", kind, pid, 6) + value


def _compound(root: dict[str, bytes], folders: dict[str, dict[str, bytes]]) -> bytes:
    """A compound file (MS-CFB), what is shorter than 4096 bytes in its short sectors; its directory a list, no tree."""
    end, none, sector, short = 0xFFFFFFFE, 0xFFFFFFFF, 512, 64
    sectors: list[bytes] = []
    chain: list[int] = []
    short_chain: list[int] = []
    shorts = bytearray()

    def stored(content: bytes) -> int:
        start = len(sectors)
        pieces = [
            content[at : at + sector].ljust(sector, b"\0") for at in range(0, len(content), sector)
        ]
        sectors.extend(pieces)
        chain.extend([*range(start + 1, start + len(pieces)), end])
        return start

    def stored_short(content: bytes) -> int:
        start, count = len(short_chain), -(-len(content) // short)
        shorts.extend(content.ljust(count * short, b"\0"))
        short_chain.extend([*range(start + 1, start + count), end])
        return start

    entries: list[tuple[str, int, list[int], int, int]] = [("Root Entry", 5, [none, none], 0, 0)]

    def listed(streams: dict[str, bytes]) -> list[int]:
        for name, content in streams.items():
            start = stored(content) if len(content) >= 4096 else stored_short(content)
            entries.append((name, 2, [none, none], start, len(content)))
        return list(range(len(entries) - len(streams), len(entries)))

    def hung(parent: int, numbers: list[int]) -> None:
        entries[parent][2][1] = numbers[0]
        for one, following in pairwise(numbers):
            entries[one][2][0] = following

    top = listed(root)
    for name, streams in folders.items():
        entries.append((name, 1, [none, none], 0, 0))
        top.append(len(entries) - 1)
        hung(top[-1], listed(streams))
    hung(0, top)
    entries[0] = (*entries[0][:3], stored(bytes(shorts)), len(shorts))
    first_short = stored(struct.pack(f"<{len(short_chain)}I", *short_chain).ljust(sector, b"\xff"))
    assert len(short_chain) <= sector // 4
    directory = b"".join(
        (text := name.encode("utf-16-le")).ljust(64, b"\0")
        + struct.pack("<HBBIII16xI8x8xIQ", len(text) + 2, kind, 1, none, *links, 0, start, size)
        for name, kind, links, start, size in entries
    )
    first = stored(directory)
    at = len(sectors)
    assert len(chain) < sector // 4
    chain.append(0xFFFFFFFD)
    sectors.append(struct.pack(f"<{len(chain)}I", *chain).ljust(sector, b"\xff"))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + struct.pack(
        "<16xHHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, first, 0, 4096, first_short, 1, end, 0
    )
    return head + struct.pack("<109I", at, *[none] * 108) + b"".join(sectors)
