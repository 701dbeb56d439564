"""From bytes to text, and when to stop: what a reader of a reply gets to see."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.models.repetition import RepetitionGuard
from quire.models.reply_text import ReplyText


def pieces_of(
    data: bytes, *, cuts: list[int], stop: tuple[str, ...] = (), thinking: bool = False
) -> list[str]:
    """The text that comes out, piece by piece, when the bytes come in cut at `cuts`."""
    reply = ReplyText(stop=stop, thinking=thinking)
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    begins = [0, *ends[:-1]]
    pieces = [reply.feed(data[a:b]) for a, b in zip(begins, ends, strict=True)]
    return [*pieces, reply.finish()]


CUTS = st.lists(st.integers(0, 200), max_size=30)


@given(st.text(alphabet=st.sampled_from("ab 四季。\n🙂<"), max_size=60), CUTS)
def test_text_without_thinking_or_stops_comes_out_as_it_went_in(text: str, cuts: list[int]) -> None:
    assert "".join(pieces_of(text.encode(), cuts=cuts)) == text


@given(st.text(alphabet="ab。\n", max_size=40), CUTS)
def test_a_reply_ends_before_the_first_stop_string_however_it_is_cut(
    text: str, cuts: list[int]
) -> None:
    stops = ("ab\n", "。b")
    ends = [at for stop in stops if (at := text.find(stop)) >= 0]
    pieces = pieces_of(text.encode(), cuts=cuts, stop=stops)
    assert "".join(pieces) == text[: min(ends, default=len(text))]


@given(st.lists(st.sampled_from(["<think>", "</think>", "a", "<", "四", " "]), max_size=12), CUTS)
def test_what_comes_out_does_not_depend_on_the_cuts(parts: list[str], cuts: list[int]) -> None:
    data = "".join(parts).encode()
    whole = "".join(pieces_of(data, cuts=[]))
    assert "".join(pieces_of(data, cuts=cuts)) == whole
    assert "<think>" not in whole


@pytest.mark.parametrize(
    ("text", "thinking", "seen"),
    [
        ("<think>Let me see.</think>\n\nIn May.", False, "In May."),
        ("<think>\n\n</think>\n\nIn May.", False, "In May."),
        ("Let me see.</think>\n\nIn May.", True, "In May."),
        ("In <think>hm</think> May.", False, "In May."),
        ("<think>It never ends", False, ""),
        ("It never ends", True, ""),
        ("1 < 2 and <thin", False, "1 < 2 and <thin"),
        ("<think>stop</think>In May. stop here", False, "In May. "),
    ],
)
def test_thinking_is_never_seen(text: str, thinking: bool, seen: str) -> None:
    for size in (1, 2, 3, 100):
        cuts = list(range(0, len(text), size))
        assert "".join(pieces_of(text.encode(), cuts=cuts, stop=("stop",), thinking=thinking)) == (
            seen
        )


def test_half_a_character_at_the_end_is_left_out() -> None:
    assert pieces_of("五月".encode()[:-1], cuts=[1, 2]) == ["", "", "五", ""]


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    assert "".join(pieces_of(b"a\xff\xfeb", cuts=[])) == "a\ufffd\ufffdb"


@pytest.mark.parametrize("period", [1, 2, 7, 20, 64, 128])
def test_a_loop_is_noticed_within_five_rounds(period: int) -> None:
    guard = RepetitionGuard()
    beginning = [f"w{n}" for n in range(200)]
    assert not any(map(guard.repeats, beginning))
    rounds = [n % period for n in range(max(5 * period, 60))]
    assert any(map(guard.repeats, rounds))


@given(st.integers(0, 2**32))
def test_ordinary_text_is_no_loop(seed: int) -> None:
    generator = random.Random(seed)
    guard = RepetitionGuard()
    # Some words stand in every other place of real text; none of it recurs as a whole.
    assert not any(
        guard.repeats(generator.choice(["the", "of", generator.randrange(500)])) for _ in range(400)
    )


def test_three_equal_sentences_and_a_row_of_dashes_are_no_loop() -> None:
    guard = RepetitionGuard()
    sentence = ["It", "rained", "all", "day", "and", "we", "stayed", "at", "home", "."]
    assert not any(map(guard.repeats, ["A", *sentence * 3, *["-"] * 40, "B"]))
