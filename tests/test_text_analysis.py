"""The terms of lexical search."""

import re
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.text import analysis

_TEXT = st.text(max_size=200)


@given(_TEXT)
def test_terms_are_never_empty_and_hold_nothing_that_separates_them(text: str) -> None:
    for term in analysis.terms(text):
        assert term
        assert not re.search(r"[\s\x00]", term)


@given(_TEXT)
def test_a_question_always_asks_for_something_that_its_text_is_indexed_under(text: str) -> None:
    indexed = analysis.terms(text)
    asked = analysis.question_terms(text)
    for term in asked:  # a lone character stands for the terms that begin with it
        assert term in indexed or (len(term) == 1 and any(one[0] == term for one in indexed))
    assert bool(asked) == bool(indexed)
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize(
    ("document", "question"),
    [
        ("The leases were terminated.", "lease termination"),
        ("ＡＢＣ株式会社", "abc"),
        ("CAFÉ", "cafe"),
        ("資料庫管理", "数据库管理 资料库"),
        ("the lessor’s duties", "lessor duty"),
        ("costs 1,500,000 yuan", "1500000"),
        ("conforms to GB/T 1234-2020", "gb/t 1234-2020"),
        ("conforms to GB/T 1234–2020", "GB/T 1234-2020"),
        ("conforms to GB/T 1234-2020", "1234"),
        ("the X1-Carbon laptop", "x1-carbon"),
        ("write to info@example.org", "info@example.org"),
        ("weighs 25kg", "25 kg"),
    ],
)
def test_spelling_variants_meet(document: str, question: str) -> None:
    assert set(analysis.question_terms(question)) & set(analysis.terms(document))


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("数据库？", ["数据", "据库"]),
        ("什么", ["什么", "么"]),
        ("茶", ["茶"]),
        ("who", ["who"]),
        ("What is the notice period?", ["notic", "period"]),
        ("?!", []),
        ("公司的法定代表人是谁？", ["公司", "法定", "定代", "代表", "表人"]),
        ("目的是什么？现在呢？", ["目的", "现在"]),
        ("赛里木是哪一种语言的音译？", ["赛里", "里木", "语言", "音译"]),
        ("蓍的叶子有什么特点？", ["蓍", "叶子", "特点"]),
        ("他的叶子", ["叶子"]),
        ("2019年的收入有多少？", ["2019", "收入"]),
    ],
)
def test_question_words_are_left_out_unless_nothing_else_is_left(
    question: str, terms: list[str]
) -> None:
    assert analysis.question_terms(question) == terms


def test_a_chinese_word_of_two_characters_is_a_term_wherever_it_stands() -> None:
    for text in ("合同终止", "终止合同", "本合同期满", "合同"):
        assert "合同" in analysis.terms(text)


@given(st.text(alphabet="abcäé中文資１２ﬁＡ ", max_size=50))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert analysis.fold(analysis.fold(text)) == analysis.fold(text)


def test_long_words_are_not_remembered() -> None:
    """A hostile text may have thousands of ten thousand letters each."""
    analysis.terms("warm up")
    tracemalloc.start()
    try:
        for number in range(60):
            assert analysis.terms(f"{number}" * 5000 + "a") != []
            assert analysis.terms("b" * 10_000 + "c" * number) != []
            assert analysis.stem("d" * 10_000 + "e" * number)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 200_000


def test_threads_stem_beside_each_other_as_one_does_alone() -> None:
    """A stemmer that they shared gave wrong stems, and an IndexError now and then."""
    ends = ("ations", "fulness", "ingly", "ities", "ments", "ized", "s", "ousnesses")
    words = [f"{a}{b}{end}" for a in ("relat", "hop", "comm") for b in "aeiou" for end in ends] * 5
    alone = [analysis._stem_anew(word) for word in words]  # which remembers nothing
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            tasks = [
                pool.submit(lambda: [analysis._stem_anew(word) for word in words]) for _ in range(4)
            ]
            assert all(task.result() == alone for task in tasks)
    finally:
        sys.setswitchinterval(before)
