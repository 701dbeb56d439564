"""Which sentences of the passages bear on a question."""

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
