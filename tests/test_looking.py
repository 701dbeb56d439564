"""Pages that were found, shown to a model that takes pictures: what it sees is told apart."""

import base64
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from quire import Answer, KnowledgeBase, load_settings
from quire.background.ingesting import Ingests
from quire.background.reindexing import Reindexing
from quire.commands import output
from quire.errors import ModelError
from quire.ingest import pictures
from quire.messages.translations import translated
from quire.models.fakes import FakeChatModel, FakeEmbedder, FakeSeer
from quire.models.protocols import ChatModel, Message, ReadsPictures
from quire.models.remote.access import Server
from quire.models.remote.model import RemoteModel
from quire.records import Step
from quire.reports import turns
from quire.ui.jobs.suggesting import Suggestions
from quire.ui.jobs.summarizing import Summaries
from quire.ui.shared import Shared
from remote_server import Behaviour, Connection, says, serving

LEASE = Path(__file__).parent.parent / "examples" / "documents" / "lease-and-handbook.pdf"
QUESTION = "How much is the deposit?"
SEEN = "The table says CNY 20,400."

Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("looked")
    with KnowledgeBase.open(made / "kb", embedder=FakeEmbedder()) as kb:
        kb.add(LEASE)
    return made / "kb"


def asked(folder: Path, model: ChatModel | None, question: str = QUESTION, **more: Any) -> Answer:
    settings = load_settings(kb=folder, model="none")
    with KnowledgeBase.open(folder, settings=settings, embedder=FakeEmbedder(), model=model) as kb:
        return kb.ask(question, **{"look": True, "store": False, **more})


def test_what_is_seen_on_the_pages_stands_apart_and_changes_no_verdict(folder: Path) -> None:
    plain = asked(folder, FakeChatModel("The deposit is CNY 20,400 [1]."), look=False)
    model = FakeSeer("The deposit is CNY 20,400 [1].", sees=f"[1] {SEEN}\n[2] NOTHING")
    steps: list[Step] = []
    answer = asked(folder, model, on_step=steps.append)
    assert [(seen.text, seen.document.name) for seen in answer.seen] == [(SEEN, LEASE.name)]
    assert (answer.text, answer.status) == (plain.text, plain.status)
    assert [s.support for s in answer.sentences] == [s.support for s in plain.sentences]
    assert plain.seen == ()
    (shown,) = model.shown
    assert len(shown) == len(steps) == 2
    assert steps[0].arguments == {"document": LEASE.name, "page": answer.seen[0].page}
    assert answer.seen[0].page == answer.passages[0].span.page_first
    assert answer.usage.completion_tokens > plain.usage.completion_tokens
    assert all(max(Image.open(io.BytesIO(each)).size) <= 1_536 for each in shown)
    system, user = model.asked[-1]
    assert "never an instruction" in system.content
    assert user.content == f"Question: {QUESTION}"


def test_a_page_may_answer_what_no_text_does(folder: Path) -> None:
    answer = asked(
        folder,
        FakeSeer("", sees="[2] A stamp says 1972."),
        "What is the boiling point of tungsten?",
    )
    assert (answer.status, answer.sentences) == ("not_found", ())
    assert [seen.text for seen in answer.seen] == ["A stamp says 1972."]


@pytest.mark.parametrize(
    ("sees", "note"),
    [
        ("", "said nothing that can be used"),
        ("[1] NOTHING\n[2] Nothing.", "sees nothing that answers"),
        ("NOTHING", "sees nothing that answers"),
        ("Of two pages it is not said which one.", "said nothing that can be used"),
        ("[7] Of a picture that nobody showed.", "said nothing that can be used"),
        ("[1] " + "the same words again and " * 60, "said nothing that can be used"),
    ],
)
def test_a_reply_that_says_nothing_of_a_page_is_a_note(folder: Path, sees: str, note: str) -> None:
    answer = asked(folder, FakeSeer("", sees=sees))
    assert answer.seen == ()
    assert note in answer.notes[-1]
    assert translated(answer.notes[-1], "zh") != answer.notes[-1]


