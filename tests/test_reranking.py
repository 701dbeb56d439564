"""A cross-encoder that reads question and chunk together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
import transformers
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from quire import KnowledgeBase, load_settings
from quire.errors import ModelNotFound, ModelUnusable
from quire.models import opening
from quire.models.fakes import FakeEmbedder
from quire.models.reranking import CrossEncoderReranker
from quire.models.store.starter import ENGLISH


def made_model(folder: Path, *, labels: int = 1) -> Path:
    """A small cross-encoder with weights drawn at random, and the starter model's tokenizer."""
    torch.manual_seed(7)
    transformers.logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(str(ENGLISH.path))
    shape = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=256,
        num_labels=labels,
        initializer_range=0.3,  # smaller weights tell all pairs nearly the same number
    )
    BertForSequenceClassification(shape).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_each_text_is_given_a_probability_that_depends_on_the_question(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(made_model(tmp_path / "small"))
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
    folder = made_model(tmp_path / "small")
    reranker = opening.reranker(load_settings(reranker=str(folder)))
    assert reranker is not None
    assert reranker.name == "small"


def test_a_model_that_is_no_reranker_is_refused(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(made_model(tmp_path / "three", labels=3))
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
