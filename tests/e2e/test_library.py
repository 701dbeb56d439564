"""The library in a real browser: by keyboard, on a narrow screen, with names that nobody would
choose, in two windows, and over a wire that is cut."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.serving import Served, Tab
from e2e.test_everyone import look
from e2e.wire import Wire
from quire import KnowledgeBase
from quire.indexes.documents import printable

LONG = "ä" * 122 + "-longest.md"  # of 255 bytes
NAMES = [
    "<img src=x onerror=alert(1)> & **bold** [a](b).md",
    LONG,
    "عقد الإيجار 2024.md",
    "می‌خواهم.md",
    "\u202egnp.exe.md",
    "🗝️ keys 👩‍👩‍👧.md",
    "租约.md",
]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    for n, folder in enumerate(("house", "house/2024", "garden")):
        (tmp_path / "papers" / folder).mkdir(parents=True, exist_ok=True)
        for at in range(2):
            path = tmp_path / "papers" / folder / f"{'abc'[n]}{at}.md"
            path.write_text(f"Lamp {n}{at} stands in the {folder}.")
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add(tmp_path / "papers")
        base.add_upload("sent.md", b"A periwinkle ladder was sent.")
        base.tag("a0.md", add="lit")
    with Served(tmp_path / "kb", model="none") as server:
        yield server


def names(page: Page) -> list[str]:
    return page.locator(".quire-library .read").all_inner_texts()


def shows(page: Page, *wanted: str) -> None:
    """Wait until exactly these documents are shown, in order."""
    expect(page.locator(".quire-library .read")).to_have_text([*wanted])


def focused(page: Page) -> str:
    found: str = page.evaluate(
        "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
    )
    return found


def test_the_library_is_used_by_the_keyboard_alone(browser: Browser, served: Served) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = Tab(context.new_page(), served).open("documents").page
    shows(page, "a0.md", "a1.md", "b0.md", "b1.md", "c0.md", "c1.md", "sent.md")
    page.locator(".quire-library tbody input").first.focus()
    page.keyboard.press("Space")
    expect(page.locator(".st-key-selection")).to_contain_text("1 document marked")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".st-key-selection")).to_contain_text("2 documents marked")
    assert focused(page) == "Mark a1.md"
    expect(page.locator("tr[aria-selected=true]")).to_have_count(2)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert focused(page) == "Details of a1.md"
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("All of it was read.")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.locator(".quire-library tbody input").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-source")).to_contain_text("b0.md")
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-source")).to_have_count(0)
    tree = page.get_by_role("tree", name="Folders")
    tree.get_by_role("treeitem").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    item = tree.get_by_role("treeitem", name="house, 4 documents")
    expect(item).to_be_visible()
    item.focus()
    page.keyboard.press("Enter")
    shows(page, "a0.md", "a1.md", "b0.md", "b1.md")
    page.locator(".quire-library tbody input").last.focus()
    page.keyboard.press("Delete")  # what is marked
    shows(page, "b0.md", "b1.md")
    expect(page.locator(".st-key-undo")).to_contain_text("2 documents were deleted")
    page.locator(".st-key-undo-last button").press("Enter")
    shows(page, "a0.md", "a1.md", "b0.md", "b1.md")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_axe_finds_nothing_in_what_opens_over_the_library(
    browser: Browser, served: Served, locale: str, scheme: Any
) -> None:
    context = browser.new_context(
        locale=locale, color_scheme=scheme, viewport={"width": 1280, "height": 800}
    )
    with KnowledgeBase.open(served.folder) as base:
        for n in range(5):  # the folders count in two digits
            base.add_upload(f"note-{n}.md", f"Lamp {n} was sent.".encode())
    page = Tab(context.new_page(), served).open("documents").page
    expect(page.locator(".quire-library tbody tr")).to_have_count(12)
    found = look(page)
    page.locator(".quire-library tbody .more button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found += look(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(".st-key-filters button").click()
    last = page.get_by_test_id("stPopoverBody").get_by_test_id("stDateInput").last
    expect(last).to_be_in_viewport(ratio=1)
    found += look(page)
    page.keyboard.press("Escape")
    for row in (0, 1):
        page.locator(".quire-library tbody input").nth(row).click()
    expect(page.locator(".st-key-selection")).to_be_visible()
    for key in ("tag-checked", "move-checked"):
        page.locator(f".st-key-{key} button").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        found += look(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(".st-key-delete-checked button").click()
    expect(page.locator(".st-key-undo")).to_be_visible()
    found += look(page)
    assert found == []
    context.close()


def test_documents_are_sorted_filtered_and_searched(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    page = Tab(context.new_page(), served).open("documents").page
    page.get_by_role("button", name="名称").click()
    shows(page, "sent.md", "c1.md", "c0.md", "b1.md", "b0.md", "a1.md", "a0.md")
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("名称")
    field = page.get_by_label("在名称、标签和内容中查找")
    field.fill("periwinkle")
    shows(page, "sent.md")
    field.fill("")
    expect(page.locator(".quire-library .read")).to_have_count(7)
    page.locator(".st-key-filters button").click()
    page.get_by_test_id("stPopoverBody").get_by_label("标签").click()
    page.get_by_text("lit", exact=True).last.click()
    shows(page, "a0.md")
    context.close()


@pytest.mark.parametrize(("width", "zoom"), [(360, 1), (640, 2)])
def test_names_that_nobody_would_choose_fit_a_narrow_screen_and_are_read_out(
    browser: Browser, tmp_path: Path, width: int, zoom: int
) -> None:
    for n, name in enumerate(NAMES):
        (tmp_path / name).write_text(f"Lamp number {n} stands in the hall.")
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add([tmp_path / name for name in NAMES])
    server = Served(tmp_path / "kb", model="none")
    server.start()
    context = browser.new_context(
        viewport={"width": width // zoom, "height": 740 // zoom}, device_scale_factor=zoom
    )
    tab = Tab(context.new_page(), server).open("documents")
    page = tab.page
    expect(page.locator(".quire-library tbody tr")).to_have_count(len(NAMES))
    for name in NAMES:
        shown = printable(name)  # what turns the direction stands there as what it is
        expect(page.get_by_label(f"Mark {shown}", exact=True)).to_have_count(1)
        expect(page.get_by_label(f"Details of {shown}", exact=True)).to_have_count(1)
    wide = page.evaluate(
        """() => [...document.querySelectorAll(".quire-library table :not(.quire-unseen)")].filter(
          (node) => node.getBoundingClientRect().right > innerWidth + 1).length"""
    )
    assert wide == 0
    page.get_by_label(f"Details of {LONG}", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text(LONG)
    assert tab.dialogs == tab.elsewhere == []
    server.stop()
    context.close()


def test_two_windows_delete_the_same_document_and_neither_is_at_a_loss(
    browser: Browser, served: Served
) -> None:
    context = browser.new_context()
    one, other = (Tab(context.new_page(), served).open("documents").page for _ in range(2))
    for page in (one, other):
        page.get_by_label("Mark a0.md").click()
        page.get_by_label("Mark a1.md").click()
        expect(page.locator(".st-key-selection")).to_contain_text("2 documents marked")
    one.locator(".st-key-delete-checked button").click()
    expect(one.locator(".quire-library tbody tr")).to_have_count(5)
    other.locator(".st-key-delete-checked button").click()
    expect(other.locator(".quire-library tbody tr")).to_have_count(5)
    expect(other.get_by_test_id("stAlert")).to_contain_text("2 of the documents were no longer")
    one.locator(".st-key-undo-last button").click()
    expect(one.locator(".quire-library tbody tr")).to_have_count(7)
    context.close()


def test_a_download_that_is_cut_off_is_told_and_can_be_had_again(
    browser: Browser, tmp_path: Path
) -> None:
    _write_large(tmp_path / "noise.docx")
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add_upload("gate.md", b"The key hangs behind the clock.")
        base.add(tmp_path / "noise.docx")
    server = Served(tmp_path / "kb", model="none")
    server.start()
    wire = Wire(server.port, key=server.key)
    context = browser.new_context()
    tab = Tab(context.new_page(), wire).open("documents")
    page = tab.page
    page.get_by_label("Mark all on this page").check()
    expect(page.locator(".st-key-selection")).to_contain_text("2 documents marked")
    with page.expect_download() as begun:
        wire.cut_after(2_000_000)
        page.locator(".st-key-export-checked button").click()
    expect(page.locator(".quire-lost")).to_contain_text("The connection to Quire is lost")
    assert begun.value.failure()
    wire.mend()
    expect(page.locator(".quire-lost")).to_have_count(0)
    page.wait_for_timeout(2000)  # the page is drawn anew, with files that the server has
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator(".quire-library tbody tr")).to_have_count(2)
    with page.expect_download() as begun:
        page.locator(".st-key-export-checked button").click()
    with zipfile.ZipFile(begun.value.path()) as archive:
        assert set(archive.namelist()) == {"gate.md", "noise.docx", "list.csv"}
        assert archive.testzip() is None
    wire.close()
    server.stop()
    context.close()


def _write_large(path: Path) -> None:
    """A document of 15 MB that no packing makes smaller, of which one sentence is text."""
    document = docx.Document()
    document.add_paragraph("Much noise.")
    document.save(str(path))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as package:
        package.writestr("word/media/noise.png", os.urandom(15_000_000))
