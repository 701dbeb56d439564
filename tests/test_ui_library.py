"""Documents in the interface: folders, samples, undo, and several knowledge bases."""

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from quire import KnowledgeBase
from quire.answering.summaries import Summary
from quire.background.ingesting import Intake, counted
from quire.ingest.report import IngestReport, Progress, Refusal
from quire.ui import answers
from quire.ui.catalogue import LANGUAGES
from quire.ui.chat import samples
from quire.ui.jobs.summarizing import Summaries
from quire.ui.library import exporting, intake
from quire.ui.library.details import versions
from quire.ui.shared import Shared
from quire.ui.source import Source
from ui_driver import (
    DOCUMENTS,
    ask,
    browser,
    buttons,
    check,
    delete,
    details,
    finished,
    go,
    names,
    press,
    shown,
    write,
)


def test_a_deleted_document_comes_back_until_it_is_deleted_for_good(opened: Shared) -> None:
    opened.base.add_upload("canteen.md", b"The canteen serves lentil soup on Thursdays.")
    document = opened.base.document("canteen.md")
    tab = go(browser(), "documents")
    delete(tab, document)
    assert not opened.base.has_document("canteen.md")
    tab.button(key=f"undo-{document.id}").click().run()
    assert opened.base.has_document("canteen.md")
    assert not buttons(tab, "undo-")
    delete(tab, document)
    tab.button(key="empty-bin").click().run()
    assert not tab.exception
    assert not buttons(tab, "undo-")
    assert opened.base.removed() == []


def test_a_folder_on_this_machine_is_taken_in_from_where_it_lies(
    opened: Shared, tmp_path: Path
) -> None:
    for n in range(3):
        (tmp_path / f"note {n}.txt").write_text(f"The lamp number {n} stands in the hall.")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    tab = go(browser(), "documents")
    write(tab, "File or folder", str(tmp_path))
    press(tab, "Add")
    assert opened.ingests.wait(60)
    tab.run()
    assert "3 taken in · 1 could not be read" in shown(tab)
    assert "broken.pdf" in shown(tab)
    assert opened.base.document("note 1.txt").uri == str(tmp_path / "note 1.txt")
    tab.text_input(key="search-documents").set_value("note 1").run()
    assert names(tab) == ["note 1.txt"]


def test_a_path_that_does_not_exist_is_explained(opened: Shared, tmp_path: Path) -> None:
    tab = go(browser(), "documents")
    write(tab, "File or folder", str(tmp_path / "no such"))
    press(tab, "Add")
    assert opened.ingests.wait(60)
    tab.run()
    assert "could not be read" in shown(tab)


def test_an_upload_of_a_known_name_is_told_and_the_older_one_deleted(opened: Shared) -> None:
    opened.base.add_upload("rota.txt", b"On Monday Ada Okonkwo opens the hall.")
    older = opened.base.document("rota.txt")
    tab = go(browser(), "documents")
    tab.file_uploader[0].upload("rota.txt", b"On Monday Bo Lindqvist opens the hall.").run()
    assert opened.ingests.wait(60)
    tab.run()
    assert "There is already a document called “rota.txt”" in shown(tab)
    tab.button(key=f"older-{older.id}").click().run()
    assert opened.base.document("rota.txt").id != older.id
    assert "There is already a document" not in shown(tab)
    assert older.id in [each.document_id for each in opened.base.removed()]  # it may come back


def test_a_deleted_document_is_brought_back_at_the_end_of_the_page(opened: Shared) -> None:
    opened.base.add_upload("soup.md", b"The canteen serves pea soup on Fridays.")
    document = opened.base.document("soup.md")
    tab = go(browser(), "documents")
    delete(tab, document)
    assert "“soup.md” was deleted" in shown(tab)
    tab.button(key="dismiss-undo").click().run()
    assert "“soup.md” was deleted" not in shown(tab)
    tab.button(key=f"undo-{document.id}").click().run()  # from the list of what was deleted
    delete(tab, document)
    tab.button(key="undo-last").click().run()
    assert opened.base.has_document("soup.md")
    assert "“soup.md” was deleted" not in shown(tab)


