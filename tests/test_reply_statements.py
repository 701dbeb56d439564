"""Replies in Markdown, cut into statements while they come."""

from hypothesis import given
from hypothesis import strategies as st

from quire.answering.reply_statements import ReplyStatements, Said, plain

REPLY = """The lease ends in March 2029 [1]. It began in 2024.[2] Yes. Dogs may stay [3].

### Rooms
The hall has these rooms:

- **East Dome:** 40 seats [1]. It has a stage [2].
  1. front rows: 12
- West Dome [1][2]

| Room | Fee |
|---|---:|
| East | 40 [1] |
| West | 35 |

```
x = 1
```
最后一句在这里[4]。下一句。
"""


def statements(*pieces: str) -> tuple[list[Said], str]:
    parser = ReplyStatements()
    said = [one for piece in pieces for one in parser.hear(piece)]
    said += parser.finish()
    return said, parser.rest


def shown(said: list[Said], rest: str) -> str:
    return "".join(one.before + one.text for one in said) + rest


def test_each_sentence_item_and_row_is_a_statement_with_what_it_is_said_under() -> None:
    said, _ = statements(REPLY)
    assert [(one.kind, one.text) for one in said] == [
        ("sentence", "The lease ends in March 2029."),
        ("sentence", "It began in 2024."),
        ("sentence", "Yes. Dogs may stay."),
        ("head", "The hall has these rooms:"),
        ("item", "**East Dome:** 40 seats."),
        ("item", "It has a stage."),
        ("item", "front rows: 12"),
        ("item", "West Dome"),
        ("row", "| East | 40 |"),
        ("row", "| West | 35 |"),
        ("sentence", "最后一句在这里。"),
        ("sentence", "下一句。"),
    ]
    assert [one.labels for one in said[:3]] == [(1,), (2,), (3,)]
    assert said[7].labels == (1, 2)
    assert said[4].under == ("Rooms", "The hall has these rooms:")
    assert said[6].under[-1].startswith("East Dome: 40 seats")
    assert said[8].claim == "Room: East · Fee: 40"
    assert not said[5].first


def test_what_is_shown_is_the_reply_without_its_labels() -> None:
    said, rest = statements(REPLY)
    text = shown(said, rest)
    assert "[1]" not in text
    for part in (
        "### Rooms",
        "| Room | Fee |\n|---|---:|\n| East",
        "```\nx = 1\n```",
        "  1. front",
    ):
        assert part in text


@given(st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=60))
def test_it_does_not_depend_on_where_a_reply_is_cut(lengths: list[int]) -> None:
    pieces, at = [], 0
    for length in lengths:
        pieces.append(REPLY[at : at + length])
        at += length
    assert statements(*pieces, REPLY[at:]) == statements(REPLY)


@given(st.text(alphabet="ab. |-[1]\n*#。1:`", max_size=120))
def test_nothing_is_lost_of_any_reply(reply: str) -> None:
    said, rest = statements(reply)
    kept = shown(said, rest)
    left = [c for c in kept if c.isalpha()]
    assert left == [c for c in reply if c.isalpha()]
    assert all(one.text.strip() == one.text for one in said)


def test_marks_of_markdown_are_no_part_of_a_claim() -> None:
    assert plain("**Rent:** `5` _euros_ a_b") == "Rent: 5 euros a_b"
    assert plain("see [the lease](http://x.y/z)") == "see the lease"
