"""Embedding on a GPU, by a card that is made up: the starter model in float32 on the processor,
which runs out of memory above a given number of tokens. No GPU takes part."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest
import torch

from quire.models import embedding_card
from quire.models.embedding import SentenceEmbedder
from quire.models.embedding_card import CardEmbedding
from quire.models.runtimes.pytorch import computes_in_bfloat16
from quire.models.store.starter import ENGLISH

# A processor that computes in bfloat16 rounds by itself: 0.99990 was measured.
ALIKE = 0.9998 if computes_in_bfloat16() else 0.9999
# Of one to some 120 tokens, 20,000 in all.
TEXTS = [f"The lease of house {n} " + "ends in May. " * (n % 30) for n in range(400)]


@dataclass
class MadeUpCard:
    """`free` bytes, of which a batch may use all; `device` is another name of the processor."""

    free: int = 80 * 10**9
    fails: str = ""  # what `free_memory` says
    title: str = "Made-up card"
    device: str = "cpu:0"
    released: int = 0

    def free_memory(self) -> int:
        if self.fails:
            raise RuntimeError(self.fails)
        return self.free

    def release(self) -> None:
        self.released += 1


@dataclass
class Batches:
    """Encodes up to `most` texts; more raise what torch does. `tried` are the batches' sizes."""

    most: int
    error: Callable[[str], RuntimeError] = torch.OutOfMemoryError
    said: str = "CUDA out of memory. Tried to allocate 2.00 GiB.\nSee the documentation."
    tried: list[int] = field(default_factory=list)

    def __call__(self, _model: object, texts: list[str]) -> npt.NDArray[np.float32]:
        self.tried.append(len(texts))
        if len(texts) > self.most:
            raise self.error(self.said)
        return np.ones((len(texts), 1), np.float32)


def on_card(card: MadeUpCard | None, encode: Batches) -> CardEmbedding:
    return CardEmbedding(find=lambda: (card, ""), load=lambda _: torch.nn.Module(), encode=encode)  # type: ignore[arg-type,return-value]


def starter(card: MadeUpCard | None) -> SentenceEmbedder:
    assert ENGLISH.path is not None
    return SentenceEmbedder(ENGLISH.path, name="starter", find_card=lambda: (card, ""))


def test_a_card_gives_the_vectors_of_the_processor() -> None:
    card = MadeUpCard()
    embedder, heard = starter(card), list[int]()
    ours = embedder.embed_passages(TEXTS, progress=heard.append)
    theirs = starter(None).embed_passages(TEXTS)
    assert (ours * theirs).sum(axis=1).min() > ALIKE
    assert np.allclose((ours * ours).sum(axis=1), 1.0, atol=1e-6)
    assert heard == [len(TEXTS)]  # one batch
    assert (embedder.device, embedder.device_note) == ("Made-up card", "")
    assert card.released


def test_a_few_passages_leave_the_card_alone() -> None:
    card = MadeUpCard(fails="nobody asks")
    embedder = starter(card)
    embedder.embed_passages(TEXTS[:10])
    embedder.embed_question("When does the lease end?")
    assert (embedder.device, embedder.device_note) == ("Made-up card", "")


def test_a_card_that_is_full_leaves_all_to_the_processor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    embedder = starter(MadeUpCard(free=10**8))
    assert embedder.embed_passages(TEXTS).shape == (len(TEXTS), 384)
    assert embedder.device == "processor"
    assert embedder.device_note == (
        "Made-up card is not used for embedding: 0.1 GB of its memory are free"
    )
    assert "The processor embeds." in caplog.text


def test_batches_are_halved_until_they_fit() -> None:
    encode, card = Batches(most=100), MadeUpCard()
    model, done, taken = on_card(card, encode), 0, list[int]()
    while done < 1000:
        budget = model.budget(dimension=384)
        count = min(1000 - done, budget // 100)
        if (found := model.encode(["text"] * count, tokens=100 * count)) is not None:
            done += len(found)
            taken.append(count)
    assert done == 1000
    assert encode.tried[:4] == [655, 327, 163, 81]
    assert set(taken[:-1]) == {81}
    assert card.released == 3
    assert model.note == ""


@pytest.mark.parametrize(
    ("encode", "tries", "why"),
    [
        (Batches(most=0), 6, "CUDA out of memory. Tried to allocate 2.00 GiB"),
        (
            Batches(most=0, error=RuntimeError, said="MPS backend out of memory (9 GB)"),
            6,
            "MPS backend out of memory (9 GB)",
        ),
        (
            Batches(most=0, error=RuntimeError, said="CUDA error: device is lost"),
            1,
            "CUDA error: device is lost",
        ),
    ],
    ids=["nothing fits", "nothing fits on a Mac", "the card vanishes"],
)
def test_a_card_that_fails_is_given_up(encode: Batches, tries: int, why: str) -> None:
    model = on_card(MadeUpCard(), encode)
    while budget := model.budget(dimension=384):
        assert model.encode(["text"] * (budget // 8), tokens=budget) is None
    assert len(encode.tried) == tries
    assert model.card is None
    assert model.note == f"Made-up card is not used for embedding: {why}"


def test_a_card_that_has_no_room_for_the_model_is_given_up() -> None:
    def load(_device: str) -> object:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    model = CardEmbedding(
        find=lambda: (MadeUpCard(), ""),
        load=load,  # type: ignore[arg-type]
        encode=Batches(most=1),  # type: ignore[arg-type]
    )
    assert model.budget(dimension=384) == 0
    assert model.note == "Made-up card is not used for embedding: CUDA out of memory"


def test_what_is_embedded_when_memory_runs_out_in_the_middle_is_embedded_once() -> None:
    """The starter model on a card whose memory another program takes after the first batch."""
    card = MadeUpCard(free=5 * 10**8)  # for 2,543 tokens
    heard = list[int]()

    def hear(done: int) -> None:
        heard.append(done)
        card.free = 0

    embedder = starter(card)
    ours = embedder.embed_passages(TEXTS, progress=hear)
    theirs = starter(None).embed_passages(TEXTS)
    assert (ours * theirs).sum(axis=1).min() > ALIKE
    assert heard[-1] == len(TEXTS)
    assert heard == sorted(set(heard))
    assert embedder.device_note.endswith("0.0 GB of its memory are free")


def test_without_a_gpu_there_is_no_card_and_nothing_to_say() -> None:
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has a GPU")
    assert embedding_card.find() == (None, "")
