"""Whatever is asked gets a result or a sentence that says what is wrong, and never a traceback."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quire import KnowledgeBase, QuireError, Scope, cli, load_settings
from quire.models import opening
from quire.models.fakes import FakeEmbedder
from quire.search.retriever import checked_question

HOSTILE = {
    "empty": "",
    "blanks": " \n\t ",
    "NUL": "\x00",
    "NUL inside": "lease\x00 end",
    "long": "lease " * 20_000,
    "long word": "x" * 100_000,
    "long Chinese": "租" * 40_000,
    "quote": '"foo AND (',
    "near": "NEAR/5(lease end)",
    "star": "*",
    "prefix": "lease*",
    "column": "body:lease title:x",
    "minus": "-lease",
    "caret": "^lease",
    "braces": "{body title}: lease",
    "sql": "'; DROP TABLE chunks; --",
    "operators": "AND OR NOT",
    "percent": "%s %d {} {0}",
    "punctuation": "?!…---()[]",
    "Chinese punctuation": "？！。，「」",
    "emoji": "😀🎉",
    "emoji family": "👨‍👩‍👧‍👦",
    "surrogate": "\udcff lease",
    "only surrogates": "\ud800\udfff",
    "bidi": "\u202elease\u202c",
    "marks": "Z̸̡̢̧͎̲͇" * 200,
    "noncharacters": "\ufffe\uffff",
    "control": "\x1b[31mlease\x07",
    "survey of nothing": "Which documents mention ?",
    "survey of quotes": 'Which documents mention "',
    "survey of syntax": 'Which documents mention "lease AND (" OR *?',
    "survey of emoji": "Which documents mention 😀?",
    "survey of surrogates": "哪些文件提到“\udcff”？",
}


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "lease.txt").write_text("The lease ends in May. The tenant leaves.")
    (folder / "租约.txt").write_text("租约在五月到期。", encoding="utf-8")
    made = load_settings(kb=folder / "kb", model="none")
    with KnowledgeBase.open(folder / "kb", settings=made, embedder=FakeEmbedder()) as kb:
        assert kb.add([folder / "lease.txt", folder / "租约.txt"]).added == 2
        yield kb


def looked_at(kb: KnowledgeBase, question: str) -> None:
    """Ask in every way; what is no question is refused in one sentence."""
    if not question.replace("\x00", " ").strip():
        for ask in (checked_question, kb.search, kb.ask):
            with pytest.raises(QuireError, match="The question is empty"):
                ask(question)
        return
    for mode in ("hybrid", "dense", "lexical"):
        for hit in kb.search(question, mode=mode):  # type: ignore[arg-type]
            json.dumps(hit.to_dict(), ensure_ascii=False).encode()
    answer = kb.ask(question)
    assert answer.text
    json.dumps(answer.to_dict(), ensure_ascii=False).encode()
    explained = kb.explain(question, "lease.txt")
    json.dumps(explained.to_dict(), ensure_ascii=False).encode()


@pytest.mark.parametrize("question", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_question_is_answered_or_refused(kb: KnowledgeBase, question: str) -> None:
    looked_at(kb, question)


FRAGMENTS = [
    *('"', "'", "''", '""', "(", ")", "*", "^", ":", "-", "+", "{", "}", "\\", ";", "--", "%", "?"),
    *("NEAR", "NEAR(", "NEAR/5", "AND", "OR", "NOT", "lease*", "body:", "title:", "\x00", "\udcff"),
    *("\u202e", "\ufffe", "租约", "？", "😀", "x" * 100_000, "lease " * 15_000, "租" * 30_000),
]


def test_five_hundred_hostile_searches_find_something_or_nothing(kb: KnowledgeBase) -> None:
    """Each sign and word of the query language beside each other one, around a word that is
    there."""
    short = [each for each in FRAGMENTS if len(each) < 100]
    made = [f"{one}lease{two} end" for one in short for two in short]
    made = [*FRAGMENTS, *(each * 50 for each in short), *made[:: len(made) // 440]]
    assert len(set(made)) >= 500
    for question in made:
        for mode in ("hybrid", "lexical"):
            if not question.replace("\x00", " ").strip():
                with pytest.raises(QuireError, match="The question is empty"):
                    kb.search(question, mode=mode)  # type: ignore[arg-type]
                continue
            hits = kb.search(question, mode=mode, k=3)  # type: ignore[arg-type]
            json.dumps([hit.to_dict() for hit in hits], ensure_ascii=False).encode()


@settings(max_examples=40)
@given(st.text(st.characters(codec=None), max_size=80))
def test_any_question_is_answered_or_refused(kb: KnowledgeBase, question: str) -> None:
    looked_at(kb, question)


@pytest.mark.parametrize(
    "name", ["long", "long Chinese", "surrogate", "emoji", "punctuation", "marks"]
)
def test_a_real_embedder_takes_it(sample_kb: KnowledgeBase, name: str) -> None:
    assert len(sample_kb.search(HOSTILE[name], k=2)) <= 2


@pytest.mark.parametrize(
    "value", ["\udcff", "\x00", "*" * 5_000, "[", "~nobody/x", "../..", "/", "", "a\nb"]
)
def test_a_hostile_scope_or_name_finds_nothing_or_says_so(kb: KnowledgeBase, value: str) -> None:
    for kind in ("file", "folder", "language", "tag", "since"):
        problem = None
        try:
            kb.search("lease", scope=Scope(**{kind: value}))
        except QuireError as error:
            problem = error
        assert problem is None or problem.message.encode()
    json.dumps(kb.explain("lease", value or "x").to_dict(), ensure_ascii=False).encode()


@pytest.mark.parametrize("command", ["search", "ask"])
@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
def test_the_command_line_ends_in_a_result_or_a_sentence(
    kb: KnowledgeBase,
    command: str,
    as_json: bool,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    """Arguments are as the operating system hands them over: without NUL, odd bytes as halves of
    characters, at most 128 KiB each."""
    monkeypatch.setattr(opening, "embedder", lambda _: FakeEmbedder())
    monkeypatch.setattr(opening, "embedder_name", lambda _: "fake")
    monkeypatch.setenv("QUIRE_MODEL", "none")
    for question in HOSTILE.values():
        if "\x00" in question or any("\ud800" <= c < "\udc80" for c in question):
            continue
        words = ["quire", command, "--kb", str(kb.folder), *["--json"] * as_json, "--", question]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capfdbinary.readouterr()
        assert ended.value.code == (0 if question.strip() else 2)
        assert b"Traceback" not in err
        if as_json:
            json.loads(out)


def test_a_name_of_odd_bytes_can_be_asked_about_on_the_command_line(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(opening, "embedder_name", lambda _: "fake")
    name = Path("\udcff.txt")
    words = ["quire", "search", "x", "--kb", str(kb.folder), "--json", "--why", str(name)]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit):
        cli.main()
    assert json.loads(capfdbinary.readouterr().out)["lost_at"] == "document"
