"""Copies of one text are one hit; texts that differ in what they say are not."""

from collections.abc import Iterator

import pytest

from quire import KnowledgeBase, Scope, load_settings
from quire.models.fakes import FakeEmbedder
from quire.records import Chunk, Document, Span
from quire.search.duplicates import Distinct

pytestmark = pytest.mark.usefixtures("parser_here")

TEXT = (
    "The tenant Ada Holm shall pay 500 euros a month to the landlord, not later than the third "
    "working day, and the landlord keeps the boiler, the roof and the stairs in good repair."
)
CHINESE = "承租人应当在每月五日之前向出租人支付租金五百元，出租人负责维修屋顶和楼梯，不得拖延。"


def groups(question: str, *texts: str, headings: tuple[str, ...] = ()) -> list[list[int]]:
    distinct = Distinct(question)
    for number, text in enumerate(texts):
        document = Document(
            *(f"{number:016x}", f"{number:064x}", f"/{number}.txt", f"{number}.txt", "Lease"),
            *(
                "text/plain",
                "en",
                None,
                1,
                "2026-01-01T00:00:00+00:00",
                "2026-01-01T00:00:00+00:00",
            ),
        )
        path = headings[number : number + 1]
        span = Span(None, None, 0, len(text))
        distinct.add(Chunk(number, document.id, 0, text, span, path, 10), document)
    return distinct.groups


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (TEXT, TEXT),
        (TEXT, TEXT.upper()),
        (TEXT, TEXT.replace(" ", "\n")),
        (TEXT, TEXT.replace(",", ";")),
        (TEXT, TEXT.replace("the ", "")),
        (TEXT, TEXT.replace("stairs", "stair")),
        (TEXT, "Copy for the tenant\n\n" + TEXT),
        (CHINESE, CHINESE.replace("，", " ")),
        (CHINESE, CHINESE.replace("应当", "應當").replace("维", "維")),
    ],
)
def test_what_says_the_same_in_another_form_is_one(text: str, other: str) -> None:
    assert groups("Who repairs?", text, other) == groups("谁？", other, text) == [[0, 1]]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (TEXT, TEXT.replace("500", "600")),
        (TEXT, TEXT.replace("Ada Holm", "Bo Berg")),
        (TEXT, TEXT.replace("not later", "later")),
        (TEXT, TEXT.replace("to the landlord", "to the bank")),
        (TEXT, TEXT + " Rent 2025."),
        (TEXT, "Withdrawn and void: " + TEXT),
        (TEXT, TEXT + " This is not so."),
        (CHINESE, "本条已作废。" + CHINESE),
        (TEXT, TEXT + " The landlord may end this at any time without a reason."),
        (CHINESE, CHINESE.replace("五百元", "六百元")),
        (CHINESE, CHINESE.replace("承租人", "出租人", 1)),
        (CHINESE, CHINESE.replace("不得", "可以")),
        ("In 2022 profit rose to 4.1 million.", "In 2023 profit rose to 4.1 million."),
        ("", "Something."),
    ],
)
def test_what_says_something_else_is_another(text: str, other: str) -> None:
    assert groups("Who repairs?", text, other) == groups("谁？", other, text) == [[0], [1]]


def test_a_copy_that_alone_has_a_word_of_the_question_is_kept() -> None:
    headings = ("Berlin", "Paris")
    assert groups("Who pays?", TEXT, TEXT, headings=headings) == [[0, 1]]
    assert groups("Who pays in Paris?", TEXT, TEXT, headings=headings) == [[0], [1]]


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A contract in 450 files that differ in their last line, and another document."""
    folder = tmp_path_factory.mktemp("copies")
    for number in range(450):
        (folder / f"{number:03}.md").write_text(f"# Lease\n\n{TEXT}\n\n# Copy\n\nNumber {number}.")
    (folder / "other.md").write_text("# House\n\nA tenant pays for the garden.")
    settings = load_settings(kb=folder / "kb", model="none")
    with KnowledgeBase.open(folder / "kb", settings=settings, embedder=FakeEmbedder()) as kb:
        assert kb.add(folder).added == 451
        yield kb


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_hundreds_of_copies_leave_room_for_another_document(kb: KnowledgeBase, mode: str) -> None:
    hits = kb.search("Does Ada Holm pay for the garden?", k=3, mode=mode)  # type: ignore[arg-type]
    (first,) = (hit for hit in hits if "Ada Holm" in hit.chunk.text)
    assert {hit.document.name for hit in hits} >= {"other.md", first.document.name}
    assert len(first.duplicates) >= 100
    row = first.to_dict()["duplicates"][0]
    assert set(row) == {
        *("document", "document_id", "path", "page_first", "page_last", "start", "end")
    }


def test_a_copy_is_found_when_the_search_is_confined_to_it(kb: KnowledgeBase) -> None:
    (hit, *_) = kb.search("What shall Ada Holm pay?", scope=Scope(file="321.md"))
    assert (hit.document.name, hit.duplicates) == ("321.md", ())


def test_no_chunk_is_lost_among_hits_and_duplicates(kb: KnowledgeBase) -> None:
    hits = kb.search("Ada Holm", k=30, mode="lexical")
    places = [(hit.document.id, hit.chunk.span) for hit in hits]
    places += [(place.document.id, place.span) for hit in hits for place in hit.duplicates]
    assert len(places) == len(set(places)) == 450
