"""Trouble in a browser: a sentence in the reader's language, nothing lost, the page alive."""

import io
import os
import re
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from reportlab.lib import pdfencrypt
from reportlab.pdfgen.canvas import Canvas

from e2e.serving import Served, Tab, enter
from e2e.wire import Wire
from quire import KnowledgeBase

FACT = "The key to the north gate hangs behind the clock."
QUESTION = "Where does the key to the north gate hang?"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
UPLOAD = "[data-testid=stFileUploader] input"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "kb", model="none") as server:
        yield server


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Served]:
    """A server that knows one fact."""
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add_upload("gate.txt", FACT.encode())
    with Served(tmp_path / "kb", model="none") as server:
        yield server


def finished(page: Page) -> None:
    """Wait until all files are done."""
    expect(page.locator(".st-key-clear-intake")).to_be_visible()


def rows(page: Page) -> list[str]:
    """The outcomes shown, line by line."""
    return page.locator(".quire-rows > div").all_inner_texts()


def assert_alive(tab: Tab) -> None:
    """The page still answers."""
    tab.page.locator(".st-key-new button:visible").click()
    expect(tab.page.get_by_test_id("stChatMessage")).to_have_count(0)
    tab.ask(QUESTION)
    expect(tab.page.locator(".quire-answer").last).to_contain_text("behind the clock")


