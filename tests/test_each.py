"""A question about several documents is asked of each of them."""

from collections.abc import Iterator

import pytest

from quire import Answer, KnowledgeBase, Question

LEASES = {
    "quay.md": "# Lease of Quay House\n\nThe monthly rent is £985, payable on the third day. The "
    "deposit is £1,100. The tenant may end the lease with one month's notice.\n",
    "mill.md": "# Lease of Mill Cottage\n\nThe monthly rent is £1,150, payable on the first day. "
    "The deposit is £1,725. The tenant may end the lease with two months' notice. A garage "
    "belongs to the cottage.\n",
    "码头.md": "# 码头公寓租约\n\n每月租金为4200元。押金为8400元。\n",
    "磨坊.md": "# 磨坊小院租约\n\n每月租金为5600元。押金为9900元。\n",
}


@pytest.fixture(scope="module")
def leases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("leases")
    for name, text in LEASES.items():
        (folder / name).write_text(text, "utf-8")
    with KnowledgeBase.open(folder / "kb") as kb:
        kb.add([folder / name for name in LEASES])
        yield kb


def ask(leases: KnowledgeBase, question: str) -> Answer:
    return leases.ask(Question(question, max_risk=1.0, store=False))


@pytest.mark.parametrize(
    ("question", "values"),
    [
        (
            "Compare the rent of Quay House and Mill Cottage.",
            {"quay.md": "£985", "mill.md": "£1,150"},
        ),
        ("What is the deposit of each lease?", {"quay.md": "£1,100", "mill.md": "£1,725"}),
        ("Which lease has the longer notice period?", {"quay.md": "one month", "mill.md": "two"}),
        ("每份租约的押金是多少？", {"码头.md": "8400", "磨坊.md": "9900"}),
        ("码头公寓和磨坊小院的押金分别是多少？", {"码头.md": "8400", "磨坊.md": "9900"}),
    ],
)
def test_each_document_answers_under_its_name(
    leases: KnowledgeBase, question: str, values: dict[str, str]
) -> None:
    answer = ask(leases, question)
    assert answer.status == "extractive"
    for name, value in values.items():
        assert f"{name}: " in answer.text
        quotes = [c.quote for c in answer.citations if c.document.name == name]
        assert any(value in quote for quote in quotes)
    labels = {passage.label: passage.document for passage in answer.passages}
    assert len(labels) == len(answer.passages)
    assert all(labels[cited.label] == cited.document for cited in answer.citations)


@pytest.mark.parametrize(
    "question",
    [
        "What is the rent of Quay House?",
        "Which day is it payable?",
        "码头公寓的租金是多少？",
        "码头在哪里？",
    ],
)
def test_one_document_is_asked_as_ever(leases: KnowledgeBase, question: str) -> None:
    answer = ask(leases, question)
    assert "quay.md: " not in answer.text
    assert "码头.md: " not in answer.text