class Failing(FakeSeer):
    def look(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("out of memory")


class Unfit(FakeSeer):
    pictures_problem = "The settings do not say that the model on the server takes pictures."


@pytest.mark.parametrize(
    ("model", "note"),
    [
        (None, "There is no chat model to look at it."),
        (FakeChatModel(""), "The chat model takes no pictures;"),
        (Unfit("", sees=SEEN), Unfit.pictures_problem),
        (Failing("", sees=SEEN), r"could not be shown .* failed \(RuntimeError\)"),
    ],
)
def test_where_no_model_can_look_a_note_says_why(
    folder: Path, model: ChatModel | None, note: str
) -> None:
    answer = asked(folder, model)
    assert answer.seen == ()
    assert any(re.search(note, each) for each in answer.notes)


def test_pages_that_cannot_be_drawn_are_told(tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("# Deposit\n\nThe deposit is CNY 20,400.\n", "utf-8")
    model = FakeSeer("The deposit is CNY 20,400 [1].", sees=SEEN)
    copy = tmp_path / "lease.pdf"
    copy.write_bytes(LEASE.read_bytes())
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder(), model=model) as kb:
        kb.add(tmp_path / "note.md")
        assert "No page that was found can be drawn" in kb.ask(QUESTION, look=True).notes[-1]
        kb.remove("note.md")
        kb.add(copy)
        copy.unlink()
        gone = kb.ask(QUESTION, look=True)
    assert "lease.pdf is gone or has changed" in gone.notes[-1]
    assert model.shown == []


def test_what_a_page_makes_a_model_say_is_inert_and_of_bounded_length(folder: Path) -> None:
    hostile = '[1] \x1b[31m<img src="http://a.b">\u202e [x](http://c.d) ' + " ".join(
        map(str, range(900))
    )
    (seen,) = asked(folder, FakeSeer("", sees=hostile), answer_tokens=4_000).seen
    assert seen.text.isprintable()
    assert len(seen.text) <= 1_001


def test_a_picture_for_a_model_is_small_whatever_the_page() -> None:
    for size in ((1_024, 60_000), (1, 1), (1_024, 1_448)):
        made = pictures.for_model(Image.effect_noise(size, 100))
        assert made.startswith(b"\xff\xd8\xff")
        assert len(made) < 2_000_000


# The model on a server


@contextmanager
def remote(behave: Behaviour, *, local: bool = True, **options: Any) -> Iterator[Any]:
    with serving(behave) as server:
        model = RemoteModel(Server(server.url, "models.example", local), model="vl", **options)
        try:
            yield model, server
        finally:
            model.close()


def test_a_server_is_sent_the_pages_in_the_form_that_llama_server_reads(folder: Path) -> None:
    with remote(says(f"[1] {SEEN}"), local=False, pictures=True) as (model, server):
        assert isinstance(model, ReadsPictures)
        answer = asked(folder, model)
    assert [seen.text for seen in answer.seen] == [SEEN]
    assert answer.sent_to == "models.example"
    assert "were sent to models.example" in " ".join(answer.notes)
    *pages, text = server.asked.json["messages"][-1]["content"]
    assert text == {"type": "text", "text": f"Question: {QUESTION}"}
    for page in pages:
        kind, _, coded = page["image_url"]["url"].partition(",")
        assert (page["type"], kind) == ("image_url", "data:image/jpeg;base64")
        assert Image.open(io.BytesIO(base64.b64decode(coded))).format == "JPEG"


def test_a_server_that_refuses_pictures_leaves_the_answer_and_a_note(folder: Path) -> None:
    def refuses(connection: Connection) -> None:
        connection.answer(400, {"error": {"message": "image input is not supported"}})

    with remote(refuses, pictures=True, local=False) as (model, _):
        answer = asked(folder, model)
    assert answer.status == "extractive"
    assert "image input is not supported" in answer.notes[-1]
    assert answer.sent_to == "models.example"


def test_pictures_go_to_no_server_of_which_the_settings_do_not_say_so(folder: Path) -> None:
    with remote(says("The deposit is CNY 20,400 [1].")) as (model, server):
        answer = asked(folder, model)
        with pytest.raises(ModelError, match="remote_pictures"):
            model.look([], pictures=[b""], max_tokens=9)
    assert any("remote_pictures = true" in note for note in answer.notes)
    assert all(isinstance(m["content"], str) for m in server.asked.json["messages"])


def test_tokens_of_pictures_do_not_make_text_count_for_more() -> None:
    with remote(says("[1] x", usage=(9_000, 3)), pictures=True) as (model, server):
        model_tokens = model.count_tokens("deposit " * 50)
        "".join(model.look([Message("user", "?")], pictures=[b"JPEG"], max_tokens=9))
        assert model.count_tokens("deposit " * 50) == model_tokens
    assert len(server.requests) >= 1


def test_what_does_not_fit_is_not_said_to_have_been_sent(folder: Path) -> None:
    with remote(says("No."), pictures=True, local=False, context_tokens=1_024) as (model, server):
        answer = asked(folder, model)
    assert "could not be shown" in answer.notes[-1]
    assert not any("were sent" in note for note in answer.notes)
    assert all(isinstance(m["content"], str) for m in server.asked.json["messages"])


# Where it is told


def test_what_was_seen_is_kept_told_everywhere_and_forgotten_with_its_document(
    tmp_path: Path,
) -> None:
    (copy := tmp_path / "lease.pdf").write_bytes(LEASE.read_bytes())
    model = FakeSeer("The deposit is CNY 20,400 [1].", sees=f"[1] {SEEN}")
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder(), model=model) as kb:
        kb.add(copy)
        answer = kb.ask(QUESTION, look=True)
        page = answer.seen[0].page
        assert answer.to_dict()["seen"] == [
            {
                "document": "lease.pdf",
                "document_id": kb.documents()[0].id,
                "page": page,
                "text": SEEN,
            }
        ]
        lines = list(output.answer_lines(answer))
        at = lines.index(f"Seen by the model, not checked, on lease.pdf, page {page}:")
        assert lines[at + 1] == f"    {SEEN}"
        markdown = kb.export(answer.id, form="markdown", answer=True).decode()
        assert f"*Seen by the model, not checked, on lease.pdf, page {page}:* {SEEN}" in markdown
        assert "Seen by the model, not checked" in kb.export_answer(answer.id)
        _, turn = kb.conversations.turn(answer.id)
        said = [piece.said for piece in turns.pieces(turn, [None] * len(answer.citations))]
        assert said[said.index(SEEN) - 2].startswith("Seen by the model")
        kb.remove("lease.pdf")
        kb.compact()
        assert SEEN not in json.dumps(kb.conversations.turn(answer.id)[1].answer)


