"""The switch that lets the model look things up, and the steps that are shown meanwhile."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from quire import KnowledgeBase, Question, load_settings
from quire.answering.agent import aptitude
from quire.background.ingesting import Ingests
from quire.models.fakes import FakeChatModel, FakeEmbedder, FakeToolCaller
from quire.records import Step
from quire.ui.chat import agent
from quire.ui.jobs.answering import AnswerJob
from quire.ui.jobs.suggesting import Suggestions
from quire.ui.jobs.summarizing import Summaries
from quire.ui.shared import Shared

STEPS = [
    Step("try", {"at": 3, "of": 10}, ""),
    Step("search", {"text": "<b>lease</b> end"}, "[1] …"),
    Step("list_documents", {}, "…"),
    Step("delete", {"document": "x"}, "There is no tool", refused=True),
]


def shared(folder: Path, model: Any) -> Shared:
    settings = load_settings(kb=folder / "kb", cache=folder / "cache", model="starter")
    base = KnowledgeBase.open(settings=settings, embedder=FakeEmbedder(), model=model)
    found = Shared(base, Ingests(base), Summaries(base), Suggestions(base))
    found.ready.set()
    return found


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Shared]:
    (tmp_path / "lease.txt").write_text("The lease ends on 31 March 2029.", encoding="utf-8")
    script = [[("search", {"text": "lease"})], "The lease ends on 31 March 2029 [1]."]
    found = shared(tmp_path, FakeToolCaller(script))
    found.base.add(tmp_path / "lease.txt")
    yield found
    found.close()


def draw(opened: "Shared", steps: "list[Step]", language: str) -> None:
    from quire.ui.chat import agent  # noqa: PLC0415  this is the script of a page
    from quire.ui.state import state  # noqa: PLC0415

    state().language = language
    agent.draw(opened)
    agent.draw_steps(steps)


def page(opened: Shared, language: str = "en") -> AppTest:
    tab = AppTest.from_function(draw, args=(opened, STEPS, language), default_timeout=30).run()
    assert not tab.exception
    return tab


def test_the_switch_is_there_unless_the_model_failed_its_trial(opened: Shared) -> None:
    kept = opened.base.settings.cache / aptitude.FILE
    model = opened.base.model
    assert model is not None
    tab = page(opened)
    assert tab.toggle(key="agent").value is False
    tab.toggle(key="agent").set_value(True).run()
    assert tab.session_state["quire"].agent is True
    assert agent.standing(opened) == "untried"
    aptitude.keep(kept, model, 4)
    assert agent.standing(opened) == "failed"
    tab.run()
    assert len(tab.toggle) == 0
    assert tab.session_state["quire"].agent is False
    aptitude.keep(kept, model, 10)
    assert len(page(opened).toggle) == 1


def test_a_model_that_can_be_given_no_tools_has_no_switch(tmp_path: Path) -> None:
    found = shared(tmp_path, FakeChatModel(""))
    assert len(page(found).toggle) == 0
    assert agent.standing(found) == "no_tools"
    found.close()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["3 of 10", "Searched: &lt;b&gt;lease", "Listed documents<", "Not run: delete: x"]),
        ("zh", ["3/10", "搜索：&lt;b&gt;lease", "列出文件<", "未执行：delete: x"]),
    ],
)
def test_steps_are_told_in_the_readers_language_and_inert(
    opened: Shared, language: str, words: list[str]
) -> None:
    (drawn,) = [each.proto.body for each in page(opened, language).get("html")]
    assert all(word in drawn for word in words)
    assert "<b>" not in drawn


def test_an_answer_on_its_way_knows_its_steps(opened: Shared) -> None:
    assert opened.base.model is not None
    aptitude.keep(opened.base.settings.cache / aptitude.FILE, opened.base.model, 10)
    job = AnswerJob(opened.base, Question("When does the lease end?", agent=True))
    assert job.wait(60)
    assert [step.told for step in job.steps] == ["search: lease"]
    assert job.answer is not None
    assert job.answer.text == "The lease ends on 31 March 2029."
