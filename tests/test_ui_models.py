"""Models in the settings, as a reader gets and chooses them, without a browser."""

import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from hub import Hub, running_hub
from made_models import (
    change_catalog,
    chat_model_file,
    embedding_model_folder,
    entailment_model_files,
)
from quire import KnowledgeBase, load_settings
from quire.ingest import chunking
from quire.models import catalog, library, machine
from quire.models.speed import ChatSpeed, Speeds
from quire.models.store.starter import BILINGUAL, CHAT, ENGLISH, ENTAILMENT
from quire.ui.shared import Shared, shared
from remote_server import Connection, says, serving
from ui_driver import ask, browser, buttons, go, shown

SMALL = dataclasses.replace(machine.describe(), memory_available=4_000_000_000)
FACT = b"The key to the north gate hangs behind the clock."


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The settings file of a machine whose owner has the page open, with a knowledge base, a models
    folder and no chat model."""
    path = tmp_path / "config.toml"
    path.write_text(
        f'kb = "{tmp_path / "kb"}"\nmodels = "{tmp_path / "models"}"\nmodel = "none"\n'
        f'remote_key_file = "{tmp_path / "remote.key"}"\n'
    )
    for name in ("KB", "MODELS", "MODEL"):
        monkeypatch.delenv(f"QUIRE_{name}", raising=False)
    monkeypatch.setenv("QUIRE_CONFIG", str(path))
    monkeypatch.setenv("QUIRE_DOOR", "key")
    yield path
    st.cache_resource.clear()


def until(tab: AppTest, holds: Callable[[], object]) -> AppTest:
    """The tab, drawn anew until something holds."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, shown(tab)
        time.sleep(0.05)
        tab.run()
    return tab


def said(tab: AppTest) -> str:
    """What is told beside the texts of a page, without Markdown's backslashes."""
    kinds = ("info", "success", "warning", "error", "caption")
    told = [element.value for kind in kinds for element in tab.get(kind)]
    return bare("\n".join(told))


def bare(text: str) -> str:
    """A text without what keeps Markdown from acting in it."""
    return text.replace("\\", "").replace("\u2060", "")


def labels(tab: AppTest) -> list[str]:
    return [bare(button.label) for button in tab.button]


def opened() -> Shared:
    found = shared()
    assert found.ready.wait(60)
    return found


# -- a knowledge base made with another search model -----------------------------------------------


@pytest.fixture
def made_with_another(config: Path, tmp_path: Path) -> Path:
    """A knowledge base made with the starter, where a path to another model is set."""
    with KnowledgeBase.open(settings=load_settings()) as base:
        base.add_upload("gate.txt", FACT)
    other = embedding_model_folder(tmp_path / "elsewhere" / "little")
    config.write_text(f'{config.read_text()}embedder = "{other}"\n')
    return config


def test_a_base_made_with_another_search_model_opens_and_says_so(made_with_another: Path) -> None:
    tab = browser()
    assert not tab.exception
    assert not tab.error
    made_with = opened().base.made_with
    assert f"made with the search model {made_with}, and little is set" in said(tab)
    assert opened().base.search("north gate")
    go(tab, "documents")
    assert "gate.txt" in shown(tab)
    tab = go(browser("zh-CN"), "settings")
    assert f"继续用 {made_with}" in labels(tab)


def test_the_reader_stays_with_the_model_that_it_was_made_with(made_with_another: Path) -> None:
    tab = go(browser(), "settings")
    made_with = opened().base.made_with
    tab.button(key="keep-search-model").click().run()
    assert not tab.exception
    assert f'embedder = "{made_with}"' in made_with_another.read_text()
    assert "is set" not in said(tab)
    assert not buttons(tab, "keep-search-model")


