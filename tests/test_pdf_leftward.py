"""Lines written from right to left are read in their order, however their words are drawn."""

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from made_fonts import register_squares
from quire.ingest.limits import Limits
from quire.ingest.loaders import parse

SCRIPTS = {
    "hebrew": "שכר הדירה הוא אירו לחודש הנמל נסגר בלילה",
    "arabic": "يدفع الايجار في اول كل شهر الميناء مغلق ليلا",
    "persian": "اجاره ماه پرداخت می شود بندر شب بسته است گچ",
}
SIZE = 10


@pytest.fixture(scope="module", autouse=True)
def fonts(tmp_path_factory: pytest.TempPathFactory) -> None:
    for name, words in SCRIPTS.items():
        register_squares(tmp_path_factory.mktemp(name), words + "0123456789 ", name=name)


def seen(word: str) -> str:
    """A word as it stands on the page, from left to right."""
    return word if word.isdigit() else word[::-1]


def read(name: str, lines: list[list[str]], *, apart: float | None) -> str:
    """The text of lines drawn as one string each, or word by word with a gap between, in sizes."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(900, 400))
    canvas.setFont(name, SIZE)
    for at, words in enumerate(lines):
        y = 350 - 14 * at
        if apart is None:
            text = " ".join(seen(word) for word in reversed(words))
            canvas.drawRightString(850, y, text)
            continue
        x = 850.0
        for word in words:
            x -= SIZE * len(word)
            canvas.drawString(x, y, seen(word))
            x -= SIZE * apart
    canvas.save()
    return " ".join(parse(file.getvalue(), Path("a.pdf"), limits=Limits()).text.split())


@pytest.mark.parametrize("name", SCRIPTS)
@settings(max_examples=15)
@given(data=st.data(), apart=st.sampled_from([0.4, 0.8, 1.2]))
def test_words_set_apart_read_as_the_line_in_one_string(
    name: str, data: st.DataObject, apart: float
) -> None:
    word = st.sampled_from(SCRIPTS[name].split())
    # Two numbers side by side are read rightwards, and by what is between them only.
    pair = st.tuples(st.sampled_from(["1340", "25"]), word)
    line = st.tuples(word, pair, st.lists(word, max_size=4))
    drawn = data.draw(st.lists(line, min_size=1, max_size=4))
    lines = [[first, *numbered, *rest] for first, numbered, rest in drawn]
    whole = read(name, lines, apart=None)
    assert whole == " ".join(word for words in lines for word in words)
    assert read(name, lines, apart=apart) == whole


def test_widely_spread_words_of_a_line_are_read_from_the_right() -> None:
    words = SCRIPTS["hebrew"].split()[:4]
    assert read("hebrew", [words], apart=3).replace("| ", "") == " ".join(words)
