"""Pictures of each page, in both languages and both themes: `make screenshots`.

Usage: PYTHONPATH=tests python tests/e2e/screenshots.py FOLDER
"""

import io
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from e2e.browsing import launched
from e2e.serving import Served, enter
from quire import KnowledgeBase

DOCUMENTS = Path(__file__).parent.parent.parent / "examples" / "documents"
WIDE = ViewportSize(width=1280, height=800)
NARROW = ViewportSize(width=400, height=800)
TAGS = {
    "lease-and-handbook.pdf": ["house", "2024"],
    "board-minutes.docx": ["board"],
    "设备维护规程.pdf": ["设备"],
}
FOLDERS = {  # of the library: those of the files are the path on whichever machine this is
    "lease-and-handbook.pdf": "Contracts/2024",
    "board-minutes.docx": "Board",
    "visitor-faq.md": "Visitors",
    "设备维护规程.pdf": "设备",
}


@dataclass(frozen=True)
class Language:
    locale: str
    questions: tuple[str, ...]

    @property
    def code(self) -> str:
        return self.locale[:2]


LANGUAGES = (
    Language("en-US", ("How much is the deposit?", "For how long is a dome certificate valid?")),
    Language("zh-CN", ("接地电阻最大允许是多少欧姆？",)),
)


def main(folder: Path) -> None:
    """Write the pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="quire-") as place, sync_playwright() as playwright:
        chats = _fill(Path(place) / "observatory")
        with launched(playwright) as browser, _starter(Path(place) / "observatory") as full:
            for language in LANGUAGES:
                for theme in ("light", "dark"):
                    for picture in _pages(browser, full, language, theme, chats):
                        _write(folder / picture[0], picture[1])
        with launched(playwright) as browser, _starter(Path(place) / "new" / "empty") as empty:
            for language in LANGUAGES:
                page = _tab(browser, empty, language, "light")
                expect(page.get_by_test_id("stFileUploader")).to_be_visible()
                _write(folder / f"first-run.{language.code}.light.png", _settled(page))
        with launched(playwright) as browser, _starter(Path(place) / "observatory") as locked:
            for language in LANGUAGES:
                page = browser.new_context(locale=language.locale, viewport=WIDE).new_page()
                page.goto(locked.url)
                _write(folder / f"door.{language.code}.light.png", _settled(page))


def _fill(kb: Path) -> dict[str, str]:
    """A knowledge base with the samples and a chat in each language; their ids."""
    chats: dict[str, str] = {}
    with KnowledgeBase.open(kb) as base:
        base.add(DOCUMENTS)
        for name, tags in TAGS.items():
            base.tag(name, add=tags)
        for name, place in FOLDERS.items():
            base.move(name, place)
        for language in LANGUAGES:
            for question in language.questions:
                answer = base.ask(question, conversation=chats.get(language.code), origin="page")
                chats[language.code] = answer.conversation
    return chats


def _pages(
    browser: Browser, server: Served, language: Language, theme: str, chats: dict[str, str]
) -> Iterator[tuple[str, bytes]]:
    end = f"{language.code}.{theme}.png"
    page = _tab(browser, server, language, theme, f"?chat={chats[language.code]}")
    page.locator(".quire-answer .quire-ref").last.click()
    expect(page.locator(".quire-page img, .st-key-source .quire-passage").first).to_be_visible()
    page.get_by_test_id("stChatMessage").last.scroll_into_view_if_needed()
    yield f"chat.{end}", _settled(page)
    page.set_viewport_size(NARROW)
    yield f"narrow-source.{end}", _settled(page)
    page.locator(".st-key-close-source button:visible").click()
    expect(page.locator(".st-key-source")).to_have_count(0)
    page.get_by_test_id("stChatMessage").last.scroll_into_view_if_needed()
    yield f"narrow.{end}", _settled(page)
    page.context.close()
    for name in ("documents", "check", "overview", "settings"):
        page = _tab(browser, server, language, theme, name)
        expect(page.get_by_test_id("stMainBlockContainer")).to_be_visible()
        expect(page.get_by_role("heading").first).to_be_visible()
        yield f"{name}.{end}", _settled(page)
        if name == "documents":
            page.set_viewport_size(NARROW)
            page.locator(".quire-library").scroll_into_view_if_needed()
            yield f"narrow-documents.{end}", _settled(page)
        page.context.close()
    page = _tab(browser, server, language, theme, f"?chat={chats[language.code]}")
    page.locator("[data-testid=stPageLink] a:visible").last.click()
    expect(page.locator(".quire-times")).to_be_visible()
    yield f"answer.{end}", _settled(page)
    page.context.close()


def _tab(
    browser: Browser,
    server: Served,
    language: Language,
    theme: str,
    path: str = "",
) -> Page:
    context = browser.new_context(
        locale=language.locale,
        color_scheme="dark" if theme == "dark" else "light",
        viewport=WIDE,
    )
    page = context.new_page()
    page.goto(f"{server.url}/{path}")
    enter(page, server.key)
    expect(page.get_by_test_id("stMainBlockContainer")).to_be_attached()
    return page


def _settled(page: Page) -> bytes:
    """A picture once nothing moves any more."""
    page.mouse.move(0, 0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.wait_for_timeout(2500)
    return page.screenshot()


def _write(path: Path, png: bytes) -> None:
    """In 256 colours: a page of text needs no more, and takes a third of the space."""
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(256)
    picture.save(path, optimize=True)
    print(f"{path}  {path.stat().st_size // 1024} KB")


def _starter(kb: Path) -> Served:
    """The server of one knowledge base, with the model that comes along."""
    return Served(kb, model="starter")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
