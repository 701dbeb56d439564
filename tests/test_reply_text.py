"""From bytes to text, and when to stop: what a reader of a reply gets to see."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quire.models.engine.repetition import RepetitionGuard
from quire.models.engine.reply_text import Opened, ReplyText


def pieces_of(
    data: bytes, *, cuts: list[int], stop: tuple[str, ...] = (), opened: Opened = "no"
) -> list[str]:
    """The text that comes out, piece by piece, when the bytes come in cut at `cuts`."""
    reply = ReplyText(stop=stop, opened=opened)
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    begins = [0, *ends[:-1]]
    pieces = [reply.feed(data[a:b]) for a, b in zip(begins, ends, strict=True)]
    return [*pieces, reply.finish()]


@given(st.lists(st.integers(0, 3), max_size=400), st.integers(1, 130))
def test_a_loop_is_found_where_comparing_every_token_with_those_before_finds_it(
    start: list[int], period: int
) -> None:
    tokens = start + [n % period for n in range(4 * period)]
    guard = RepetitionGuard()
    for end in range(1, len(tokens) + 1):
        looping = False
        for p in range(1, min(end - 1, 128) + 1):
            run = 0
            while run < end - p and tokens[end - 1 - run] == tokens[end - 1 - run - p]:
                run += 1
            looping = looping or run >= max(3 * p, 48)
        assert guard.repeats(tokens[end - 1]) == looping


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


@example(["</think>", "a", "</think>"], [9], "perhaps")
@given(
    st.lists(st.sampled_from(["<think>", "</think>", "a", "<", "四", " "]), max_size=12),
    CUTS,
    st.sampled_from(["no", "perhaps", "yes"]),
)
def test_what_comes_out_does_not_depend_on_the_cuts(
    parts: list[str], cuts: list[int], opened: Opened
) -> None:
    data = "".join(parts).encode()
    whole = "".join(pieces_of(data, cuts=[], opened=opened))
    assert "".join(pieces_of(data, cuts=cuts, opened=opened)) == whole
    assert not whole.lstrip().startswith(("<think>", "</think>"))


@pytest.mark.parametrize(
    ("text", "opened", "seen"),
    [
        ("<think>Let me see.</think>\n\nIn May.", "no", "In May."),
        (" \n<think>Let me see.</think>\n\nIn May.", "no", "In May."),
        ("<think>\n\n</think>\n\nIn May.", "no", "In May."),
        ("</think>\n\nIn May.", "no", "In May."),
        ("<think>hm</think><think>hm</think>In May.", "hardly", "In May."),
        ("Let me see.</think>\n\nIn May.", "yes", "In May."),
        ("Let me see.</think>\n\nIn May.", "perhaps", "In May."),
        ("<think>Let me see.</think>\n\nIn May.", "perhaps", "In May."),
        ("In May. No thought.", "perhaps", "In May. No thought."),
        ("<think>It never ends", "no", ""),
        ("It never ends", "yes", ""),
        ("1 < 2 and <thin", "no", "1 < 2 and <thin"),
        ("\n <thin", "no", "\n <thin"),
        ("<think>stop</think>In May. stop here", "no", "In May. "),
    ],
)
def test_thinking_is_never_seen(text: str, opened: Opened, seen: str) -> None:
    for size in (1, 2, 3, 100):
        cuts = list(range(0, len(text), size))
        assert "".join(pieces_of(text.encode(), cuts=cuts, stop=("stop",), opened=opened)) == seen


@pytest.mark.parametrize("opened", ["no", "hardly"])
def test_a_reply_may_speak_of_thoughts(opened: Opened) -> None:
    for text in (
        "Use the <think> tag in HTML. It is fine.",
        "Between <think> and </think> it thinks.",
    ):
        cuts = list(range(len(text)))
        assert "".join(pieces_of(text.encode(), cuts=cuts, opened=opened)) == text


def test_a_reply_that_is_cut_short_before_a_thought_ended_was_a_thought() -> None:
    reply = ReplyText(opened="perhaps")
    assert reply.feed(b"The user wants") + reply.finish(cut_short=True) == ""
    assert (reply.thought, reply.said) == (True, False)


def test_a_thought_that_nobody_expected_is_noticed_when_it_ends() -> None:
    reply = ReplyText(opened="hardly")
    assert reply.feed(b"The user wants</thi") == "The user wants"
    assert not reply.leaked
    assert reply.feed(b"nk>In May.") == reply.finish() == ""
    assert reply.leaked


def test_a_thought_that_nobody_expected_does_no_harm_where_nothing_was_handed_on() -> None:
    reply = ReplyText(opened="hardly")
    assert reply.feed(b"The user wants</think>\nIn May.") == "In May."
    assert not reply.leaked


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
