"""What the browser makes of text from outside: nothing."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.ui.inert import JOINER, html, markdown

PAYLOADS = [
    '<img src="http://example.com/x.png" onerror="alert(1)">',
    "<script>alert(1)</script>",
    "![pixel](https://example.com/p.png)",
    "[click](javascript:alert(1))",
    "<https://example.com>",
    "https://example.com/path?a=b",
    "www.example.com",
    "someone@example.com",
    "$\\href{javascript:alert(1)}{x}$",
    "$$x^2$$",
    ":red[danger]",
    ":material/home: and :smile: and :streamlit:",
    "`code` **bold** _under_ ~~gone~~",
    "# heading",
    "- item\n1. item\n> quote",
    "| a | b |\n|---|---|",
    "&lt;img&gt; &#60;b&#62;",
    "[x]: https://example.com",
    "a -> b <- c -- d >= e != f",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_html_leaves_no_element_and_no_entity_of_the_text_itself(payload: str) -> None:
    shown = html(payload)
    assert not re.search(r"[<>\"']", shown)
    assert not re.search(r"&(?!(?:amp|lt|gt|quot|#x27);)", shown)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markdown_escapes_every_punctuation_mark(payload: str) -> None:
    assert not re.search(r"(?<!\\)(?:\\\\)*[!-/:-@\[-\[\]-`{-~]", _unescaped(payload))


def _unescaped(payload: str) -> str:
    """What is left of the escaped text when each pair of backslash and mark is taken out."""
    return re.sub(r"\\[!-/:-@\[-`{-~]", "", markdown(payload))


@pytest.mark.parametrize(
    "payload",
    [
        *(":material/home:", ":smile:", ":red[x]", "->", "<-", "--"),
        *("www.example.com", "WWW.EXAMPLE.COM", "https://example.com", "a@example.com"),
    ],
)
def test_what_streamlit_replaces_after_parsing_is_kept_apart(payload: str) -> None:
    read = re.sub(r"\\(.)", r"\1", markdown(payload))  # what the Markdown parser hands on
    assert payload not in read
    assert read.replace(JOINER, "") == payload


@given(st.text())
def test_a_label_is_one_line_and_keeps_every_visible_character(text: str) -> None:
    label = markdown(text)
    read = re.sub(r"\\(.)", r"\1", label).replace(JOINER, "")
    shown = unescape(html(text)).replace(JOINER, "")
    assert "\n" not in label
    assert "".join(read.split()) == "".join(shown.split())


def test_marks_of_direction_cannot_disguise_a_file_name() -> None:
    assert html("invoice\u202efdp.exe") == "invoicefdp.exe"
