"""Office documents as pages: printed by LibreOffice, confined, and found by their words."""

import os
import shutil
import socket
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from made_office import paragraph, write_docx
from quire import KnowledgeBase
from quire.errors import Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import formats
from quire.ingest.parsing import office
from quire.ingest.parsing.pool import ParserPool
from quire.records import PAGE_BREAK
from quire.ui.printed import Prints, place
from quire.ui.source import Source, look

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs a network namespace")
MINUTES = Path(__file__).parent.parent / "examples" / "documents" / "board-minutes.docx"
SAID = ["The harbour was dredged.", "The keeper is called Marten.", "The harbour was dredged."]
Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a program called soffice before all others; `to` is where it is to write its PDF."""

    def installed(code: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        script = folder / "soffice"
        begins = "import os, sys, time, socket, shutil\nto = sys.argv[-2] + '/source.pdf'\n"
        script.write_text(f"#!{sys.executable}\n{begins}os.mkdir(sys.argv[-2])\n{code}\n")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return installed


@pytest.fixture
def minutes(tmp_path: Path) -> Path:
    return write_docx(tmp_path / "minutes.docx", "".join(map(paragraph, SAID)))


def convert(path: Path, *, limits: Limits | None = None) -> Path:
    to = path.with_suffix(".pdf")
    office.convert(path, formats.DOCX, to, limits=limits or Limits())
    return to


def test_what_prints_reaches_no_network_and_only_its_own_home(
    install: Install, minutes: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        install(
            f"try:\n    socket.create_connection(('127.0.0.1', {port}), 2); told = 'reached'\n"
            "except OSError as error:\n    told = type(error).__name__\n"
            "open(to, 'w').write(f\"{told} {os.environ['HOME']} {os.getuid()}\")"
        )
        told, home, user = convert(minutes).read_text().split()
    assert told != "reached"
    assert int(user) == os.getuid()
    assert not Path(home).exists()


def test_what_hangs_is_ended_with_all_that_it_started(install: Install, minutes: Path) -> None:
    mark = minutes.parent / "alive"
    install(
        "if os.fork() == 0:\n"
        f"    while True:\n        open({str(mark)!r}, 'w').close(); time.sleep(0.05)\n"
        "time.sleep(600)"
    )
    with pytest.raises(Unreadable, match="took longer than 2 s"):
        convert(minutes, limits=replace(Limits(), wall_seconds=2.0))
    time.sleep(0.3)
    mark.unlink(missing_ok=True)
    time.sleep(0.3)
    assert not mark.exists()


@pytest.mark.parametrize("code", ["sys.exit(3)", "os.abort()", "bytearray(8_000_000_000)"])
def test_what_fails_is_told(install: Install, minutes: Path, code: str) -> None:
    install(code)
    with pytest.raises(Unreadable, match="could not draw"):
        convert(minutes)


def test_what_is_under_way_ends_with_the_page(install: Install, minutes: Path) -> None:
    install("time.sleep(600)")
    with ParserPool() as parsers, KnowledgeBase.open(minutes.parent / "kb") as base:
        base.add(minutes)
        prints = Prints(parsers)
        document = base.document("minutes.docx")
        assert prints.of(document, minutes, patience=0.2) is None
        began = time.monotonic()
        prints.close()
        assert time.monotonic() - began < 5
        assert prints.of(document, minutes) is None


def test_the_cited_words_are_marked_on_the_printed_page(
    install: Install, minutes: Path, tmp_path: Path
) -> None:
    canvas = Canvas(str(tmp_path / "print.pdf"))
    for said in SAID:
        canvas.drawString(70, 700, said)
        canvas.showPage()
    canvas.save()
    count = tmp_path / "count"
    install(
        f"open({str(count)!r}, 'a').write('.'); shutil.copy({str(tmp_path / 'print.pdf')!r}, to)"
    )
    with ParserPool() as parsers, KnowledgeBase.open(tmp_path / "kb") as base:
        base.add(minutes)
        document = base.document("minutes.docx")
        text = PAGE_BREAK.join(page.text for page in base.pages(document))
        start = text.rindex(SAID[2])
        source = Source(document.id, document.name, None, start, start + len(SAID[2]), SAID[2])
        prints = Prints(parsers)
        view = look(base, source, parsers=parsers, prints=prints)
        assert view.page is not None
        assert (view.number, view.pages) == (3, 3)  # and not the first, which says the same
        assert len(view.page.boxes) == 1
        second = look(base, view.source.opened(2), parsers=parsers, prints=prints)
        assert second.page is not None
        assert (second.number, second.page.boxes) == (2, ())
        hit = look(base, source.searched("keeper"), parsers=parsers, prints=prints)
        assert hit.page is not None
        assert (hit.number, hit.hits, len(hit.page.now)) == (2, 1, 1)
        other = replace(source, start=0, end=len(text), quote=text)
        assert look(base, other, parsers=parsers, prints=prints).page is not None
        prints.close()
    assert count.read_text() == "."


def test_what_is_not_on_the_printed_pages_is_shown_as_text(
    install: Install, minutes: Path, tmp_path: Path
) -> None:
    canvas = Canvas(str(tmp_path / "print.pdf"))
    canvas.drawString(70, 700, "Something else.")
    canvas.save()
    install(f"shutil.copy({str(tmp_path / 'print.pdf')!r}, to)")
    with ParserPool() as parsers, KnowledgeBase.open(tmp_path / "kb") as base:
        base.add(minutes)
        document = base.document("minutes.docx")
        source = Source(document.id, document.name, None, 0, len(SAID[0]), SAID[0])
        prints = Prints(parsers)
        view = look(base, source, parsers=parsers, prints=prints)
        prints.close()
    assert view.page is None
    assert view.text is not None
    assert view.text.cited == SAID[0]


@pytest.fixture
def asked() -> Iterator[tuple[int, list[bytes]]]:
    """A server on this machine, and what was asked of it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                heard.append(connection.recv(1000))
                connection.close()

        threading.Thread(target=listen, daemon=True).start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_itself_prints_and_fetches_nothing(
    tmp_path: Path, asked: tuple[int, list[bytes]]
) -> None:
    port, heard = asked
    linked = with_picture(MINUTES, tmp_path / "linked.docx", f"http://127.0.0.1:{port}/picture.png")
    printed = convert(linked)
    with ParserPool() as parsers:
        text = parsers.parse(printed).text
    assert "recommended the one with a heated anemometer" in text
    assert not heard


