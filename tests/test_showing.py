"""In which form an answer without a model shows what was found."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from made_passages import passage, query
from quire import Answer, KnowledgeBase, Question
from quire.answering import answer_forms, evidence, showing
from quire.models.fakes import FakeEmbedder
from quire.records import Passage
from quire.text import statements

GARAGE = """\
# Harrow Street garage

## Falcon 3 hatchback
- Tyre change, all four wheels: £64
- Yearly service: £189

## Cleaning the pump
Clean the pump every month. The salt in the water would eat the seals. So the pump would run dry.

Clean the pump as follows:

{steps}

## 更换滤芯
更换滤芯的步骤如下：
1. 关闭水阀。
2. 取出旧滤芯。
3. 装入新滤芯。
"""


@pytest.fixture(scope="module")
def garage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("garage")
    steps = "\n".join(
        f"{n}. Turn screw {n} of the pump to the left and oil it." for n in range(1, 15)
    )
    (folder / "garage.md").write_text(GARAGE.format(steps=steps), "utf-8")
    with KnowledgeBase.open(folder / "kb") as kb:
        kb.add(folder / "garage.md")
        yield kb


def ask(garage: KnowledgeBase, question: str) -> Answer:
    return garage.ask(Question(question, max_risk=1.0, store=False))


def test_steps_are_shown_whole_and_in_order(garage: KnowledgeBase) -> None:
    answer = ask(garage, "What are the steps for cleaning the pump?")
    assert answer.sentences[0].kind == "head"
    numbers = [one.text.split(".")[0] for one in answer.sentences if one.kind == "item"]
    assert numbers == [str(n) for n in range(1, 15)]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What are all the steps, in order, for bleeding the brakes?", "1. Fill the reservoir."),
        ("What is the procedure for bleeding the brakes?", "1. Fill the reservoir."),
        ("制动器放气的流程是什么？", "1. 加满储液罐。"),
    ],
)
def test_numbered_items_are_steps_where_no_word_says_so(
    tmp_path: Path, question: str, first: str
) -> None:
    (tmp_path / "brakes.md").write_text(
        "# Workshop\n\n## Brakes\nBrakes are bled every two years.\n\nBleeding the brakes:\n"
        "1. Fill the reservoir.\n2. Open the valve of the left wheel.\n3. Press the pedal.\n\n"
        "## Tyres\nTyres are changed in April. Each wheel has five bolts.\n",
        encoding="utf-8",
    )
    (tmp_path / "制动器.md").write_text(
        "# 车间\n\n## 制动器\n制动器每两年放气一次。\n\n制动器放气：\n"
        "1. 加满储液罐。\n2. 打开左轮的阀门。\n3. 踩下踏板。\n\n## 轮胎\n四月更换轮胎。\n",
        encoding="utf-8",
    )
    with KnowledgeBase.open(tmp_path / "kb") as kb:
        kb.add([tmp_path / "brakes.md", tmp_path / "制动器.md"])
        answer = kb.ask(question, store=False)
    items = [one.text for one in answer.sentences if one.kind == "item"]
    assert items[:1] == [first]
    assert len(items) == 3


def test_what_follows_a_list_is_shown_with_it(tmp_path: Path) -> None:
    (tmp_path / "pump.md").write_text(
        "# Pump\n\n## Changing the oil\n\n1. Stop the pump.\n2. Drain the oil.\n3. Fill in new oil."
        "\n\nUsed oil must not be poured away.\n\n## Storing it\n\nKeep the pump dry.\n",
        "utf-8",
    )
    with KnowledgeBase.open(tmp_path / "kb") as kb:
        kb.add(tmp_path / "pump.md")
        answer = ask(kb, "What are the steps for changing the oil of the pump?")
    assert answer.text.endswith("3. Fill in new oil.\nUsed oil must not be poured away.")


def test_one_step_that_is_asked_for_is_shown_by_itself(garage: KnowledgeBase) -> None:
    answer = ask(garage, "What is step 8 of cleaning the pump?")
    assert [one.text for one in answer.sentences if one.kind == "item"] == [
        "8. Turn screw 8 of the pump to the left and oil it."
    ]


@pytest.mark.parametrize(
    ("question", "said"),
    [("How many steps are there for cleaning the pump?", "14"), ("更换滤芯一共有几步？", "3")],
)
def test_steps_are_counted_and_quoted(garage: KnowledgeBase, question: str, said: str) -> None:
    counted = ask(garage, question).sentences[0]
    assert said in counted.text
    assert len(counted.citations) == int(said)


def test_a_fact_that_is_an_item_is_shown_under_what_it_is_of(garage: KnowledgeBase) -> None:
    answer = ask(garage, "How much is a tyre change for the Falcon 3?")
    assert answer.text == "Falcon 3 hatchback\nTyre change, all four wheels: £64"


def test_a_reason_is_shown_with_what_leans_on_it(garage: KnowledgeBase) -> None:
    answer = ask(garage, "Why must the pump be cleaned every month?")
    assert "The salt in the water would eat the seals." in answer.text


@pytest.mark.parametrize(
    ("question", "conditions"),
    [
        ("May guests keep a boat at the jetty?", "With an anchor light it may stay for a week."),
        ("客人可以在码头停船吗？", "挂锚灯的可停一周。"),
        (
            "Who keeps the jetty's key, and how long may a guest's boat stay there?",
            "With an anchor light it may stay for a week.",
        ),
    ],
)
def test_yes_or_no_and_several_things_are_shown_with_what_goes_on_from_them(
    tmp_path: Path, question: str, conditions: str
) -> None:
    (tmp_path / "jetty.md").write_text(
        "# Jetty\n\nThe warden keeps the key of the jetty. Guests may keep a boat at the jetty for "
        "one night. With an anchor light it may stay for a week.\n\nDogs stay on the lead.\n\n"
        "# 码头\n\n客人可以在码头停船一晚。挂锚灯的可停一周。\n",
        "utf-8",
    )
    with KnowledgeBase.open(tmp_path / "kb") as kb:
        kb.add(tmp_path / "jetty.md")
        answer = ask(kb, question)
    assert conditions in answer.text
    assert "Dogs" not in answer.text


@pytest.mark.parametrize(
    ("question", "wants"),
    [
        ("Which documents must a new member hand in?", True),
        ("What are the opening hours?", True),
        ("Which fuse does the pump need?", False),
        ("What is the address?", False),
        ("What does the fee include?", True),
        ("退房前要检查哪些项目？", True),
        ("退房时间是几点？", False),
        ("两个馆的水温分别是多少？", True),
    ],
)
def test_a_question_for_several_things_is_known_by_its_form(question: str, wants: bool) -> None:
    assert answer_forms.wants_list(question) is wants


@pytest.mark.parametrize(
    ("question", "step"),
    [
        ("What is the third step?", 3),
        ("第十二步做什么？", 12),
        ("the last step?", -1),
        ("Why?", None),
    ],
)
def test_the_step_that_is_asked_for_is_known(question: str, step: int | None) -> None:
    assert answer_forms.step_asked(question) == step


MIXER = """\
# Mixer MX-2

