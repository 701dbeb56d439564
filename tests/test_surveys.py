"""Questions about the whole collection: recognised, counted in every chunk, and answered."""

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_documents import insert
from quire import Answer, KnowledgeBase, Scope, load_settings
from quire.indexes.catalog import Catalog
from quire.messages.translations import translated
from quire.models.fakes import FakeEmbedder
from quire.surveys import phrases
from quire.surveys.detect import Survey, detect
from quire.surveys.scan import scan

# -- recognised --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "phrase", "exact", "unit", "kind"),
    [
        ("How many documents mention Paris?", "Paris", False, "documents", ""),
        (
            "how many contracts mention the notice period",
            "notice period",
            False,
            "documents",
            "contracts",
        ),
        ("Which files mention “best efforts”?", "best efforts", True, "documents", ""),
        ('What documents contain the word "penalty"?', "penalty", True, "documents", ""),
        ("Which of my documents refer to Ada Holm?", "Ada Holm", False, "documents", ""),
        ("Please list all documents that mention insurance.", "insurance", False, "documents", ""),
        ("List every file mentioning the tower", "tower", False, "documents", ""),
        ("List all mentions of force majeure", "force majeure", False, "mentions", ""),
        ("How many pages mention VAT?", "VAT", False, "pages", ""),
        ("In which documents is the boiler mentioned?", "boiler", False, "documents", ""),
        ("In how many files does the term deposit appear?", "deposit", False, "documents", ""),
        ("How often is the deposit mentioned in my documents?", "deposit", False, "mentions", ""),
        ("How many times does the word 'must' appear?", "must", True, "mentions", ""),
        ("哪些文件提到年假？", "年假", False, "documents", ""),
        ("有多少份合同提到违约金？", "违约金", False, "documents", "合同"),
        ("请问哪些文档里出现了“不可抗力”？", "不可抗力", True, "documents", ""),
        ("列出所有提到病假的文件。", "病假", False, "documents", ""),
        ("请列出所有提到违约金的地方", "违约金", False, "mentions", ""),
        ("有多少页提到了增值税", "增值税", False, "pages", ""),
        ("年假在哪些文件里提到过？", "年假", False, "documents", ""),
        ("文件里一共提到了几次违约金？", "违约金", False, "mentions", ""),
        ("哪些合同里有「自动续约」？", "自动续约", True, "documents", "合同"),
    ],
)
def test_a_question_about_the_whole_collection_is_recognised(
    question: str, phrase: str, exact: bool, unit: str, kind: str
) -> None:
    assert detect(question) == Survey(phrase, exact, unit, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "question",
    [
        "How many moons does Mars have?",
        "Which team won?",
        "What documents do I need for a visa?",
        "How many pages does the handbook have?",
        "Which contracts end in May?",
        "Which documents mention that the tenant must pay?",
        "Which documents do not mention rent?",
        "Which documents mention it?",
        "What reports include the emissions of 2019?",
        "How many articles does the constitution contain?",
        "How often is the boiler inspected?",
        "List all duties of the tenant.",
        "What does the report mention about rent?",
        "Which city is mentioned first?",
        "哪些城市提到过申办奥运会？",
        "他一共出现了几次？",
        "列出承租人的所有义务",
        "合同有多少页？",
        "哪些文件没有提到年假？",
        "他在哪些文章中获奖？",
        "哪些条例包括罚款规定？",
        "哪些文件提到他？",
        "Which documents mention “!?”?",
        "",
        "?",
    ],
)
def test_an_ordinary_question_is_not_taken_for_one(question: str) -> None:
    assert detect(question) is None


@given(st.text(max_size=200))
def test_any_text_can_be_looked_at(text: str) -> None:
    found = detect(text)
    assert found is None or phrases.words(found.phrase, exact=found.exact)


# -- found -------------------------------------------------------------------------------------


def found(phrase: str, text: str, *, exact: bool = False) -> list[str]:
    wanted = phrases.words(phrase, exact=exact)
    return [text[start:end] for start, end in phrases.find(wanted, text, exact=exact)]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("notice period", "NOTICE PERIODS"),
        ("notice period", "notice\n  period"),
        ("notice period", "notice-period"),
        ("the lessor's duty", "the lessor’s duties"),
        ("cafe", "Café"),
        ("cafe", "Cafe\u0301"),
        ("1500 EUR", "1,500 EUR"),
        ("GB/T 1234-2020", "GB/T 1234—2020"),
        ("25 kg", "25kg"),
        ("数据库", "數據\n库"),
        ("ＡＢＣ", "abc"),
        ("договор", "Договор"),
    ],
)
def test_a_phrase_is_found_however_it_is_written(phrase: str, text: str) -> None:
    assert found(phrase, f"Before, {text}; after. 前{text}，后") == [text] * 2


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("notice period", "notice. Period"),
        ("notice period", "period notice"),
        ("notice period", "notice of period"),
        ("art", "party"),
        ("违约金", "违约，金额"),
        ("1500", "11500"),
        ("3.5", "3.51"),
    ],
)
def test_other_words_are_not_taken_for_it(phrase: str, text: str) -> None:
    assert found(phrase, text) == []


