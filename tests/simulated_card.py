"""A GPU that is not there: it has so much free memory, and what needs more fails to load.

A model "on" it runs on the processor, and answers. So all that Quire decides about a GPU is tried
without one; what llama.cpp and a driver do there is not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from quire.errors import ModelUnusable
from quire.models.engine import selftest
from quire.models.engine.devices import Card, Look
from quire.models.engine.fitting import gpu_need
from quire.models.engine.gguf import GgufFacts
from quire.models.engine.loading import Means
from quire.models.engine.runtime import LlamaRuntime, Offload


def as_estimated(facts: GgufFacts, layers: int, tokens: int) -> int:
    """What is needed, where the estimate is right and its reserve of a tenth is not needed."""
    return gpu_need(facts, layers=layers, tokens=tokens) * 10 // 11


@dataclass
class SimulatedCard:
    """`free` bytes beside the driver's context; `needs` tells what layers and tokens truly take.

    Another program takes `taken` bytes after the card was looked at the first time. Where `present`
    is false nothing is seen of it, because of `problem`. `tried` are the layers of each load.
    """

    free: int
    needs: Callable[[GgufFacts, int, int], int] = as_estimated
    taken: int = 0
    present: bool = True
    problem: str = ""
    loads_nothing: bool = False
    """A header without weights: nothing is loaded, and nothing answers."""
    tried: list[int] = field(default_factory=list)
    looked: int = 0

    @property
    def means(self) -> Means:
        return Means(self.look, self.passes, self.make)

    def look(self) -> Look:
        if not self.present:
            return Look((), self.problem)
        free = self.free - (self.taken if self.looked else 0)
        self.looked += 1
        return Look((Card("Simulated card", free, max(self.free, 8_000_000_000)),))

    def passes(
        self,
        facts: GgufFacts,
        *,
        build: str,
        cpu: str,
        gpu_layers: int,
        context_tokens: int,
        verdicts: Path | None,
    ) -> bool:
        self._require(facts, gpu_layers, context_tokens)
        if self.loads_nothing:
            return True
        return selftest.passes_with_extra_buffers(
            facts, build=build, cpu=cpu, gpu_layers=0, verdicts=verdicts
        )

    def make(self, facts: GgufFacts, *, gpu_layers: int, **how: Any) -> LlamaRuntime:
        self.tried.append(gpu_layers)
        self._require(facts, gpu_layers, how["context_tokens"])
        offload = Offload(gpu_layers, facts.layers + 1)
        if self.loads_nothing:
            return cast(LlamaRuntime, SimpleNamespace(offload=offload))
        runtime = LlamaRuntime(facts, gpu_layers=0, **how)
        runtime.offload = offload
        return runtime

    def _require(self, facts: GgufFacts, layers: int, tokens: int) -> None:
        needed = self.needs(facts, layers, tokens) if layers else 0
        if needed > self.free - self.taken:
            raise ModelUnusable(
                f"llama.cpp cannot load {facts.path}: allocating {needed / 2**20:.2f} MiB on "
                "device 0: cudaMalloc failed: out of memory.",
                hint="Get the file again, or choose another model.",
            )
