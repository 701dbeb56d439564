"""Mails as they are sent: in two forms, forwarded, undeliverable, with invitations, in boxes."""

import itertools
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.ingest.loaders import load
from quire.ingest.loaders.mail_headers import decoded
from quire.records import ParsedDocument

HEAD = b"From: a@example.org\r\nSubject: Offer\r\nMIME-Version: 1.0\r\n"
SHOWN = "From: a@example.org\nSubject: Offer"


def read(tmp_path: Path, data: bytes, name: str = "a.eml") -> ParsedDocument:
    (tmp_path / name).write_bytes(data)
    return load(tmp_path / name)


def texts(document: ParsedDocument) -> list[str]:
    """The blocks behind the mail's own header."""
    return [document.text[block.start : block.end] for block in document.blocks][2:]


def part(kind: str, text: str | bytes, more: str = "") -> bytes:
    data = text if isinstance(text, bytes) else text.encode()
    return f"Content-Type: {kind}\r\n{more}\r\n".encode() + data + b"\r\n"


def multi(kind: str, *parts: bytes, name: str = "x") -> bytes:
    mark = f"--{name}\r\n".encode()
    return (
        f'Content-Type: multipart/{kind}; boundary="{name}"\r\n\r\n'.encode()
        + b"".join(mark + each for each in parts)
        + f"--{name}--\r\n".encode()
    )


HTML = "<p>We offer 5400 euros for the boat, paid on Friday.</p>"
PLAIN = "We offer 5400 euros for the boat, paid on Friday."


@pytest.mark.parametrize(
    ("plain", "chosen"),
    [
        (PLAIN, "*plain*"),
        ("We offer 5400 euros for the boat, paid on *Friday*", "*plain*"),
        ("", "html"),
        (" \r\n\u00a0", "html"),
        ("Your mail program cannot show HTML.", "html"),
        ("See https://example.org/view/12", "html"),
    ],
)
def test_the_plain_form_is_read_unless_the_other_says_more(
    tmp_path: Path, plain: str, chosen: str
) -> None:
    body = multi("alternative", part("text/plain; charset=utf-8", plain), part("text/html", HTML))
    (found,) = texts(read(tmp_path, HEAD + body))
    assert found == (plain.strip() if chosen == "*plain*" else PLAIN)


def test_forms_in_forms_and_pictures_beside_them_are_told_apart(tmp_path: Path) -> None:
    related = multi("related", part("text/html", HTML), part("image/png", "x"), name="r")
    body = multi("alternative", part("text/plain", " "), related)
    document = read(tmp_path, HEAD + body)
    assert texts(document) == [PLAIN]
    assert not document.warnings
    inner = multi("alternative", part("text/plain", PLAIN), related, name="i")
    mixed = multi("mixed", inner, part("text/plain", "Anna"))
    assert texts(read(tmp_path, HEAD + mixed)) == [PLAIN, "Anna"]


OTHER = b"From: c@example.org\r\nSubject: The boat\r\n"


@pytest.mark.parametrize("more", ["", "Content-Disposition: attachment; filename=a.eml\r\n"])
def test_a_forwarded_mail_is_part_of_the_mail(tmp_path: Path, more: str) -> None:
    inner = OTHER + multi("alternative", part("text/plain", ""), part("text/html", HTML), name="y")
    body = multi("mixed", part("text/plain", "See below."), part("message/rfc822", inner, more))
    document = read(tmp_path, HEAD + body)
    assert texts(document) == [
        "See below.", "The boat", "From: c@example.org\nSubject: The boat", PLAIN,
    ]  # fmt: skip
    assert [block.level for block in document.blocks if block.kind == "heading"] == [1, 2]
    assert document.title == "Offer"


def test_all_mails_of_a_digest_are_read(tmp_path: Path) -> None:
    one = b"\r\nFrom: c@example.org\r\nSubject: One\r\n\r\nThe well is 12 m deep.\r\n"
    two = b"\r\nFrom: d@example.org\r\nSubject: Two\r\n\r\nThe pump is new.\r\n"
    found = texts(read(tmp_path, HEAD + multi("digest", one, two)))
    assert found[0::3] == ["One", "Two"]
    assert found[2::3] == ["The well is 12 m deep.", "The pump is new."]


