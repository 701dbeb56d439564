"""How much of a model a machine takes, for machines of every size."""

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire import diagnosis, load_settings
from quire.errors import ModelUnusable
from quire.models import machine
from quire.models.engine import devices, gguf, loading
from quire.models.engine.fitting import fit, gpu_need
from quire.models.store.starter import CHAT

GB = 10**9
FACTS = replace(
    gguf.read_facts(CHAT.path),
    size=5 * GB,
    layers=36,
    block_bytes=(130_000_000,) * 36,
    output_bytes=320_000_000,
    context_length=32_768,
    kv_bytes_per_token=147_456,
)


def with_memory(total: int, available: int) -> machine.Machine:
    return replace(machine.describe(), memory_total=total, memory_available=available)


def test_a_model_is_loaded_as_wanted_where_there_is_room() -> None:
    fitted = fit(FACTS, wanted=4096, here=with_memory(16 * GB, 12 * GB), gpu_memory=0)
    assert (fitted.context_tokens, fitted.gpu_layers) == (4096, 0)


def test_the_context_is_halved_until_the_free_memory_holds_it() -> None:
    fitted = fit(FACTS, wanted=16_384, here=with_memory(16 * GB, 6 * GB), gpu_memory=0)
    assert fitted.context_tokens == 4096  # 5.6 GB; twice as much would be 6.2


def test_the_doctor_says_why_the_context_is_shorter_than_it_should_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The starter's file counts as 100 MB with 23 KB for each token, all in main memory: on a GPU,
    where there is one, the short memory would not matter."""
    monkeypatch.setattr(loading, "MEANS", replace(loading.MEANS, look=lambda: devices.Look(())))

    def told(context: int) -> str:
        checks = diagnosis._chat_model(load_settings(model="starter", context_tokens=context))
        return next(check.found for check in checks if check.name == "Chat model")

    assert "4096 tokens of context, wrote" in told(4096)
    assert "8192 tokens of context of the 16384 that are set (the model reads no more)" in told(
        16_384
    )
    short = with_memory(16 * GB, 160_000_000)
    monkeypatch.setattr(machine, "describe", lambda: short)
    assert "2048 tokens of context of the 4096 that are set (the free memory holds no more)" in (
        told(4096)
    )


def test_a_context_that_a_question_needs_is_left_to_a_short_memory() -> None:
    fitted = fit(FACTS, wanted=4096, here=with_memory(16 * GB, 1 * GB), gpu_memory=0)
    assert fitted.context_tokens == 1024


def test_a_model_larger_than_all_memory_is_refused_with_both_figures() -> None:
    with pytest.raises(ModelUnusable, match=r"needs 5\.2 GB .* and there are 4\.0 GB") as refused:
        fit(FACTS, wanted=4096, here=with_memory(4 * GB, 3 * GB), gpu_memory=0)
    assert "quire models recommend" in refused.value.hint


def test_a_gpu_takes_all_layers_or_as_many_as_it_holds() -> None:
    here = with_memory(16 * GB, 12 * GB)
    assert fit(FACTS, wanted=4096, here=here, gpu_memory=8 * GB).gpu_layers == 37
    assert fit(FACTS, wanted=4096, here=here, gpu_memory=3 * GB).gpu_layers == 16
    assert fit(FACTS, wanted=4096, here=here, gpu_memory=GB // 4).gpu_layers == 0


def test_what_lies_on_a_gpu_needs_no_other_memory() -> None:
    here = with_memory(4 * GB, 2 * GB)
    assert fit(FACTS, wanted=4096, here=here, gpu_memory=8 * GB).context_tokens == 4096


@given(
    total=st.integers(0, 64 * GB),
    share=st.floats(0, 1),
    gpu=st.integers(0, 64 * GB),
    wanted=st.integers(512, 65_536),
)
def test_what_is_loaded_fits(total: int, share: float, gpu: int, wanted: int) -> None:
    available = int(total * share)
    try:
        fitted = fit(FACTS, wanted=wanted, here=with_memory(total, available), gpu_memory=gpu)
    except ModelUnusable:
        assert 0 < total < FACTS.size + FACTS.kv_bytes_per_token * 2048
        return
    tokens, layers = fitted.context_tokens, FACTS.layers + 1
    assert tokens <= min(wanted, FACTS.context_length)
    assert 0 <= fitted.gpu_layers <= layers
    assert gpu_need(FACTS, layers=fitted.gpu_layers, tokens=tokens) <= gpu
    if available and tokens >= 2048:
        behind = layers - max(fitted.gpu_layers, 1)  # blocks
        kept = FACTS.kv_bytes_per_token * tokens * behind // FACTS.layers
        assert FACTS.size - sum(FACTS.block_bytes[behind:]) + kept <= available


def test_the_memory_of_devices_is_what_their_drivers_tell() -> None:
    # The processor is a device of ggml's too, whose memory can be compared.
    (processor,) = (card for kind, card in devices._devices() if kind == 0)
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert physical / 2 < processor.total <= physical
    assert 0 < processor.free <= processor.total
