"""What a capable model makes of a question before it is searched for."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from quire import Answer, KnowledgeBase, Question, load_settings
from quire.models.fakes import FakeChatModel, FakeEmbedder
from quire.models.protocols import Ability, Message

HALLS = """# North Hall
The North Hall was built in 1911. It seats 400 people.

# South Hall
The South Hall was built in 1987. It seats 250 people.

# 会议室
甲会议室可容纳40人。乙会议室可容纳25人。
"""
NORTH, SOUTH = "When was the North Hall built?", "When was the South Hall built?"


class Planner:
    """A model that plans as it is told, and finds no answer."""

    def __init__(self, plan: object) -> None:
        self.plan = plan if isinstance(plan, str) else json.dumps(plan, ensure_ascii=False)
        self.planned: list[str] = []

    def __call__(self, messages: Sequence[Message]) -> str:
        if '"searches"' in messages[0].content:
            self.planned.append(messages[-1].content)
            return self.plan
        return "NOT FOUND: nothing."


@pytest.fixture
def asked(tmp_path: Path) -> Any:
    (tmp_path / "halls.md").write_text(HALLS, encoding="utf-8")

    def ask(planner: Planner, *questions: str, quick: bool = True) -> Answer:
        model = FakeChatModel(planner, parameters=None)
        model.ability = Ability(None, accelerated=quick)
        settings = load_settings(kb=tmp_path / "kb")
        with KnowledgeBase.open(
            tmp_path / "kb", settings=settings, embedder=FakeEmbedder(), model=model
        ) as kb:
            kb.add(tmp_path / "halls.md")
            conversation = None
            for question in questions:
                answer = kb.ask(Question(question, conversation=conversation))
                conversation = answer.conversation
            return answer

    return ask


def test_a_follow_up_is_understood_as_the_model_says(asked: Any) -> None:
    planner = Planner({"question": SOUTH, "searches": []})
    answer = asked(planner, NORTH, "And the other one?")
    assert answer.standalone_question == SOUTH
    (told,) = planner.planned
    assert NORTH in told
    assert told.endswith("Question: And the other one?")


def test_the_parts_of_a_question_are_searched_for_as_the_model_says(asked: Any) -> None:
    question = "Which is older, the first of the halls or the second?"
    plain = asked(Planner("no plan"), question)
    assert plain.standalone_question == question
    planner = Planner({"question": "changed", "searches": [NORTH, SOUTH]})
    answer = asked(planner, question)
    assert answer.standalone_question == question, "what leans on nothing keeps its words"
    assert len(planner.planned) == 1
    assert any("1911" in passage.text for passage in answer.passages)
    assert any("1987" in passage.text for passage in answer.passages)


def test_chinese_is_planned_in_chinese(asked: Any) -> None:
    planner = Planner({"question": "乙会议室可容纳多少人？", "searches": []})
    answer = asked(planner, "甲会议室可容纳多少人？", "那乙呢？")
    assert answer.standalone_question == "乙会议室可容纳多少人？"
    assert "甲会议室可容纳多少人" in planner.planned[0]


@pytest.mark.parametrize(
    "plan",
    [
        "I do not know.",
        "",
        {"question": SOUTH},
        {"question": "", "searches": []},
        {"question": "南厅是什么时候建的？", "searches": []},
        {"question": "word " * 500, "searches": []},
        {"question": SOUTH, "searches": ["a"] * 9},
    ],
)
def test_what_is_no_plan_leaves_the_rules(asked: Any, plan: object) -> None:
    without = asked(Planner("no plan"), NORTH, "And how many people does it seat?")
    answer = asked(Planner(plan), NORTH, "And how many people does it seat?")
    assert answer.standalone_question == without.standalone_question
    assert answer.notes == without.notes


def test_a_plan_that_loses_a_number_is_none(asked: Any) -> None:
    planner = Planner({"question": SOUTH, "searches": []})
    answer = asked(planner, NORTH, "And was it open in 1995?")
    assert planner.planned
    assert "1995" in answer.standalone_question


def test_a_slow_model_and_a_plain_question_are_not_asked_for_a_plan(asked: Any) -> None:
    planner = Planner({"question": SOUTH, "searches": []})
    asked(planner, NORTH, "And the other one?", quick=False)
    asked(planner, NORTH)
    assert not planner.planned
