"""The text of a document, set as headings, lists and tables, with marks at exact characters."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.ui import typeset
from quire.ui.typeset import Mark

MINUTES = """Minutes of the board

Present were Shen Yuanzhi and
Gao Lanying.

1. Budget

Item | 2024 | 2025
Rent | 312,000 | 328,000
Grants | 240,000 | 210,000

The board decided:

• Tickets move to the valley.
  • From 1 February on.
• The film crew was declined."""
LEVELS = {"Minutes of the board": 1, "1. Budget": 2}


class Read(HTMLParser):
    """What a drawing shows: its text, what is marked of it, and its elements in order."""

    def __init__(self, drawn: str) -> None:
        super().__init__()
        self.text = ""
        self.marked = ""
        self.tags: list[str] = []
        self.cells: list[list[str]] = []
        self.cited: list[str] = []
        self._deep = 0
        self._within = ""
        self.feed(drawn)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._deep += tag == "mark"
        if tag == "tr":
            self.cells.append([])
        if tag in {"td", "th"}:
            self.cells[-1].append("")
            self._within = tag
            if "cited" in (dict(attrs).get("class") or "").split():
                self.cited.append("")

    def handle_endtag(self, tag: str) -> None:
        self._deep -= tag == "mark"
        if tag in {"td", "th"}:
            self._within = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._deep:
            self.marked += data
        if self._within:
            self.cells[-1][-1] += data


def read(text: str, *marks: Mark, headings: dict[str, int] | None = None) -> Read:
    return Read(typeset.draw(text, 0, len(text), marks=marks, headings=headings))


def place(text: str, words: str) -> Mark:
    return Mark(text.index(words), text.index(words) + len(words))


def test_headings_lists_and_tables_are_set_as_such() -> None:
    drawn = read(MINUTES, headings=LEVELS)
    kinds = [tag for tag in drawn.tags if tag in {"h3", "h4", "p", "ul", "table"}]
    assert kinds == ["h3", "p", "h4", "table", "p", "ul"]
    assert drawn.cells[0] == ["Item", "2024", "2025"]
    assert drawn.tags.count("th") == 3
    html = typeset.draw(MINUTES, 0, len(MINUTES), headings=LEVELS)
    assert re.findall(r"margin-inline-start:([\d.]+)rem", html) == ["0", "1.5", "0"]


@pytest.mark.parametrize(
    "words", ["Gao Lanying", "312,000", "2024 | 2025\nRent", "decided:\n\n• Tickets", "Budget"]
)
def test_the_marked_characters_are_those_that_were_cited(words: str) -> None:
    drawn = read(MINUTES, place(MINUTES, words), headings=LEVELS)
    assert bare(drawn.marked) == bare(words)


def test_the_cell_that_is_cited_is_told_from_its_neighbours() -> None:
    assert len(read(MINUTES, place(MINUTES, "312,000")).cited) == 1
    assert len(read(MINUTES, place(MINUTES, "Rent | 312,000 | 328,000")).cited) == 3


def test_cells_that_are_numbers_are_told_from_words() -> None:
    text = "Part | Price | Code\nHose | -1,234.50 | 12 | 8 %\nCap | 7 | LF-10"
    numbers = re.findall(r'<td class="number">([^<]*)</td>', typeset.draw(text, 0, len(text)))
    assert numbers == ["-1,234.50", "12", "8 %", "7"]


def test_a_row_that_begins_with_an_empty_cell_keeps_its_columns() -> None:
    text = "Area | April |  | May | \n | Members | Casual | Members | Casual\nPool | 1 | 2 | 3 | 4"
    drawn = read(text)
    assert {len(row) for row in drawn.cells} == {5}
    assert drawn.cells[1][0] == ""
    assert drawn.cells[1][1] == "Members"


def test_a_table_that_is_entered_in_its_middle_has_its_header_above() -> None:
    rows = "\n".join(f"Room {number} | {number * 10} | free" for number in range(1, 200))
    text = f"Fees\n\nRoom | Rent | State\n{rows}"
    start = text.index("Room 150")
    drawn = Read(typeset.draw(text, start, len(text)))
    assert drawn.cells[:3] == [["Room", "Rent", "State"], ["…"], ["Room 150", "1500", "free"]]
    assert "Room 149" not in drawn.text


def test_a_heading_is_one_only_where_it_stands_alone() -> None:
    text = "Fees\n\nThe list of\nFees\nis long.\n\n## Fees\nNone."
    drawn = read(text, headings={"Fees": 1})
    assert drawn.tags == ["h3", "p", "h3", "p"]
    assert "#" not in drawn.text


def test_fenced_code_keeps_its_lines_and_blanks() -> None:
    drawn = typeset.draw("Run:\n\n```\n  a | b\n- c\n```\n\nDone.", 0, 37)
    assert '<pre class="quire-code">  a | b\n- c</pre>' in drawn
    assert drawn.endswith("<p>Done.</p>")


def test_nothing_in_a_text_acts() -> None:
    text = '<img src=x onerror=alert(1)> | <b>\n<script>1</script> | "\n\n- <i>x</i>'
    drawn = typeset.draw(text, 0, len(text), marks=[Mark(3, 40)])
    assert set(re.findall(r"<(\w+)", drawn)) <= {
        "div",
        "table",
        "tr",
        "td",
        "th",
        "mark",
        "ul",
        "li",
        "span",
    }


def bare(text: str) -> str:
    """What a reader reads: no blanks, and nothing that only draws the form."""
    return re.sub(r"[\s|#`~=:+\-\u2026]", "", text)


LINES = st.sampled_from(
    """
Fees
## Fees
a | b
| c |
x | | y
- item
  • below
1. one
---
| --- | --- |
```
running text
一、条款
（一）项目
Room   Fee
A   3
4.1 x
""".split("\n")
)


@given(st.lists(LINES, max_size=14), st.data())
def test_nothing_is_lost_and_marks_are_exact_in_any_text(
    found: list[str], data: st.DataObject
) -> None:
    text = "\n".join(found)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    other = data.draw(st.integers(0, len(text)))
    hit = Mark(other, min(len(text), other + 3), cited=False, now=True)
    drawn = read(text, Mark(start, end), headings={"Fees": 1})
    assert bare(drawn.text) == bare(text)
    assert bare(drawn.marked) == bare(text[start:end])
    both = read(text, Mark(start, end), hit, headings={"Fees": 1})
    assert bare(both.text) == bare(text)
    wanted = set(range(start, end)) | set(range(hit.start, hit.end))
    assert bare(both.marked) == bare("".join(text[at] for at in sorted(wanted)))
