"""A question in the words of the collection."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from quire import KnowledgeBase, load_settings
from quire.models.fakes import FakeEmbedder
from quire.search.snapshot import Snapshot

TEXT = """Night shift guide

The Central Sterile Supply Department opens at 05:30.
The On-Call Duty Anaesthetist carries bleep 217.

A tyre change costs 64 euros. Chloride is stored in cabinet 4. Bicycles stand behind hall 2.

Error F-21: low pressure. Error 0x1F30: film break. Part BX-1007-A costs 12 euros, BX-1007-B 14.

手机请放入移动电话柜。自行车停在二号厅后面。停车半小时免费。
法定代表人：沈立群。票的价格和金额见附表。
"""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    folder = tmp_path_factory.mktemp("wording")
    (folder / "guide.txt").write_text(TEXT, encoding="utf-8")
    settings = load_settings(model="none")
    embedder = FakeEmbedder()
    with KnowledgeBase.open(folder / "kb", settings=settings, embedder=embedder) as base:
        base.add(folder / "guide.txt")
        with base._search().snapshot() as found:
            yield found


def pieces(words: Sequence[str]) -> list[int]:
    """As an embedding model that knows the words of the text, and these, as one each."""
    known = {"chloride", "change", "bicycles", "chloral"}
    return [1 if word in known else 3 for word in words]


@pytest.mark.parametrize(
    ("asked", "understood"),
    [
        ("Where is chlroide stored?", "Where is chloride stored?"),
        ("What does a tyre chnage cost?", "What does a tyre change cost?"),
        ("When does the CSSD open?", "When does the Central Sterile Supply Department open?"),
        ("Which bleep has the ODA?", "Which bleep has the On-Call Duty Anaesthetist?"),
        ("What is F21?", "What is F-21?"),
        ("What is F 21?", "What is F-21?"),
        ("What costs BX1007B?", "What costs BX-1007-B?"),
        ("Where do I put my bike?", "Where do I put my bicycle?"),
        ("单车停在哪里？", "自行车停在哪里？"),
        ("停车多久以内不收钱？", "停车多久以内免费？"),
        ("法人是谁？", "法定代表人是谁？"),
        ("三号票一共多少钱？", "三号票金额？"),
    ],
)
def test_a_word_that_stands_nowhere_is_searched_for_as_the_collection_says_it(
    snapshot: Snapshot, asked: str, understood: str
) -> None:
    text, changes = snapshot.reworded(asked, pieces=pieces)
    assert text == understood
    assert [change.asked in asked for change in changes] == [True]


@pytest.mark.parametrize(
    "asked",
    [
        "Where is chloride stored?",
        "Where is chloral stored?",  # a word of its own
        "Who is the ambassador of Falconia?",
        "What is BX-1007-C?",
        "What is 0x1F03?",
        "What is the PIN?",
        "手机放哪里？",
    ],
)
def test_what_stands_there_or_is_another_word_is_left_as_it_is(
    snapshot: Snapshot, asked: str
) -> None:
    assert snapshot.reworded(asked, pieces=pieces) == (asked, ())


def test_an_answer_tells_what_was_searched_for(tmp_path: Path) -> None:
    (tmp_path / "guide.txt").write_text(TEXT, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", settings=load_settings(model="none")) as base:
        base.add(tmp_path / "guide.txt")
        english = base.ask("When does the CSSD open?", store=False)
        chinese = base.ask("单车停在哪里？", store=False)
    assert "05:30" in english.text
    assert english.notes == (
        "“CSSD” stands in no document; “Central Sterile Supply Department” was searched for.",
    )
    assert chinese.notes == ("文档中没有“单车”，已改为搜索“自行车”。",)


def test_a_long_question_takes_no_longer_than_its_words(snapshot: Snapshot) -> None:
    text, changes = snapshot.reworded("qwertz " * 400, pieces=pieces)
    assert (text, changes) == ("qwertz " * 400, ())
