"""The page that holds a text against the documents."""

import io
import json
from typing import Any

import docx
from streamlit.testing.v1 import AppTest

from quire.reports import webpage, word
from quire.ui.shared import Shared
from ui_driver import browser, go, press, shown

TEXT = """The deposit is CNY 20,400.

The rent is CNY 9,900 a month, payable in advance.

Volcanoes erupted on Jupiter in 1987 and 1992.

<b>Is</b> that all?
"""


def checked(tab: AppTest) -> AppTest:
    job = tab.session_state["quire"].check
    assert job.wait(60)
    return tab.run()


def drawn(tab: AppTest, key: str) -> list[dict[str, Any]]:
    """The blocks that a component draws."""
    (found,) = (
        json.loads(each.proto.json) for each in tab.get("bidi_component") if key in each.proto.id
    )
    blocks: list[dict[str, Any]] = found["blocks"]
    return blocks


def said(block: dict[str, Any]) -> str:
    return "".join(node.get("text", "") for node in block["lines"][0][0] if "support" in node)


def test_contradictions_come_first_and_marks_stand_in_place(opened: Shared) -> None:
    tab = go(browser(), "check")
    tab.text_area[0].set_value(TEXT)
    checked(press(tab, "Check it"))
    assert not tab.exception
    asking = drawn(tab, "check-asking")
    assert [said(block) for block in asking] == [
        "The rent is CNY 9,900 a month, payable in advance.",
        "Volcanoes erupted on Jupiter in 1987 and 1992.",
    ]
    flags = [node for node in asking[0]["lines"][0][0] if "flag" in node]
    assert flags[0]["flag"] == "contradicted"
    assert "CNY 6,800" in flags[0]["told"]
    whole = drawn(tab, "check-whole")
    assert said(whole[0]) == "The deposit is CNY 20,400."
    assert "<b>Is</b> that all?" in said(whole[3])
    assert {node["ref"] for node in whole[0]["lines"][0][0] if "ref" in node} == {"[1]"}
    assert "3 statements: 1 contradicted, 1 not found, 1 supported." in shown(tab)


def test_a_file_is_checked_and_not_taken_in(opened: Shared) -> None:
    before = [document.name for document in opened.base.documents()]
    made = docx.Document()
    made.add_paragraph("The rent is CNY 9,900 a month.")
    buffer = io.BytesIO()
    made.save(buffer)
    tab = go(browser(), "check")
    tab.file_uploader[0].upload("draft.docx", buffer.getvalue()).run()
    checked(tab)
    assert "1 contradicted" in shown(tab)
    assert [document.name for document in opened.base.documents()] == before
    found = tab.session_state["quire"].check.checked
    assert "CNY 6,800" in webpage.page(found)
    assert word.file(found)
    assert [each.proto.label for each in tab.get("download_button")] == [
        "Report as HTML",
        "Report as Word \\(DOCX\\)",
    ]


def test_a_file_that_cannot_be_read_is_a_sentence(opened: Shared) -> None:
    tab = go(browser("zh-CN"), "check")
    tab.file_uploader[0].upload("broken.pdf", b"%PDF-1.7 and nothing").run()
    checked(tab)
    (error,) = tab.error
    assert "\u4e00" < error.value[0] < "\u9fff"
    assert not tab.exception


def test_a_text_that_states_nothing_is_told_so(opened: Shared) -> None:
    tab = go(browser(), "check")
    tab.text_area[0].set_value("Is it? Why?")
    checked(press(tab, "Check it"))
    assert "it states nothing" in shown(tab)
