"""True sentences and the same made false: what is called supported, by the hundred."""

from collections import Counter, defaultdict

import pytest

from corruptions import FALSE, TRUE, Pair, pairs
from handmade_pairs import HALVES, judged
from made_passages import passage
from quire.records import Sentence
from quire.verification import quantities, quantity_fit, verify


@pytest.fixture(scope="module", params=["en", "zh"])
def verdicts(request: pytest.FixtureRequest) -> list[tuple[Pair, Sentence]]:
    found = [
        (pair, verify(pair.text, [passage(text) for text in pair.passages]))
        for pair in pairs(request.param, each=80)
    ]
    assert len(found) >= 500
    return found


def supported(verdicts: list[tuple[Pair, Sentence]]) -> dict[str, float]:
    counts: dict[str, Counter[bool]] = defaultdict(Counter)
    for pair, sentence in verdicts:
        counts[pair.kind][sentence.support == "supported"] += 1
    return {kind: each[True] / each.total() for kind, each in counts.items()}


def test_what_is_true_is_supported_however_it_is_said(
    verdicts: list[tuple[Pair, Sentence]],
) -> None:
    shares = supported(verdicts)
    assert {kind: share for kind, share in shares.items() if kind in TRUE and share < 0.95} == {}


def test_what_was_made_false_is_not(verdicts: list[tuple[Pair, Sentence]]) -> None:
    shares = supported(verdicts)
    assert set(FALSE) <= shares.keys()
    assert {kind: share for kind, share in shares.items() if kind in FALSE and share > 0.02} == {}


def test_a_supported_sentence_has_its_quote_in_the_passage_and_no_other_number(
    verdicts: list[tuple[Pair, Sentence]],
) -> None:
    for pair, sentence in verdicts:
        for citation in sentence.citations:
            assert any(
                text[citation.start - 100 : citation.end - 100] == citation.quote
                for text in pair.passages
            )
        if sentence.support == "supported":
            there = quantities.quantities(sentence.quote)
            said = quantities.quantities(sentence.text)
            assert all(quantity_fit.fits(one, there) == "exact" for one in said), sentence


# What is called supported today. Fewer false ones or more true ones may be written here at once;
# the other way round, say in the commit what is gained instead.
@pytest.mark.parametrize(("language", "most_false", "least_true"), [("en", 5, 88), ("zh", 5, 84)])
def test_of_sentences_written_by_hand_the_false_ones_are_hardly_ever_supported(
    language: str, most_false: int, least_true: int
) -> None:
    found = [
        (one, verify(one.text, [passage(one.source)])) for one in judged(language, half="second")
    ]
    assert len(found) > 290
    supported = [one for one, sentence in found if sentence.support == "supported"]
    wrong = [one for one in supported if not one.true]
    assert len(wrong) <= most_false, wrong
    assert sum(one.true for one in supported) >= least_true


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_halves_of_the_handwritten_sentences_are_all_of_them(language: str) -> None:
    first, second = ([*judged(language, half=half)] for half in HALVES)
    assert len(first) in {len(second), len(second) + 1}
    assert sorted([*first, *second], key=str) == sorted(judged(language), key=str)
    assert {one.source for one in first} == {one.source for one in second}


def test_a_sentence_stitched_from_two_sources_cites_both_and_says_so() -> None:
    rent = passage("The rent of the dome is 6,800 crowns a month.")
    lease = passage("The lease of the hall ends on 31 March 2029.")
    told = "The rent of the dome is 6,800 crowns, and the lease of the hall ends in March 2029."
    sentence = verify(told, [rent, lease])
    assert (sentence.support, sentence.stitched) == ("partly", True)
    assert sentence.labels == (rent.label, lease.label)
    assert sentence.to_dict()["stitched"]
    assert not verify("The rent of the dome is 6,800 crowns a month.", [rent, lease]).stitched


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Anna pays Bertha.", "Bertha pays Anna."),
        ("The 9 rulers and 9 governors meet.", "The 9 rulers and 4 governors meet."),
        ("The hall is 5 miles away.", "The hall is 5 km away."),
        ("Dogs are not welcome, cats are.", "Dogs are welcome, cats are."),
        ("The rent rises in May.", "The rent falls in May."),
    ],
)
def test_words_in_each_others_places_are_not_support(sentence: str, quote: str) -> None:
    assert verify(sentence, [passage(quote)]).support != "supported"


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The fee is 1200 yuan.", "The fee is twelve hundred yuan."),
        ("费用为1200元。", "费用为一千二百元。"),
        ("It ends on March 31, 2029.", "It ends on 31 March 2029."),
        ("租约于2029年3月31日结束。", "租约于2029-03-31结束。"),
        ("Smoking is not permitted.", "Smoking is not permitted, and dogs are welcome."),
        ("It was in use (1974).", "It was in use (1974)."),
    ],
)
def test_the_same_written_otherwise_is(sentence: str, quote: str) -> None:
    assert verify(sentence, [passage(quote)]).support == "supported"