def test_a_report_of_delivery_tells_who_did_not_get_it_and_why(tmp_path: Path) -> None:
    status = (
        "Reporting-MTA: dns; mail.example.org\r\n\r\nFinal-Recipient: rfc822; zoe@example.org\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such\r\n user\r\n"
    )
    body = multi(
        "report",
        part("text/plain", "It could not be delivered."),
        part("message/delivery-status", status),
        part("text/rfc822-headers", "To: zoe@example.org\r\nSubject: Rent"),
    )
    assert texts(read(tmp_path, HEAD + body)) == [
        "It could not be delivered.",
        "Reporting-MTA: dns; mail.example.org",
        "Final-Recipient: rfc822; zoe@example.org\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 no such user",
        "To: zoe@example.org\nSubject: Rent",
    ]


def test_what_cannot_be_read_of_a_mail_is_told(tmp_path: Path) -> None:
    attached = part("application/pdf", "x", "Content-Disposition: attachment\r\n")
    document = read(tmp_path, HEAD + multi("mixed", part("text/plain", "Here."), attached))
    (warning,) = document.warnings
    assert warning.startswith("The attachments are not read: application/pdf.")
    sealed = read(tmp_path, HEAD + part("application/pkcs7-mime; name=smime.p7m", "MIAG"))
    assert sealed.warnings == ("The message is encrypted; only its header is read.",)


# Headers


@pytest.mark.parametrize("charset", ["utf-8", "gb2312", "big5", "iso-2022-jp", "euc-kr"])
def test_a_header_in_bare_bytes_is_read_in_the_encoding_of_the_body(
    tmp_path: Path, charset: str
) -> None:
    said = {"iso-2022-jp": "七月の家賃", "euc-kr": "칠월 집세", "big5": "七月的租金"}.get(
        charset, "关于七月的租金"
    )
    mail = (
        f"From: {said} <a@example.org>\r\nSubject: {said}\r\n"
        f"Content-Type: text/plain; charset={charset}\r\n\r\n{said}\r\n"
    )
    document = read(tmp_path, mail.encode(charset))
    assert document.title == said
    assert document.text == f"{said}\n\nFrom: {said} <a@example.org>\nSubject: {said}\n\n{said}"


def words(text: str, charset: str, *cuts: int) -> str:
    """A text in encoded words that are cut at these bytes."""
    data = text.encode(charset)
    places = [0, *cuts, len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(places)]
    return " ".join(f"=?{charset}?B?{b64encode(piece).decode()}?=" for piece in pieces)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (words("关于七月的租金", "gb2312"), "关于七月的租金"),
        (words("关于七月的租金", "gb2312", 5), "关于七月的租金"),
        (words("关于七月的租金", "utf-8", 4, 10), "关于七月的租金"),
        ("=?iso-8859-1?Q?The_landlord=92s?=", "The landlord’s"),
        ("=?utf-8?q?caf=C3=A9?= at =?utf-8?q?noon?=", "café at noon"),
        ("Re: =?utf-8?B?5YWz5LqO?=", "Re: 关于"),
        ("=?utf-8?B?5YWz5LqO", "=?utf-8?B?5YWz5LqO"),
        ("=?utf-8*en?Q?rent?=", "rent"),
        ("=?no-such?Q?caf=E9?=", "café"),
        ("=?utf-8?B?cmVudA?=", "rent"),
        ("plain = ?x?", "plain = ?x?"),
    ],
)
def test_encoded_words_are_decoded_however_they_are_cut(value: str, text: str) -> None:
    assert decoded(value) == text


@given(st.text(max_size=60), st.data())
def test_any_text_comes_back_out_of_encoded_words(text: str, data: st.DataObject) -> None:
    text = text.encode("utf-8", "replace").decode()
    size = len(text.encode())
    cuts = sorted(data.draw(st.lists(st.integers(0, size), max_size=3)))
    assert decoded(words(text, "utf-8", *cuts)) == text or "\ufeff" in text or "\x1b" in text


