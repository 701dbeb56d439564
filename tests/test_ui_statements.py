"""What the component draws of an answer: its form, its statements and their marks."""

from typing import Any

import pytest

from quire.ui import answers, statements

TEXT = "- It is **5**.\n- So 10 − 5 = 4.\n- It is blue.\n- It is new.\n- Nothing is said of 7."
CITED = {"document": "a.md", "document_id": "d", "page": None, "start": 0, "end": 1}


def kept(**fields: Any) -> dict[str, Any]:
    """An answer with a statement of each verdict."""
    rows: list[tuple[str, str | None, list[int], str, str | None]] = [
        ("It is **5**.", "supported", [1], "It is 5.", None),
        ("So 10 − 5 = 4.", "contradicted", [1, 2], "It is 5.", "10 − 5 = 5"),
        ("It is blue.", "unsupported", [], "", None),
        ("It is new.", "partly", [2], "It was made in 10.", None),
        ("Nothing is said of 7.", None, [], "", None),
    ]
    sentences = [
        {
            "text": text,
            "start": TEXT.index(text),
            "end": TEXT.index(text) + len(text),
            "kind": "item" if support else "absence",
            "support": support,
            "labels": labels,
            "quote": quote,
            "formula": formula,
        }
        for text, support, labels, quote, formula in rows
    ]
    citations = [CITED | {"label": 1, "quote": "It is 5."}]
    citations += [CITED | {"label": 2, "quote": quote} for quote in ("It was made in 10.", "Other")]
    return {"status": "answered", "text": TEXT, "sentences": sentences, "citations": citations}


def nodes(answer: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [
        [node for line in block["lines"] for cell in line for node in cell]
        for block in statements.blocks(answer)
    ]


def test_each_statement_is_drawn_in_its_form_with_the_mark_of_its_verdict() -> None:
    items = nodes(kept())
    assert [block["kind"] for block in statements.blocks(kept())] == ["item"] * 5
    assert next(node for node in items[0] if node.get("strong"))["text"] == "5"
    assert items[0][-1] == {"ref": "[1]", "citation": 0, "doubt": False}
    told = next(node for node in items[1] if "flag" in node)
    assert (told["flag"], "It is 5." in told["told"]) == ("contradicted", True)
    assert "10 − 5 = 5" in told["right"]
    assert [node["ref"] for node in items[1] if "ref" in node] == ["[1]", "[2]"]
    assert items[2][-1]["flag"] == "unsupported"
    assert items[3][-1] == {"ref": "[2]", "citation": 1, "doubt": True}
    assert [node["support"] for node in items[4]] == ["absence"]


def test_a_computed_statement_tells_its_formula_and_the_quotes_of_its_operands() -> None:
    answer = kept()
    answer["sentences"][1] |= {"support": "computed"}
    told = next(node for node in nodes(answer)[1] if "flag" in node)
    assert (told["text"], told["told"]) == ("=", "10 − 5 = 5")
    assert told["quotes"] == ["It is 5.", "It was made in 10."]


def test_a_mark_opens_the_statement_s_own_quote_where_its_passage_has_several() -> None:
    answer = kept()
    own = CITED | {"label": 1, "quote": "Another place of the first passage."}
    answer["citations"].append(own)
    answer["sentences"][0]["citations"] = [len(answer["citations"]) - 1]
    assert nodes(answer)[0][-1] == {"ref": "[1]", "citation": 3, "doubt": False}


def test_what_is_not_checked_yet_is_told_apart() -> None:
    drawn = statements.blocks_so_far("1. It is 5.", [], [], tail="2. It is b")
    first, last = (block["lines"][0][0] for block in drawn)
    assert [node["support"] for node in first] == [""]
    assert [node.get("support") for node in last] == ["draft", None]
    assert last[-1]["flag"] == "draft"


@pytest.mark.parametrize("before", [{}, {"start": 0, "end": 0}])
def test_an_answer_of_an_earlier_version_is_drawn(before: dict[str, int]) -> None:
    old = {"text": "It is 5.", "support": "supported", "labels": [1], "quote": "It is 5."} | before
    answer = kept() | {"sentences": [old, old], "text": "It is 5. It is 5."}
    (drawn,) = nodes(answer)
    assert "".join(node.get("text", "") for node in drawn) == "It is 5. It is 5."
    assert [node["ref"] for node in drawn if "ref" in node] == ["[1]", "[1]"]


def test_an_answer_is_copied_with_its_marks_and_its_sources() -> None:
    text = answers.copied(kept())
    assert text.startswith("- It is 5. [1]\n- So 10 − 5 = 4. [1][2] (contradicted: ")
    assert "- It is blue. (not found in the sources)\n- It is new. [2?]" in text
    assert text.endswith("[1] a.md\n[2] a.md")
