"""Texts in the encodings of the world, short and long, with and without a word about which."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.ingest.loaders.alphabets import LETTERS
from quire.ingest.loaders.encoding import decode, looks_binary

SAID = {
    "fr": ["Le loyer est dû le cinq de chaque mois, à midi.", "café déjà payé"],
    "de": ["Die Miete ist am fünften fällig, die größere außen.", "Schlüssel"],
    "es": ["La reunión será el miércoles en el salón pequeño, ¿vendrás mañana?"],
    "pt": ["A reunião não será na sala grande; o inquilino já pagou a caução."],
    "it": ["La riunione è stata spostata a venerdì perché la sala è già occupata."],
    "nl": ["De huur is geïnd; één sleutel hangt bij de coördinator."],
    "sv": ["Hyran ska betalas den femte, nycklarna hänger där båtarna ligger."],
    "da": ["Huslejen betales den femte; nøglerne hænger på væggen, også årerne."],
    "fi": ["Vuokra maksetaan viidentenä päivänä, avaimet ovat isännöitsijällä."],
    "is": ["Leigan greiðist fimmta hvers mánaðar og lyklarnir eru hjá húsverðinum, það."],
    "pl": ["Proszę zapłacić w środę, kiedy przyjdzie właściciel żaglówki.", "środę", "Wartość"],
    "cs": ["Nájemné se platí pátého dne v měsíci, klíče má správce.", "účet za říjen"],
    "hu": ["A bérleti díjat minden hónap ötödikén kell fizetni, a szűk fülkében.", "kőműves"],
    "ro": ["Chiria se plăteşte pe data de cinci, în clădirea mică, lângă uşă şi faţa casei."],
    "hr": ["Najamnina se plaća petog u mjesecu, ključevi su kod domara, a možda još kuća."],
    "tr": ["Şamandıralar ığdır gölünde çok işe yarıyor, güneşli günlerde.", "kış", "Şubat ayı"],
    "lt": ["Nuoma mokama penktą mėnesio dieną, raktai pas ūkvedį, šalia įėjimo."],
    "lv": ["Īres maksa jāmaksā piektajā datumā, atslēgas ir pie pārziņa ēkas pirmajā stāvā."],
    "et": ["Üür makstakse viiendal kuupäeval, võtmed on õuel, ja šokk žürii."],
    "ru": ["Арендная плата вносится пятого числа каждого месяца.", "Договор", "ДОГОВОР АРЕНДЫ"],
    "uk": ["Орендна плата сплачується пятого числа, ключі в коменданта, він живе їх поверхом."],
    "el": ["Το ενοίκιο πληρώνεται την πέμπτη κάθε μήνα. Τα κλειδιά είναι στον διαχειριστή."],
    "he": ["שכר הדירה משולם בחמישי לכל חודש והמפתחות אצל השרת."],
    "ar": ["يدفع الإيجار في اليوم الخامس من كل شهر والمفاتيح عند الحارس."],
    "th": ["ค่าเช่าชำระภายในวันที่ห้าของทุกเดือน กุญแจอยู่ที่ผู้ดูแล"],
}
TEXTS = [
    (text, encoding)
    for language, texts in SAID.items()
    for text in texts
    for encoding in LETTERS[language][1].split()
]


@pytest.mark.parametrize(("text", "encoding"), TEXTS)
def test_an_encoding_of_one_byte_is_told_by_the_letters_of_a_language(
    text: str, encoding: str
) -> None:
    assert decode(text.encode(encoding), limit=1000) == (text, False)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        # Short lists without a common character
        ("姓名,船,费用\n李雷,小艇,17\n", "gb18030"),
        ("王伟,张敏\n刘洋,陈静\n赵磊,吴婷", "gbk"),
        ("品名\t单价\n螺丝\t3\n扳手\t45\n", "gbk"),
        ("張偉,王芳,李娜\n劉洋,陳靜", "big5"),
        ("田中,鈴木,佐藤", "cp932"),
        # Seven bits
        ("会議は金曜日に開かれます。\n鍵は管理人が持っています。\n", "iso2022_jp"),
        ("회의는 금요일에 열립니다.", "iso2022_kr"),
        ("会议在星期五举行。", "hz"),
        ("a ~{tilde~} and \x1b[31mcolour\x1b[0m", "ascii"),
        # Wide, without a mark
        ("会议在星期五举行。钥匙由管理员保管。", "utf-16-le"),
        ("会议在星期五举行。钥匙由管理员保管。", "utf-16-be"),
        ("회의는 금요일에 열립니다. 열쇠는 관리인이 보관합니다.", "utf-16-le"),
        ("会議は金曜日に開かれます。", "utf-16-be"),
        ("Арендная плата вносится пятого числа.", "utf-16-le"),
        ("Τα κλειδιά είναι στον διαχειριστή.", "utf-16-be"),
        ("שכר הדירה משולם בחמישי לכל חודש.", "utf-16-le"),
        ("ค่าเช่าชำระภายในวันที่ห้า", "utf-16-be"),
        ("The lease.", "utf-32-le"),
        ("The lease.", "utf-32-be"),
        ("会议在星期五举行", "utf-32-le"),
        # Signs alone
        ("price €5 – ‘ok’", "cp1252"),
    ],
)
def test_an_encoding_of_several_bytes_is_told_without_a_mark(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert not looks_binary(data)
    assert decode(data, limit=1000) == (text, False)


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        ("The landlord’s fee is €50".encode("cp1252"), "ISO-8859-1", "The landlord’s fee is €50"),
        ("“so”".encode("cp1252"), "us-ascii", "“so”"),
        ("朱镕基".encode("gb18030"), "gb2312", "朱镕基"),
        ("①髙橋".encode("cp932"), "Shift_JIS", "①髙橋"),
        ("똠방각하".encode("cp949"), "ks_c_5601-1987", "똠방각하"),
        ("Straße".encode("latin-1"), "windows-1250", "Straße"),
        # What is said first is not believed where the bytes do not fit, or a mark says otherwise
        ("合同".encode(), "gb2312", "鍚堝悓"),
        ("会议在五".encode(), "ascii", "会议在五"),
        ("\ufeff合同".encode(), "gb2312", "合同"),
        ("合同的期限是三年。".encode("gbk"), "utf-8", "合同的期限是三年。"),
        (b"plain text", "utf-16", "plain text"),
        # Codecs that are no encodings, and names of none
        (b"68656c6c6f", "hex", "68656c6c6f"),
        (codecs.encode(b"bomb" * 1000, "zip"), "zip", None),
        (rb"\u0041", "unicode_escape", r"\u0041"),
        (b"text", "no-such-thing", "text"),
        (b"text", "\0", "text"),
    ],
)
def test_what_a_document_says_of_its_encoding_is_read_as_browsers_do(
    data: bytes, declared: str, text: str | None
) -> None:
    found, _ = decode(data, limit=2000, declared=declared)
    assert isinstance(found, str)
    assert text is None or found == text


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        ("Łódź", "iso8859_2", "ISO-8859-2"),
        ("Договор", "koi8_r", "KOI8-R"),
        ("租約", "big5", "Big5"),
    ],
)
def test_an_xml_declaration_is_believed(text: str, encoding: str, named: str) -> None:
    xml = f'<?xml version="1.0" encoding="{named}"?><a>{text}</a>'
    assert decode(xml.encode(encoding), limit=1000)[0] == xml


@given(st.binary(max_size=200), st.sampled_from(["", "gb2312", "utf-16", "latin-1", "big5", "hz"]))
def test_whatever_is_declared_any_bytes_become_text(data: bytes, declared: str) -> None:
    text, _ = decode(data, limit=150, declared=declared)
    assert len(text) <= 150
