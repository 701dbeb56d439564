"""The answering half: when the chat model is loaded, and who waits for it."""

import threading
from pathlib import Path

import pytest

from quire import KnowledgeBase, load_settings
from quire.models import opening
from quire.models.fakes import FakeChatModel, FakeEmbedder
from quire.models.protocols import Message

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
        tmp_path / "kb", embedder=FakeEmbedder(), settings=load_settings(model="starter")
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


def test_what_prompts_begin_with_is_read_when_the_model_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[Message, ...]] = []

    class Ahead(FakeChatModel):
        def read_ahead(self, messages: tuple[Message, ...]) -> None:
            read.append(messages)

    monkeypatch.setattr(opening, "chat_model", lambda _: Ahead("Yes."))
    settings = load_settings(model="starter", language="zh")
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder(), settings=settings) as kb:
        assert kb.model is not None
        assert kb.model is not None  # and only once
    ((system, user),) = read
    assert "资料" in system.content
    assert user.content == ""
