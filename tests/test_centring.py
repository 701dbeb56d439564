"""Vectors without the common direction of their language, and search across languages."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from quire import KnowledgeBase, load_settings
from quire.models import centring, opening
from quire.models.centring import CentredEmbedder, centred, measure_centres
from quire.models.fakes import FakeEmbedder
from quire.models.reading import crosses, measure_crossing, measure_reading
from quire.models.store import starter
from quire.search.fusion import FOREIGN_SHARE, across
from quire.text import languages


class SlantedEmbedder(FakeEmbedder):
    """One whose texts all share a direction, another one for each language."""

    def embed_passages(self, texts, *, progress=lambda _: None):  # type: ignore[no-untyped-def]
        plain = super().embed_passages(texts, progress=progress)
        slanted = [_slanted(v, text) for v, text in zip(plain, texts, strict=True)]
        return np.array(slanted, np.float32).reshape(plain.shape)

    def embed_question(self, text: str) -> npt.NDArray[np.float32]:
        return _slanted(super().embed_question(text), text)


def _slanted(vector: npt.NDArray[np.float32], text: str) -> npt.NDArray[np.float32]:
    slant = np.full(len(vector), 0.3, np.float32)
    slant[14 if languages.detect(text) == "zh" else 15] = 1.0
    leaning = vector * 0.6 + slant
    return (leaning / np.linalg.norm(leaning)).astype(np.float32)


def test_the_starter_in_english_is_left_as_it_is() -> None:
    embedder = opening.embedder(load_settings(embedder=starter.ENGLISH.name))
    reading = measure_reading(embedder)
    assert measure_centres(embedder, reading) == {}
    assert centred(embedder, {}) is embedder
    assert not crosses(measure_crossing(embedder, reading))


def test_what_a_language_has_in_common_is_taken_off() -> None:
    model = SlantedEmbedder()
    reading = measure_reading(model)
    centres = measure_centres(model, reading)
    assert centres.keys() == {"en", "zh"}
    assert crosses(measure_crossing(model, reading))
    straight = centred(model, centres)
    assert straight.fingerprint != model.fingerprint
    assert centring.weights_of(straight.fingerprint) == model.fingerprint
    texts = ["She was ill.", "Gold is mined.", "病假很长。"]
    question = "How long may I be sick?"
    before = model.embed_passages(texts) @ model.embed_question(question)
    after = straight.embed_passages(texts) @ straight.embed_question(question)
    assert before[1] > before[2]  # the language decided
    assert after[2] > after[1]
    assert np.allclose(np.linalg.norm(straight.embed_passages(texts), axis=1), 1, atol=1e-3)
    assert straight.embed_passages([]).shape == (0, model.dimension)
    assert np.isfinite(straight.embed_question("Что такое договор?")).all()


def test_centres_are_kept_in_half_precision() -> None:
    model = SlantedEmbedder()
    centres = measure_centres(model, {"en": 1.0, "zh": 1.0})
    again = centring.from_json(centring.to_json(centres))
    for language, means in centres.items():
        assert np.allclose(means, again[language], atol=1e-3)


def test_a_knowledge_base_keeps_its_centres_and_is_brought_over(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.md").write_text("Sick leave is limited to ten days.\n")
    (tmp_path / "files" / "b.md").write_text("黄金开采于北部山区。\n", encoding="utf-8")
    settings = load_settings(model="none")
    for folder, model in (("plain", FakeEmbedder()), ("slanted", SlantedEmbedder())):
        with KnowledgeBase.open(tmp_path / folder, settings=settings, embedder=model) as kb:
            kb.add(tmp_path / "files")
            header = kb._catalog.settings()
            assert bool(header["centres"]) == (folder == "slanted")
    with KnowledgeBase.open(
        tmp_path / "slanted", settings=settings, embedder=SlantedEmbedder()
    ) as kb:
        retriever = kb._search()
        assert retriever is not None
        assert isinstance(retriever.embedder, CentredEmbedder)
        assert kb.search("Where is gold found?")[0].document.name == "b.md"
    with KnowledgeBase.open(tmp_path / "slanted", settings=settings, as_made=False) as kb:
        kb.reindex(FakeEmbedder())
        assert not kb._catalog.settings()["centres"]
        assert kb.search("gold")


def test_words_that_a_foreign_chunk_cannot_have_are_not_held_against_it() -> None:
    scores, cosines = {1: 0.9, 2: 0.5, 3: 0.2}, {1: 0.4, 2: 0.5, 3: 0.2}
    lifted = across(scores, cosines, {2})
    assert lifted[2] == pytest.approx(0.5 + FOREIGN_SHARE * 0.5)
    assert {1: lifted[1], 3: lifted[3]} == {1: 0.9, 3: 0.2}
    assert across(scores, cosines, set()) == scores
    assert across(scores, cosines, {1, 2, 3}) == scores
