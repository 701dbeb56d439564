"""The answering half: when the chat model is loaded, and who waits for it."""

import threading
from pathlib import Path

import pytest

from quire import KnowledgeBase, load_settings
from quire.models import opening
from quire.models.fakes import FakeChatModel, FakeEmbedder

pytestmark = pytest.mark.usefixtures("parser_here")


def test_a_search_does_not_wait_for_a_chat_model_that_is_being_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lease.txt").write_text("The lease ends in May.")
    loading, release = threading.Event(), threading.Event()

    def slow(_: object) -> FakeChatModel:
        loading.set()
        assert release.wait(30)
        return FakeChatModel("The lease ends in May.")

    monkeypatch.setattr(opening, "chat_model", slow)
    with KnowledgeBase.open(
        tmp_path / "kb", embedder=FakeEmbedder(), settings=load_settings(kb=tmp_path / "kb")
    ) as kb:
        kb.add(tmp_path / "lease.txt")
        answers = []
        asking = threading.Thread(target=lambda: answers.append(kb.ask("When does the lease end?")))
        asking.start()
        assert loading.wait(30)
        assert kb.search("lease")
        assert not answers
        release.set()
        asking.join()
        assert answers[0].status == "answered"
