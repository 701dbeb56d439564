"""Hostile texts in every place where foreign text is shown: nothing loads, nothing runs."""

import dataclasses
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from e2e.serving import Served, Tab
from quire import Answer, Citation, Document, KnowledgeBase, Passage, Sentence
from quire.conversations.store import new_id
from quire.records import Span, Timings, Usage

HOST = "http://quire-payload.example"
EVIL = "document.title='owned';alert(1)"
SHAPES = [
    "<img src={host}/{n}.png onerror={evil}>",
    "<script src={host}/{n}.js></script><script>{evil}</script>",
    "<svg onload={evil}><image href={host}/{n}.svg></svg>",
    "<iframe src={host}/{n} srcdoc='<script>{evil}</script>'></iframe>",
    "<a href=javascript:{evil} autofocus onfocus={evil}>x</a>",
    "<style>@import '{host}/{n}.css';body{{background:url({host}/{n}.gif)}}</style>",
    "<link rel=stylesheet href={host}/{n}.css><base href={host}/>",
    "<video poster={host}/{n}.jpg src={host}/{n}.mp4 autoplay></video>",
    "<object data={host}/{n}><embed src={host}/{n}></object>",
    "<form action={host}/{n}><input autofocus onfocus={evil}><button>go</button></form>",
    "<details open ontoggle={evil}>x</details><body onload={evil}>",
    "<meta http-equiv=refresh content=0;url={host}/{n}>",
    "![pixel]({host}/{n}.png)",
    "[![pixel]({host}/{n}.png)]({host}/{n})",
    "[click](javascript:{evil}) and <javascript:{evil}>",
    "[x]: {host}/{n} 'title' ![][x]",
    "{host}/{n} www.quire-payload.example mailto:a@quire-payload.example",
    "$\\href{{javascript:{evil}}}{{x}}$ $$\\includegraphics{{{host}/{n}.png}}$$",
    ":material/home: :smile: :streamlit: :red[x] :red-background[y] :small[z] :shortcut[Ctrl]",
    "&lt;img src={host}/{n}&gt; &#60;script&#62;{evil}&#60;/script&#62;",
    "# heading {n}\n\n> quote\n\n```html\n<img src={host}/{n}>\n```",
    "| a | b |\n|---|---|\n| ![]({host}/{n}) | <b>x</b> |",
    "\u202egnp.{n}\u202c \u2066<img src={host}/{n}>\u2069",
    "'\"><img src={host}/{n} onerror={evil}>",
    "</style></script></textarea></title><img src={host}/{n} onerror={evil}>",
]
PAYLOADS = [
    SHAPES[n % len(SHAPES)].format(host=HOST, n=n, evil=EVIL) + f" number {n}" for n in range(100)
]


