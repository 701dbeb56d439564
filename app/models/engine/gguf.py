"""Checks a GGUF file before llama.cpp gets to see it, and reads what is worth knowing from it.

llama.cpp takes a file at its word: some wrong counts end in gigabytes of allocations, others in an
abort of the whole process. So the header is read here first, within bounds, and every tensor must
lie inside the file. The format is described at https://github.com/ggml-org/ggml (docs/gguf.md).

A header is: magic, version, number of tensors, number of keys; then the keys, each a name, a type
and a value; then the tensors, each a name, a shape, a type and an offset into the data that
follows, aligned. One file reads it all, long as it is: whatever a count or a type may be is
bounded where it is read.
"""

import hashlib
import mmap
import re
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from quire.errors import ModelNotFound, ModelUnusable
from quire.models import known_hashes

_MAX_HEADER = 64 * 2**20  # bytes: a vocabulary of 262,144 words with its merges takes some 17 MB
_MAX_KEYS = 4_096  # real models have some 40
_MAX_TENSORS = 65_536  # the largest models have some 2,000
_MAX_NAME = 512
_MAX_TEXT = 16 * 2**20
_MAX_ITEMS = 4_000_000  # vocabularies have up to 262,144 words and twice as many merges
_MAX_TEMPLATE = 256 * 1024

# The keys whose values are kept: texts with the most bytes of them, then numbers and the words,
# then what the architecture's name stands before. What else a header holds is stepped over.
_TEXTS = {
    "general.architecture": _MAX_NAME,
    "general.name": _MAX_NAME,
    "tokenizer.chat_template": 4 * _MAX_TEMPLATE,
}
_KEPT = {
    "general.alignment",
    "split.count",
    "tokenizer.ggml.tokens",
    "tokenizer.ggml.bos_token_id",
    "tokenizer.ggml.eos_token_id",
}
_OF_ARCHITECTURE = (
    ".context_length",
    ".block_count",
    ".embedding_length",
    ".attention.head_count",
    ".attention.head_count_kv",
    ".attention.key_length",
    ".attention.value_length",
)

# Value types by their number in the file: how struct reads them. 8 is text, 9 is an array.
_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_TEXT, _ARRAY = 8, 9

_BLOCK = re.compile(r"blk\.(\d{1,4})\.")

# Tensor types by their number in the file: values in a block, bytes of a block.
_BLOCKS = {
    0: (1, 4),  # F32
    1: (1, 2),  # F16
    2: (32, 18),  # Q4_0
    3: (32, 20),  # Q4_1
    6: (32, 22),  # Q5_0
    7: (32, 24),  # Q5_1
    8: (32, 34),  # Q8_0
    9: (32, 36),  # Q8_1
    10: (256, 84),  # Q2_K
    11: (256, 110),  # Q3_K
    12: (256, 144),  # Q4_K
    13: (256, 176),  # Q5_K
    14: (256, 210),  # Q6_K
    15: (256, 292),  # Q8_K
    16: (256, 66),  # IQ2_XXS
    17: (256, 74),  # IQ2_XS
    18: (256, 98),  # IQ3_XXS
    19: (256, 50),  # IQ1_S
    20: (32, 18),  # IQ4_NL
    21: (256, 110),  # IQ3_S
    22: (256, 82),  # IQ2_S
    23: (256, 136),  # IQ4_XS
    24: (1, 1),  # I8
    25: (1, 2),  # I16
    26: (1, 4),  # I32
    27: (1, 8),  # I64
    28: (1, 8),  # F64
    29: (256, 56),  # IQ1_M
    30: (1, 2),  # BF16
    34: (256, 54),  # TQ1_0
    35: (256, 66),  # TQ2_0
    39: (32, 17),  # MXFP4
    40: (64, 36),  # NVFP4
}


