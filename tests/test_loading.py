"""A model on a GPU of any size, without one: see simulated_card."""

import dataclasses
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_shapes import Q8_0, SHAPES, Shape
from quire.errors import ModelUnusable
from quire.models.engine import devices, gguf, loading, runtime, selftest
from quire.models.engine.devices import Card
from quire.models.engine.fitting import fit, gpu_need
from quire.models.engine.llama import LlamaEngine
from quire.models.engine.loading import Loaded
from quire.models.engine.runtime import Interrupt
from quire.models.forms import Grammar
from quire.models.machine import describe
from quire.models.protocols import Message
from quire.models.store.starter import CHAT
from simulated_card import SimulatedCard, as_estimated

MB, CONTEXT_TOKENS = 10**6, 4096
STARTER = gguf.read_facts(CHAT.path) if CHAT.path else None


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, gguf.GgufFacts]:
    folder = tmp_path_factory.mktemp("shapes")
    return {
        shape.name: gguf.read_facts(shape.write(folder / f"{shape.name}.gguf")) for shape in SHAPES
    }


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_what_a_gpu_needs_is_never_estimated_below_what_was_measured(
    shapes: dict[str, gguf.GgufFacts], shape: Shape
) -> None:
    facts = shapes[shape.name]
    once = (facts.size + facts.kv_bytes_per_token * CONTEXT_TOKENS) / MB
    assert once == pytest.approx(shape.estimated, rel=0.005), "it is the shape that was measured"
    need = gpu_need(facts, layers=facts.layers + 1, tokens=CONTEXT_TOKENS)
    assert shape.used * MB <= need <= 1.15 * shape.used * MB


def test_the_documentation_tells_the_estimates(shapes: dict[str, gguf.GgufFacts]) -> None:
    page = (Path(__file__).parent.parent / "docs/gpu.md").read_text(encoding="utf-8")
    for shape in SHAPES:
        need = gpu_need(shapes[shape.name], layers=shape.layers + 1, tokens=CONTEXT_TOKENS)
        kind = "Q8_0" if shape.kind == Q8_0 else "Q4_K"
        assert f"| {shape.name}, {kind} | {shape.used:,} MB | {need / MB:,.0f} MB |" in page


@given(st.integers(0, 29), st.integers(256, 32_768))
def test_more_layers_and_more_context_never_need_less_beyond_a_copied_weight(
    layers: int, tokens: int
) -> None:
    assert STARTER is not None
    need = gpu_need(STARTER, layers=layers, tokens=tokens)
    assert need <= gpu_need(STARTER, layers=layers, tokens=tokens + 1)
    more = gpu_need(STARTER, layers=layers + 1, tokens=tokens)
    assert need <= more + STARTER.largest_bytes * 3


def loaded_onto(card: SimulatedCard, facts: gguf.GgufFacts) -> Loaded:
    return loading.load(
        facts, wanted=CONTEXT_TOKENS, threads=1, interrupt=Interrupt(), means=card.means
    )


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
@pytest.mark.parametrize("share", [1.12, 0.7, 0.4, 0.05, 0])
@pytest.mark.parametrize("error", [1.0, 1.4], ids=["as measured", "estimated too low"])
def test_as_many_layers_as_fit_are_loaded_wherever_the_memory_ends(
    shapes: dict[str, gguf.GgufFacts], shape: Shape, share: float, error: float
) -> None:
    facts, total = shapes[shape.name], shape.layers + 1

    def needs(facts: gguf.GgufFacts, layers: int, tokens: int) -> int:
        """In proportion to what was measured for all of them."""
        all_of_it = gpu_need(facts, layers=total, tokens=tokens)
        return int(
            error * shape.used * MB * gpu_need(facts, layers=layers, tokens=tokens) / all_of_it
        )

    card = SimulatedCard(int(share * shape.used * MB), needs=needs, loads_nothing=True)
    offload = loaded_onto(card, facts).offload
    assert offload.total == total
    if share > 1 and error == 1:
        assert (offload.got, offload.why) == (total, "")
        return
    assert 0 <= offload.got < total
    assert offload.why
    fits = fit(facts, wanted=CONTEXT_TOKENS, here=describe(), gpu_memory=card.free).gpu_layers
    if error == 1:
        assert offload.got == fits
    else:
        assert offload.got >= fits // 4 or needs(facts, fits // 4, CONTEXT_TOKENS) > card.free
    assert not offload.got or needs(facts, offload.got, CONTEXT_TOKENS) <= card.free


def test_a_load_that_fails_is_tried_with_half_a_quarter_and_none_of_the_layers() -> None:
    assert STARTER is not None
    card = SimulatedCard(10**9, needs=lambda *_: 2 * 10**9)
    trials = []
    means = dataclasses.replace(
        card.means, passes=lambda _f, *, gpu_layers, **_: trials.append(gpu_layers) or True
    )
    loaded = loading.load(STARTER, wanted=512, threads=1, interrupt=Interrupt(), means=means)
    loaded.runtime.close()
    assert card.tried == trials == [31, 15, 7, 0]
    assert loaded.offload.got == 0
    assert "31 layers failed there" in loaded.offload.why
    assert "out of memory" in loaded.offload.why


def test_a_trial_that_dies_on_the_gpu_costs_layers_and_not_the_model() -> None:
    """As it does where the memory is gone only when the model computes."""
    assert STARTER is not None

    def passes(*_: object, gpu_layers: int, **__: object) -> bool:
        if gpu_layers > 10:
            raise ModelUnusable("The model cannot run here: the test was ended by SIGABRT.")
        return True

    means = dataclasses.replace(SimulatedCard(10**9).means, passes=passes)
    loaded = loading.load(STARTER, wanted=512, threads=1, interrupt=Interrupt(), means=means)
    loaded.runtime.close()
    assert loaded.offload.got == 7
    assert "SIGABRT" in loaded.offload.why