def with_picture(path: Path, to: Path, address: str) -> Path:
    """A copy of a DOCX that begins with a picture which it only points at."""
    relation = (
        '<Relationship Id="rFar" TargetMode="External" Type="http://schemas.openxmlformats.org/'
        f'officeDocument/2006/relationships/image" Target="{address}"/></Relationships>'
    )
    picture = (
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/'
        '2006/wordprocessingDrawing"><wp:extent cx="900000" cy="900000"/><wp:docPr id="9" '
        'name="far"/><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic '
        'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr>'
        '<pic:cNvPr id="9" name="far"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip xmlns:r='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:link="rFar"/>'
        '<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/>'
        '<a:ext cx="900000" cy="900000"/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr></pic:pic>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )
    with zipfile.ZipFile(path) as parts, zipfile.ZipFile(to, "w") as made:
        for name in parts.namelist():
            said = parts.read(name).decode() if name.endswith((".xml", ".rels")) else ""
            said = said.replace("<w:body>", f"<w:body>{picture}")
            if name == "word/_rels/document.xml.rels":
                said = said.replace("</Relationships>", relation)
            made.writestr(name, said or parts.read(name))
    return to


@pytest.mark.parametrize(
    ("text", "words", "printed", "found"),
    [
        ("a | b\n• c d", "c d", "a b\nc\nd", "c\nd"),
        ("接地电阻", "电阻", "接地\n电阻", "电阻"),
        ("one", "one", "two", None),
        ("• ", "• ", "anything", None),
    ],
)
def test_words_are_found_where_they_were_printed(
    text: str, words: str, printed: str, found: str | None
) -> None:
    start = text.index(words)
    where = place(text, start, start + len(words), printed=printed)
    assert (printed[slice(*where)] if where else None) == found
