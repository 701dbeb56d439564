"""What is known of the machine, and how the engine's threads share it with others."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quire.models import machine
from quire.models.engine.thread_choice import ThreadChoice
from quire.models.store.starter import CHAT


def test_the_machine_is_described() -> None:
    found = machine.describe()
    assert found.cpu
    assert found.architecture
    assert 1 <= found.cores <= (os.cpu_count() or 1)
    assert found.memory_total > 2**28
    assert 0 < found.memory_available <= found.memory_total


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs processor affinity")
def test_only_cores_that_the_process_may_use_count() -> None:
    program = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from quire.models import machine; print(machine.usable_cores())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"


def test_looking_at_the_machine_loads_nothing_heavy() -> None:
    program = (
        "import sys; from quire.models import machine; from quire.models.engine import openmp;"
        "machine.describe();"
        "openmp.wait_passively();"
        "print([m for m in ('torch', 'llama_cpp', 'numpy', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# OpenMP

WAITS = """
import os, sys
from quire.models.engine.openmp import wait_passively
{before}
print(wait_passively(), os.environ.get("OMP_WAIT_POLICY"))
"""


@pytest.mark.parametrize(
    ("before", "policy", "says"),
    [
        ("", None, "True PASSIVE"),
        ("", "ACTIVE", "False ACTIVE"),
        ("", "passive", "True passive"),
        ("import llama_cpp", None, "False None"),
        ("import llama_cpp", "PASSIVE", "True PASSIVE"),
    ],
)
def test_the_wait_policy_is_set_only_where_it_still_counts(
    before: str, policy: str | None, says: str
) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    if policy:
        environment["OMP_WAIT_POLICY"] = policy
    done = subprocess.run(
        [sys.executable, "-c", WAITS.format(before=before)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == says


THREADS = """
import sys
from pathlib import Path
{before}
from quire.models.engine.llama import LlamaEngine
{after}
with LlamaEngine(Path(sys.argv[1])) as engine:
    print(engine.threads)
"""
PASSIVE = "from quire.models.engine.openmp import wait_passively; wait_passively()\n"
TORCH = "import torch; torch.ones(400, 400) @ torch.ones(400, 400)\n"
CORES = machine.usable_cores()


@pytest.mark.parametrize(
    ("before", "after", "threads"),
    [
        (PASSIVE + TORCH, "", CORES),
        (PASSIVE, TORCH, CORES),
        (TORCH, "", max(1, CORES - 1)),
    ],
    ids=["torch first", "llama.cpp first", "torch first, by a host application"],
)
def test_a_core_is_left_to_others_where_threads_would_spin(
    before: str, after: str, threads: int
) -> None:
    """With another core busy a model then keeps most of its speed: see benchmarks/engine.py."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OMP_")}
    done = subprocess.run(
        [sys.executable, "-c", THREADS.format(before=before, after=after), str(CHAT.path)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == threads


# How many threads


def write(choice: ThreadChoice, seconds: dict[int, float], *, tokens: int) -> list[int]:
    """Write tokens that take `seconds[threads]` each; the numbers of threads that were used."""
    used = []
    for _ in range(tokens):
        used.append(choice.threads)
        choice.took(seconds[choice.threads])
    return used


def test_on_a_quiet_machine_nearly_all_tokens_are_written_with_all_threads() -> None:
    used = write(ThreadChoice(most=2), {1: 0.017, 2: 0.011}, tokens=1000)
    assert used.count(2) > 850


def test_a_team_that_is_slowed_down_gives_way_within_a_dozen_tokens() -> None:
    choice = ThreadChoice(most=2)
    used = write(choice, {1: 0.02, 2: 1.0}, tokens=300)
    assert used.index(1) <= 8
    assert used.count(2) < 30


def test_when_the_machine_is_quiet_again_all_threads_come_back() -> None:
    choice = ThreadChoice(most=2)
    write(choice, {1: 0.02, 2: 0.04}, tokens=200)
    used = write(choice, {1: 0.02, 2: 0.012}, tokens=400)
    assert used[-100:].count(2) > 80


def test_with_many_cores_it_finds_how_many_are_free() -> None:
    choice = ThreadChoice(most=8)
    # Up to five threads are quicker the more they are; from six on one shares its core.
    seconds = {n: 0.1 / n if n <= 5 else 0.05 for n in range(1, 9)}
    used = write(choice, seconds, tokens=2500)
    assert max(set(used[-300:]), key=used[-300:].count) == 5


# 59 and 88 tokens a second were measured; those between are made up.
SIXTEEN_CORES_SMALL_MODEL = {16: 1 / 59, 8: 1 / 74, 4: 1 / 83, 2: 1 / 88}


def curve(measured: dict[int, float]) -> dict[int, float]:
    """Seconds per token for each number of threads, between the measured ones in a line."""
    known = sorted(measured)
    times = np.interp(range(1, max(known) + 1), known, [measured[n] for n in known])
    return dict(enumerate(map(float, times), start=1))


def test_with_many_cores_a_small_model_soon_is_written_with_few_threads() -> None:
    choice = ThreadChoice(most=16)
    seconds = curve(SIXTEEN_CORES_SMALL_MODEL)
    used = write(choice, seconds, tokens=300)
    assert max(used[40:]) <= 8
    later = [seconds[threads] for threads in used[100:]]
    assert sum(later) / len(later) < 1.08 * min(seconds.values())
    again = write(choice, seconds, tokens=100)  # the next reply
    assert max(again) <= 8


@pytest.mark.parametrize("scaling", [1.0, 0.5, 0.0])
def test_where_more_threads_are_no_slower_the_first_answer_hardly_waits(scaling: float) -> None:
    seconds = {threads: 0.05 * (16 / threads) ** scaling for threads in range(1, 17)}
    used = write(ThreadChoice(most=16), seconds, tokens=128)
    spent = sum(seconds[threads] for threads in used)
    assert spent < 1.1 * 128 * seconds[16]


def test_a_single_thread_stays_one() -> None:
    assert set(write(ThreadChoice(most=1), {1: 0.02}, tokens=300)) == {1}


@settings(max_examples=50)
@given(
    st.integers(1, 6),
    st.lists(st.floats(0.0001, 2.0, allow_nan=False), min_size=300, max_size=300),
)
def test_the_number_of_threads_stays_within_its_bounds(most: int, times: list[float]) -> None:
    choice = ThreadChoice(most=most)
    for seconds in times:
        choice.took(seconds)
        assert 1 <= choice.threads <= most