def test_memory_that_another_program_takes_while_the_model_loads_costs_layers_only() -> None:
    assert STARTER is not None
    need = as_estimated(STARTER, 31, 512)
    card = SimulatedCard(2 * need, taken=2 * need - gpu_need(STARTER, layers=8, tokens=512))
    loaded = loading.load(STARTER, wanted=512, threads=1, interrupt=Interrupt(), means=card.means)
    loaded.runtime.close()
    assert card.looked > 1
    assert 0 < loaded.offload.got <= 8
    assert "out of memory" in loaded.offload.why


def test_what_fails_without_a_gpu_is_an_error(tmp_path: Path) -> None:
    assert STARTER is not None

    def passes(*_: object, **__: object) -> bool:
        raise ModelUnusable("The model cannot run here: the test was ended by SIGSEGV.")

    means = dataclasses.replace(SimulatedCard(10**9).means, passes=passes)
    with pytest.raises(ModelUnusable, match="SIGSEGV"):
        loading.load(STARTER, wanted=512, threads=1, interrupt=Interrupt(), means=means)


@pytest.mark.parametrize("free", [10**9, 250 * MB, 0])
def test_the_engine_answers_whatever_the_card_holds(
    free: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CHAT.path is not None
    monkeypatch.setattr(loading, "MEANS", SimulatedCard(free).means)
    with LlamaEngine(CHAT.path, context_tokens=512, threads=1) as engine:
        form = Grammar('root ::= "Yes."')
        assert "".join(engine.stream([Message("user", "?")], max_tokens=9, form=form)) == "Yes."
        assert (engine.offload.card, engine.offload.free) == ("Simulated card", free)
        assert engine.offload.got == {10**9: 31, 0: 0}.get(free, engine.offload.got)


def test_a_model_too_large_for_the_machine_is_refused_with_what_is_free_on_the_gpu(
    shapes: dict[str, gguf.GgufFacts],
) -> None:
    small = dataclasses.replace(describe(), memory_total=3 * 10**9, memory_available=2 * 10**9)
    with pytest.raises(ModelUnusable) as refused:
        fit(
            shapes["Qwen3-8B"],
            wanted=4096,
            here=small,
            gpu_memory=700 * MB,
            gpu="NVIDIA GeForce RTX 3050",
        )
    assert refused.value.hint == (
        "NVIDIA GeForce RTX 3050 has 0.7 GB free: close what uses it, or choose a smaller model: "
        "quire models recommend"
    )


# With llama.cpp itself


def test_without_layers_for_a_gpu_llama_cpp_gets_no_device() -> None:
    """On a machine with a GPU this is the way on which no context is made there."""
    assert STARTER is not None
    loaded = runtime.LlamaRuntime(
        STARTER,
        context_tokens=256,
        threads=1,
        gpu_layers=0,
        extra_buffers=False,
        interrupt=Interrupt(),
    )
    said = "".join(line for _, line in runtime._log)
    loaded.close()
    assert loaded.offload.got == 0
    assert "using device" not in said


def test_a_build_says_what_it_was_compiled_for() -> None:
    compiled = devices.compiled()
    if runtime.supports_gpu():
        assert compiled
    elif not compiled:
        assert devices.look() == devices.Look((), "this build of llama.cpp has no GPU")


def child(program: str) -> list[str]:
    return [sys.executable, "-c", f"import json, os, time\n{program}"]


def test_the_memory_of_a_gpu_is_asked_in_a_child_that_may_die() -> None:
    card = Card("NVIDIA H100", 700 * MB, 80_000 * MB)
    said = json.dumps([dataclasses.asdict(card)])
    seen = devices.asked(child(f"print({said!r})"), timeout=60)
    assert (seen.cards, seen.free, seen.names) == ((card,), 700 * MB, "NVIDIA H100")
    for program, problem in (
        ("os.abort()", "could not be asked, as happens where it is full"),
        ("print('[]')", "found no GPU"),
        ("""print('[{"name": "H100", "free": 0, "total": 0}]')""", "as happens where it is full"),
        ("time.sleep(60)", "did not answer within 1 second"),
    ):
        seen = devices.asked(child(program), timeout=1 if "sleep" in program else 60)
        assert not seen.cards
        assert problem in seen.problem


def test_the_real_child_asks_and_comes_back() -> None:
    seen = devices.asked(devices.COMMAND, timeout=120)
    assert bool(seen.cards) == runtime.supports_gpu()


def test_the_child_of_the_self_test_loads_what_this_process_has_loaded(tmp_path: Path) -> None:
    """In the same order: which library comes first decides whose C++ all of them get."""
    assert STARTER is not None
    log = tmp_path / "log"
    program = f"import sys; open({str(log)!r}, 'a').write(' '.join(sys.argv[2:]) + chr(10))"
    command = child(program + "\nprint(json.dumps({'ok': True}))")
    for beside in ((), ("faiss", "torch"), ("torch", "faiss"), ("torch", "faiss")):
        for layers in (0, 31):
            selftest.passes_with_extra_buffers(
                STARTER,
                build="b",
                cpu="c",
                gpu_layers=layers,
                context_tokens=2048,
                verdicts=tmp_path / "v.json",
                beside=beside,
                command=command,
            )
    assert log.read_text().splitlines() == [
        "1 0 256 ",
        "1 31 2048 ",
        "1 0 256 faiss,torch",
        "1 31 2048 faiss,torch",
        "1 0 256 torch,faiss",
        "1 31 2048 torch,faiss",
    ]