def test_a_search_model_that_cannot_be_loaded_changes_nothing(made_with_another: Path) -> None:
    tab = go(browser(), "settings")
    before = opened().base.made_with
    tab.button(key="bring-over").click().run()
    assert opened().reindexing.wait(60)
    tab.run()
    assert not tab.exception
    assert tab.error
    assert "the model before goes on answering" in said(tab)
    assert opened().base.made_with == before
    assert opened().base.search("north gate")


def test_a_base_whose_search_model_is_gone_opens_and_says_so(config: Path, tmp_path: Path) -> None:
    with KnowledgeBase.open(settings=load_settings()) as base:
        base.add_upload("gate.txt", FACT)
        base._catalog.put_settings(embedder="bge-m3")
    tab = browser()
    opened()
    tab.run()
    assert not tab.exception
    assert "bge-m3 is not on this machine" in said(tab)
    go(tab, "documents")
    assert "gate.txt" in shown(tab)
    go(tab, "settings")
    assert tab.button(key="get-bge-m3")


def test_a_base_of_another_version_opens_says_so_and_is_read_again(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with KnowledgeBase.open(settings=load_settings()) as base:
        base.add_upload("gate.txt", FACT)
    monkeypatch.setattr(chunking, "VERSION", chunking.VERSION + 1)
    tab = browser()
    assert not tab.exception
    assert not tab.error
    assert "read by another version of Quire" in said(tab)
    assert opened().base.search("north gate")
    assert "重新读取全部文件" in labels(go(browser("zh-CN"), "settings"))
    go(tab, "settings")
    tab.button(key="read-again").click().run()
    assert opened().reindexing.wait(60)
    tab.run()
    assert not tab.exception
    assert "One document was read again." in said(tab)
    assert not buttons(tab, "read-again")
    assert "another version of Quire" not in said(go(tab, ""))
    assert opened().base.search("north gate")


def test_another_search_model_is_put_to_use_while_the_present_one_answers(config: Path) -> None:
    with KnowledgeBase.open(settings=load_settings(embedder=BILINGUAL.name)) as base:
        base.add_upload("gate.txt", FACT)
    tab = go(browser(), "settings")
    found = opened()
    tab.button(key=f"use-{ENGLISH.name}").click().run()
    until(tab, lambda: found.reindexing.state != "working")
    tab.run()
    assert f"{ENGLISH.name} is in use from now on" in said(tab)
    assert shared() is found
    assert found.base.made_with == ENGLISH.name
    assert f'embedder = "{ENGLISH.name}"' in config.read_text()
    assert found.base.search("north gate")


# -- chat models -----------------------------------------------------------------------------------


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with a small file in the place of Qwen3-0.6B."""
    with running_hub() as hub:
        hub.repositories = {"Qwen/Qwen3-0.6B-GGUF": {"Qwen3-0.6B-Q8_0.gguf": chat_model_file()}}
        known = hub.hash_of("Qwen/Qwen3-0.6B-GGUF", "Qwen3-0.6B-Q8_0.gguf")
        change_catalog(monkeypatch, "Qwen3-0.6B", sha256=known)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        yield hub


def test_a_model_is_downloaded_stopped_and_gone_on_with(
    config: Path, hub: Hub, tmp_path: Path
) -> None:
    hub.hangs_at = 2**20
    tab = go(browser(), "settings")
    tab.button(key="get-Qwen3-0.6B").click().run()
    until(tab, lambda: "1.0 MB" in "".join(bare(bar.text) for bar in tab.get("progress")))
    tab.button(key="stop-Qwen3-0.6B").click().run()
    until(tab, lambda: buttons(tab, "get-Qwen3-0.6B"))
    assert "have arrived" in shown(tab)
    assert "Go on" in labels(tab)
    hub.hangs_at = None
    tab.button(key="get-Qwen3-0.6B").click().run()
    until(tab, lambda: buttons(tab, "use-Qwen3-0.6B"))
    assert hub.bodies()[-1]["range"] == f"bytes={2**20}-"
    tab.button(key="drop-Qwen3-0.6B").click().run()
    assert not (tmp_path / "models" / "Qwen3-0.6B-Q8_0.gguf").exists()
    assert not tab.exception


def test_what_each_model_would_do_here_is_measured_and_what_fits_best_is_told(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speeds = Speeds(ChatSpeed(prefill=400.0, decode=60.0), passages=50.0)
    monkeypatch.setattr(library.Models, "_speeds", lambda _: (speeds, True))
    monkeypatch.setattr(machine, "describe", lambda: SMALL)
    with KnowledgeBase.open(settings=load_settings()) as base:
        base.add_upload("gate.txt", FACT)
    tab = go(browser(), "settings")
    assert "for an answer" not in shown(tab)
    tab.button(key="measure-chat").click().run()
    until(tab, lambda: "for an answer" in shown(tab))
    assert "fits best" in shown(tab)
    assert "too much for this computer: it needs 6.7 GB of memory" in shown(tab)
    assert "to embed the passage anew" in shown(tab)
    assert not buttons(tab, "measure-")


def test_a_hub_that_cannot_be_reached_is_a_sentence(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_ENDPOINT", "MODELSCOPE_ENDPOINT"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    tab = go(browser(), "settings")
    tab.button(key="get-Qwen3-0.6B").click().run()
    until(tab, lambda: tab.error)
    assert "127.0.0.1 cannot be reached" in bare(tab.error[0].value)
    assert tab.button(key="get-Qwen3-0.6B")


def test_a_model_that_could_not_be_got_is_tried_again_or_dismissed(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:1")
    wanted = "hf:someone/Tiny-GGUF/tiny.gguf"
    tab = go(browser(), "settings")
    (field,) = (each for each in tab.text_input if each.label == "Any other model")
    field.set_value(wanted)
    buttons(tab, "FormSubmitter:model-reference")[0].click().run()
    until(tab, lambda: buttons(tab, "dismiss-"))
    assert f"Try {wanted} again" in labels(tab)
    assert "127.0.0.1 cannot be reached" in said(tab)
    assert "--from" not in said(tab)
    tab.button(key=f"get-{wanted}").click().run()
    until(tab, lambda: buttons(tab, "dismiss-"))
    tab.button(key=f"dismiss-{wanted}").click().run()
    assert not buttons(tab, "dismiss-")
    assert "cannot be reached" not in said(tab)
    assert not tab.exception


def test_another_chat_model_is_in_use_without_a_restart(config: Path) -> None:
    tab = go(browser(), "settings")
    before = opened()
    assert before.base.model is None
    tab.button(key=f"use-{CHAT.name}").click().run()
    assert "In use from now on" in said(tab)
    assert opened() is before
    assert before.base.model is not None
    assert "ready" in shown(tab.run())
    tab.button(key="use-none").click().run()
    assert opened().base.model is None
    assert 'model = "none"' in config.read_text()


def test_an_entailment_model_is_downloaded_and_checks_without_a_restart(
    config: Path, hub: Hub, tmp_path: Path
) -> None:
    known = catalog.named("FactCG-DeBERTa-v3-Large")
    hub.repositories[known.repositories[0].repo] = entailment_model_files()
    tab = go(browser(), "settings")
    assert known.notes["en"] in shown(tab)
    tab.button(key=f"get-{known.name}").click().run()
    until(tab, lambda: buttons(tab, f"use-{known.name}"))
    before = shared()
    tab.button(key=f"use-{known.name}").click().run()
    assert not tab.exception
    assert f"In use from now on: {known.name}" in said(tab)
    assert f'entailment = "{known.name}"' in config.read_text()
    tab.run()
    assert shared() is before
    checks = before.base._reads_together()
    assert checks is not None
    assert checks.name == known.name
    assert not buttons(tab, f"drop-{known.name}")
    if BILINGUAL.path is not None:
        tab.button(key=f"use-{ENTAILMENT.name}").click().run()
        tab.run()
        checks = shared().base._reads_together()
        assert checks is not None
        assert checks.name == ENTAILMENT.name
        tab.button(key=f"drop-{known.name}").click().run()
        assert not (tmp_path / "models" / known.name).exists()


def test_a_variable_that_says_otherwise_is_named(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_MODEL", "none")
    tab = go(browser(), "settings")
    tab.button(key=f"use-{CHAT.name}").click().run()
    assert "QUIRE_MODEL says otherwise" in said(tab)


def test_who_is_not_at_the_machine_chooses_no_models(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_DOOR", "password")
    tab = go(browser(), "settings")
    assert not buttons(tab, "use-")
    assert "chosen on the computer" in said(tab)


# -- a model on a server ---------------------------------------------------------------------------


def fill(tab: AppTest, **fields: str) -> None:
    for name, value in fields.items():
        field = next(each for each in tab.text_input if str(each.key).startswith(f"remote-{name}"))
        field.set_value(value)


def press(tab: AppTest, text: str) -> AppTest:
    return next(button for button in tab.button if button.label == text).click().run()


def test_a_server_is_tried_and_used_without_a_restart(config: Path, tmp_path: Path) -> None:
    with KnowledgeBase.open(settings=load_settings()) as base:
        base.add_upload("gate.txt", FACT)
    with serving(says("The key hangs behind the clock [1].")) as server:
        tab = go(browser(), "settings")
        fill(tab, url=server.url, model="tiny", key="sk-secret")
        press(tab, "Try it")
        assert "tiny replied within" in said(tab)
        assert 'model = "none"' in config.read_text()
        assert not (tmp_path / "remote.key").exists()
        press(tab, "Use it")
        assert not tab.exception
        assert opened().base.model is not None
        key = tmp_path / "remote.key"
        assert key.stat().st_mode & 0o777 == 0o600
        assert "sk-secret" not in config.read_text() + shown(tab) + said(tab)
        assert "sk-secret" not in [field.value for field in tab.text_input]
        ask(go(tab, ""), "Where does the key to the north gate hang?")
        assert server.requests[-1].headers["authorization"] == "Bearer sk-secret"


def refuses(connection: Connection) -> None:
    connection.answer(401, {"error": {"message": "Incorrect key sk-wrong."}})


def test_a_refused_key_and_an_address_that_is_none_are_sentences(config: Path) -> None:
    tab = go(browser(), "settings")
    with serving(refuses) as server:
        fill(tab, url=server.url, model="tiny", key="sk-wrong")
        press(tab, "Try it")
    (error,) = tab.error
    assert "refuses the key" in bare(error.value)
    assert "sk-wrong" not in error.value
    for address in ("", "ftp://example.org", "not an address", "http://me:pw@host/v1"):
        fill(tab, url=address)
        press(tab, "Use it")
        assert len(tab.error) == 1, address
        assert 'model = "none"' in config.read_text()


def test_an_address_that_is_none_is_a_chinese_sentence_too(config: Path) -> None:
    tab = go(browser(language="zh"), "settings")
    fill(tab, url="not an address")
    press(tab, "试一试")
    (error,) = tab.error
    assert "not an address" in bare(error.value)
    assert "The setting" not in bare(error.value)


def test_the_key_of_one_server_is_not_sent_to_another(config: Path, tmp_path: Path) -> None:
    key = tmp_path / "remote.key"
    with serving(says("yes")) as first, serving(says("yes")) as second:
        tab = go(browser(), "settings")
        fill(tab, url=first.url, model="tiny", key="sk-first")
        press(tab, "Use it")
        assert key.is_file()
        press(tab, "Try it")
        assert first.requests[-1].headers["authorization"] == "Bearer sk-first"
        fill(tab, url=second.url, key="")
        press(tab, "Try it")
        press(tab, "Use it")
        assert not key.exists()
        assert all("authorization" not in each.headers for each in second.requests)