def test_an_exact_phrase_is_not_found_in_another_form() -> None:
    assert found("leases", "Lease leases LEASES leased", exact=True) == ["leases", "LEASES"]
    assert len(found("leases", "Lease leases LEASES leased")) == 4


_WORD = st.text("abcdeé", min_size=1, max_size=5) | st.sampled_from(["数据", "年假", "42", "1,500"])


@settings(max_examples=30)
@given(st.lists(_WORD, min_size=1, max_size=12), st.data())
def test_what_stands_in_a_chunk_is_found_through_the_index(
    tmp_path_factory: pytest.TempPathFactory, written: list[str], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(written) - 1))
    last = data.draw(st.integers(first + 1, len(written)))
    phrase = " ".join(written[first:last])
    catalog = Catalog(tmp_path_factory.mktemp("any") / "catalog.sqlite3", create=True)
    try:
        insert(catalog, "other", "nothing of the kind")
        insert(catalog, "wanted", " ".join(written))
        with catalog.reading() as connection:
            scanned = scan(connection, Survey(phrase, False, "documents", ""))
        assert [row.document.name for row in scanned.scan.found] == ["wanted"]
        assert scanned.citations[0].quote in " ".join(written)
    finally:
        catalog.close()


# -- answered ----------------------------------------------------------------------------------

FILES = {
    "lease.md": "# Lease\n\nThe notice\nperiod is three months. Notice periods may differ.",
    "north/old.txt": "A NOTICE-PERIOD of one month.",
    "other.txt": "The word notice. Period.",
    "leave.md": "# 休假\n\n员工每年有五天年假。年假不得转让。",
}


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("survey")
    for name, text in FILES.items():
        (folder / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "files" / name).write_text(text, encoding="utf-8")
    made = load_settings(kb=folder / "kb", model="none")
    with KnowledgeBase.open(folder / "kb", settings=made, embedder=FakeEmbedder()) as kb:
        assert kb.add(folder / "files").added == len(FILES)
        yield kb


def covered(answer: Answer) -> tuple[int, int, int]:
    """Chunks in all, those that the index was asked about, and those that were read."""
    assert answer.scan is not None
    return answer.scan.chunks, answer.scan.looked_up_chunks, answer.scan.read_chunks


def test_the_answer_counts_and_names_every_document_with_its_places(kb: KnowledgeBase) -> None:
    answer = kb.ask("How many documents mention the notice period?", store=False)
    assert (answer.status, answer.model) == ("extractive", None)
    assert answer.text == (
        "2 of 4 documents mention “notice period”, in 3 places "
        "(these words in this order, looked up in the index of all 4 passages; 3 of them read). "
        "lease.md: 2 places. old.txt: 1 place."
    )
    assert {citation.document.name for citation in answer.citations} == {"lease.md", "old.txt"}
    assert answer.scan is not None
    told = answer.scan.to_dict()
    counted = ("documents", "mentions", "scanned_documents")
    assert [told[name] for name in counted] == [2, 3, 4]
    assert (told["chunks"], told["looked_up_chunks"], told["read_chunks"]) == covered(answer)
    assert covered(answer) == (4, 4, 3)


def test_each_quote_stands_where_it_says_in_a_passage_of_the_answer(kb: KnowledgeBase) -> None:
    answer = kb.ask("Which files mention the notice period?", store=False)
    passages = {passage.label: passage for passage in answer.passages}
    assert len(answer.citations) == 3
    for citation in answer.citations:
        passage = passages[citation.label]
        text = kb.pages(citation.document)[0].text
        assert passage.document == citation.document
        assert citation.quote in passage.text
        assert text[citation.start : citation.end] == citation.quote


def test_a_chinese_question_is_answered_in_chinese(kb: KnowledgeBase) -> None:
    answer = kb.ask("有多少份合同提到年假？", store=False)
    assert answer.text == (
        "4个文档中有1个提到“年假”，共2处"
        "（按原词匹配，在全部4个段落的索引中查找，读取了其中1个）。"
        "统计的是所有文档，无法判断其中哪些是合同。leave.md：2处。"
    )
    assert [citation.quote for citation in answer.citations] == [
        "员工每年有五天年假。",
        "年假不得转让。",
    ]


