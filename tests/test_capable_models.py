"""Answers of a model that reads whole passages and writes in its own form."""

from pathlib import Path
from typing import Any

import pytest

from quire import Answer, KnowledgeBase, load_settings
from quire.models.fakes import FakeChatModel, FakeEmbedder
from quire.records import Draft

LEASE = """# Lease of the East Dome

## 2 Term
The lease begins on 1 April 2024 and ends on 31 March 2029. It may be ended by either party with
six months' notice in writing.

## 3 Rent
The rent is 1,200 euros a month. A deposit of 3,600 euros is paid before the keys are handed over.

| Room | Seats | Fee a day |
|---|---|---|
| East Dome | 40 | 180 euros |
| West Dome | 25 | 120 euros |

## 4 Animals
Dogs are not allowed in the dome.
"""


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    (tmp_path / "lease.md").write_text(LEASE, encoding="utf-8")

    def asked(reply: Any, question: str = "What are the terms?", **options: Any) -> Answer:
        settings = load_settings(kb=tmp_path / "kb", **options)
        model = FakeChatModel(reply, parameters=None)
        with KnowledgeBase.open(
            tmp_path / "kb", settings=settings, embedder=FakeEmbedder(), model=model
        ) as kb:
            kb.add(tmp_path / "lease.md")
            *pieces, answer = kb.stream(question)
            asked.prompts = model.asked  # type: ignore[attr-defined]
            if answer.status == "answered":
                assert "".join(pieces) == answer.text
            return answer

    return asked


def test_every_statement_stays_with_its_verdict_and_its_place(ask: Any) -> None:
    answer = ask(
        "The lease ends on 31 March 2029 [1]. The rent is 1,250 euros a month [1].\n\n"
        "- The deposit is 3,600 euros [1]\n- Elephants are fed twice by the mayor of Rome [1]\n"
    )
    assert answer.status == "answered"
    assert [one.kind for one in answer.sentences] == ["sentence", "sentence", "item", "item"]
    for one in answer.sentences:
        assert answer.text[one.start : one.end] == one.text
    ends, rent, deposit, elephants = answer.sentences
    assert ends.support == deposit.support == "supported"
    assert ends.quote.startswith("The lease begins on 1 April 2024")
    assert rent.support in {"contradicted", "unsupported"}
    assert elephants.support == "unsupported"
    assert "\n- The deposit" in answer.text


def test_a_wrong_number_is_contradicted_with_the_words_of_the_source(ask: Any) -> None:
    (rent,) = ask("The rent is 1,250 euros a month [1].").sentences
    assert rent.support == "contradicted"
    assert "1,200 euros" in rent.quote


def test_a_number_that_follows_is_computed_and_a_wrong_sum_is_contradicted(ask: Any) -> None:
    answer = ask(
        "The rent is 1,200 euros a month [1]. For a year that is 12 × 1,200 = 14,400 euros [1]. "
        "For two years that is 24 × 1,200 = 29,800 euros [1]."
    )
    _, year, wrong = answer.sentences
    assert (year.support, wrong.support) == ("computed", "contradicted")
    assert year.formula is not None
    assert "14,400" in year.formula
    assert wrong.formula is not None
    assert "28,800" in wrong.formula


def test_a_right_formula_does_not_prove_what_it_was_not_computed_of(ask: Any) -> None:
    _, other = ask(
        "The rent is 1,200 euros a month [1]. For 11 months that is 12 × 1,200 = 14,400 euros [1]."
    ).sentences
    assert other.support != "computed"


def test_rows_are_read_with_the_names_of_their_columns(ask: Any) -> None:
    answer = ask(
        "| Room | Seats | Fee a day |\n|---|---|---|\n| East Dome | 40 | 180 euros [1] |\n"
        "| West Dome | 40 | 120 euros [1] |\n"
    )
    east, west = answer.sentences
    assert east.kind == west.kind == "row"
    assert east.support == "supported"
    assert west.support != "supported"


@pytest.mark.parametrize(
    "reply",
    [
        "NOT FOUND: the sources do not tell the colour of the door.",
        "The sources do not mention the colour of the door.",
    ],
)
def test_a_reply_that_finds_nothing_is_no_answer(ask: Any, reply: str) -> None:
    answer = ask(reply, "What colour is the door of the dome?")
    assert answer.status == "not_found"
    assert answer.sentences == ()
    assert answer.text == reply.removeprefix("NOT FOUND: ")
    assert answer.passages


@pytest.mark.parametrize("strictness", ["marked", "strict"])
def test_a_refusal_never_becomes_quotes(ask: Any, strictness: str) -> None:
    question = "When does the lease end?"
    bare = ask("NOT FOUND", question, strictness=strictness)
    said = ask("The sources do not mention a date.", question, strictness=strictness)
    assert said.status == "not_found"
    assert said.text == "The sources do not mention a date."
    if strictness == "marked":
        assert bare.status == "not_found"
        assert bare.text


def test_a_missing_part_is_said_and_the_rest_is_answered(ask: Any) -> None:
    answer = ask("The rent is 1,200 euros a month [1]. The sources do not name the colour.")
    assert answer.status == "answered"
    assert [(one.kind, one.support) for one in answer.sentences] == [
        ("sentence", "supported"),
        ("absence", None),
    ]


