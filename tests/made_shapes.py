"""GGUF files in the shapes of known models, with a header in order and zeros for weights.

The zeros are a hole in the file, which takes no room on the disk.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from test_gguf import key, model, tensor, text, words

Q8_0, Q4_K = 8, 12  # ggml's numbers
_BLOCKS = {Q8_0: (32, 34), Q4_K: (256, 144)}  # values in a block, bytes of a block
_ALIGNMENT = 32


@dataclass(frozen=True)
class Shape:
    """Sizes as in the public configuration of a model. `estimated` and `used` are megabytes: what
    Quire once took it to need, and what it took on an H100 beside the driver's context, with a
    context of 4,096 tokens."""

    name: str
    architecture: str
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_width: int
    feed_forward: int
    vocabulary: int
    tied: bool
    kind: int
    estimated: int
    used: int

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes, without the norms, which are small."""
        inner, kv = self.heads * self.head_width, self.kv_heads * self.head_width
        shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (self.width, self.vocabulary)}
        if not self.tied:
            shapes["output.weight"] = (self.width, self.vocabulary)
        for n in range(self.layers):
            shapes |= {
                f"blk.{n}.attn_q.weight": (self.width, inner),
                f"blk.{n}.attn_k.weight": (self.width, kv),
                f"blk.{n}.attn_v.weight": (self.width, kv),
                f"blk.{n}.attn_output.weight": (inner, self.width),
                f"blk.{n}.ffn_gate.weight": (self.width, self.feed_forward),
                f"blk.{n}.ffn_up.weight": (self.width, self.feed_forward),
                f"blk.{n}.ffn_down.weight": (self.feed_forward, self.width),
            }
        return shapes

    def write(self, path: Path) -> Path:
        """Write the header, and a hole in the place of the weights."""
        values, size = _BLOCKS[self.kind]
        tensors, at = [], 0
        for name, (rows, columns) in self.tensors().items():
            tensors.append(tensor(name, (rows, columns), self.kind, at))
            at += -(-rows * columns // values * size // _ALIGNMENT) * _ALIGNMENT
        numbers = {
            "context_length": 32_768,
            "block_count": self.layers,
            "embedding_length": self.width,
            "feed_forward_length": self.feed_forward,
            "attention.head_count": self.heads,
            "attention.head_count_kv": self.kv_heads,
            "attention.key_length": self.head_width,
            "attention.value_length": self.head_width,
        }
        header = model(
            tensors=tuple(tensors),
            data=b"",
            architecture=key("general.architecture", 8, text(self.architecture)),
            context=b"",
            words=key(
                "tokenizer.ggml.tokens", 9, words(*(f"word{n}" for n in range(self.vocabulary)))
            ),
            **{
                name: key(f"{self.architecture}.{name}", 4, struct.pack("<I", number))
                for name, number in numbers.items()
            },
        )
        path.write_bytes(header)
        os.truncate(path, len(header) + at)
        return path


SHAPES = (
    Shape("llama 1.5B", "llama", 24, 2048, 32, 8, 64, 8192, 49_152, True, Q8_0, 1861, 2051),
    Shape("Qwen3-0.6B", "qwen3", 28, 1024, 16, 8, 128, 3072, 151_936, True, Q8_0, 1109, 1502),
    Shape("Qwen3-4B", "qwen3", 36, 2560, 32, 8, 128, 9728, 151_936, True, Q4_K, 2873, 3272),
    Shape("Qwen3-8B", "qwen3", 36, 4096, 32, 8, 128, 12_288, 151_936, False, Q4_K, 5218, 5268),
)