def test_a_document_is_opened_at_its_beginning(opened: Shared) -> None:
    document = opened.base.document("lease-and-handbook.pdf")
    tab = go(browser(), "documents")
    details(tab, document).button(key=f"read-{document.id}").click().run()
    assert "page 1 of 7" in shown(tab)
    assert "data:image/png" in shown(tab)
    assert not tab.exception


def test_the_files_of_a_folder_count_one_by_one_and_those_not_reached_are_a_number() -> None:
    folder = Intake("/music", 100, path=Path("/music"), stage="working")
    folder.heard = Progress(75, 202, 0, 75, 1.0, "/music/a.txt", None)
    assert counted([folder, Intake("a.txt", 1, content=b"a")]) == (75, 203)
    left = tuple(Refusal(f"/music/{n}.txt", "not reached: the ingest was stopped") for n in "abc")
    folder.stage = "stopped"
    folder.report = IngestReport(199, 0, 0, 0, left, (), (), 199, 1.0, cancelled=True)
    assert intake._counts(folder) == {
        **dict.fromkeys(("unchanged", "skipped", "failed"), 0),
        "taken": 199,
        "stopped": 3,
    }
    assert intake._remarks(folder) == []


def test_the_password_of_encrypted_files_is_forgotten_after_use(opened: Shared) -> None:
    tab = go(browser(), "documents")
    write(tab, "Password", "geheim")
    tab.run()
    tab.file_uploader[0].upload("open.txt", b"The gate is open on Sundays.").run()
    assert [field.value for field in tab.text_input if field.label == "Password"] == [""]
    assert opened.ingests.wait(60)


def test_pages_are_called_what_they_are() -> None:
    assert answers.place("report.pdf", 3) == "page 3"
    assert answers.place("Prices.XLSX", 2, 3) == "sheets 2 to 3"
    assert answers.place("talk.pptx", 4) == "slide 4"
    assert answers.place("notes.md", None) == ""


def test_an_empty_knowledge_base_that_is_asked_takes_files_below_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_KB", str(tmp_path / "kb"))
    monkeypatch.setenv("QUIRE_MODEL", "none")
    tab = ask(browser(), "How much is the deposit?")
    assert not tab.exception
    assert len(tab.file_uploader) == 1
    go(tab, "settings")
    assert "none: answers are quotes from the documents" in shown(tab)
    assert "none — none" not in shown(tab)


@pytest.mark.parametrize("door", ["password", "nothing", None])
def test_only_who_has_shown_the_key_names_paths_on_this_machine(
    opened: Shared, monkeypatch: pytest.MonkeyPatch, door: str | None
) -> None:
    if door is None:
        monkeypatch.delenv("QUIRE_DOOR")
    else:
        monkeypatch.setenv("QUIRE_DOOR", door)
    tab = go(browser(), "documents")
    assert not [field for field in tab.text_input if field.label == "File or folder"]


