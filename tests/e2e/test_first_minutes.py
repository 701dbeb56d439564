"""The first five minutes: files are given, and asked about before they are read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from e2e.serving import Served, Tab
from quire import KnowledgeBase

DOCUMENTS = Path(__file__).parent.parent.parent / "examples" / "documents"
UPLOAD = "[data-testid=stFileUploaderDropzoneInput]"
FILLING = "The lamp number {n} stands in hall {m} of the museum and is lit at nine. "


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "kb", model="none") as server:
        yield server


def slow_files(folder: Path, *, count: int = 4, lines: int = 4000) -> list[Path]:
    """Files that take some seconds each."""
    folder.mkdir(exist_ok=True)
    for n in range(count):
        text = "".join(FILLING.format(n=f"{n}-{m}", m=m % 7) for m in range(lines))
        (folder / f"lamps {n}.txt").write_text(text)
    return sorted(folder.iterdir())


def ask(page: Page, question: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    expect(box).to_be_enabled()
    box.fill(question)
    box.press("Enter")


def read(page: Page) -> None:
    """Wait until all files are read."""
    expect(page.locator(".st-key-reading")).to_have_count(0)


def test_a_question_before_the_first_file_is_read_waits_and_is_asked_again_when_all_are(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    gate = tmp_path / "0 gate.txt"
    gate.write_text("The key of the gate hangs behind the clock.")
    last = tmp_path / "z gate.txt"
    last.write_text("Notice of May: the key of the gate hangs behind the mirror from now on.")
    files = [gate, *slow_files(tmp_path / "slow"), last]
    context = browser.new_context(locale="en-US")
    page = Tab(context.new_page(), served).open().page
    page.set_input_files(UPLOAD, files)
    expect(page.locator(".st-key-reading")).to_contain_text("of 6 files read")
    ask(page, "Where does the key of the gate hang?")
    expect(page.locator(".quire-answer")).to_contain_text("behind the clock")
    expect(page.get_by_text("files read; asked again when all are in")).to_be_visible()
    expect(page.locator(".stMain")).not_to_contain_text("There are no documents")
    read(page)
    expect(page.locator(".quire-answer")).to_contain_text("behind the mirror")
    expect(page.locator(".quire-question")).to_have_count(1)
    expect(page.get_by_text("asked again when all are in")).to_have_count(0)
    context.close()


def test_a_question_asked_while_files_are_still_sent_waits_for_them(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    gate = tmp_path / "gate.txt"
    gate.write_text("The key of the gate hangs behind the clock.")
    context = browser.new_context(locale="en-US")
    page = Tab(context.new_page(), served).open().page
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/_stcore/upload_file/**", hold)
    page.set_input_files(UPLOAD, [gate, *slow_files(tmp_path / "some", count=2, lines=3)])
    ask(page, "Where does the key of the gate hang?")
    expect(page.get_by_text("Asked once your files have arrived")).to_be_visible()
    page.wait_for_timeout(1500)
    while held:
        held.pop().continue_()
        page.wait_for_timeout(300)
    expect(page.locator(".quire-answer")).to_contain_text("behind the clock")
    expect(page.locator(".stMain")).not_to_contain_text("There are no documents")
    expect(page.locator(".quire-question")).to_have_count(1)
    expect(page.locator(".quire-told.alert")).to_have_count(0)
    context.close()


def test_of_many_files_given_at_once_over_a_slow_line_none_is_lost(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    files = slow_files(tmp_path / "many", count=12, lines=3)
    context = browser.new_context(locale="en-US")
    page = Tab(context.new_page(), served).open("documents").page
    slow = context.new_cdp_session(page)
    line = {"offline": False, "latency": 300, "downloadThroughput": -1, "uploadThroughput": 2000}
    slow.send("Network.emulateNetworkConditions", line)
    page.set_input_files(UPLOAD, files)
    expect(page.locator(".quire-told.status")).to_contain_text("12 files")
    context.close()


@pytest.mark.parametrize("way", ["refused", "left"])
def test_a_file_that_does_not_arrive_is_told(
    browser: Browser, served: Served, tmp_path: Path, way: str
) -> None:
    files = slow_files(tmp_path / "some", count=3, lines=3)
    context = browser.new_context(locale="en-US")
    page = Tab(context.new_page(), served).open("documents").page

    def answer(route: Route) -> None:
        if b"lamps 1" not in (route.request.post_data_buffer or b""):
            route.continue_()
        elif way == "refused":
            route.fulfill(status=503)

    page.route("**/_stcore/upload_file/**", answer)
    page.set_input_files(UPLOAD, files)
    told = page.locator(".quire-told.alert")
    if way == "refused":
        expect(told).to_contain_text("2 files")  # that the others are read takes nothing away
    else:
        expect(page.get_by_test_id("stFileChipIconSpinner")).to_have_count(1)
        page.get_by_test_id("stSidebarNav").get_by_role("link", name="Chat").click()
    expect(told).to_contain_text("lamps 1.txt: did not arrive")
    expect(told).not_to_contain_text("lamps 0.txt")
    context.close()


def test_the_line_of_progress_hides_nothing_and_its_end_is_told(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    bad = tmp_path / "broken.pdf"
    bad.write_bytes(b"%PDF-1.7 and then nothing of the kind")
    files = [*slow_files(tmp_path / "slow", count=3), bad]
    context = browser.new_context(locale="en-US", viewport={"width": 1100, "height": 700})
    page = Tab(context.new_page(), served).open("documents").page
    page.set_input_files(UPLOAD, files)
    line = page.locator(".st-key-reading")
    expect(line).to_contain_text("left")
    for width in (1100, 360):
        page.set_viewport_size({"width": width, "height": 700})
        page.wait_for_timeout(700)
        box = line.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 62  # the band that is over the page
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    page.set_viewport_size({"width": 1100, "height": 700})
    read(page)
    expect(page.locator(".quire-told.status")).to_contain_text("one could not be read")
    page.locator(".st-key-given button:visible").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("broken.pdf")
    expect(dialog.locator(".quire-remedy")).not_to_be_empty()
    page.reload()
    page.locator(".st-key-given button:visible").click()
    page.get_by_role("dialog").locator("[class*=st-key-dismiss-given-] button:visible").click()
    expect(page.locator(".st-key-given")).to_have_count(0)
    context.close()


def test_the_system_tells_the_end_to_who_looks_elsewhere(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    context = browser.new_context(locale="zh-CN", permissions=["notifications"])
    page = context.new_page()
    page.add_init_script(
        """window.heard = [];
        window.Notification = class { static permission = "granted";
          static requestPermission() { return Promise.resolve("granted"); }
          constructor(title, { body }) { window.heard.push([title, body]); } };
        Object.defineProperty(document, "hidden", { get: () => true });"""
    )
    Tab(page, served).open("documents")
    page.set_input_files(UPLOAD, slow_files(tmp_path / "slow", count=2))
    expect(page.locator(".st-key-reading")).to_be_visible()
    read(page)
    page.wait_for_function("window.heard.length > 0")
    assert page.evaluate("window.heard") == [["Quire", "2个文件已全部读完，可以提问了。"]]
    context.close()


@pytest.mark.parametrize(
    ("locale", "name"), [("en-US", "lease-and-handbook.pdf"), ("zh-CN", "设备维护规程.pdf")]
)
def test_own_documents_bring_questions_of_their_own_and_answers_lead_on(
    browser: Browser, served: Served, locale: str, name: str
) -> None:
    context = browser.new_context(locale=locale)
    page = Tab(context.new_page(), served).open().page
    page.set_input_files(UPLOAD, DOCUMENTS / name)
    read(page)
    begins = page.locator("[class*=st-key-suggested-] button:visible")
    expect(begins).to_have_count(3)
    begins.nth(1).click()
    expect(page.locator(".quire-answer")).to_contain_text(name)
    following = page.locator("[class*=st-key-next-] button:visible")
    expect(following).to_have_count(3)
    asked = following.first.inner_text()
    following.first.click()
    expect(page.locator(".quire-question").last).to_have_text(asked)
    expect(page.locator(".quire-answer")).to_have_count(2)
    context.close()


def test_the_samples_suggest_their_questions_when_they_are_in(
    browser: Browser, tmp_path: Path
) -> None:
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add(DOCUMENTS)
    server = Served(tmp_path / "kb", model="none")
    server.start()
    context = browser.new_context(locale="en-US")
    page = Tab(context.new_page(), server).open().page
    begins = page.locator("[class*=st-key-suggested-] button:visible")
    expect(begins).to_have_count(3)
    expect(begins.first).to_have_text("How much is the deposit?")
    server.stop()
    context.close()
