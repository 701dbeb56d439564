"""Which GPU is there, and the command that makes llama.cpp use it."""

import dataclasses
from pathlib import Path

import pytest

from quire.models import acceleration, machine
from quire.models.acceleration import Gpu


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
    told = acceleration.report(gpu, supported=False, asked=29, got=0)
    assert not told.ok
    assert told.found == (
        f"asked 29 layers, got 0: there is {gpu.description}, and this build has no {gpu.backend}"
    )
    assert f'CMAKE_ARGS="{option}" pip install' in told.todo


def test_what_the_gpu_took_is_told() -> None:
    gpu = Gpu("CUDA", "an NVIDIA GPU")
    assert acceleration.report(gpu, supported=True, asked=29, got=29).ok
    part = acceleration.report(gpu, supported=True, asked=29, got=12)
    assert (part.ok, part.found[:27]) == (False, "asked 29 layers, got 12: th")
    idle = acceleration.report(gpu, supported=True, asked=29, got=0)
    assert not idle.ok
    assert "nvidia-smi" in idle.todo
    assert acceleration.report(None, supported=False, asked=29, got=0).ok
