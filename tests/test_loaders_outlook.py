"""Mails that Outlook saved, in containers written here."""

import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_container import container
from quire.errors import Unreadable
from quire.ingest.loaders import load
from quire.ingest.loaders.outlook import unpacked
from quire.records import ParsedDocument

HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232"
    "0af32068656c090020627705b06c647d0a800fa0"
)
REPEATED = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def properties(sent: datetime | None = None, *, head: int = 32) -> bytes:
    since = int((sent - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7 if sent else 0
    return bytes(head) + (struct.pack("<HHIQ", 0x40, 0x39, 6, since) if sent else b"")


def mail(**more: bytes) -> dict[str, bytes]:
    streams = {
        "__properties_version1.0": properties(datetime(2024, 5, 3, 8, 30, tzinfo=UTC)),
        "__substg1.0_0037001F": wide("关于七月的租金"),
        "__substg1.0_0C1A001F": wide("李雷"),
        "__substg1.0_0C1F001F": wide("li@example.org"),
        "__substg1.0_0E04001F": wide("Marta; Ida\0"),
    }
    return streams | {name.replace("S_", "__substg1.0_"): data for name, data in more.items()}


def read(tmp_path: Path, streams: dict[str, bytes]) -> ParsedDocument:
    (tmp_path / "a.msg").write_bytes(container(streams))
    return load(tmp_path / "a.msg")


HEAD = (
    "关于七月的租金\n\nFrom: 李雷 <li@example.org>\nTo: Marta; Ida\nDate: 2024-05-03 08:30 UTC\n"
    "Subject: 关于七月的租金"
)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"S_1000001F": wide("租金是一千元。\r\n")}, "租金是一千元。"),
        ({"S_1000001E": "The rent is £5".encode("cp1252")}, "The rent is £5"),
        ({"S_1000001F": wide("long " * 3000)}, ("long " * 3000).strip()),
        ({"S_1000001F": wide(" \r\n"), "S_10130102": b"<p>The rent is 5.<p hidden>no"},
         "The rent is 5."),
        ({"S_10090102": HELLO}, "hello world"),
        ({}, ""),
    ],
)  # fmt: skip
def test_a_mail_has_its_header_lines_and_its_body(
    tmp_path: Path, body: dict[str, bytes], text: str
) -> None:
    document = read(tmp_path, mail(**body))
    assert document.text == f"{HEAD}\n\n{text}".strip()
    assert document.title == "关于七月的租金"
    assert document.media_type == "application/vnd.ms-outlook"


def test_the_header_that_came_with_a_mail_knows_best(tmp_path: Path) -> None:
    header = (
        "From: a@example.org\r\nDate: Fri, 3 May 2024 10:00:00 +0200\r\n"
        "Subject: =?utf-8?q?Caf=C3=A9?=\r\n"
    )
    document = read(tmp_path, mail(S_007D001F=wide(header), S_1000001F=wide("Body.")))
    assert document.text == (
        "Café\n\nFrom: a@example.org\nTo: Marta; Ida\nDate: Fri, 3 May 2024 10:00:00 +0200\n"
        "Subject: Café\n\nBody."
    )


def test_attachments_are_named_and_attached_mails_are_read(tmp_path: Path) -> None:
    inner = "__attach_version1.0_#00000001/__substg1.0_3701000D"
    streams = mail(S_1000001F=wide("See below.")) | {
        "__attach_version1.0_#00000000/__properties_version1.0": bytes(8),
        "__attach_version1.0_#00000000/__substg1.0_3707001F": wide("lease.pdf"),
        f"{inner}/__properties_version1.0": properties(head=24),
        f"{inner}/__substg1.0_0037001F": wide("The offer"),
        f"{inner}/__substg1.0_1000001F": wide("We offer 5400 euros."),
    }
    document = read(tmp_path, streams)
    assert document.text == (
        f"{HEAD}\n\nSee below.\n\nThe offer\n\nSubject: The offer\n\nWe offer 5400 euros."
    )
    (warning,) = document.warnings
    assert warning.startswith("The attachments are not read: lease.pdf.")


def test_a_damaged_container_is_a_damaged_message(tmp_path: Path) -> None:
    data = container(mail(S_1000001F=wide("x" * 5000)))
    (tmp_path / "a.msg").write_bytes(data[: len(data) // 2] + wide("__properties_version1.0"))
    with pytest.raises(Unreadable, match="damaged message"):
        load(tmp_path / "a.msg")


def test_compressed_rtf_is_unpacked_as_its_specification_shows() -> None:
    assert unpacked(HELLO, most=10_000) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert unpacked(REPEATED, most=10_000) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    assert unpacked(bytes(8) + b"MELA" + bytes(4) + b"{\\rtf1 as it is}", most=99) == (
        b"{\\rtf1 as it is}"
    )


@given(st.binary(max_size=100))
def test_any_bytes_are_unpacked_to_a_bounded_text(data: bytes) -> None:
    assert len(unpacked(bytes(8) + b"LZFu" + bytes(4) + data, most=200)) < 400