def hostile(folder: Path) -> list[Path]:
    """Files that no reader likes, each in its way."""
    folder.mkdir()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 90_000_000)
    locked = io.BytesIO()
    canvas = Canvas(locked, encrypt=pdfencrypt.StandardEncryption("geheim", strength=128))
    canvas.drawString(50, 500, "secret")
    canvas.save()
    empty_page = io.BytesIO()
    canvas = Canvas(empty_page)
    canvas.rect(50, 50, 100, 100)
    canvas.save()
    contents = {
        "bomb.docx": bomb.getvalue(),
        "broken.pdf": b"%PDF-1.7 and then nothing of the kind",
        "empty.txt": b"",
        "lying.docx": os.urandom(4000),
        "locked.pdf": locked.getvalue(),
        "scan.pdf": empty_page.getvalue(),
        "program.pdf": b"\x7fELF" + bytes(4000),
        "<img src=x onerror=alert(1)>.txt": b"",
        "deep.html": b"<div>" * 200_000,
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return sorted(folder.iterdir())


def test_hostile_files_are_each_a_sentence_and_stop_nothing(
    browser: Browser, known: Served, tmp_path: Path
) -> None:
    files = hostile(tmp_path / "hostile")
    good = tmp_path / "good.txt"
    good.write_text("The lamp in the hall is green.")
    context = browser.new_context(locale="zh-CN")
    tab = Tab(context.new_page(), known).open("documents")
    tab.page.set_input_files(UPLOAD, [*files, good])
    finished(tab.page)
    told = rows(tab.page)
    assert len([line for line in told if any(file.name in line for file in files)]) == len(files)
    for file in [*files, good]:
        (line,) = (line for line in told if line.startswith(file.name))
        assert CHINESE.search(line), line
        assert not re.search(r"[a-z]{4,} [a-z]{4,} [a-z]{4,}", line.removeprefix(file.name)), line
        assert ("已收录" in line) == (file == good), line
    assert tab.dialogs == tab.elsewhere == []
    tab.page.locator(".st-key-clear-intake button").click()
    expect(tab.page.locator(".quire-library tbody tr")).to_have_count(2)
    assert_alive(tab.open())
    context.close()


def test_fifty_files_dropped_at_once_are_all_taken_in(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    for n in range(50):
        (tmp_path / f"note {n:02}.txt").write_text(f"The lamp number {n} stands in hall {n % 7}.")
    context = browser.new_context()
    tab = Tab(context.new_page(), served).open("documents")
    tab.page.set_input_files(UPLOAD, sorted(tmp_path.glob("note *.txt")))
    finished(tab.page)
    expect(tab.page.locator(".st-key-intake")).to_contain_text("50 taken in")
    expect(tab.page.locator(".stMain")).to_contain_text("50 documents")
    context.close()


@pytest.mark.parametrize(
    ("path", "locale"), [("documents", "en-US"), ("documents", "zh-CN"), ("", "zh-CN")]
)
def test_a_file_over_the_limit_is_told_in_the_readers_language(
    browser: Browser, known: Served, tmp_path: Path, *, path: str, locale: str
) -> None:
    large = tmp_path / "large.pdf"
    with large.open("wb") as file:
        file.truncate(700 * 1024**2)  # takes no space
    context = browser.new_context(locale=locale)
    tab = Tab(context.new_page(), known).open(path)
    sentence = "larger than the" if locale == "en-US" else "超过单个文件"
    chosen = UPLOAD if path else "[data-testid=stChatInputFileUploadButton] input"
    tab.page.locator(chosen).first.set_input_files([large])
    expect(tab.page.locator(".quire-told")).to_contain_text(sentence)
    expect(tab.page.locator(".quire-told")).to_contain_text("large.pdf")
    assert_alive(tab.open())
    context.close()


def test_a_connection_lost_during_an_upload_is_told_and_the_file_can_be_sent_again(
    browser: Browser, known: Served, tmp_path: Path
) -> None:
    file = tmp_path / "long.txt"
    line = "The lamp in the long hall is green and is lit at nine. "
    file.write_text("The lantern of the tower is violet.\n\n" + line * 400_000)  # 22 MB
    wire = Wire(known.port, key=known.key)
    context = browser.new_context(locale="zh-CN")
    tab = Tab(context.new_page(), wire).open("documents")
    before = wire.passed
    tab.page.set_input_files(UPLOAD, file)
    deadline = time.monotonic() + 60
    while wire.passed < before + 200_000:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    wire.cut()
    expect(tab.page.locator(".quire-lost")).to_contain_text("与 Quire 的连接已断开")
    assert tab.page.get_by_test_id("stDialog").locator("visible=true").count() == 0
    wire.mend()
    expect(tab.page.locator(".quire-lost")).to_have_count(0)
    tab.open("documents")
    expect(tab.page.locator(".quire-library tbody tr")).to_have_count(1)
    file.write_text("The lantern of the tower is violet.")
    tab.page.set_input_files(UPLOAD, file)
    finished(tab.page)
    expect(tab.page.locator(".quire-library tbody tr")).to_have_count(2)
    assert_alive(tab.open())
    wire.close()
    context.close()


def test_a_connection_lost_during_an_answer_loses_no_answer(
    browser: Browser, tmp_path: Path
) -> None:
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add_upload("gate.txt", FACT.encode())
    server = Served(tmp_path / "kb", model="starter")
    server.start()
    wire = Wire(server.port, key=server.key)
    context = browser.new_context()
    tab = Tab(context.new_page(), wire).open()
    box = tab.page.get_by_test_id("stChatInputTextArea")
    box.fill(QUESTION)  # the models are still being loaded
    box.press("Enter")
    expect(tab.page.locator(".quire-question")).to_be_visible()
    wire.cut()
    expect(tab.page.locator(".quire-lost")).to_contain_text("The connection to Quire is lost")
    wire.mend()
    expect(tab.page.locator(".quire-lost")).to_have_count(0)
    expect(tab.page.locator(".quire-answer")).to_contain_text("behind the clock")
    expect(tab.page.locator("[class*=st-key-open-]:visible")).to_have_count(1)
    wire.close()
    server.stop()
    context.close()


def test_files_that_wait_when_the_server_is_killed_are_taken_in_by_the_next_one(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    for n in range(40):
        text = f"The lamp number {n} stands in the hall. " * 200
        (tmp_path / f"note {n:02}.txt").write_text(text)
    context = browser.new_context()
    tab = Tab(context.new_page(), served).open("documents")
    tab.page.set_input_files(UPLOAD, sorted(tmp_path.glob("note *.txt")))
    expect(tab.page.locator(".st-key-stop-intake")).to_be_visible()
    served.kill()
    served.start()
    tab.open("documents")
    expect(tab.page.locator(".stMain")).to_contain_text("40 documents")
    finished(tab.page)
    context.close()


def test_files_go_on_when_the_browser_is_closed_and_are_there_when_it_returns(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    for n in range(20):
        (tmp_path / f"note {n:02}.txt").write_text(f"The lamp number {n} stands in the hall. " * 99)
    context = browser.new_context()
    tab = Tab(context.new_page(), served).open("documents")
    tab.page.set_input_files(UPLOAD, sorted(tmp_path.glob("note *.txt")))
    expect(tab.page.locator(".st-key-stop-intake")).to_be_visible()
    context.close()
    context = browser.new_context()
    tab = Tab(context.new_page(), served).open("documents")
    expect(tab.page.locator(".st-key-intake")).to_contain_text("note 19.txt")
    finished(tab.page)
    expect(tab.page.locator(".st-key-intake")).to_contain_text("20 taken in")
    expect(tab.page.locator(".stMain")).to_contain_text("20 documents")
    context.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "none", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be made by root alone")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_is_named_and_all_goes_on_once_there_is_space(
    browser: Browser, small_disk: Path, tmp_path: Path
) -> None:
    with KnowledgeBase.open(small_disk / "kb") as base:
        base.add_upload("gate.txt", FACT.encode())
    filler = small_disk / "filler"
    filler.write_bytes(bytes(4_500_000))
    server = Served(small_disk / "kb", model="none")
    server.start()
    large = tmp_path / "large.txt"
    large.write_text("\n\n".join(f"The lamp number {n} is lit at {n}." for n in range(60_000)))
    assert large.stat().st_size > 1_500_000
    context = browser.new_context(locale="zh-CN")
    tab = Tab(context.new_page(), server).open("documents")
    tab.page.set_input_files(UPLOAD, large)
    finished(tab.page)
    told = " ".join(rows(tab.page))
    assert "磁盘已满" in told
    expect(tab.page.locator(".quire-library tbody tr")).to_have_count(1)
    assert_alive(tab.open())
    filler.unlink()
    small = tmp_path / "small.txt"
    small.write_text("The lantern of the tower is violet.")
    tab.open("documents")
    tab.page.set_input_files(UPLOAD, small)
    finished(tab.page)
    expect(tab.page.locator(".quire-library tbody tr")).to_have_count(2)
    server.stop()
    context.close()


def test_the_escape_key_stops_an_answer_and_what_there_is_is_kept(
    browser: Browser, tmp_path: Path
) -> None:
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add_upload("gate.txt", FACT.encode())
    server = Served(tmp_path / "kb", model="starter")
    server.start()
    context = browser.new_context()
    tab = Tab(context.new_page(), server).open()
    box = tab.page.get_by_test_id("stChatInputTextArea")
    box.fill(QUESTION)  # the models are still being loaded
    box.press("Enter")
    stop = tab.page.locator(".st-key-stop button:visible")
    expect(stop).to_be_visible()
    sends = tab.page.get_by_test_id("stChatInputSubmitButton")
    expect(sends).to_be_hidden()
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("[class*=st-key-again-]")).to_have_count(1)
    expect(stop).to_have_count(0)
    expect(sends).to_be_visible()
    expect(tab.page.locator(".quire-answer")).to_contain_text("behind the clock")
    server.stop()
    context.close()


def test_a_server_that_is_told_to_end_keeps_what_was_said(browser: Browser, known: Served) -> None:
    context = browser.new_context()
    tab = Tab(context.new_page(), known).open()
    tab.ask(QUESTION)
    known.stop(signal.SIGINT)
    expect(tab.page.locator(".quire-lost")).to_be_visible()
    known.start()
    expect(tab.page.locator("input[name=key]")).to_be_focused()  # of the new start
    enter(tab.page, known.key)
    expect(tab.page.locator(".quire-answer")).to_contain_text("behind the clock")
    assert_alive(tab)
    context.close()


def test_the_password_is_asked_for_with_the_cursor_in_its_field(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_PASSWORD", "correct horse battery")
    server = Served(tmp_path / "kb", model="none")
    server.start()
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_placeholder("Password")).to_be_focused()
    page.get_by_placeholder("Password").fill("a wrong one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not right")
    page.get_by_placeholder("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stSidebar")).to_be_attached()
    server.stop()
    context.close()