def test_the_samples_are_taken_in_at_a_press_and_questions_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_KB", str(tmp_path / "kb"))
    monkeypatch.setenv("QUIRE_MODEL", "none")
    tab = browser()
    assert "Nothing leaves this computer" in shown(tab)
    assert "No model is in use" in shown(tab)
    tab.button(key="samples").click().run()
    deadline = time.monotonic() + 120
    while buttons(tab, "stop-intake") or not buttons(tab, "suggested-"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
        tab.run()
    assert len(buttons(tab, "suggested-")) == 3
    finished(tab.button(key="suggested-0").click().run())
    assert "CNY 20,400" in shown(tab)


def test_several_knowledge_bases_are_begun_switched_and_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_KB", str(tmp_path / "first"))
    monkeypatch.setenv("QUIRE_MODEL", "none")
    tab = go(browser(), "settings")
    assert not tab.selectbox
    write(tab, "Name of a new knowledge base", "合同")
    press(tab, "Create")
    assert not tab.exception
    assert base_of(tab) == "合同"
    assert [told.value for told in tab.success if "合同" in told.value]
    tab.run()
    assert not tab.success
    assert tab.selectbox(key="base-合同").options == ["first", "合同"]

    other = browser(kb="first")
    other.selectbox(key="base-first").set_value("合同").run()
    assert base_of(other) == "合同"
    assert base_of(browser(kb="../..")) is None

    (tmp_path / "合同" / "mine.txt").write_text("of somebody else")
    go(tab, "settings")
    press(tab, "Delete for good")
    assert [error.value for error in tab.error if "Nothing" in error.value]
    write(tab, "To confirm", "合同")
    press(tab, "Delete for good")
    assert not tab.exception
    assert [path.name for path in (tmp_path / "合同").iterdir()] == ["mine.txt"]
    assert base_of(tab) is None
    other.run()  # a tab that had it open goes on with the first
    assert not other.exception
    assert base_of(other) is None


def base_of(tab: AppTest) -> str | None:
    found: str | None = tab.session_state["quire"].base
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_suggested_question_is_answered(sample_kb: KnowledgeBase, language: str) -> None:
    suggested = samples.questions({name for name, _ in samples.documents()}, language)
    assert len(suggested) >= 2
    for question in suggested:
        answer = sample_kb.ask(question, store=False)
        assert answer.status != "not_found", question
        assert answer.citations, question


def test_the_samples_in_the_package_are_those_of_the_examples() -> None:
    examples = sorted((path.name, path.read_bytes()) for path in DOCUMENTS.iterdir())
    assert samples.documents() == examples


def test_a_document_is_summarized_and_a_sentence_leads_to_its_page(opened: Shared) -> None:
    document = opened.base.document("lease-and-handbook.pdf")
    tab = go(browser(), "documents")
    details(tab, document).button(key=f"summary-of-{document.id}").click().run()
    job = opened.summaries.known(document.id)
    assert job is not None
    assert job.wait(60)
    tab.run()
    assert not tab.exception
    assert job.summary is not None
    first = job.summary.sentences[0]
    assert first.text in shown(tab)
    assert f"[p. {first.citations[0].page}]" in shown(tab)
    assert "The document's own sentences" in shown(tab).replace("\\", "")
    tab.session_state["quire"].source = Source(
        document_id=document.id,
        name=document.name,
        page=first.citations[0].page,
        start=first.citations[0].start,
        end=first.citations[0].end,
        quote=first.quote,
    )
    tab.run()
    assert f"page {first.citations[0].page} of 7" in shown(tab)
    go(tab, "")
    assert "data:image/png" not in shown(tab)  # it stood open on the other page
    go(tab, "documents")
    assert first.text in shown(tab)
    tab.button(key="close-summary").click().run()
    assert first.text not in shown(tab)


def test_a_summary_is_stopped_and_begun_again(
    opened: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = opened.base.document("lease-and-handbook.pdf")
    summarize = KnowledgeBase.summarize

    def slow(self: KnowledgeBase, reference: str, **options: Any) -> Summary:
        def hear(done: int, total: int) -> None:
            options["progress"](done, total)
            assert options["cancel"].wait(30)

        return summarize(self, reference, progress=hear, cancel=options["cancel"])

    opened.summaries = Summaries(opened.base)
    with monkeypatch.context() as patch:
        patch.setattr(KnowledgeBase, "summarize", slow)
        tab = go(browser(), "documents")
        details(tab, document).button(key=f"summary-of-{document.id}").click().run()
        job = opened.summaries.known(document.id)
        assert job is not None
        deadline = time.monotonic() + 60
        while not job.sections:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        tab.run()
        assert tab.get("progress")
        tab.button(key="stop-summary").click().run()
        assert job.wait(30)
        tab.run()
    assert "Stopped after 1 of" in shown(tab)
    tab.button(key="close-summary").click().run()
    details(tab, document).button(key=f"summary-of-{document.id}").click().run()  # begun again
    again = opened.summaries.known(document.id)
    assert again is not None
    assert again.wait(60)
    tab.run()
    assert "Stopped after" not in shown(tab)


def test_marked_documents_are_tagged_moved_and_deleted_together_and_come_back(
    opened: Shared,
) -> None:
    for name in ("one.md", "two.md", "three.md"):
        opened.base.add_upload(name, f"The {name} tells of a lamp.".encode())
    opened.base.move("three.md", "Lamps/2024")
    one, two = (opened.base.document(name) for name in ("one.md", "two.md"))
    tab = check(go(browser(), "documents"), one, two)
    assert "2 documents marked" in shown(tab)
    tab.button(key="tag-checked").click().run()
    tab.multiselect(key="tags-add").set_value(["Lamps"])
    tab.button(key="tag-now").click().run()
    tab.button(key="move-checked").click().run()
    tab.selectbox(key="move-to").set_value("Lamps/2024")
    tab.button(key="move-now").click().run()
    changed = [opened.base.document(each.id) for each in (one, two)]
    assert [(each.tags, each.folder) for each in changed] == [(("lamps",), "Lamps/2024")] * 2
    tab.button(key="delete-checked").click().run()
    assert not opened.base.has_document("one.md")
    assert "2 documents were deleted" in shown(tab)
    tab.button(key="undo-last").click().run()
    changed = [opened.base.document(each.id) for each in (one, two)]
    assert [(each.tags, each.folder) for each in changed] == [(("lamps",), "Lamps/2024")] * 2
    assert not tab.exception


def test_marked_documents_are_asked_alone(opened: Shared) -> None:
    opened.base.add_upload("[draft]*.md", b"The deposit of the draft is nothing at all.")
    drafted = opened.base.document("[draft]_.md")
    tab = check(go(browser(), "documents"), drafted)
    tab.button(key="ask-checked").click().run()
    scope = tab.session_state["quire"].scope
    hits = opened.base.search("How much is the deposit?", scope=scope)
    assert {hit.document.id for hit in hits} == {drafted.id}


def test_documents_that_another_window_has_deleted_are_told(opened: Shared) -> None:
    for name in ("mine.md", "theirs.md"):
        opened.base.add_upload(name, f"The {name} tells of a gate.".encode())
    mine, theirs = (opened.base.document(name) for name in ("mine.md", "theirs.md"))
    tab = check(go(browser(), "documents"), mine, theirs)
    button = tab.button(key="delete-checked")
    opened.base.remove(theirs.id)
    button.click().run()  # drawn before
    assert not opened.base.has_document("mine.md")
    assert "no longer there: it was deleted elsewhere" in " ".join(each.value for each in tab.info)
    assert not tab.exception


def test_contents_and_names_are_searched(opened: Shared) -> None:
    opened.base.add_upload("attic.md", b"A periwinkle ladder stands there.")
    tab = go(browser(), "documents")
    tab.text_input(key="search-documents").set_value("periwinkle ladder").run()
    assert names(tab) == ["attic.md"]
    tab.text_input(key="search-documents").set_value("atti").run()
    assert names(tab) == ["attic.md"]
    tab.text_input(key="search-documents").set_value("nothing like it").run()
    assert names(tab) == []
    assert not tab.exception


def test_documents_are_exported_with_a_table_that_computes_nothing(opened: Shared) -> None:
    opened.base.add_upload("=1+2.md", b"A formula as a name.")
    opened.base.add_upload("=1+2.md", b"A formula as a name, in another version.")
    chosen = [each for each in opened.base.documents() if each.name == "=1+2.md"]
    with zipfile.ZipFile(io.BytesIO(exporting.packed(opened.base, chosen))) as archive:
        assert set(archive.namelist()) == {"=1+2.md", "=1+2 (2).md", "list.csv"}
        table = archive.read("list.csv").decode("utf-8-sig")
    assert table.count("'=1+2") == 4
    assert len(details(go(browser(), "documents"), chosen[0]).get("html")) > 0
    assert len(versions(opened.base, chosen[0], opened.base.documents())) == 2
