"""How much of a chat model this machine takes: tokens of context, layers on a GPU.

What a GPU needs was compared with what models took on an H100, context 4,096: 2,051 MB in the shape
of llama 1.5B, 1,502 of Qwen3-0.6B, 3,272 of Qwen3-4B and 5,268 of Qwen3-8B. Each is within 10 MB
the sum of the weights of the blocks and of the output layer, the keys and values, 512 rows of the
vocabulary's width in 32 bits, and 88 MB: the driver's own context cannot be in them.
"""

from dataclasses import dataclass

from quire.errors import ModelUnusable
from quire.models.engine.gguf import GgufFacts
from quire.models.machine import Machine

CONTEXT = 550_000_000  # bytes that CUDA takes on a card for each process that computes there
_LEAST_CONTEXT = 1024  # tokens: fewer hold no question with its passages
_ROWS = 512  # tokens of a prompt that are read in one step: each may get a number for every word
_STEPS = 100_000_000  # bytes for the other numbers of a step, and for the libraries that compute
_RESERVE = 10  # a tenth more: cards differ, and what a driver takes grows while it works


@dataclass(frozen=True, slots=True)
class Fit:
    """Tokens of context, and the layers that go to the GPU. The last layer, which makes words of
    numbers, counts: a model of 28 blocks has 29."""

    context_tokens: int
    gpu_layers: int


def gpu_need(facts: GgufFacts, *, layers: int, tokens: int) -> int:
    """Bytes that `layers` of the model and a context of `tokens` need on a GPU, beside what the
    driver takes for itself (`CONTEXT`); 0 for none. Meant to be never below what they take.

    llama.cpp puts the output layer there first, and then the blocks from the last one on. A model
    whose output layer is its table of words has that twice: on the GPU, and in main memory.
    """
    if not layers:
        return 0
    blocks = _blocks(facts)[facts.layers + 1 - layers :]
    weights = facts.output_bytes + sum(blocks)
    if layers <= facts.layers:  # weights that stay behind are copied there to read a long prompt
        weights += 2 * facts.largest_bytes
    kept = facts.kv_bytes_per_token * tokens * len(blocks) // max(1, facts.layers)
    needed = weights + kept + _ROWS * facts.vocabulary * 4 + _STEPS
    return needed + needed // _RESERVE


def fit(
    facts: GgufFacts,
    *,
    wanted: int,
    here: Machine,
    gpu_memory: int,
    at_most: int | None = None,
    gpu: str = "",
) -> Fit:
    """As many layers as `gpu_memory` holds, and as many tokens of context as are wanted and the
    model was trained for: half of them, a quarter … where the free memory does not hold the rest of
    the weights with their keys and values, but not below 1024.

    `gpu_memory` are the bytes that a process finds free on the GPUs beside its driver's context;
    `at_most` so many layers go there. Raises ModelUnusable where all the memory of the machine
    would not do; it names the `gpu`, where there is one.
    """
    most = facts.layers + 1 if at_most is None else min(at_most, facts.layers + 1)
    tokens = min(wanted, facts.context_length)
    while True:
        on_gpu = next(
            layers
            for layers in range(most, -1, -1)
            if gpu_need(facts, layers=layers, tokens=tokens) <= gpu_memory
        )
        here_needed = _needed_here(facts, on_gpu=on_gpu, tokens=tokens)
        room = here.memory_available or here.memory_total or here_needed
        if tokens < 2 * _LEAST_CONTEXT or here_needed <= room:
            break
        tokens //= 2
    if here_needed > (here.memory_total or here_needed):
        hint = "Choose a smaller model: quire models recommend"
        if gpu:
            hint = (
                f"{gpu} has {gigabytes(gpu_memory)} free: close what uses it, or choose a smaller "
                "model: quire models recommend"
            )
        raise ModelUnusable(
            f"The model {facts.path} needs {here_needed / 1e9:.1f} GB of memory with a context of "
            f"{tokens:,} tokens, and there are {here.memory_total / 1e9:.1f} GB.",
            hint=hint,
        )
    return Fit(tokens, on_gpu)


def gigabytes(count: int) -> str:
    """Bytes for a reader.

    >>> gigabytes(700_000_000)
    '0.7 GB'
    """
    return f"{count / 1e9:.1f} GB"


def _needed_here(facts: GgufFacts, *, on_gpu: int, tokens: int) -> int:
    """Bytes of main memory: what of the weights and of the context is not on the GPU."""
    blocks = _blocks(facts)
    here = facts.layers if not on_gpu else facts.layers + 1 - on_gpu
    elsewhere = sum(blocks[here:])
    return facts.size - elsewhere + facts.kv_bytes_per_token * tokens * here // max(1, facts.layers)


def _blocks(facts: GgufFacts) -> tuple[int, ...]:
    """Bytes of each block; taken to be of one size where the header does not tell."""
    if len(facts.block_bytes) == facts.layers:
        return facts.block_bytes
    return ((facts.size - facts.output_bytes) // max(1, facts.layers),) * facts.layers