@given(st.binary(max_size=200))
def test_a_mail_of_any_bytes_has_an_outcome(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    document = read(
        tmp_path_factory.mktemp("mail"), HEAD + b"X: " + data + b"\r\n\r\n" + b"body " * 2000
    )
    assert document.title == "Offer"


def test_what_is_called_latin_1_is_windows_1252(tmp_path: Path) -> None:
    body = part(
        "text/plain; charset=iso-8859-1", b"The landlord\x92s fee is \x8050 \x96 not \x8060."
    )
    assert texts(read(tmp_path, HEAD + body)) == ["The landlord’s fee is €50 – not €60."]


# Calendars

EVENT = """BEGIN:VCALENDAR
X-WR-CALNAME:Harbour
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20240503T140000
DTEND;TZID="Europe/Berlin":20240503T153000
SUMMARY:Board meeting\\, room 4
LOCATION:Harbour Road 3
ORGANIZER;CN="Olsson, Marta":mailto:marta@example.org
ATTENDEE;ROLE=REQ-PARTICIPANT;CN=李雷:mailto:li@example.org
ATTENDEE:mailto:ida@example.org
DESCRIPTION:Bring the keys.\\nThe quay is cl
 osed.
BEGIN:VALARM
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
BEGIN:VTODO
SUMMARY:Pay rent
DUE;VALUE=DATE:20240505
END:VTODO
BEGIN:VEVENT
DTSTART:20240506T080000Z
RRULE:FREQ=WEEKLY
SUMMARY:Cleaning
END:VEVENT
END:VCALENDAR
"""
SAID = [
    "Board meeting, room 4",
    "Start: 2024-05-03 14:00 (Europe/Berlin)\nEnd: 2024-05-03 15:30 (Europe/Berlin)\n"
    "Location: Harbour Road 3\nOrganizer: Olsson, Marta <marta@example.org>\n"
    "Attendees: 李雷 <li@example.org>, ida@example.org",
    "Bring the keys.\nThe quay is closed.",
    "Pay rent",
    "Due: 2024-05-05",
    "Cleaning",
    "Start: 2024-05-06 08:00 UTC\nRepeats: FREQ=WEEKLY",
]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_calendar_tells_when_where_and_who(tmp_path: Path, ends: str) -> None:
    document = read(tmp_path, EVENT.replace("\n", ends).encode(), "plan.ics")
    assert document.media_type == "text/calendar"
    assert [document.text[b.start : b.end] for b in document.blocks] == SAID
    assert document.title == "Harbour"


def test_an_invitation_is_part_of_the_mail_and_stands_once(tmp_path: Path) -> None:
    calendar = part("text/calendar; method=REQUEST; charset=utf-8", EVENT)
    forms = multi("alternative", part("text/plain", "You are invited."), calendar, name="y")
    file = part("application/ics; name=invite.ics", EVENT, "Content-Disposition: attachment\r\n")
    assert texts(read(tmp_path, HEAD + multi("mixed", forms, file))) == ["You are invited.", *SAID]


# Boxes

LINE = b"From a@example.org Fri May  3 10:00:00 2024\n"


def test_a_box_is_many_mails_each_a_page(tmp_path: Path) -> None:
    one = HEAD.replace(b"\r", b"") + b"Content-Transfer-Encoding: base64\n\nVGhlIHdlbGwu\n\n"
    two = OTHER.replace(b"\r", b"") + b"\n>From here on.\n>>From there.\nFrom me to you\n\n"
    document = read(tmp_path, LINE + one + LINE + two, "Inbox")
    assert document.media_type == "application/mbox"
    assert [page.number for page in document.pages] == [1, 2]
    assert document.pages[0].text == f"Offer\n\n{SHOWN}\n\nThe well."
    assert document.pages[1].text.endswith("From here on.\n>From there.\nFrom me to you")
    assert document.title == "Inbox"


def test_a_box_of_one_mail_is_that_mail(tmp_path: Path) -> None:
    document = read(tmp_path, LINE + HEAD.replace(b"\r", b"") + b"\nThe well.", "a.eml")
    assert (document.title, document.pages[0].number) == ("Offer", None)


def test_a_mail_that_breaks_a_limit_does_not_end_its_box(tmp_path: Path) -> None:
    endless = b"X: " + b"y" * 200_000
    document = read(tmp_path, LINE + endless + b"\n" + LINE + HEAD.replace(b"\r", b"") + b"\nSeen.")
    assert document.pages[1].text.endswith("Seen.")
    assert document.warnings[0].startswith("Message 1 is left out: limit: the message's header")


def test_a_text_that_begins_like_a_box_is_a_text(tmp_path: Path) -> None:
    for text in (b"From here at 10:00 we go\non: foot.\n", b"From here to there.\nAt noon.\n"):
        assert read(tmp_path, text, "a.txt").media_type == "text/plain"


# Signed mails


def der(tag: int, *parts: bytes, open_: bool = False) -> bytes:
    """A value in ASN.1, its length given, or left open."""
    content = b"".join(parts)
    if open_:
        return bytes([tag, 0x80]) + content + b"\0\0"
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(content).to_bytes(size, "big") + content


def signed(mail: bytes, *, open_: bool, kind: str = "2a864886f70d010702") -> bytes:
    """A mail in an opaque signature, whose signers are left out."""
    half = len(mail) // 2
    octets = der(0x24, der(4, mail[:half]), der(4, mail[half:]), open_=True)
    content = octets if open_ else der(4, mail)
    data = der(6, bytes.fromhex("2a864886f70d010701"))
    inner = der(0x30, data, der(0xA0, content, open_=open_), open_=open_)
    body = der(0x30, der(2, b"\1"), der(0x31), inner, der(0x31), open_=open_)
    return der(0x30, der(6, bytes.fromhex(kind)), der(0xA0, body, open_=open_), open_=open_)


IN_LETTERS = "Content-Transfer-Encoding: base64\r\n"
NOT_CHECKED = "The message is signed; the signature was not checked."


@pytest.mark.parametrize("open_", [False, True])
@pytest.mark.parametrize("told", [IN_LETTERS, ""])
def test_a_mail_signed_into_one_block_is_read_without_a_check(
    tmp_path: Path, open_: bool, told: str
) -> None:
    mail = multi("mixed", part("text/plain", PLAIN), part("text/plain", "Second."))
    block = b64encode(signed(mail, open_=open_))
    document = read(tmp_path, HEAD + part("application/pkcs7-mime; smime-type=x", block, told))
    assert texts(document)[-2:] == [PLAIN, "Second."]
    assert document.warnings == (NOT_CHECKED,)


def test_a_signature_beside_a_mail_is_no_attachment(tmp_path: Path) -> None:
    beside = part("application/pkcs7-signature; name=smime.p7s", "MIAG", IN_LETTERS)
    document = read(tmp_path, HEAD + multi("signed", part("text/plain", PLAIN), beside))
    assert texts(document)[-1] == PLAIN
    assert document.warnings == (NOT_CHECKED,)


@pytest.mark.parametrize("cut", range(0, 90, 7))
def test_a_block_that_is_encrypted_or_damaged_leaves_the_header(tmp_path: Path, cut: int) -> None:
    whole = signed(part("text/plain", PLAIN), open_=False)
    sealed = signed(part("text/plain", PLAIN), open_=True, kind="2a864886f70d010703")
    for block in (whole[:cut], sealed, b"\x30\x80" * 5_000):
        data = part("application/pkcs7-mime", b64encode(block), IN_LETTERS)
        assert "encrypted" in read(tmp_path, HEAD + data).warnings[0]


# Saved web pages


PAGE = "<html><head><title>Rates</title><style>p{color:red}</style></head><body><p>30 euros.</p>"


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.mht", b"MIME-Version: 1.0\r\nX-Origin: Word\r\n"),
        ("a.mhtml", b"From: <Saved by Blink>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"),
        ("a.txt", b'From: "Saved by Windows Internet Explorer"\r\nMIME-Version: 1.0\r\n'),
    ],
)
def test_a_saved_page_is_its_text_without_pictures_and_styles(
    tmp_path: Path, name: str, head: bytes
) -> None:
    style = part("text/css", "p { color: red }", "Content-Location: a.css\r\n")
    picture = part("image/png", "iVBORw0KGgo=", IN_LETTERS)
    frame = part("text/html", "<p>Buy now!</p>")
    data = head + multi("related", style, part("text/html", PAGE), picture, frame)
    document = read(tmp_path, data, name)
    assert (document.title, document.text, document.warnings) == ("Rates", "30 euros.", ())


def test_a_page_of_frames_is_read_with_them(tmp_path: Path) -> None:
    frames = part("text/html", '<frameset><frame src="a"><frame src="b"></frameset>')
    pages = [part("text/html", f"<p>{word}.</p>") for word in ("One", "Two")]
    data = b"Snapshot-Content-Location: x\r\nMIME-Version: 1.0\r\n" + multi(
        "related", frames, *pages
    )
    assert [b for b in read(tmp_path, data, "a.mht").text.split("\n") if b] == ["One.", "Two."]


def test_a_mail_with_pictures_in_its_text_stays_a_mail(tmp_path: Path) -> None:
    data = HEAD + multi("related", part("text/html", HTML), part("image/png", "iVBORw0KGgo="))
    document = read(tmp_path, data)
    assert document.media_type == "message/rfc822"
    assert document.text.startswith("Offer")
