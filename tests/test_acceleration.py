"""Which GPU is there, and the command that makes llama.cpp use it."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from quire.models import acceleration, machine
from quire.models.acceleration import Gpu, Report


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> machine.Machine:
    monkeypatch.setenv("PATH", "")  # no nvidia-smi, and no vulkaninfo
    return dataclasses.replace(machine.describe(), system="Linux 6.1", architecture="x86_64")


def test_a_gpu_is_found_by_its_driver(linux: machine.Machine, tmp_path: Path) -> None:
    assert acceleration.find(linux, root=tmp_path) is None
    driver = tmp_path / "proc/driver/nvidia/version"
    driver.parent.mkdir(parents=True)
    driver.write_text("NVRM version")
    assert acceleration.find(linux, root=tmp_path) == Gpu("CUDA", "an NVIDIA GPU")


def test_a_graphics_card_with_a_vulkan_driver_is_one(
    linux: machine.Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dev/dri").mkdir(parents=True)
    (tmp_path / "dev/dri/renderD128").touch()
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "vulkaninfo").write_text("#!/bin/sh\n")
    (programs / "vulkaninfo").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    found = acceleration.find(linux, root=tmp_path)
    assert found is not None
    assert found.backend == "Vulkan"


def test_apple_silicon_has_metal_and_other_macs_have_none(linux: machine.Machine) -> None:
    for architecture, backend in (("arm64", "Metal"), ("x86_64", None)):
        mac = dataclasses.replace(linux, system="Darwin 24.0", architecture=architecture)
        found = acceleration.find(mac)
        assert (found.backend if found else None) == backend


@pytest.mark.parametrize(
    ("gpu", "option"),
    [
        (Gpu("CUDA", "an NVIDIA GPU"), "-DGGML_CUDA=on"),
        (Gpu("Metal", "Apple's GPU"), "-DGGML_METAL=on"),
        (Gpu("Vulkan", "a GPU with a Vulkan driver"), "-DGGML_VULKAN=on"),
    ],
)
def test_a_build_without_it_is_told_with_the_command(gpu: Gpu, option: str) -> None:
    told = acceleration.report(gpu, compiled=(), asked=29, got=0)
    assert not told.ok
    assert told.found == (
        f"asked 29 layers, got 0: there is {gpu.description}, and this build of llama.cpp has no "
        f"{gpu.backend}"
    )
    assert f'CMAKE_ARGS="{option}" pip install' in told.todo


RTX = Gpu("CUDA", "NVIDIA GeForce RTX 3050", (700_000_000, 4_000_000_000))


def told(got: int = 0, **facts: Any) -> Report:
    return acceleration.report(RTX, compiled=("CUDA",), asked=29, got=got, **facts)


def test_what_the_gpu_took_is_told_with_what_was_free_and_what_to_do() -> None:
    card = {"card": RTX.description, "free": 700_000_000}
    whole = told(29, **card)
    assert (whole.ok, whole.found) == (
        True,
        "all 29 layers are on NVIDIA GeForce RTX 3050 (0.7 GB were free)",
    )
    for got, rest in ((12, "the rest runs"), (0, "all runs")):
        part = told(got, **card, why="all of it needs 3.6 GB")
        assert part == Report(
            False,
            f"asked 29 layers, got {got} on NVIDIA GeForce RTX 3050: all of it needs 3.6 GB",
            "NVIDIA GeForce RTX 3050 had 0.7 GB free; close what uses it, or choose a smaller "
            "model (quire models recommend) or a shorter context (context_tokens). Or leave it: "
            f"{rest} on the processor, more slowly.",
        )


def test_a_card_that_is_hidden_on_purpose_is_no_fault() -> None:
    for visible in ("", "-1"):
        hidden = told(visible=visible)
        assert hidden.ok
        assert f"CUDA_VISIBLE_DEVICES={visible} hides NVIDIA GeForce RTX 3050" in hidden.found
    assert not told(visible="0").ok


@pytest.mark.parametrize(
    ("why", "remedy"),
    [
        (
            "failed to initialize CUDA: CUDA driver version is insufficient for CUDA runtime "
            "version",
            "update the driver",
        ),
        ("the GPU's free memory could not be asked, as happens where it is full", "Close what"),
        ("Failed to initialize NVML: Driver/library version mismatch", "start the machine again"),
        ("", "nvidia-smi"),
    ],
)
def test_a_card_that_llama_cpp_cannot_use_is_told_with_the_remedy(why: str, remedy: str) -> None:
    unused = told(why=why)
    assert not unused.ok
    assert why in unused.found
    assert "there is NVIDIA GeForce RTX 3050 (0.7 of 4.0 GB free)" in unused.found
    assert remedy in unused.todo


def test_no_gpu_is_no_fault() -> None:
    for compiled in ((), ("CUDA",)):
        assert acceleration.report(None, compiled=compiled, asked=29, got=0).ok


@pytest.mark.parametrize(
    ("says", "found"),
    [
        (
            "echo 'NVIDIA GeForce RTX 3050, 668, 3815'",
            Gpu("CUDA", "NVIDIA GeForce RTX 3050", (668 * 2**20, 3815 * 2**20)),
        ),
        ("echo 'NVIDIA GB10, [N/A], [N/A]'", Gpu("CUDA", "NVIDIA GB10")),
        (
            "echo 'Driver/library version mismatch.'; exit 18",
            Gpu("CUDA", "an NVIDIA GPU", trouble="Driver/library version mismatch"),
        ),
        ("exit 0", Gpu("CUDA", "an NVIDIA GPU")),
    ],
)
def test_the_drivers_own_program_names_the_card_and_its_memory(
    linux: machine.Machine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    says: str,
    found: Gpu,
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert acceleration.find(linux, root=tmp_path) == found
