"""Models in the settings, in a browser: got from a hub and used without a restart."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from e2e.serving import Served, Tab
from hub import Hub, running_hub
from quire import KnowledgeBase
from quire.models.store.starter import BILINGUAL, CHAT, ENGLISH
from remote_server import says, serving

FACT = "The key to the north gate hangs behind the clock."
QUESTION = "Where does the key to the north gate hang?"
REPO, FILE = "someone/Tiny-GGUF", "tiny.gguf"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with a real chat model, the starter's file, sent slowly enough to be stopped."""
    assert CHAT.path is not None
    with running_hub() as hub:
        hub.repositories = {REPO: {FILE: CHAT.path}}
        hub.pause = 0.002
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: Hub) -> Iterator[Served]:
    """A server whose settings name no chat model, and another search model than that with which its
    knowledge base was made."""
    monkeypatch.setenv("QUIRE_EMBEDDER", BILINGUAL.name)
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add_upload("gate.txt", FACT.encode())
    monkeypatch.delenv("QUIRE_EMBEDDER")
    config = tmp_path / "config.toml"
    config.write_text(
        f'model = "none"\nembedder = "{ENGLISH.name}"\n'
        f'remote_key_file = "{tmp_path / "remote.key"}"\n'
    )
    monkeypatch.setenv("QUIRE_CONFIG", str(config))
    monkeypatch.setenv("QUIRE_MODELS", str(tmp_path / "models"))
    with Served(tmp_path / "kb", model=None) as server:
        yield server


def opened(page: Page, title: str) -> Locator:
    """A part of the settings, folded out."""
    fold = page.get_by_test_id("stExpander").filter(has_text=title)
    fold.locator("summary").click()
    return fold


def test_all_about_models_goes_by_the_page_and_without_a_restart(
    browser: Browser, served: Served, hub: Hub, tmp_path: Path
) -> None:
    tab = Tab(browser.new_context(locale="en-US").new_page(), served).open()
    page = tab.page
    expect(page.get_by_text("was made with the search model")).to_be_visible()
    tab.ask(QUESTION)
    expect(page.get_by_text("behind the clock").first).to_be_visible()
    page.get_by_text("Choose in the settings").click()
    page.locator(".st-key-bring-over button").click()
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text("The passage was embedded anew")).to_be_visible()
    heard = page.locator(".quire-heard[role=status]")
    expect(heard).to_have_text(re.compile("^The passage was embedded anew"))
    expect(page.get_by_text("was made with the search model")).to_have_count(0)

    fold = opened(page, "Choose another chat model")
    fold.get_by_role("textbox", name="Any other model").fill(f"hf:{REPO}/{FILE}")
    fold.get_by_role("button", name="Download").last.click()
    stop = fold.get_by_role("button", name="Stop")
    expect(fold.get_by_text(re.compile("Downloading.*MB of"))).to_be_visible()
    stop.click()
    go_on = fold.get_by_role("button", name="Go on with")
    expect(go_on).to_be_visible()
    page.reload()  # what was begun belongs to the machine, not to the tab
    fold = opened(page, "Choose another chat model")
    hub.pause = 0.0
    fold.get_by_role("button", name="Go on with").click()
    use = fold.locator(".st-key-use-tiny button")
    expect(use).to_be_visible()
    assert int(hub.bodies()[-1]["range"].removeprefix("bytes=").rstrip("-")) > 0
    use.click()
    expect(page.get_by_text("tiny — ready")).to_be_visible()
    assert 'model = "tiny"' in (tmp_path / "config.toml").read_text()
    assert tab.elsewhere == []


def test_a_server_is_tried_and_used(browser: Browser, served: Served, tmp_path: Path) -> None:
    with serving(says("The key hangs behind the clock [1].")) as server:
        tab = Tab(browser.new_context(locale="zh-CN").new_page(), served).open("settings")
        fold = opened(tab.page, "服务器上的模型")
        fold.get_by_role("textbox", name="地址").fill("nowhere")
        fold.get_by_role("button", name="试一试").click()
        expect(fold.get_by_text("服务器地址不能是")).to_be_visible()
        fold.get_by_role("textbox", name="地址").fill(server.url)
        fold.get_by_role("textbox", name="模型在服务器上的名称").fill("tiny")
        fold.locator("input[type=password]").fill("sk-secret")
        fold.get_by_role("button", name="试一试").click()
        expect(fold.get_by_text("作了回复")).to_be_visible()
        fold.get_by_role("button", name="使用它").click()
        expect(tab.page.get_by_test_id("stMain").get_by_text("从现在起使用")).to_be_visible()
        assert (tmp_path / "remote.key").stat().st_mode & 0o777 == 0o600
        assert "sk-secret" not in tab.page.content()
        tab.page.goto(served.url)
        tab.ask(QUESTION)
        assert server.asked.headers["authorization"] == "Bearer sk-secret"