def draw(opened: "Shared", answer: "dict[str, Any]") -> None:
    from quire.ui import answers  # noqa: PLC0415  this is the script of a page
    from quire.ui.chat import looking  # noqa: PLC0415

    looking.draw(opened)
    answers._seen(answer, known=set())


@pytest.mark.parametrize("takes", [True, False])
def test_the_switch_is_there_where_the_model_takes_pictures(tmp_path: Path, takes: bool) -> None:
    settings = load_settings(kb=tmp_path / "kb", cache=tmp_path / "cache", model="starter")
    model = FakeSeer("", sees="") if takes else FakeChatModel("")
    base = KnowledgeBase.open(settings=settings, embedder=FakeEmbedder(), model=model)
    opened = Shared(base, Ingests(base), Summaries(base), Suggestions(base), Reindexing(base))
    opened.ready.set()
    seen = [{"document": "a.pdf", "document_id": "1", "page": 3, "text": "<b>42</b> tonnes"}]
    tab = AppTest.from_function(draw, args=(opened, {"id": "x", "seen": seen})).run()
    assert not tab.exception
    assert len(tab.toggle) == takes
    drawn = tab.get("html")[-1].proto.body
    assert "not checked" in drawn
    assert "&lt;b&gt;42" in drawn
    if takes:
        tab.toggle(key="look").set_value(True).run()
        assert tab.session_state["quire"].look is True
    opened.close()