def stored_answer(document: Document, conversation: str, n: int) -> Answer:
    """An answer that carries a payload in every field that is shown."""
    payload = PAYLOADS[n]
    hostile = dataclasses.replace(document, name=payload, title=payload)
    citation = Citation(1, hostile, n % 5 or None, 0, 10, payload)
    passage = Passage(1, payload, hostile, Span(1, 2, 0, 10), 0.5, (payload,))
    support = "partly" if n % 2 else "supported"
    status = ("answered", "extractive", "not_found")[n % 3]
    return Answer(
        id=new_id(),
        conversation=conversation,
        question=payload,
        standalone_question=f"again {payload}",
        status=status,  # type: ignore[arg-type]
        text=payload,
        sentences=(Sentence(payload, support, (citation,)),),  # type: ignore[arg-type]
        passages=(passage,),
        model=payload if n % 3 == 0 else None,
        usage=Usage(),
        timings=Timings(1, 1, 1),
        notes=(payload,),
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("payloads")
    files = folder / "files"
    files.mkdir()
    with KnowledgeBase.open(folder / "kb") as base:
        for n, payload in enumerate(PAYLOADS):
            name = payload.replace("/", "\u2044").replace("\n", " ")[:80]
            text = f"The tea of house number {n} is green. {payload}"
            (files / f"{n} {name}.txt").write_text(text, "utf-8")
        assert base.add(files).added == len(PAYLOADS)
        document = base.documents()[0]
        for first in range(0, 100, 25):
            conversation = new_id()
            for n in range(first, first + 25):
                base.conversations.add(stored_answer(document, conversation, n), origin="page")
    with Served(folder / "kb", model="none") as server:
        yield server


def assert_inert(tab: Tab) -> None:
    tab.page.wait_for_timeout(500)  # whatever would load or run has had its time
    assert tab.elsewhere == []
    assert tab.dialogs == []
    assert tab.page.title() != "owned"
    foreign = tab.page.evaluate(
        """() => [...document.querySelectorAll(
             '.stMain :is(a[href], iframe, script, object, embed, video, form[action], .katex), ' +
             '.stMain img:not([src^="data:image/png"]), .stSidebar :is(img, iframe, script, .katex)'
           )].filter(e => !e.closest('[data-testid=stSidebarNav]') && !e.closest('header'))
             .filter(e => !/^answer\\?answer=[0-9a-f]+$/.test(e.getAttribute('href') || ''))
             .map(e => e.outerHTML.slice(0, 200))"""
    )
    assert foreign == []


def test_a_hundred_payloads_in_chats_load_nothing_and_run_nothing(
    browser: Browser, served: Served
) -> None:
    context = browser.new_context()
    tab = Tab(context.new_page(), served).open()
    shown = 0
    for chat in range(4):
        tab.page.locator("[class*=st-key-open-] button:visible").nth(chat).click()
        expect(tab.page.get_by_test_id("stChatMessage")).to_have_count(40)
        tab.page.locator(".st-key-earlier button:visible").click()
        expect(tab.page.get_by_test_id("stChatMessage")).to_have_count(50)
        expect(tab.page.locator("[class*=st-key-again-]")).to_have_count(1)
        assert_inert(tab)
        shown += tab.page.get_by_test_id("stChatMessage").count() // 2
    assert shown == 100
    for opener in ("more-", "scope-choose"):  # a chat's title; names and folders to choose from
        tab.page.locator(f"[class*=st-key-{opener}] button:visible").first.click()
        dialog = tab.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        for choice in dialog.get_by_test_id("stMultiSelect").all():
            choice.locator("input").click()
            expect(tab.page.get_by_role("option").first).to_be_visible()
            assert_inert(tab)
            tab.page.keyboard.press("Escape")
        assert_inert(tab)
        tab.page.reload()
        expect(tab.page.locator("[class*=st-key-again-]")).to_have_count(1)
    for kind in (".quire-ref", ".quire-quote", ".quire-open"):
        tab.page.locator(f".quire-answer {kind}").first.click()
        expect(tab.page.locator(".quire-sheet")).to_be_visible()
        assert_inert(tab)
    context.close()


def test_a_hundred_payloads_as_file_names_load_nothing_and_run_nothing(
    browser: Browser, served: Served
) -> None:
    context = browser.new_context()
    tab = Tab(context.new_page(), served).open("documents")
    for number in range(1, 3):
        if number > 1:
            tab.page.get_by_test_id("stPagination").get_by_text(str(number), exact=True).click()
        expect(tab.page.locator(".quire-library tbody tr")).to_have_count(50)
        assert_inert(tab)
    tab.page.locator(".quire-library .details").first.click()
    expect(tab.page.get_by_role("dialog")).to_be_visible()
    tab.page.locator("[class*=st-key-remove-] button:visible").first.click()
    expect(tab.page.locator("[class*=st-key-undo-] button:visible")).to_have_count(1)
    assert_inert(tab)
    tab.page.locator(".quire-library .details").first.click()
    expect(tab.page.get_by_role("dialog")).to_be_visible()
    assert_inert(tab)
    context.close()


def test_an_answer_that_quotes_a_payload_loads_nothing_and_runs_nothing(
    browser: Browser, served: Served
) -> None:
    context = browser.new_context()
    tab = Tab(context.new_page(), served).open()
    for n in (0, 12, 17, 18):
        tab.ask(f"What is the tea of house number {n}? {PAYLOADS[n]}".replace("\n", " "))
        assert_inert(tab)
    context.close()
