"""The form of a text in Markdown: which blocks there are, and what of it is text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.text.markdown import Block, Cell, Piece, blocks

MARKUP = set("\\*_`#>|-+=~:.、)（） \t\n\r•·")
REPLY = """**Fees**, as *agreed*:

1. The fee is `5,1`.
   - Paid monthly
2. It rises.

| Year | Fee |
|:---|---:|
| 2024 | **18** |
| 2025 | a\\|b |

### Note
> quoted
> twice

```
x = **y**
```"""


def drawn(text: str) -> list[tuple[object, ...]]:
    return [
        (
            block.kind,
            block.level,
            block.marker,
            [[said(text, cell) for cell in line] for line in block.lines],
        )
        for block in blocks(text)
    ]


def said(text: str, cell: Cell) -> str:
    return "".join(text[piece.start : piece.end] for piece in cell.pieces)


def styles(text: str) -> list[tuple[str, str]]:
    names = ("strong", "emphasis", "code")
    return [
        (text[piece.start : piece.end], " ".join(n for n in names if getattr(piece, n)))
        for block in blocks(text)
        for line in block.lines
        for cell in line
        for piece in cell.pieces
    ]


def test_a_reply_has_its_lists_its_table_its_heading_its_quote_and_its_code() -> None:
    assert drawn(REPLY) == [
        ("paragraph", 0, "", [["Fees, as agreed:"]]),
        ("item", 0, "1.", [["The fee is 5,1."]]),
        ("item", 1, "-", [["Paid monthly"]]),
        ("item", 0, "2.", [["It rises."]]),
        ("table", 0, "", [["Year", "Fee"], ["2024", "18"], ["2025", "a|b"]]),
        ("heading", 3, "", [["Note"]]),
        ("quote", 0, "", [["quoted"], ["twice"]]),
        ("code", 0, "", [["x = **y**"]]),
    ]
    assert [block.header for block in blocks(REPLY)].count(True) == 1


def test_chinese_lists_keep_their_own_numbers() -> None:
    text = "步骤：\n1、停机。\n2、断电。\n（3）挂牌。"
    assert [block.marker for block in blocks(text)] == ["", "1、", "2、", "（3）"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a **b** c", [("a ", ""), ("b", "strong"), (" c", "")]),
        ("**油位**：停", [("油位", "strong"), ("：停", "")]),
        ("***x***", [("x", "strong emphasis")]),
        ("`**x**`", [("**x**", "code")]),
        ("\\*x\\*", [("*x", ""), ("*", "")]),
    ],
)
def test_bold_italics_and_code_are_told_apart(text: str, found: list[tuple[str, str]]) -> None:
    assert styles(text) == found


@pytest.mark.parametrize(
    "text",
    [
        *("420 * 0.38 * 2", "2*3*4", "snake_case_name", "** open", "a ** b ** c", "`x", "*"),
        *("![x](http://a.b/c.png)", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>"),
        *("$x^2$", ":smile: www.example.com", "&lt;b&gt;", "2.1 The lease", "2024"),
    ],
)
def test_what_is_no_form_stays_as_it_is(text: str) -> None:
    assert "".join(piece for piece, _ in styles(text)) == text
    assert {style for _, style in styles(text)} == {""}


@given(st.text(alphabet=st.sampled_from("ab油1 .*_`#>|-\\\n~（）[]<$"), max_size=80) | st.text())
def test_nothing_is_left_out_but_markup(text: str) -> None:
    left, at = "", 0
    for block in blocks(text):
        for piece in pieces(block):
            assert at <= piece.start < piece.end
            left += text[at : piece.start]
            at = piece.end
    left += text[at:]
    fences = [line for line in text.split("\n") if line.lstrip().startswith(("```", "~~~"))]
    numbers = "".join(block.marker for block in blocks(text))
    told = sum(map(len, fences)) + len(numbers)
    assert sum(c not in MARKUP and not c.isspace() for c in left) <= told


def pieces(block: Block) -> list[Piece]:
    return [piece for line in block.lines for cell in line for piece in cell.pieces]


@pytest.mark.parametrize(
    "part", ["**a ", "_a ", "`", "|", "- ", "> ", "**", "*a* ", "| a ", "\\", "#"]
)
def test_it_takes_time_in_proportion_to_the_text(part: str) -> None:
    began = time.process_time()
    blocks(part * (200_000 // len(part)))
    assert time.process_time() - began < 5
