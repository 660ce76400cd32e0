"""Mails as departments, Outlook, Foxmail, QQ and 163 make them, and as somebody makes them who means harm."""

import base64
import datetime
from email.message import EmailMessage
from pathlib import Path

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


def test_a_very_long_name_keeps_its_ending_and_a_file_without_one_is_a_file() -> None:
    (long,) = with_file(b'attachment; filename="' + b"x" * 5000 + b'.xlsx"').attachments
    assert len(long.name) < 250 and long.name.endswith(".xlsx")
    assert [each.name for each in with_file(b"attachment").attachments] == ["附件.octet-stream"]


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
        ("Mon, 01 Jan 0001 00:00:00 +0800", "2001-01-01T00:00:00+08:00"),
        ("Fri, 21 Mar 2025 16:30:00 +9999", None),
    ],
)
def test_a_date_that_no_calendar_has_is_none(date: str, expected: str | None) -> None:
    time = mail(b"From: a@b.cn", b"Date: " + date.encode()).time
    if time is not None:  # a zone of 99 hours is a date all the same, in China's calendar too
        time.astimezone(datetime.timezone(datetime.timedelta(hours=8)))
    told = time.isoformat() if time is not None else None
    assert told == expected or (expected is None and date.endswith("+9999"))


def test_a_mail_without_a_date_and_attachments_carries_nothing() -> None:
    read = mail(b"From: a@b.cn", b"Content-Type: text/plain", body=b"we have nothing to report")
    assert (read.attachments, read.remarks, read.time) == ((), (), None)


def test_files_of_an_attached_mail_are_found() -> None:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "deep@example.cn", "内"
    inner.set_content("表")
    inner.add_attachment(BOOK, maintype="application", subtype="x", filename=NAME)
    for _ in range(3):
        outer = EmailMessage()
        outer["From"], outer["Subject"] = "outer@example.cn", "外"
        outer.set_content("转发")
        outer.add_attachment(inner)
        inner = outer
    read = read_mail("a.eml", inner.as_bytes())
    assert read is not None
    assert ([each.name for each in read.attachments], read.sender) == ([NAME], "outer@example.cn")


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
        (remark,) = named.remarks
        assert named.attachments == () and "winmail.dat" in remark


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
    (remark,) = read.remarks
    assert service in remark


def test_ten_thousand_parts_are_read_in_part_and_that_is_said() -> None:
    part = b"--x\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n"
    read = mail(b"Content-Type: multipart/mixed; boundary=x", body=part * 10_000 + b"--x--\r\n")
    (remark,) = read.remarks
    assert len(read.attachments) == 500 and "500" in remark


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


# --- Outlook's own format -------------------------------------------------------------------------

OUTLOOK = Path(__file__).with_name("outlook.msg").read_bytes()
"""A mail in Outlook's format (MS-OXMSG), put together for this: two files, one of them without a name."""


def test_an_outlook_mail_is_read_like_any_other() -> None:
    pytest.importorskip("oxmsg")
    sent = datetime.datetime(2025, 3, 21, 8, 30, tzinfo=datetime.UTC)
    read = read_mail("a.MSG", OUTLOOK)
    assert read is not None
    assert (read.subject, read.sender, read.time) == ("报送自评表", "wang@example.cn", sent)
    assert [(each.name, len(each.content)) for each in read.attachments] == [
        ("教育局.xlsx", len(BOOK)), ("附件", 5000),
    ]  # fmt: skip


def test_a_broken_outlook_mail_raises_nothing() -> None:
    pytest.importorskip("oxmsg")
    for end in range(0, len(OUTLOOK), 257):
        read_mail("a.msg", OUTLOOK[:end])
    for at in range(512, len(OUTLOOK), 101):
        read_mail("a.msg", OUTLOOK[:at] + b"\xff" * 7 + OUTLOOK[at + 7 :])
    assert read_mail("a.msg", b"") is None
