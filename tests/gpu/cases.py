"""A chat model on a card with much, little and no free memory, and on none: what it gets, whether
it answers, and what the doctor says. `tests/gpu/run` prints the table.

On a real card a ballast takes what is not to be free, and each case is a process of its own. With
--dry the card is simulated, and the rest is real.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from ballast import Ballast

from made_shapes import SHAPES
from quire import diagnosis, load_settings
from quire.models import acceleration, opening
from quire.models.acceleration import Gpu
from quire.models.engine import devices, gguf, loading
from quire.models.engine.fitting import CONTEXT, gpu_need
from quire.models.engine.runtime import Interrupt
from quire.models.forms import Grammar
from quire.models.protocols import Message
from quire.models.store.starter import CHAT
from simulated_card import SimulatedCard, as_estimated

CONTEXT_TOKENS = 4096


@dataclass(frozen=True)
class Case:
    """`share` of what the model needs is free; None is all that there is."""

    name: str
    share: float | None = None
    hidden: bool = False


CASES = (
    Case("the model fits"),
    Case("10% above the need", 1.1),
    Case("30% below", 0.7),
    Case("60% below", 0.4),
    Case("95% below", 0.05),
    Case("a full card", 0.0),
    Case("a card that vanishes", hidden=True),
)


@dataclass(frozen=True)
class Outcome:
    """What the engine says of its layers, its reply, the doctor's line, and the bytes that were
    used on the card while the model was loaded, 0 where they were not looked at."""

    asked: int
    got: int
    why: str
    reply: str
    doctor: str
    used: int = 0


def outcome(model: Path, used_before: int | None = None) -> Outcome:
    """Load the model, have it answer, and ask the doctor, all in this process."""
    settings = load_settings(model=str(model), context_tokens=CONTEXT_TOKENS)
    with opening.llama_model(settings) as engine:
        form = Grammar('root ::= "Yes."')
        reply = "".join(engine.stream([Message("user", "Is it?")], max_tokens=9, form=form))
        used = 0 if used_before is None else used_before - Ballast().free
    checks = {check.name: check for check in diagnosis._chat_model(settings)}
    found = checks["GPU"] if "GPU" in checks else checks["Chat model"]
    offload = engine.offload
    return Outcome(
        offload.total, offload.got, offload.why, reply, f"{found.found} {found.todo}".strip(), used
    )


@contextmanager
def simulated(card: SimulatedCard) -> Iterator[None]:
    """The machine has this card, and a build of llama.cpp for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "MEANS", card.means)
        patch.setattr(devices, "compiled", lambda: ("CUDA",))
        patch.setattr(acceleration, "find", lambda _: Gpu("CUDA", "Simulated card"))
        if not card.present:
            patch.setenv("CUDA_VISIBLE_DEVICES", "")
        yield


def simulated_outcome(case: Case, model: Path, *, error: float = 1.0) -> Outcome:
    """The same on a card that is not there; a model needs `error` times what is estimated."""
    facts = gguf.read_facts(model)
    tokens = min(CONTEXT_TOKENS, facts.context_length)
    need = error * as_estimated(facts, facts.layers + 1, tokens) + CONTEXT
    free = 80_000_000_000 if case.share is None else max(0, int(case.share * need) - CONTEXT)
    card = SimulatedCard(
        free,
        needs=lambda *what: int(error * as_estimated(*what)),
        present=not case.hidden,
        problem="failed to initialize CUDA: no CUDA-capable device is detected",
    )
    with simulated(card):
        return outcome(model)


def real_outcome(case: Case, model: Path, need: int, ballast: Ballast) -> Outcome:
    """The case in a process of its own, beside a ballast."""
    free = ballast.settled()
    if case.share is not None:
        ballast.leave(int(case.share * need))
        free = ballast.free
    environment = {**os.environ, **({"CUDA_VISIBLE_DEVICES": ""} if case.hidden else {})}
    measure = [] if case.share is not None or case.hidden else ["--free", str(free)]
    try:
        done = subprocess.run(
            [sys.executable, __file__, "--one", *measure, str(model)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    finally:
        ballast.close()
    if done.returncode:
        told = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        return Outcome(0, 0, f"ended with code {done.returncode}: {told}", "", "")
    return Outcome(**json.loads(done.stdout))


def outcomes(model: Path, *, dry: bool) -> Iterator[tuple[Case, Outcome]]:
    """Each case in turn; the first one measures what the model needs."""
    if dry:
        for case in CASES:
            yield case, simulated_outcome(case, model)
        return
    ballast, need = Ballast(), 0
    for case in CASES:
        found = real_outcome(case, model, need, ballast)
        need = need or found.used
        yield case, found


def show_shapes() -> None:
    """Estimate, what was measured, and the layers of each case, for shapes of known models. Only
    their headers are there: nothing answers."""
    cases = [case for case in CASES if not case.hidden]
    print("\n| shape | estimated | measured | " + " | ".join(case.name for case in cases) + " |")
    print("|---" * (3 + len(cases)) + "|")
    with tempfile.TemporaryDirectory() as folder:
        for shape in SHAPES:
            facts = gguf.read_facts(shape.write(Path(folder) / "shape.gguf"))
            need = gpu_need(facts, layers=shape.layers + 1, tokens=CONTEXT_TOKENS)
            got = []
            for case in cases:
                whole = shape.used * 1_000_000 + CONTEXT
                free = 80_000_000_000 if case.share is None else int(case.share * whole) - CONTEXT
                card = SimulatedCard(max(0, free), loads_nothing=True)
                loaded = loading.load(
                    facts,
                    wanted=CONTEXT_TOKENS,
                    threads=1,
                    interrupt=Interrupt(),
                    means=card.means,
                )
                got.append(f"{loaded.offload.got} of {loaded.offload.total}")
            print(
                f"| {shape.name} | {need / 1e6:,.0f} MB | {shape.used:,} MB | "
                + " | ".join(got)
                + " |"
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--dry", action="store_true")
    parser.add_argument("--one", action="store_true")
    parser.add_argument("--free", type=int)
    parser.add_argument("models", nargs="*", type=Path)
    given = parser.parse_args()
    models = given.models or [CHAT.path]
    if given.one:
        print(json.dumps(asdict(outcome(models[0], given.free))))
        return
    wrong = 0
    for model in models:
        facts = gguf.read_facts(model)
        need = gpu_need(facts, layers=facts.layers + 1, tokens=CONTEXT_TOKENS)
        print(f"\n{facts.name}: estimated {need / 1e6:,.0f} MB, and {CONTEXT / 1e6:.0f} MB context")
        print("\n| free memory | layers asked | got | answers | used | doctor |")
        print("|---|---|---|---|---|---|")
        for case, found in outcomes(model, dry=given.dry):
            used = f"{found.used / 1e6:,.0f} MB" if found.used else ""
            doctor = (found.doctor or found.why).replace("|", "/")
            answers = "yes" if found.reply == "Yes." else "NO"
            wrong += answers == "NO"
            print(f"| {case.name} | {found.asked} | {found.got} | {answers} | {used} | {doctor} |")
    if given.dry:
        show_shapes()
        print("\nThe card was simulated: nothing was tried on a real one.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
