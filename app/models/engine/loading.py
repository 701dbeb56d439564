"""Brings a chat model into memory: on the GPU as many layers as it holds, fewer where that fails.

What fits is estimated, and another program may take the memory in the meantime. So what fails with
some layers on the GPU is tried with half of them, with a quarter, and with none, for which the GPU
is not touched; and only what fails without it is an error.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from quire.errors import ModelUnusable
from quire.models import machine
from quire.models.engine import devices, selftest
from quire.models.engine.fitting import fit, gigabytes, gpu_need
from quire.models.engine.gguf import GgufFacts
from quire.models.engine.runtime import Interrupt, LlamaRuntime, Offload, build


class Trial(Protocol):
    """Whether a model works with repacked weights; see `selftest.passes_with_extra_buffers`."""

    def __call__(
        self,
        facts: GgufFacts,
        *,
        build: str,
        cpu: str,
        gpu_layers: int,
        context_tokens: int,
        verdicts: Path | None,
    ) -> bool: ...


class Maker(Protocol):
    """Loads a model; see `LlamaRuntime`."""

    def __call__(
        self,
        facts: GgufFacts,
        *,
        context_tokens: int,
        threads: int,
        gpu_layers: int,
        extra_buffers: bool,
        interrupt: Interrupt,
    ) -> LlamaRuntime: ...


@dataclass(frozen=True, slots=True)
class Means:
    """How GPUs are looked at, models tried in a child, and loaded. Tests put a card in the place of
    the machine's, of any size."""

    look: Callable[[], devices.Look] = devices.look
    passes: Trial = selftest.passes_with_extra_buffers
    make: Maker = LlamaRuntime


MEANS = Means()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory, the tokens of its context, and what of it is on a GPU."""

    runtime: LlamaRuntime
    context_tokens: int
    offload: Offload


def load(
    facts: GgufFacts,
    *,
    wanted: int,
    threads: int,
    interrupt: Interrupt,
    verdicts: Path | None = None,
    means: Means | None = None,
) -> Loaded:
    """Load a model with a context of `wanted` tokens, or as many as the memory holds.

    Raises ModelUnusable when it cannot be loaded without a GPU either.
    """
    means = means or MEANS
    first = seen = means.look()
    at_most, failed = facts.layers + 1, ""
    rungs: tuple[int, ...] = (0,)
    while True:
        here = machine.describe()
        fitted = fit(
            facts, wanted=wanted, here=here, gpu_memory=seen.free, at_most=at_most, gpu=first.names
        )
        layers = fitted.gpu_layers
        try:
            extra_buffers = means.passes(
                facts,
                build=build(),
                cpu=here.cpu,
                gpu_layers=layers,
                context_tokens=fitted.context_tokens,
                verdicts=verdicts,
            )
            runtime = means.make(
                facts,
                context_tokens=fitted.context_tokens,
                threads=threads,
                gpu_layers=layers,
                extra_buffers=extra_buffers,
                interrupt=interrupt,
            )
        except ModelUnusable as error:
            if not layers:
                raise
            if not failed:
                failed = f"{layers} layers failed there: {error.message.rstrip('.')}"
                rungs = (layers // 2, layers // 4, 0)
            at_most = max(rung for rung in rungs if rung < layers)
            # What took the memory meanwhile, if anything did, may have taken more.
            seen = means.look()
            continue
        why = failed or _why_not_all(facts, first, tokens=fitted.context_tokens)
        offload = runtime.offload
        return Loaded(
            runtime,
            fitted.context_tokens,
            replace(
                offload,
                why=why if offload.got < offload.total else "",
                card=first.names,
                free=first.free,
            ),
        )


def _why_not_all(facts: GgufFacts, seen: devices.Look, *, tokens: int) -> str:
    """Why the GPUs that were seen do not take the whole model."""
    need = gpu_need(facts, layers=facts.layers + 1, tokens=tokens)
    if not seen.cards or need <= seen.free:
        return seen.problem or "llama.cpp took no more"
    total = sum(card.total for card in seen.cards)
    return (
        f"{gigabytes(seen.free)} of {gigabytes(total)} are free there, and all of it needs "
        f"{gigabytes(need)}"
    )