@dataclass(frozen=True, slots=True)
class GgufFacts:
    """What a chat model's header says.

    `parameters` counts weights, `size` is the file's bytes. `header_sha256` identifies everything
    but the weights' values: it is had without reading gigabytes. `bos` and `eos` are the texts of
    the tokens that begin and end a text, or empty. `layers` are the blocks that a token passes
    through, 0 where the header does not tell. `kv_bytes_per_token` is the memory that each
    token of the context takes, with 16 bits a value. `vocabulary` counts tokens. Of the weights,
    `block_bytes` has the bytes of each block, `output_bytes` those of the layer that makes words of
    numbers, and `largest_bytes` those of the largest tensor of a block.
    """

    path: Path
    size: int
    name: str
    context_length: int
    chat_template: str
    bos: str
    eos: str
    parameters: int
    layers: int
    kv_bytes_per_token: int
    vocabulary: int
    block_bytes: tuple[int, ...]
    output_bytes: int
    largest_bytes: int
    header_sha256: str


def read_facts(path: Path) -> GgufFacts:
    """Check the file and return what its header says.

    Raises ModelNotFound when there is no file, and ModelUnusable when it is no GGUF file, is
    damaged or cut short, or is not a chat model.
    """
    try:
        # Asked before it is opened: opening a pipe waits for somebody to write into it.
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise _unusable(
                path,
                "is a folder",
                hint="A chat model is one file in the GGUF format; an embedding model, which is a "
                "folder, is set as 'embedder'.",
            )
        if not stat.S_ISREG(kind):
            raise _unusable(path, "is no regular file", hint="Name a file in the GGUF format.")
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size == 0:
                raise _unusable(path, "is empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Header(path, data, size).facts()
    except FileNotFoundError as exc:
        raise ModelNotFound(
            f"There is no model file at {path}.",
            hint="Check the path; the README says where to get a model.",
        ) from exc
    except (OSError, ValueError) as exc:
        raise ModelUnusable(f"The model file {path} cannot be read: {exc}.") from exc


def sha256(path: Path, *, kept: Path | None = None) -> str:
    """The SHA-256 of the whole file in hexadecimal; see `known_hashes` for `kept`."""
    try:
        return known_hashes.sha256(path, kept)
    except OSError as exc:
        raise ModelUnusable(f"The model file {path} cannot be read: {exc}.") from exc


def _unusable(path: Path, what: str, *, hint: str = "") -> ModelUnusable:
    return ModelUnusable(
        f"The model file {path} {what}.", hint=hint or "Get the file again from where it came."
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """Where a list of texts begins in the file, and how many they are."""

    start: int
    count: int


@dataclass(frozen=True, slots=True)
class _Weights:
    """How many weights there are, and the bytes of each tensor by its name."""

    parameters: int
    tensors: dict[str, int]

    @property
    def output(self) -> int:
        """Many models have one tensor for both, what tokens mean and which one is said."""
        return self.tensors.get("output.weight") or self.tensors.get("token_embd.weight", 0)

    @property
    def largest(self) -> int:
        return max((size for name, size in self.tensors.items() if _BLOCK.match(name)), default=0)

    def blocks(self, count: int) -> tuple[int, ...]:
        """Bytes of each of the first `count` blocks, whose tensors are called `blk.0.…`.

        A header may claim any number of them: none are told where there are not so many.
        """
        sizes: dict[int, int] = {}
        for name, size in self.tensors.items():
            if found := _BLOCK.match(name):
                sizes[int(found[1])] = sizes.get(int(found[1]), 0) + size
        if count > len(sizes) or any(n not in sizes for n in range(count)):
            return ()
        return tuple(sizes[n] for n in range(count))


class _Header:
    """A cursor over the header that never leaves the file, nor the most that a header has."""

    def __init__(self, path: Path, data: mmap.mmap, size: int) -> None:
        self.path = path
        self.data = data
        self.size = size
        self.end = min(size, _MAX_HEADER)
        self.at = 0

    def fail(self, what: str, *, hint: str = "") -> NoReturn:
        raise _unusable(self.path, what, hint=hint)

    def facts(self) -> GgufFacts:
        if self.data[:4] != b"GGUF":
            self.fail("is not a GGUF file", hint="Quire runs models in the GGUF format.")
        self.at = 4
        version = self.scalar("<I")
        if version not in {2, 3}:
            self.fail(f"has version {version} of the GGUF format, and Quire reads 2 and 3")
        tensors, keys = self.scalar("<Q"), self.scalar("<Q")
        if not 0 < tensors <= _MAX_TENSORS or not 0 < keys <= _MAX_KEYS:
            self.fail(f"claims {tensors:,} tensors and {keys:,} keys, which cannot be")
        values = self.values(keys)
        weights = self.tensors(tensors, alignment=values.get("general.alignment", 32))
        return self.chat_model(values, weights)

    def chat_model(self, values: dict[str, Any], weights: "_Weights") -> GgufFacts:
        architecture = values.get("general.architecture")
        if not isinstance(architecture, str) or not architecture:
            self.fail("does not name its architecture")
        if isinstance(parts := values.get("split.count"), int) and parts > 1:
            self.fail(
                f"is one of {parts} parts of a model, and Quire loads models that are one file",
                hint="Merge the parts with llama.cpp's llama-gguf-split, or get a smaller file.",
            )
        context = values.get(f"{architecture}.context_length")
        if not isinstance(context, int) or not 0 < context < 2**31:
            self.fail("does not say how long a text it can read")
        template = values.get("tokenizer.chat_template")
        if not isinstance(template, str) or not template.strip():
            self.fail(
                "has no chat template, so it is not made for conversation",
                hint="Choose a model whose name has Instruct or Chat in it.",
            )
        if len(template) > _MAX_TEMPLATE:
            self.fail(f"has a chat template of more than {_MAX_TEMPLATE:,} characters")
        name = values.get("general.name")
        layers = _number(values, f"{architecture}.block_count")
        words = values.get("tokenizer.ggml.tokens")
        return GgufFacts(
            path=self.path,
            size=self.size,
            name=_shown(name) if isinstance(name, str) and _shown(name) else self.path.stem,
            context_length=context,
            chat_template=template,
            bos=self.word(values, "tokenizer.ggml.bos_token_id"),
            eos=self.word(values, "tokenizer.ggml.eos_token_id"),
            parameters=weights.parameters,
            layers=layers,
            kv_bytes_per_token=_kv_bytes_per_token(values, architecture),
            vocabulary=words.count if isinstance(words, _Words) else 0,
            block_bytes=weights.blocks(layers),
            output_bytes=weights.output,
            largest_bytes=weights.largest,
            header_sha256=self.sha256(),
        )

    def sha256(self) -> str:
        """Of what was read, without a copy of it."""
        with memoryview(self.data) as view, view[: self.at] as header:
            return hashlib.sha256(header).hexdigest()

    def values(self, count: int) -> dict[str, Any]:
        """The keys that are needed, with their values; all others are checked and passed over."""
        values: dict[str, Any] = {}
        names: set[str] = set()
        for _ in range(count):
            key = self.text(_MAX_NAME)
            if key in names:
                self.fail(f"has the key {key[:80]!r} twice")
            names.add(key)
            value = self.value(self.scalar("<I"), most=_TEXTS.get(key, 0))
            if key in _TEXTS or key in _KEPT or key.endswith(_OF_ARCHITECTURE):
                values[key] = value
        return values

    def value(self, kind: int, *, most: int) -> Any:
        """A number; the first `most` bytes of a text; the largest of a short list of numbers; where
        a list of texts stands. Each takes a few bytes, but for a text that is wanted."""
        if kind in _SCALARS:
            return self.scalar(_SCALARS[kind])
        if kind == _TEXT:
            return self.text(_MAX_TEXT, most=most)
        if kind != _ARRAY:
            self.fail(f"has a value of unknown type {kind}")
        item, count = self.scalar("<I"), self.scalar("<Q")
        if count > _MAX_ITEMS:
            self.fail(f"has a list of {count:,} items, which cannot be")
        if item in _SCALARS:
            return self.largest(item, count)
        if item != _TEXT:
            self.fail("has a list of lists or of an unknown type")
        words = _Words(self.at, count)
        self.skip_words(count)
        return words

    def skip_words(self, count: int) -> None:
        """Step over texts: the loop that takes the time, as a vocabulary has up to a million."""
        at, unpack, last = self.at, struct.Struct("<Q").unpack_from, self.end - 8
        for _ in range(count):
            if at > last:
                self.fail_at(at + 8)
            at += 8 + unpack(self.data, at)[0]
        if at > self.end:
            self.fail_at(at)
        self.at = at

    def word(self, values: dict[str, Any], key: str) -> str:
        """The text of the token whose number stands under `key`, or an empty one."""
        words, number = values.get("tokenizer.ggml.tokens"), values.get(key)
        if not isinstance(words, _Words) or not isinstance(number, int):
            return ""
        if not 0 <= number < words.count:
            self.fail(f"names a token {number} that it does not have")
        end, self.at = self.at, words.start
        self.skip_words(number)
        text = self.text(_MAX_NAME)
        self.at = end
        return text

    def largest(self, item: int, count: int) -> Any:
        """The largest of a short list of numbers, one for each layer, or None for a long one, which
        belongs to the vocabulary."""
        layout = _SCALARS[item][1]
        start = self.advance(count * struct.calcsize("<" + layout))
        if not 0 < count <= 1024:
            return None
        return max(struct.unpack_from(f"<{count}{layout}", self.data, start))

    def tensors(self, count: int, *, alignment: Any) -> "_Weights":
        """Check that every tensor lies inside the file; return what they take."""
        if not isinstance(alignment, int) or not 8 <= alignment <= 2**20 or alignment % 8:
            self.fail(f"has an alignment of {alignment!r}, which cannot be")
        sizes: dict[str, int] = {}
        furthest = parameters = 0
        for _ in range(count):
            name = self.text(_MAX_NAME)
            if name in sizes:
                self.fail(f"has the tensor {name[:80]!r} twice")
            dimensions = self.scalar("<I")
            if not 0 < dimensions <= 4:
                self.fail(f"has a tensor {name[:80]!r} of {dimensions} dimensions")
            shape = [self.scalar("<Q") for _ in range(dimensions)]
            kind, offset = self.scalar("<I"), self.scalar("<Q")
            if kind not in _BLOCKS:
                self.fail(f"has a tensor {name[:80]!r} of the unknown type {kind}")
            block, block_bytes = _BLOCKS[kind]
            values = 1
            for side in shape:
                values *= side
            if not 0 < values < 2**48 or shape[0] % block or offset % alignment:
                self.fail(f"has a tensor {name[:80]!r} with an impossible shape or place")
            parameters += values
            sizes[name] = values // block * block_bytes
            furthest = max(furthest, offset + sizes[name])
        begin = -(-self.at // alignment) * alignment
        if begin + furthest > self.size:
            missing = begin + furthest - self.size
            self.fail(f"is cut short: {missing:,} bytes are missing at its end")
        return _Weights(parameters, sizes)

    def scalar(self, layout: str) -> Any:
        return struct.unpack_from(layout, self.data, self.advance(struct.calcsize(layout)))[0]

    def text(self, limit: int, *, most: int | None = None) -> str:
        """A text of at most `limit` bytes, or the first `most` of them."""
        length = self.scalar("<Q")
        if length > limit:
            self.fail(f"has a text of {length:,} bytes in its header, which cannot be")
        start = self.advance(length)
        kept = length if most is None else min(length, most)
        return self.data[start : start + kept].decode("utf-8", errors="replace")

    def advance(self, count: int) -> int:
        """Step over `count` bytes and return where they begin."""
        start = self.at
        if start + count > self.end:
            self.fail_at(start + count)
        self.at = start + count
        return start

    def fail_at(self, place: int) -> NoReturn:
        """The header goes on to `place`, and ends before it."""
        if place > self.size:
            self.fail("is cut short")
        self.fail(f"has a header of more than {_MAX_HEADER >> 20} MB, which cannot be")


def _shown(name: str) -> str:
    """A name fit for a terminal and a line of text."""
    return "".join(char for char in name if char.isprintable()).strip()[:80]


def _number(values: dict[str, Any], key: str) -> int:
    """A count; 0 where the header has none or an impossible one."""
    value = values.get(key, 0)
    return value if isinstance(value, int) and 0 <= value < 2**31 else 0


def _kv_bytes_per_token(values: dict[str, Any], architecture: str) -> int:
    """Memory of one token's keys and values in 16 bits; 0 where the header does not tell."""

    def number(key: str) -> int:
        return _number(values, f"{architecture}.{key}")

    heads = number("attention.head_count")
    kv_heads = number("attention.head_count_kv") or heads
    width = number("embedding_length") // heads if heads else 0
    key = number("attention.key_length") or width
    value = number("attention.value_length") or width
    return number("block_count") * kv_heads * (key + value) * 2