## Care
| Item | Value |
| --- | --- |
| Oil grade | QM-S32, mineral |
| Oil filling | 0.5 litres a change |
| Belt | 1,200 mm |

The belt is changed by the service only. Spare keys hang in the office.
"""


@pytest.fixture(scope="module")
def mixer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("mixer")
    (folder / "mixer.md").write_text(MIXER, "utf-8")
    with KnowledgeBase.open(folder / "kb") as kb:
        kb.add(folder / "mixer.md")
        yield kb


LAB = """\
# Samples and the Solm server

## Receipt
This paper tells how a sample is received, checked or refused.

A sample is refused if:

- the tube leaks;
- the label is missing;
- it comes after noon.

## Freezer
If the freezer is above 8 degrees, call the porter and move what is in it.

## Requirements
- Linux
- 4 GB of memory

## Installing
1. Unpack the server.
2. Copy the sample of the settings.
3. Start the Solm server.

## Fees
| Item | Fee |
|---|---|
| Sofa | $35.00 |
| Freezer | $50.00 |

## 接收
有下列情形之一的，拒收样本：

- 试管破损；
- 没有标签。
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "lab.md").write_text(LAB, "utf-8")
    with KnowledgeBase.open(folder / "kb") as kb:
        kb.add(folder / "lab.md")
        yield kb


def test_each_part_of_a_question_is_told_where_a_row_or_sentence_tells_it(
    mixer: KnowledgeBase,
) -> None:
    both = ask(mixer, "Which oil grade does the mixer need, and how many litres are the filling?")
    assert "QM-S32" in both.text
    assert "0.5 litres" in both.text
    assert "QM-S32" in (alone := ask(mixer, "Which oil grade does the mixer need?")).text
    assert "0.5 litres" not in alone.text


@pytest.mark.parametrize(
    ("question", "first", "items"),
    [
        ("When is a sample refused?", "A sample is refused if:", 3),
        ("What are the requirements for installing the Solm server?", "Requirements", 2),
        ("How do I install the Solm server?", "Installing", 3),
        ("什么情况下拒收样本？", "有下列情形之一的，拒收样本：", 2),
    ],
)
def test_the_list_that_is_called_what_is_asked_for_is_shown_whole(
    lab: KnowledgeBase, question: str, first: str, items: int
) -> None:
    answer = ask(lab, question)
    assert answer.text.splitlines()[0] == first
    assert sum(one.kind == "item" for one in answer.sentences) == items


