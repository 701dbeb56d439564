"""Sentence splitting in English and Chinese."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.text import sentences

_MIXED = st.text(
    alphabet=st.one_of(
        st.sampled_from(list(" \n\t\r.!?;。！？；…\"'”」)）|-*#1aA中文年ä\u3000\u200b\x0b\x85")),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=200,
)


def said(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences.split(text)]


@given(_MIXED)
def test_every_character_but_white_space_lies_in_exactly_one_sentence(text: str) -> None:
    spans = sentences.split(text)
    covered = [at for start, end in spans for at in range(start, end)]
    assert covered == sorted(set(covered))
    assert "".join(text[at] for at in covered).split() == "".join(said(text)).split()
    left_out = set(range(len(text))) - set(covered)
    assert all(text[at].isspace() for at in left_out)


@given(_MIXED)
def test_no_sentence_is_empty_or_has_white_space_around_it(text: str) -> None:
    for sentence in said(text):
        assert sentence
        assert sentence == sentence.strip()


@given(st.lists(st.sampled_from(["He left.", "Was it Mr. Li?", "好。", "真的吗？", "Yes!"])))
def test_sentences_joined_by_empty_lines_come_back_whole(parts: list[str]) -> None:
    assert said("\n\n".join(parts)) == parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains. We stay.", ["It rains.", "We stay."]),
        ("Mr. Smith met Dr. Wu in No. 10.", ["Mr. Smith met Dr. Wu in No. 10."]),
        ("The rate is 3.5 percent.", ["The rate is 3.5 percent."]),
        ("He said “Go.” Then he left.", ["He said “Go.”", "Then he left."]),
        ("See e.g. Table 2. It is long.", ["See e.g. Table 2.", "It is long."]),
        (
            "年假五天。病假另计！对吗？是；不是",
            ["年假五天。", "病假另计！", "对吗？", "是；", "不是"],
        ),
        ("他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"]),
        ("等等……好的。", ["等等……", "好的。"]),
        ("请用 Python 3.11 版本。谢谢", ["请用 Python 3.11 版本。", "谢谢"]),
        ("A line\nthat was wrapped.", ["A line\nthat was wrapped."]),
        ("- one\n- two", ["- one", "- two"]),
        ("Name | Age\nLi | 40", ["Name | Age", "Li | 40"]),
        ("first\n\nsecond", ["first", "second"]),
        ("really?! Yes.", ["really?!", "Yes."]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "." * 200_000,
        "!?" * 100_000 + "x",
        "a" + " " * 200_000 + "b",
        "a" + "\t" * 200_000 + "\nb",
        "\n" * 200_000,
        "." + " " * 200_000 + "x",
        "…" * 200_000,
        '."' * 100_000,
        "中!" * 100_000,
        "\u00a0" * 200_000,
    ],
    ids=lambda text: repr(text[:3]),
)
def test_long_runs_of_one_character_take_no_longer_than_prose(text: str) -> None:
    began = time.process_time()
    sentences.split(text)
    assert time.process_time() - began < 2
