"""What of a text can be checked, told apart from what cannot."""

import pytest

from quire.answering import checkable
from quire.answering.checkable import Part
from quire.ingest import texts


def parts(text: str) -> list[Part]:
    return list(checkable.parts(texts.of_text(text)))


def kinds(text: str) -> list[str]:
    return [part.kind for part in parts(text)]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("The rent is CNY 6,800 a month.", "statement"),
        ("What does heating cost?", "question"),
        ("I find the rules quite sensible.", "opinion"),
        ("In my opinion the rent is too high.", "opinion"),
        ("The documents do not say whether dogs are allowed.", "absence"),
        ("Yours sincerely,", "nothing"),
        ("***", ""),
        ("lorem ipsum " * 200, "nothing"),
        ("租金每月6800元。", "statement"),
        ("夜班有补贴吗？", "question"),
        ("我觉得这些要求非常合理。", "opinion"),
        ("文件没有说明是否可以带宠物参观。", "absence"),
    ],
)
def test_only_what_documents_can_make_true_is_a_statement(said: str, kind: str) -> None:
    assert kinds(said) == ([kind] if kind else [])


def test_headings_and_code_are_no_statements() -> None:
    text = "# The lease\n\nIt ends in March 2029.\n\n```\nIt ends in April 2030.\n```\n"
    heading, statement = parts(text)
    assert (heading.kind, statement.kind) == ("heading", "statement")
    assert statement.headings == ("The lease",)


def test_a_statement_is_told_with_what_it_leans_on() -> None:
    text = (
        "## Prices\n\nThe pool opens at 8:00. It closes at 20:00.\n\n"
        "A ticket costs:\n\n- adults: 9 euros\n"
    )
    said = [part for part in parts(text) if part.kind == "statement"]
    assert [part.before for part in said] == ["", "The pool opens at 8:00.", ""]
    assert said[2].under == ("A ticket costs:",)
    assert all(part.headings == ("Prices",) for part in said)


def test_a_row_is_told_with_the_names_of_its_columns() -> None:
    (row,) = [p for p in parts("| Room | Fee |\n|---|---|\n| A1 | 30 euros |\n") if p.form == "row"]
    assert row.says == "Room: A1 · Fee: 30 euros"


def test_places_count_the_characters_of_the_text() -> None:
    text = "# One\r\n\r\n- **Rent** is 5 euros.\r\n- The gate is green.\r\n"
    document = texts.of_text(text)
    for part in checkable.parts(document):
        assert document.text[part.start : part.end] == part.text
    assert [part.says for part in parts(text)][1:] == ["Rent is 5 euros.", "The gate is green."]


def test_a_long_text_is_read_in_parts_and_nothing_is_lost() -> None:
    text = "\n\n".join(f"Room {n} has {n} beds and a window." for n in range(5_000))
    said = [part for part in parts(text) if part.kind == "statement"]
    assert len(said) == 5_000
    assert said[-1].says == "Room 4999 has 4999 beds and a window."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "\ud800",
        "[" * 20_000,
        "> " * 20_000 + "x",
        "|" * 20_000,
        "#" * 20_000,
        "- " * 9_000,
    ],
)
def test_hostile_texts_are_read_like_any(text: str) -> None:
    document = texts.of_text(text)
    for part in checkable.parts(document):
        assert document.text[part.start : part.end] == part.text
