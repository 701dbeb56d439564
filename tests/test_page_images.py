"""Pictures of pages, with the places of quotes marked on them: in Python and from the server."""

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

import serving
from quire import KnowledgeBase, load_settings
from quire.errors import PageNotFound
from quire.models.fakes import FakeEmbedder
from quire.records import PAGE_BREAK
from quire.server.served import Served

LEASE = Path(__file__).parent.parent / "examples" / "documents" / "lease-and-handbook.pdf"
QUOTE = "The deposit is CNY 20,400"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "note.md").write_text("# Note\n\nThe pump is red.\n", encoding="utf-8")
    Image.new("RGB", (300, 200), "navy").save(folder / "picture.png")
    base = KnowledgeBase.open(
        folder / "kb", settings=load_settings(kb=folder / "kb"), embedder=FakeEmbedder()
    )
    base.add([LEASE, folder / "note.md", folder / "picture.png"], ocr=None)
    found = Served([("kb", base)])
    yield found
    found.close()


@pytest.fixture
def base(served: Served) -> KnowledgeBase:
    return served.bases["kb"].base


def place(base: KnowledgeBase) -> tuple[int, int]:
    text = PAGE_BREAK.join(page.text for page in base.pages(base.document(LEASE.name)))
    start = text.index(QUOTE)
    return start, start + len(QUOTE)


def marked(png: bytes) -> list[tuple[int, int]]:
    """The points of a picture that are yellow, as a marker leaves white paper."""
    drawn = Image.open(io.BytesIO(png)).convert("RGB")
    width = drawn.width
    data = drawn.tobytes()
    return [
        (at % width, at // width)
        for at in range(width * drawn.height)
        if data[3 * at] > 200 and data[3 * at + 1] > 200 and data[3 * at + 2] < 190
    ]


def get(served: Served, path: str) -> httpx.Response:
    async def once() -> httpx.Response:
        async with serving.asked(served) as client:
            return await client.get(path)

    return asyncio.run(once())


def test_the_words_of_a_place_are_marked_on_its_page_and_on_no_other(base: KnowledgeBase) -> None:
    png = base.page_image(LEASE.name, 2, marks=[place(base)], width=600)
    assert Image.open(io.BytesIO(png)).size[0] == 600
    points = marked(png)
    assert len(points) > 500
    lefts, tops = zip(*points, strict=True)
    assert max(tops) - min(tops) < 25  # one line of text
    assert 60 < max(lefts) - min(lefts) < 400
    assert not marked(base.page_image(LEASE.name, 2, width=600))
    assert not marked(base.page_image(LEASE.name, 1, marks=[place(base)], width=600))


def test_what_has_no_page_to_be_drawn_says_so(base: KnowledgeBase) -> None:
    for name, page in (("note.md", 1), (LEASE.name, 99)):
        with pytest.raises(PageNotFound, match=f"{name} has no page {page} that can be drawn"):
            base.page_image(name, page)


def test_the_server_draws_a_page(served: Served, base: KnowledgeBase) -> None:
    start, end = place(base)
    path = f"/api/documents/{LEASE.name}/pages/2.png?mark={start}-{end}&width=400"
    response = get(served, path)
    assert response.headers["content-type"] == "image/png"
    assert response.content == base.page_image(LEASE.name, 2, marks=[(start, end)], width=400)


@pytest.mark.parametrize(
    ("query", "status", "param"),
    [
        ("1.png?width=9999999", 422, "query.width"),
        ("1.png?width=-1", 422, "query.width"),
        ("1.png?width=NaN", 422, "query.width"),
        ("1.png?mark=5", 422, "query.mark.0"),
        ("1.png?mark=-5-7", 422, "query.mark.0"),
        ("1.png?mark=999999999999-1", 200, None),
        ("1.png" + "?mark=1-2" + "&mark=1-2" * 100, 422, "query.mark"),
        ("-1.png", 422, "path.page"),
        ("x.png", 422, "path.page"),
        ("99.png", 404, None),
    ],
)
def test_what_cannot_be_drawn_is_told(served: Served, query: str, status: int, param: Any) -> None:
    response = get(served, f"/api/documents/{LEASE.name}/pages/{query}")
    assert response.status_code == status
    if status != 200:
        assert response.json()["error"]["param"] == param
