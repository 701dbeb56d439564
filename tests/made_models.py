"""Models made by hand, of a few megabytes: right in form, and able to say nothing."""

import dataclasses
import json
import random
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from quire.models import catalog
from test_gguf import model, tensor


def chat_model_file(*, seed: int = 1) -> bytes:
    """A GGUF file of 3 MB whose header is in order."""
    data = random.Random(seed).randbytes(1024 * 768 * 4)
    return model(tensors=(tensor(shape=(1024, 768)),), data=data)


def embedding_model_files(*, seed: int = 1) -> dict[str, bytes]:
    """The files of a sentence-transformers model of 1 MB."""
    data = random.Random(seed).randbytes(2**20)
    header = json.dumps({"w": {"dtype": "F32", "shape": [2**18], "data_offsets": [0, 2**20]}})
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {
            "idx": 1,
            "name": "1",
            "path": "1_Pooling",
            "type": "sentence_transformers.models.Pooling",
        },
    ]
    return {
        "model.safetensors": struct.pack("<Q", len(header)) + header.encode() + data,
        "modules.json": json.dumps(modules).encode(),
        "config.json": b'{"hidden_size": 64}',
        "1_Pooling/config.json": b'{"word_embedding_dimension": 64}',
        "tokenizer.json": b"{}",
    }


def entailment_model_files(*, seed: int = 1, **config: Any) -> dict[str, bytes]:
    """The files of a classifier of 1 MB, in the format of transformers."""
    rest = embedding_model_files(seed=seed)
    told = {"architectures": ["DebertaV2ForSequenceClassification"], **config}
    return {
        "config.json": json.dumps(told).encode(),
        "model.safetensors": rest["model.safetensors"],
        "tokenizer.json": b"{}",
    }


def embedding_model_folder(path: Path) -> Path:
    """The same, written into a folder."""
    for name, content in embedding_model_files().items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return path


def change_catalog(monkeypatch: pytest.MonkeyPatch, name: str, **values: Any) -> None:
    """Have the catalog know something else of a model, such as the hash of a file made by hand."""
    changed = tuple(
        dataclasses.replace(each, **values) if each.name == name else each
        for each in catalog.known_models()
    )
    monkeypatch.setattr(catalog, "known_models", lambda: changed)


Taught = Sequence[tuple[str, str, int]]
"""Sources with statements, and the class that a small model is to give each."""


def cross_encoder(folder: Path, *, labels: Sequence[str] = ("score",)) -> Path:
    """A small cross-encoder of these classes with weights drawn at random."""
    return classifier(folder, labels=labels)


def classifier(
    folder: Path,
    *,
    labels: Sequence[str],
    kind: str = "Bert",
    words: bool = False,
    taught: Taught = (),
    frame: str = "",
) -> Path:
    """A small classifier of pairs, or of `words`, of two layers of a `kind` ("Bert", "DebertaV2",
    "ModernBert"), whose tokens are letters. What it is `taught` it knows by
    heart: a few steps are enough for that. With a `frame` it reads both texts in one."""
    import torch  # noqa: PLC0415  few tests need it
    import transformers  # noqa: PLC0415

    torch.manual_seed(7)
    transformers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    folder.mkdir(parents=True, exist_ok=True)
    letters = [*map(chr, range(33, 127))]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    vocabulary += [f"##{letter}" for letter in letters]
    tokenizer = transformers.BertTokenizerFast(
        vocab={word: at for at, word in enumerate(vocabulary)}, model_max_length=256
    )
    shape = getattr(transformers, f"{kind}Config")(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2 if taught else 1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=256,
        id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
        initializer_range=0.3
        if taught
        else 0.5,  # smaller weights tell all pairs nearly the same number
        **_MORE.get(kind, {}),
    )
    task = "Token" if words else "Sequence"
    model = getattr(transformers, f"{kind}For{task}Classification")(shape)
    if taught:
        _teach(model, tokenizer, taught, words=words, frame=frame)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


_MORE: dict[str, dict[str, Any]] = {
    "DebertaV2": {
        "relative_attention": True,
        "position_buckets": 32,
        "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False,
        "type_vocab_size": 0,
        "pooler_hidden_size": 32,
    },
    "ModernBert": {
        "pad_token_id": 0,
        "bos_token_id": 2,
        "eos_token_id": 3,
        "cls_token_id": 2,
        "sep_token_id": 3,
        "reference_compile": False,
    },
}


def _teach(model: Any, tokenizer: Any, taught: Taught, *, words: bool, frame: str) -> None:
    import torch  # noqa: PLC0415

    sources, statements, classes = map(list, zip(*taught, strict=True))
    if frame:
        texts = [
            frame.format(source=a, statement=b) for a, b in zip(sources, statements, strict=True)
        ]
        read = tokenizer(texts, padding=True, return_tensors="pt")
    else:
        read = tokenizer(sources, statements, padding=True, return_tensors="pt")
    wanted = torch.tensor(classes)
    if words:
        mine = torch.tensor(
            [[part == 1 for part in read.sequence_ids(at)] for at in range(len(taught))]
        )
        wanted = torch.where(mine, wanted[:, None], -100)
    inputs = {name: read[name] for name in ("input_ids", "attention_mask")}
    model.eval()  # without dropout it is learnt in fewer steps
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on cores that are busy, two wait for each other
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(80):
        logits = model(**inputs).logits.flatten(0, -2)
        loss = torch.nn.functional.cross_entropy(logits, wanted.flatten(), ignore_index=-100)
        if loss.item() < 0.01:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.set_num_threads(threads)
