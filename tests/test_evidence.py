"""Which sentences of the passages bear on a question."""

import dataclasses

import pytest

from made_passages import passage, query
from quire.answering import evidence
from quire.models.fakes import FakeEmbedder
from quire.records import Passage

TEXT = (
    "5. Insurance\n\nThe tenant insures the dome. It pays 300 yuan a year for that. "
    "The dome opens at dusk. The dome opens at dusk!"
)


def find(question: str, *passages: Passage) -> list[evidence.Evidence]:
    asked, information = query(question, embedder=FakeEmbedder())
    return evidence.find(asked, passages, information=information, embedder=FakeEmbedder())


def test_the_sentence_that_holds_the_question_comes_first() -> None:
    (best, *_) = find("Who insures the dome?", passage(TEXT, page=2))
    assert best.text == "The tenant insures the dome."


def test_a_sentence_with_the_date_asked_for_comes_before_one_with_a_span_of_days() -> None:
    text = (
        "The tenant may end the lease early with 30 days of notice. "
        "The lease begins on 1 April 2024 and ends on 31 March 2029."
    )
    (best, *_) = find("When does the lease end?", passage(text))
    assert "31 March 2029" in best.text
    text = "租约终止须提前三十天通知。租约于2029年3月31日终止。"
    (best, *_) = find("租约什么时候终止？", passage(text))
    assert best.text == "租约于2029年3月31日终止。"


def test_offsets_are_those_of_the_document() -> None:
    one = passage(TEXT, page=2, start=1000)
    for found in find("Who insures the dome?", one):
        assert one.text[found.start - 1000 : found.end - 1000] == found.text
        assert (found.citation().page, found.citation().quote) == (2, found.text)


def test_a_heading_or_a_question_is_no_answer() -> None:
    faq = passage("How long is the notice period?\n\nThree months, in writing.")
    chosen = evidence.best(find("How long is the notice period?", faq))
    assert [found.text for found in chosen] == ["Three months, in writing."]


def test_sentences_that_say_the_same_are_shown_once() -> None:
    chosen = evidence.distinct(find("When does the dome open?", passage(TEXT)), most=10)
    assert sum("dusk" in found.text for found in chosen) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The dome opens at 6 on Sundays in May.", "The dome opens at 7 on Sundays in May."),
        ("The dome opens on 3 May at dusk.", "The dome opens on 4 May at dusk."),
        ("The dome is opened by Ada Holm at dusk.", "The dome is opened by Bo Holm at dusk."),
        ("The dome opens at dusk in May.", "The dome never opens at dusk in May."),
        ("穹顶在五月的黄昏开放两小时。", "穹顶在五月的黄昏开放三小时。"),
        ("穹顶在五月的黄昏可以入内参观。", "穹顶在五月的黄昏不可以入内参观。"),
    ],
)
def test_sentences_that_differ_in_what_they_say_are_both_shown(one: str, other: str) -> None:
    found = find("When does the dome open? 穹顶什么时候开放？", passage(one), passage(other))
    assert {proof.text for proof in evidence.distinct(found, most=10)} == {one, other}


def test_text_between_the_chunks_is_no_evidence() -> None:
    text = "The dome opens at dusk. Page 7 of 9 The dome closes at dawn."
    one = passage(text)
    first, last = text.index("Page 7"), text.index("The dome closes")
    cut = Passage(
        label=1,
        text=text,
        document=one.document,
        span=one.span,
        score=1.0,
        stretches=((100, 100 + first), (100 + last, 100 + len(text))),
    )
    assert {found.text.strip() for found in find("dome page", cut)} == {
        "The dome opens at dusk.",
        "The dome closes at dawn.",
    }


def test_nothing_is_found_in_nothing() -> None:
    assert find("Who insures the dome?") == []
    assert evidence.best([]) == []


def proofs(question: str, text: str, cosines: dict[str, float]) -> list[evidence.Evidence]:
    """The sentences of a text with the likeness to the question that is told of each."""
    found = [
        dataclasses.replace(
            proof, cosine=next(value for part, value in cosines.items() if part in proof.text)
        )
        for proof in find(question, passage(text))
    ]
    return sorted(found, key=lambda proof: -proof.score)


@pytest.mark.parametrize(
    ("question", "text", "cosines"),
    [
        (  # nothing in it may be the date that the first tells
            "When does the lease of the mill end?",
            "Page A holds the lease of the mill as the miller signed it. It has a seal. "
            "The lease ends on 31 March 2029.",
            {"Page A": 0.4, "seal": 0.1, "2029": 0.4},
        ),
        (  # another word of the question, and hardly like it
            "How far from the mill must a kite stay?",
            "In a storm, stay out of the mill while clouds are within 60 km. The sails are tied. "
            "No kite may fly within 800 metres of the mill.",
            {"storm": 0.2, "sails": 0.1, "kite": 0.5},
        ),
        (  # it follows the number asked for, and is under the same heading only
            "去磨坊参观要提前几天预约？",
            "去磨坊参观怎么预约？\n\n参观须提前七天预约。2025年起也卖现场票。",
            {"怎么": 0.6, "七天": 0.5, "现场票": 0.3},
        ),
        (  # it has fewer words of the question, and none that the first lacks
            "After how many days are the sails of the mill coated anew?",
            "The sails of the mill are coated anew after 400 days. Doors squeak. "
            "The sails of the mill were coated anew in 2023.",
            {"400": 0.5, "squeak": 0.1, "2023": 0.365},
        ),
    ],
)
def test_a_sentence_that_only_shares_words_is_not_shown_beside_the_one_that_answers(
    question: str, text: str, cosines: dict[str, float]
) -> None:
    found = proofs(question, text, cosines)
    (shown,) = evidence.best(found)
    assert shown == found[0]
    others = [proof for proof in found if proof.score >= 0.8 * found[0].score]
    assert len(others) > 1  # its score alone would show it


def test_a_sentence_that_goes_on_from_the_best_is_shown_for_a_word_that_it_adds() -> None:
    text = (
        "The claims form is handed in within two weeks. The paymaster signs it. "
        "The paymaster has a stamp."
    )
    found = proofs("Who signs the claims form?", text, {"claims": 0.5, "signs": 0.4, "stamp": 0.1})
    assert [proof.text for proof in evidence.best(found)] == [
        "The claims form is handed in within two weeks.",
        "The paymaster signs it.",
    ]
