"""How much of a chat model this machine takes: tokens of context, layers on a GPU."""

from dataclasses import dataclass

from quire.errors import ModelUnusable
from quire.models.engine.gguf import GgufFacts
from quire.models.machine import Machine

_LEAST_CONTEXT = 1024  # tokens: fewer hold no question with its passages
_STEPS = 400_000_000  # bytes that llama.cpp and a driver take for the steps of a computation


@dataclass(frozen=True, slots=True)
class Fit:
    """Tokens of context, and the layers that go to the GPU. The last layer, which makes words of
    numbers, counts: a model of 28 blocks has 29."""

    context_tokens: int
    gpu_layers: int


def fit(facts: GgufFacts, *, wanted: int, here: Machine, gpu_memory: int) -> Fit:
    """As many layers as `gpu_memory` holds, free bytes of all GPUs, and as many tokens of context
    as are wanted and the model was trained for: half of them, a quarter … where the free memory
    does not hold the rest of the weights with their keys and values, but not below 1024.

    Layers are taken to be of one size. Raises ModelUnusable where all the memory of the machine
    would not do.
    """
    layers = facts.layers + 1
    tokens = min(wanted, facts.context_length)
    while True:
        needed = facts.size + facts.kv_bytes_per_token * tokens
        on_gpu = max(0, min(layers, (gpu_memory - _STEPS) * layers // needed))
        here_needed = needed * (layers - on_gpu) // layers
        if tokens < 2 * _LEAST_CONTEXT or here_needed <= (here.memory_available or needed):
            break
        tokens //= 2
    if here_needed > (here.memory_total or needed):
        raise ModelUnusable(
            f"The model {facts.path} needs {here_needed / 1e9:.1f} GB of memory with a context of "
            f"{tokens:,} tokens, and there are {here.memory_total / 1e9:.1f} GB.",
            hint="Choose a smaller model: quire models recommend",
        )
    return Fit(tokens, on_gpu)
