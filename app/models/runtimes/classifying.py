"""Texts read in pairs by a classifier in a local folder: of the whole pair, as cross-encoders are,
or of each word of the second text, as taggers of what is not supported are."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from quire.models.runtimes import cross_encoding
from quire.models.runtimes.pytorch import loading_options
from quire.models.store import folders

Pair = tuple[str, str]
_TAGGERS_READ = ("input_ids", "attention_mask")
_TOKENS = 512  # of a pair: what such models were trained on; of a longer one each window is read
_STATEMENT = 128  # of them at most; what is longer loses its end
_OVERLAP = 64  # of two windows
_WINDOWS = 8  # of a source, some 3,000 tokens; what is behind them is not read
_SPECIAL = 4  # at most, around both texts


class Classifier:
    """A model and its tokenizer. With a `frame`, such as "{source} So, is it true: {statement}?",
    both texts are written into one. Not safe to use from several threads.

    Raises ModelUnusable where it cannot be loaded.
    """

    def __init__(self, folder: Path, *, threads: int, frame: str, otherwise: str) -> None:
        self._tagger = is_tagger(folder)
        loads = _load_tagger if self._tagger else cross_encoding.load_parts
        self._model, self._tokenizer = cross_encoding.guarded(
            lambda: loads(folder, threads=threads),
            folder=folder,
            what="entailment model",
            otherwise=otherwise,
        )
        before, _, rest = (frame or "{source}").partition("{source}")
        between, _, after = rest.partition("{statement}")
        self._frame = (before, between, after) if frame else None
        config = self._model.config
        self.labels: tuple[str, ...] = tuple(config.id2label[at] for at in range(config.num_labels))
        reads = [_TOKENS, getattr(config, "max_position_embeddings", 0) or _TOKENS]
        self._room = min(*reads, self._tokenizer.model_max_length)

    def windows(self, source: str, statement: str) -> Iterator[Pair]:
        """The pair, or as many that overlap as it takes for all of a long source; none where a
        statement has nothing that the model reads."""
        said = self._places(statement)
        if not said:
            return
        if len(said) > _STATEMENT:
            statement = statement[: said[_STATEMENT - 1][1]]
        framed = sum(len(self._places(text)) for text in self._frame or ())
        room = max(self._room - _SPECIAL - framed - min(len(said), _STATEMENT), 2 * _OVERLAP)
        there = self._places(source)
        if len(there) <= room:
            yield source, statement
            return
        for at in range(_WINDOWS):
            first = at * (room - _OVERLAP)
            window = there[first : first + room]
            yield source[window[0][0] : window[-1][1]], statement
            if first + room >= len(there):
                return

    def shares(self, pairs: Sequence[Pair], *, supported: int) -> npt.NDArray[np.float32]:
        """Of pairs that are windows, how likely each class is, shape (len(pairs), classes). Of
        classes of words, those of the word that is likeliest not to be of the class `supported`."""
        import torch  # noqa: PLC0415

        read = self._encoded(pairs)
        wanted = _TAGGERS_READ if self._tagger else read.keys()
        with torch.inference_mode():
            logits = self._model(**{name: read[name] for name in wanted}).logits.float()
        shares = torch.sigmoid(logits) if logits.shape[-1] == 1 else logits.softmax(-1)
        found: npt.NDArray[np.float32] = shares.numpy()
        if not self._tagger:
            return found
        said = [self._said(read, at) for at in range(len(pairs))]
        worst = [words[found[at, words, supported].argmin()] for at, words in enumerate(said)]
        return found[np.arange(len(pairs)), worst]

    def _encoded(self, pairs: Sequence[Pair]) -> Any:
        options = {"padding": True, "truncation": True, "return_tensors": "pt", "verbose": False}
        options["max_length"] = self._room
        if self._frame:
            before, between, after = self._frame
            texts = [f"{before}{source}{between}{said}{after}" for source, said in pairs]
            return self._tokenizer(texts, **options)
        sources, statements = [list(texts) for texts in zip(*pairs, strict=True)]
        options["truncation"] = "only_first"
        return self._tokenizer(sources, statements, **options)

    @staticmethod
    def _said(read: Any, at: int) -> list[int]:
        """The places of the words of a statement."""
        return [place for place, part in enumerate(read.sequence_ids(at)) if part == 1]

    def _places(self, text: str) -> list[tuple[int, int]]:
        """Where each token of a text begins and ends."""
        read = self._tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        places: list[tuple[int, int]] = read["offset_mapping"]
        return places


def is_tagger(folder: Path) -> bool:
    """Whether the classes of the model in a folder are those of words."""
    return any(name.endswith(folders.OF_WORDS) for name in folders.architectures(folder))


def _load_tagger(folder: Path, *, threads: int) -> tuple[Any, Any]:
    options = loading_options(threads=threads).get("model_kwargs", {})  # sets the threads too
    from transformers import AutoModelForTokenClassification, AutoTokenizer  # noqa: PLC0415

    model = AutoModelForTokenClassification.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, **options
    )
    return model.eval(), AutoTokenizer.from_pretrained(folder, local_files_only=True)
