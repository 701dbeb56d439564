"""A cross-encoder that reads question and chunk together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from made_models import cross_encoder
from quire import KnowledgeBase, load_settings
from quire.errors import ModelNotFound, ModelUnusable
from quire.models import opening
from quire.models.fakes import FakeEmbedder
from quire.models.reranking import CrossEncoderReranker


def test_each_text_is_given_a_probability_that_depends_on_the_question(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(cross_encoder(tmp_path / "small"))
    texts = ["The lease ends in May.", "The dome opens at dusk.", "The lease ends in May."]
    first = reranker.probabilities("When does the lease end?", texts)
    other = reranker.probabilities("Who opens the dome?", texts)
    assert first.shape == (3,)
    assert ((first > 0) & (first < 1)).all()
    assert first[0] == pytest.approx(first[2], abs=0.01)
    assert np.abs(first - other).max() > 0.05
    assert len(reranker.probabilities("When?", [])) == 0


def test_the_setting_names_its_folder(tmp_path: Path) -> None:
    assert opening.reranker(load_settings()) is None
    with pytest.raises(ModelNotFound, match="no cross-encoder"):
        opening.reranker(load_settings(reranker=str(tmp_path)))
    folder = cross_encoder(tmp_path / "small")
    reranker = opening.reranker(load_settings(reranker=str(folder)))
    assert reranker is not None
    assert reranker.name == "small"


def test_a_model_that_is_no_reranker_is_refused(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(cross_encoder(tmp_path / "three", labels=["a", "b", "c"]))
    with pytest.raises(ModelUnusable, match="tells 3 numbers"):
        reranker.probabilities("When?", ["In May."])
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{}")
    with pytest.raises(ModelUnusable, match="cannot be loaded"):
        CrossEncoderReranker(tmp_path / "broken").probabilities("When?", ["In May."])


class Prefers:
    """A reranker that is sure of the texts with a word."""

    name = "prefers"

    def __init__(self, word: str) -> None:
        self._word = word

    def probabilities(self, question: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.array([self._word in text for text in texts], np.float32)


@pytest.mark.parametrize("question", ["When does the dome open?", "圆顶几点开门？"])
def test_the_best_chunks_are_put_in_the_order_of_the_reranker(
    tmp_path: Path, question: str
) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    for name, text in (
        ("one", "The dome opens at dusk. 圆顶黄昏开门。"),
        ("two", "When the dome is open, does it rain in? 圆顶几点开门与星期有关。"),
        ("three", "Penguins live in the south. 企鹅住在南极。"),
    ):
        (documents / f"{name}.txt").write_text(text)
    firsts = {}
    for word in ("dusk", "星期"):
        with KnowledgeBase.open(
            tmp_path / "kb", embedder=FakeEmbedder(), reranker=Prefers(word)
        ) as kb:
            kb.add(documents)
            firsts[word] = kb.search(question, k=2)[0].document.name
    assert firsts == {"dusk": "one.txt", "星期": "two.txt"}
