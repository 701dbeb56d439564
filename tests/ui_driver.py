"""A browser tab without a browser: Streamlit's own driver, and what a reader does with it."""

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from quire import Document, KnowledgeBase, ui

# Each tab would look anew for components among all that is installed: 0.15 s of processor time.
manifest_scanner.scan_component_manifests = functools.cache(
    manifest_scanner.scan_component_manifests
)

SCRIPT = str(Path(ui.__file__).parent / "main.py")
DOCUMENTS = Path(__file__).parent.parent / "examples" / "documents"
DEPOSIT = "How much is the deposit?"


@contextmanager
def lease(folder: Path) -> Iterator[Path]:
    """A knowledge base with one PDF, served by this process without a chat model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIRE_KB", str(folder))
        patch.setenv("QUIRE_MODEL", "none")
        patch.setenv("QUIRE_DOOR", "key")
        patch.setenv("QUIRE_FOLDERS", json.dumps([str(folder.parent.parent)]))
        patch.setenv("QUIRE_CONFIG", str(folder / "no-such.toml"))
        with KnowledgeBase.open(folder) as base:
            base.add(DOCUMENTS / "lease-and-handbook.pdf")
        yield folder
        st.cache_resource.clear()


def browser(locale: str = "en-US", **address: str) -> AppTest:
    """A tab that has just been opened."""
    tab = AppTest.from_file(SCRIPT, default_timeout=60)
    tab.context = {"locale": locale}
    tab.query_params.update(address)
    return tab.run()


def ask(tab: AppTest, question: str) -> AppTest:
    return finished(tab.chat_input(key="ask").set_value(question).run())


def finished(tab: AppTest) -> AppTest:
    """The tab once its answer has come."""
    job = tab.session_state["quire"].answering
    if job is not None:
        assert job.wait(60)
        tab.run()
    return tab


def go(tab: AppTest, page: str) -> AppTest:
    """Open another page, "" for the chat. `AppTest.switch_page` knows only pages that are files."""
    pages = tab._registered_pages
    tab._page_hash = next(key for key, info in pages.items() if info["url_pathname"] == page)
    return tab.run()


def shown(tab: AppTest) -> str:
    """All text of the page, as HTML and Markdown."""
    parts = [element.proto.body for element in tab.get("html")]
    parts += [element.proto.json for element in tab.get("bidi_component")]
    parts += [
        element.value for kind in ("markdown", "caption", "error") for element in tab.get(kind)
    ]
    return "\n".join(parts)


def buttons(tab: AppTest, start: str) -> list[Any]:
    """The buttons whose keys begin so."""
    return [button for button in tab.button if button.key and button.key.startswith(start)]


def details(tab: AppTest, document: Document) -> AppTest:
    """Open the details of a document, as its button in the table does."""
    tab.session_state["quire"].details = document.id
    return tab.run()


def check(tab: AppTest, *documents: Document) -> AppTest:
    """Mark documents in the table."""
    tab.session_state["quire"].checked = {document.id for document in documents}
    return tab.run()


def delete(tab: AppTest, document: Document) -> AppTest:
    return details(tab, document).button(key=f"remove-{document.id}").click().run()


def names(tab: AppTest) -> list[str]:
    """The names in the table of documents."""
    tables = [json.loads(each.proto.json) for each in tab.get("bidi_component")]
    return [row["name"] for data in tables for row in data.get("rows", ())]


def press(tab: AppTest, text: str) -> AppTest:
    """Press the button with this text."""
    return next(button for button in tab.button if button.label == text).click().run()


def write(tab: AppTest, field: str, text: str) -> None:
    """Fill in the field with this label, or the beginning of it."""
    next(each for each in tab.text_input if each.label.startswith(field)).set_value(text)


def chat_of(tab: AppTest) -> str:
    """The id of the open chat."""
    return str(tab.session_state["quire"].conversation)