def test_what_to_do_is_told_by_a_sentence_and_not_by_a_price_list(lab: KnowledgeBase) -> None:
    answer = ask(lab, "What should I do when the freezer is too warm?")
    assert "call the porter" in answer.text
    assert "$50.00" not in answer.text


def test_a_row_is_shown_with_the_note_on_its_table_that_bears_on_the_question(
    mixer: KnowledgeBase,
) -> None:
    belt = ask(mixer, "How long is the belt?")
    assert [each.text for each in belt.sentences][-1] == "The belt is changed by the service only."
    assert "service" not in ask(mixer, "What is the oil grade?").text


def test_several_things_that_running_text_tells_apart_are_all_shown() -> None:
    question = "Which risks does the mixer have?"
    text = (
        "A risk of the mixer is the bowl.\n\nIt crushes hands.\n\nA risk of the mixer is dust.\n\n"
        "A risk of the mixer is its cable.\n\nThe makers print in green."
    )
    asked, information = query(question, embedder=FakeEmbedder())
    found = [
        dataclasses.replace(proof, cosine=0.5 if "risk" in proof.text else 0.1)
        for proof in evidence.find(
            asked, [passage(text)], information=information, embedder=FakeEmbedder()
        )
    ]
    shown = [each.text for each in showing.show(question, found).sentences]
    assert [each.split()[-1] for each in shown] == ["bowl.", "dust.", "cable."]


MOULDING = """\
# 立式注塑机规程

## 适用范围
适用于所有立式注塑机的开机、换模与停机。卧式注塑机另有规程。

## 开机步骤
1. 检查油位。
2. 打开冷却水阀。
3. 合上总电源。

## 废水
### 为什么废水比较多？

反渗透膜要用水冲走截留的杂质。纯水与废水之比为2:1。水温低时产水变慢。废水可以收集起来拖地。

## 试用期

试用期三个月，可以延长一次。

| 事务 | 联系人 |
|---|---|
| 网络 | 徐磊 |
| 薪酬 | 韩雪 |
"""


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            "立式注塑机怎么开机？",
            "开机步骤\n1. 检查油位。\n2. 打开冷却水阀。\n3. 合上总电源。",
        ),
        (
            "废水为什么多？",
            "反渗透膜要用水冲走截留的杂质。纯水与废水之比为2:1。水温低时产水变慢。"
            "废水可以收集起来拖地。",
        ),
    ],
)
def test_steps_and_answers_are_shown_whole_whatever_sentence_of_them_is_best(
    tmp_path: Path, question: str, text: str
) -> None:
    (tmp_path / "规程.md").write_text(MOULDING, "utf-8")
    with KnowledgeBase.open(tmp_path / "kb") as kb:
        kb.add(tmp_path / "规程.md")
        assert ask(kb, question).text.replace("## ", "") == text


def test_a_table_does_not_say_how_long_a_thing_is_by_the_heading_above_it() -> None:
    (*_, group) = statements.tell(MOULDING, 0, len(MOULDING)).groups
    assert group.members[0].kind == "row"
    terms = {"试用", "用期"}
    assert not showing._may_hold("试用期分别多长？", terms, group)
    assert showing._may_hold("试用期有哪些联系人？", terms, group)
    assert showing._may_hold("网络和薪酬的电话分别是多少？", {"网络", "薪酬"}, group)


def called(title: str, text: str) -> Passage:
    """A passage of a document with this title."""
    said = passage(text)
    return dataclasses.replace(said, document=dataclasses.replace(said.document, title=title))


@pytest.mark.parametrize("line", ["Harbour rules 2024", "主题：回复：Harbour rules 2024"])
def test_the_title_of_a_document_is_no_answer(line: str) -> None:
    text = f"{line}\n\nThe harbour is open from six."
    titled = called("Harbour rules 2024", text)
    asked, information = query("What are the harbour rules?")
    found = evidence.find(asked, [titled], information=information, embedder=FakeEmbedder())
    assert [one.text for one in found if not one.leads] == ["The harbour is open from six."]


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("The gate code is 4711.", "The gate code is 4711.\n\nBins are out on Friday."),
        ("大门密码是4711。", "大门密码是4711。\n\n周五收垃圾。"),
        ("Gate code 4711", "Gate code 4711"),
    ],
)
def test_a_note_that_is_called_by_what_it_says_says_it(title: str, text: str) -> None:
    asked, information = query("What is the gate code? 大门密码是多少？")
    note = called(title, text)
    found = evidence.find(asked, [note], information=information, embedder=FakeEmbedder())
    assert title in [one.text for one in found if not one.leads]