def test_a_phrase_that_no_document_has_is_not_found_and_says_where_it_was_looked_up(
    kb: KnowledgeBase,
) -> None:
    answer = kb.ask("Which documents mention a notary?", store=False)
    assert (answer.status, answer.sentences) == ("not_found", ())
    assert answer.text == (
        "None of 4 documents mentions “notary” (these words in this order, looked up in the index "
        "of all 4 passages; none of them read)."
    )
    answer = kb.ask("哪些文件提到公证？", store=False)
    assert (answer.status, answer.text[:5]) == ("not_found", "4个文档都")


def test_a_scope_confines_what_is_counted(kb: KnowledgeBase) -> None:
    answer = kb.ask(
        "Which files mention the notice period?", scope=Scope(folder="north"), store=False
    )
    assert answer.text.startswith("1 of 1 document mentions")
    assert "looked up in the index of 1 passage; it was read" in answer.text
    assert answer.notes == ("Only documents in the folder north were looked at.",)


def test_what_the_index_has_lost_is_neither_counted_nor_passed_over_in_silence(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    copy = shutil.copytree(kb.folder, tmp_path / "copy")
    connection = apsw.Connection(str(copy / "catalog.sqlite3"))
    connection.execute(
        "DELETE FROM lexical WHERE rowid IN (SELECT chunks.id FROM chunks JOIN locations "
        "USING (document_id) WHERE CAST(path AS TEXT) LIKE '%old.txt')"
    )
    connection.close()
    with KnowledgeBase.open(copy, settings=kb.settings, embedder=FakeEmbedder()) as damaged:
        question = "How many documents mention the notice period?"
        answer = damaged.ask(question, store=False)
        assert answer.text.startswith(
            "1 of 4 documents mentions “notice period”, in 2 places (these words in this order, "
            "looked up in the index of only 3 of 4 passages; 2 of them read)."
        )
        assert covered(answer) == (4, 3, 2)
        note, damage = answer.notes
        assert damage.startswith("The index of words is damaged")
        assert note == "What the word index lacks was not counted. Run: quire verify --repair"
        assert "词索引" in translated(note, "zh")
        chinese = damaged.ask("哪些文件提到年假？", store=False)
        assert "在4个段落中仅3个的索引中查找，读取了其中1个" in chinese.text
        there = damaged.ask(question, scope=Scope(file="lease.md"), store=False)
        assert covered(there) == (1, 1, 1)
        assert "the index of 1 passage; it was read" in there.text
        gone = damaged.ask(question, scope=Scope(folder="north"), store=False)
        assert (gone.status, covered(gone)) == ("not_found", (1, 0, 0))
        assert "the index of only 0 of 1 passage; it was not read" in gone.text
        damaged.repair()
        assert covered(damaged.ask(question, store=False)) == (4, 4, 3)


def test_a_stream_gives_the_same_text(kb: KnowledgeBase) -> None:
    *pieces, answer = kb.stream("List all mentions of notice period", store=False)
    assert isinstance(answer, Answer)
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == answer.text
    assert answer.text.startswith("“notice period” is mentioned 3 times, in 2 of 4 documents")


def test_pages_are_counted_and_named(sample_kb: KnowledgeBase) -> None:
    answer = sample_kb.ask("How many pages mention the deposit?", store=False)
    assert answer.scan is not None
    pages = {}
    for row in answer.scan.found:
        numbered = sample_kb.pages(row.document)
        held = [p.number for p in numbered if found("deposit", p.text) and p.number]
        assert row.count == sum(len(found("deposit", page.text)) for page in numbered)
        assert list(row.pages) == held
        pages[row.document.name] = held
    total = len(list(itertools.chain.from_iterable(pages.values())))
    assert answer.text.startswith(f"{total} page")


def test_a_survey_of_nothing_says_that_there_are_no_documents(tmp_path: Path) -> None:
    made = load_settings(kb=tmp_path / "kb", model="none")
    with KnowledgeBase.open(tmp_path / "kb", settings=made, embedder=FakeEmbedder()) as kb:
        assert "no documents" in kb.ask("Which documents mention rent?").text


def test_many_mentions_are_all_counted_though_not_all_are_quoted(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite3", create=True)
    try:
        for number in range(3):
            rows = "\n\n".join(f"Rent x{number} in row {row}." for row in range(100))
            insert(catalog, f"{number}", rows)
        with catalog.reading() as connection:
            scanned = scan(connection, Survey("rent", False, "documents", ""))
        assert [row.count for row in scanned.scan.found] == [100, 100, 100]
        assert len(scanned.citations) == 200
        assert {citation.document.name for citation in scanned.citations} == {"0", "1", "2"}
    finally:
        catalog.close()
