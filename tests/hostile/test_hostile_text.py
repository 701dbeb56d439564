"""Text-like files that flood, nest, lie about their encoding or carry unseen characters."""

import base64
import gc
import math
import os
import random
import re
import resource
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from quire.errors import Skipped
from quire.ingest.loaders import load
from quire.ingest.parsing.pool import ParserPool

CHINESE = "合同的期限是三年，自签订之日起计算。"


def flood(piece: str, *, size: int = 400_000) -> str:
    return piece * (size // len(piece))


HTML = {
    "open_divs": flood("<div>"),
    "open_formatting": flood("<p><b><font>"),
    "open_tables": flood("<table><tr><td>"),
    "open_lists": flood("<ul><li>"),
    "angle_brackets": flood("<"),
    "ampersands": flood("&"),
    "attributes": "<p" + flood(" a=1") + ">",
    "closing_tags": flood("</p></div>"),
    "cells": "<table>" + flood("<td>x"),
    "line_breaks": flood("<br>"),
}
MARKDOWN = {
    "brackets": flood("["),
    "quotes": flood("> "),
    "list_marks": flood("- a\n"),
    "nested_lists": flood("- "),
    "emphasis": flood("*"),
    "fences": flood("```\n"),
    "comments": flood("<!-- x -->\n"),
    "table_rules": "| a |\n|" + flood("-|"),
    "spaces": "#" + flood(" ") + "x",
    "paragraphs": flood("a\n\n"),
}
MAIL = "From: a@example.org\nSubject: hello\n"

CASES: list[tuple[str, str | bytes, str]] = [
    *((f"{n}.html", f"<html><body><p>hello</p>{body}", r"ok: hello.*") for n, body in HTML.items()),
    *((f"{n}.md", f"hello\n\n{body}\n", r"ok: hello.*") for n, body in MARKDOWN.items()),
    ("unclosed_script.html", "<html><p>hello</p><script>" + flood("x"), r"ok: hello hello"),
    ("unclosed_comment.html", "<html><p>hello</p><!--" + flood("x"), r"ok: hello.*"),
    ("xml_entities.html", "<!DOCTYPE html [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><p>hello &a;",
     r"ok: (?!.*root:).*hello.*"),
    ("base_and_frames.html", "<html><base href=http://127.0.0.1:9/><iframe src=file:///etc/passwd>"
     "</iframe><link rel=stylesheet href=x><p>hello", r"ok: hello.*"),
    ("hidden.html", "<html><p>hello<p style='display:none'>ignore all", r"ok: hello hello"),
    ("unclosed_quote.csv", 'a,b\n"' + flood("x,y\n", size=200_000), r"ok: .*never closed.*"),
    ("million_columns.csv", "a" + ",x" * 1_000_000, r"ok: .*Cells past column 1,000.*"),
    ("quotes_only.csv", '"' * 500_000, r"ok: .*|skipped: no text.*"),
    ("nul_bytes.csv", b"hello,b\0\n" + b"1,2\n" * 100, r"ok: hello.*"),
    ("one_long_line.txt", flood("word ", size=30_000_000), r"ok: word.*past the limit of 2.*"),
    ("random.txt", random.Random(1).randbytes(200_000), r"skipped: .* binary data"),
    ("program.txt", b"\x7fELF" + bytes(4000), r"skipped: unsupported format: a program"),
    ("nul_only.txt", bytes(5000), r"skipped: unsupported format: binary data"),
    ("mark_only.txt", b"\xef\xbb\xbf", r"skipped: no text.*"),
    ("lone_surrogates.txt", "hello \ud800 there".encode("utf-16", "surrogatepass"), r"ok: hello.*"),
    ("overlong.txt", b"hello \xc0\xaf\xe0\x80\xaf " + "合同".encode() * 100, r"ok: hello.*合同.*"),
    ("cut_in_a_character.txt", CHINESE.encode("gb18030")[:-1], r"ok: 合同.*"),
    ("unseen.txt", "he\u200bl\u202el\U000e0041o", r"ok: hello.*"),
    ("combining.txt", "hello" + "\u0301" * 500_000, r"ok: hello.*"),
    ("lying.pdf", "hello", r"ok: hello.*"),
    ("lying.docx", "<html><p>hello", r"ok: hello.*"),
    ("deep.json", "[" * 500_000, r"ok: .*"),
    ("header_flood.eml", MAIL + flood("X: y\n"), r"failed: limit: the message's header.*"),
    ("word_flood.eml", MAIL + "To: " + flood("=?utf-8?q?a?= ", size=90_000) + "\n\nhello",
     r"ok: .*hello.*"),
    ("parameter_flood.eml", MAIL + "Content-Type: a/b; " + flood("c=d;", size=90_000) + "\n\nhello",
     r"ok: .*hello.*"),
    ("nested_parts.eml", MAIL + "".join(
        f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(3000)
    ) + "\nhello", r"ok: .*|failed: .*"),
    ("no_boundary.eml", MAIL + "Content-Type: multipart/mixed\n\nhello", r"ok: hello.*"),
    ("bad_base64.eml", MAIL + "Content-Transfer-Encoding: base64\n\n!!!hello===", r"ok: hello.*"),
    ("bad_charset.eml", MAIL + "Content-Type: text/plain; charset=nope\n\nhello", r"ok: .*hello.*"),
    ("inner_bomb.eml", MAIL + 'Content-Type: application/zip; name="x.zip"\n'
     "Content-Transfer-Encoding: base64\n\n" + base64.b64encode(bytes(300_000)).decode(),
     r"ok: .*not read: x.zip.*"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "expected"), CASES, ids=[name for name, _, _ in CASES])
def test_a_hostile_text_ends_as_expected(
    tmp_path: Path, outcome: Callable[[Path], str], name: str, data: str | bytes, expected: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    assert re.fullmatch(expected, outcome(path), re.DOTALL)


@pytest.mark.parametrize("name", [*(f"{n}.html" for n in HTML), *(f"{n}.md" for n in MARKDOWN)])
def test_a_flood_takes_time_linear_in_its_size(tmp_path: Path, name: str) -> None:
    """Of the processor: four times the size takes some four times as long, and if it grew with the
    square, sixteen."""
    stem, _, ending = name.partition(".")
    body = (HTML if ending == "html" else MARKDOWN)[stem]
    opening = "<html><p>hello</p>" if ending == "html" else "hello\n\n"
    least = dict.fromkeys((60_000, 240_000), math.inf)
    for size in least:
        (tmp_path / f"{size}.{ending}").write_text(opening + body[:size])
    gc.disable()  # workers collect rarely; here it would weigh all that the tests imported
    try:
        for size in (*least, *least, *least):
            begin = time.process_time()
            load(tmp_path / f"{size}.{ending}")
            least[size] = min(least[size], time.process_time() - begin)
    finally:
        gc.enable()
    part, whole = least.values()
    assert whole < 8 * part + 0.1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    paths = [tmp_path / "pipe.txt", tmp_path / "folder.txt", Path("/dev/zero")]
    if sys.platform == "linux":
        paths.append(Path("/proc/self/status"))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        paths.append(tmp_path / "socket")
        with ParserPool() as pool:
            for path in paths:
                with pytest.raises(Exception, match=r"regular|empty|cannot be opened|directory"):
                    pool.parse(path)


def test_a_file_that_grows_while_it_is_read_gives_what_it_had(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("line\n" * 1000)
    with path.open("a") as writer:
        for _ in range(20):
            writer.write("line\n" * 1000)
            writer.flush()
            assert set(load(path).text.split()) == {"line"}


def test_the_caller_grows_little_over_hundreds_of_refusals(tmp_path: Path) -> None:
    path = tmp_path / "empty.txt"
    path.touch()
    big = tmp_path / "big.txt"
    big.write_text(flood("word ", size=2_000_000))
    with ParserPool() as pool:
        for _ in range(3):
            pool.parse(big)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(300):
            with pytest.raises(Skipped):
                pool.parse(path)
        for _ in range(3):
            pool.parse(big)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * (1 if sys.platform == "darwin" else 1024) < 50_000_000
