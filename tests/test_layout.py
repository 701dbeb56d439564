"""Kept answers in their form: where the marks stand, and answers with their marks in text."""

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.conversations import layout, transcripts
from quire.text import markdown

TABLE = """By year:

| Year | Fee |
|---|---|
| 2024 | **18,400** |
| 2025 | 17,250 |

It falls by **1,050**. It is paid in gold. Nothing is said of 2026."""


def sentence(text: str, support: str | None, **fields: Any) -> dict[str, Any]:
    kept: dict[str, Any] = {"kind": "sentence", "labels": [], "quote": "", "formula": None}
    return {"text": text, "support": support, **kept, **fields}


def answer(text: str, *sentences: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A kept answer whose sentences stand in its text in their order."""
    at = 0
    for each in sentences:
        each["start"] = text.index(each["text"], at)
        at = each["end"] = each["start"] + len(each["text"])
    return {"status": "answered", "text": text, "sentences": sentences, "citations": [], **fields}


def written() -> dict[str, Any]:
    return answer(
        TABLE,
        sentence("By year:", "partly", kind="head", labels=[1]),
        sentence("| 2024 | **18,400** |", "supported", kind="row", labels=[1, 2]),
        sentence(
            "| 2025 | 17,250 |",
            "computed",
            kind="row",
            labels=[2],
            formula="18,400 − 1,150 = 17,250",
        ),
        sentence(
            "It falls by **1,050**.",
            "contradicted",
            labels=[2],
            quote="| 5.1 | 17,250 |",
            formula="18,400 − 17,250 = 1,150",
        ),
        sentence("It is paid in gold.", "unsupported"),
        sentence("Nothing is said of 2026.", None, kind="absence"),
    )


def test_an_answer_is_told_in_text_with_its_table_and_its_marks() -> None:
    assert list(layout.text_lines(written())) == [
        "By year: [1?]",
        "",
        "Year | Fee",
        "-----+-------",
        "2024 | 18,400 [1][2]",
        "2025 | 17,250 [2] (computed: 18,400 − 1,150 = 17,250)",
        "",
        "It falls by 1,050. [2] (contradicted: the source says “5.1 · 17,250”; right: "
        "18,400 − 17,250 = 1,150) It is paid in gold. (not found in the sources) Nothing is "
        "said of 2026.",
    ]
    assert layout.found_line(written()) == "2 of 5 statements found in the sources"


def test_lists_keep_their_numbers_and_their_depth() -> None:
    text = "Steps:\n\n1. **Stop** it.\n   - At once.\n2. Wait."
    made = answer(text, sentence("At once.", "supported", kind="item", labels=[3]))
    lines = ["Steps:", "1. Stop it.", "   - At once. [3]", "2. Wait."]
    assert list(layout.text_lines(made)) == lines


def test_chinese_stands_in_columns_and_a_wide_table_is_told_row_by_row() -> None:
    text = "| 级别 | 时限 |\n|---|---|\n| 一 | 2 小时 |"
    assert list(layout.text_lines(answer(text, sentence("| 一 | 2 小时 |", "supported")))) == [
        "级别 | 时限",
        "-----+-------",
        "一   | 2 小时",
    ]
    wide = f"| Code | Meaning |\n|---|---|\n| E01 | {'too hot ' * 20}|"
    assert list(layout.text_lines(answer(wide, sentence("E01", "unsupported")))) == [
        f"- Code: E01; Meaning: {'too hot ' * 20}".rstrip() + " (not found in the sources)"
    ]


def test_an_answer_of_an_earlier_version_is_shown_with_its_labels() -> None:
    old = {"text": "One thing.", "support": "supported", "labels": [1], "quote": "One"}
    other = {"text": "另一件。", "support": "partly", "labels": [2], "quote": "另"}
    made = {"status": "answered", "text": "", "sentences": [old, other, old], "citations": []}
    assert list(layout.text_lines(made)) == ["One thing. [1] 另一件。 [2?] One thing. [1]"]
    assert layout.found_line(made) == "2 of 3 statements found in the sources"


def test_quotes_are_shown_word_for_word_and_not_counted() -> None:
    quoted = answer("a **b** | c", sentence("a **b** | c", "supported", labels=[1]))
    quoted["status"] = "extractive"
    assert list(layout.text_lines(quoted)) == ["a **b** | c [1]"]
    assert layout.found_line(quoted) == ""


PARTS = st.lists(
    st.sampled_from(
        [
            *("One **bold** thing. ", "1. An item.\n", "- b\n", "  - deep\n", "| a | b |\n"),
            *("|---|---|\n", "\n", "# H\n", "```\n", "> q\n", "---\n", "**", "*", "`"),
            *("油位。", "$x$ <b> ![a](b)"),
        ]
    ),
    max_size=12,
)


@given(PARTS, st.data())
def test_without_its_marks_the_text_is_that_of_the_markdown(parts: list[str], data: Any) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    places = list(itertools.pairwise(cuts))
    laid = layout.laid_out(text, places)
    runs = [run for block in laid for line in block.lines for cell in line for run in cell]
    pieces = [
        text[piece.start : piece.end]
        for block in markdown.blocks(text)
        for line in block.lines
        for cell in line
        for piece in cell.pieces
    ]
    assert "".join(run.text for run in runs) == "".join(pieces)
    assert sorted(n for run in runs for n in run.ends) == list(range(len(places)))


@given(PARTS, st.text(max_size=20))
def test_nothing_of_an_answer_becomes_more_than_form_in_a_transcript(
    parts: list[str], told: str
) -> None:
    text = "".join(parts) + told
    made = answer(text, sentence(text, "supported", labels=[1])) | {"model": None}
    lines = list(transcripts._answer(made))
    inside, outside = "", []
    for line in "\n".join(lines).split("\n"):
        fence = re.fullmatch(r"\s*(?:> ?)*(`{3,})", line)
        if fence and not inside:
            inside = fence[1]
        elif fence and fence[1] == inside:
            inside = ""
        elif not inside:
            outside.append(line)
    for escaped in outside:
        assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]<$!`]", escaped)


@pytest.mark.parametrize("inside", ["</code><img src=x>", "![x](http://a.b)", "$x$"])
def test_hostile_code_stays_within_its_fence(inside: str) -> None:
    made = answer(f"```\n{inside}\n```", sentence(inside, "unsupported"))
    lines = list(transcripts._answer(made))
    assert lines[-4:-1] == ["```", inside, "```"]
    assert lines[-1] == "(not found in the sources)"
