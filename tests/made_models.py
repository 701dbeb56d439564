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
from quire.models.store.starter import ENGLISH
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


def cross_encoder(folder: Path, *, labels: Sequence[str] = ("score",)) -> Path:
    """A small cross-encoder of these classes with weights drawn at random, and the English starter
    model's tokenizer."""
    import torch  # noqa: PLC0415  few tests need it
    import transformers  # noqa: PLC0415
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification  # noqa: PLC0415

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
        id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
        initializer_range=0.3,  # smaller weights tell all pairs nearly the same number
    )
    BertForSequenceClassification(shape).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