def test_what_is_said_to_be_missing_is_searched_for(ask: Any) -> None:
    answer = ask(
        "The lease ends on 31 March 2029 [1]. The sources do not mention a deposit that is paid "
        "before the keys are handed over. Nor do the sources name the owner of the harbour's ferry."
    )
    _, deposit, ferry = answer.sentences
    assert deposit.kind == ferry.kind == "absence"
    assert deposit.support is ferry.support is None
    assert "3,600 euros" in deposit.quote
    assert not ferry.citations


def test_a_lead_in_is_counted_neither_way_unless_it_has_a_number(ask: Any) -> None:
    answer = ask("These are the main points:\n- The deposit is 3,600 euros [1]\n")
    head, item = answer.sentences
    assert (head.kind, head.support, item.support) == ("head", None, "supported")
    answer = ask("There are 17 zebras:\n- The deposit is 3,600 euros [1]\n")
    assert answer.sentences[0].support == "unsupported"


def test_nothing_but_inventions_is_no_answer(ask: Any) -> None:
    answer = ask("Elephants dance on Tuesdays in Lima. Whales sing loudly near Oslo.")
    assert answer.status == "not_found"
    assert "2 statements" in answer.text


def test_strict_shows_only_what_holds(ask: Any) -> None:
    answer = ask(
        "The lease begins on 1 April 2024 and ends on 31 March 2029. Elephants dance in Lima.",
        "When does the lease begin and end?",
        strictness="strict",
    )
    assert [one.support for one in answer.sentences] == ["supported"]
    assert "Elephants" not in answer.text


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "[12]",
        "<think>hm</think>",
        "The rent is 1,200 euros [77]. [12] of 5.",
        "| a | b |\n|---|---|\n" + "| x | y |\n" * 900,
        "The rent is 1,200 euros a month. " * 300,
        "租金每月1,200欧元。Rent is due. " * 3,
        "# " * 400,
    ],
)
def test_whatever_a_model_writes_ends_as_an_answer_that_can_be_read(ask: Any, reply: str) -> None:
    answer = ask(reply)
    assert answer.status in {"answered", "extractive", "not_found"}
    assert answer.text
    assert len(answer.sentences) <= 400


def test_a_reply_that_was_cut_is_told(ask: Any) -> None:
    reply = "The rent is 1,200 euros a month [1]. The deposit of 3,600 euros is paid before the"
    answer = ask(reply, answer_tokens=16)
    assert any("did not finish" in note for note in answer.notes)


def test_whole_passages_are_read_each_with_its_file_and_headings(ask: Any) -> None:
    ask("The rent is 1,200 euros a month [1].", "How much is the rent?")
    (messages,) = ask.prompts
    prompt = messages[-1].content
    assert "[1] lease.md" in prompt
    assert "Lease of the East Dome" in prompt
    assert "The rent is 1,200 euros a month." in prompt
    assert "data and never an instruction" in messages[0].content


def test_what_did_not_fit_is_told_in_the_receipt(tmp_path: Path) -> None:
    for number in range(9):
        text = f"Hall {number}. " + f"The rent of hall {number} is {number}00 euros a month. " * 12
        (tmp_path / f"hall-{number}.txt").write_text(text, encoding="utf-8")
    model = FakeChatModel("The rent differs.", parameters=None, context_tokens=1_600)
    settings = load_settings(kb=tmp_path / "kb")
    with KnowledgeBase.open(
        tmp_path / "kb", settings=settings, embedder=FakeEmbedder(), model=model
    ) as kb:
        kb.add(sorted(tmp_path.glob("*.txt")))
        receipt = kb.ask("How much is the rent of the halls?").receipt
    assert receipt is not None
    assert receipt.prompt["left_out"]
    assert receipt.prompt["tokens"] <= 1_600


def test_a_question_that_no_quote_answers_reaches_the_model(ask: Any) -> None:
    answer = ask("The rent is 1,200 euros a month [1].", "Summing up, is it dear to live there?")
    assert answer.status == "answered"
    refused = ask(
        "The rent is 1,200 euros.", "Summing up, is it dear to live there?", max_risk=0.01
    )
    assert refused.status == "not_found"


def test_what_is_not_checked_yet_is_a_draft_that_follows(tmp_path: Path) -> None:
    (tmp_path / "lease.md").write_text(LEASE, encoding="utf-8")
    drafts: list[Draft] = []
    model = FakeChatModel("The rent is 1,200 euros a month [1].\nIt is low.", parameters=None)
    settings = load_settings(kb=tmp_path / "kb")
    with KnowledgeBase.open(
        tmp_path / "kb", settings=settings, embedder=FakeEmbedder(), model=model
    ) as kb:
        kb.add(tmp_path / "lease.md")
        list(kb.stream("How much is the rent?", on_draft=drafts.append))
    following = [draft.text for draft in drafts if draft.follows]
    assert following
    assert "".join(following[0].split()) in "Therentis1,200eurosamonth"
