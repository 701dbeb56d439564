"""Which GPU this machine has, whether the model is on it, and what gets it there.

llama.cpp decides at its compilation which GPUs it can use, and loads a model on the processor
without a word where that is none, or where the driver does not let it. So what is there is looked
for here, without llama.cpp, and compared with what llama.cpp was compiled for and has taken.
"""

import ctypes.util
import shutil
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from quire.models.machine import Machine

Backend = Literal["CUDA", "Metal", "Vulkan"]

_OPTIONS: dict[Backend, str] = {
    "CUDA": "-DGGML_CUDA=on",
    "Metal": "-DGGML_METAL=on",
    "Vulkan": "-DGGML_VULKAN=on",
}
_INSTALL = 'pip install --force-reinstall --no-deps --no-cache-dir "llama-cpp-python>=0.3.36,<0.4"'
_NEEDS: dict[Backend, str] = {
    "CUDA": "It needs NVIDIA's CUDA toolkit",
    "Metal": "It needs Xcode's command line tools",
    "Vulkan": "It needs the Vulkan SDK",
}


_FEWER = "choose a smaller model (quire models recommend) or a shorter context (context_tokens)"


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU that is there, and what llama.cpp must be compiled for to use it.

    `memory` are its free and all bytes, where the driver tells; `trouble` is what the driver says
    where it does not work.
    """

    backend: Backend
    description: str
    memory: tuple[int, int] | None = None
    trouble: str = ""

    @property
    def install(self) -> str:
        """The command that compiles llama.cpp for it, in the environment of Quire."""
        return f'CMAKE_ARGS="{_OPTIONS[self.backend]}" {_INSTALL}'

    @property
    def shown(self) -> str:
        """Its name, with its free memory where that is known."""
        if self.memory is None:
            return self.description
        free, total = (f"{size / 1e9:.1f}" for size in self.memory)
        return f"{self.description} ({free} of {total} GB free)"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a GPU: `todo` says what to do where `ok` is false."""

    ok: bool
    found: str
    todo: str = ""


def find(here: Machine, *, root: Path = Path("/")) -> Gpu | None:
    """The GPU that llama.cpp could use best; None where there is none that can be told.

    `root` is where the system's files lie.
    """
    if here.system.startswith("Darwin"):
        return Gpu("Metal", "Apple's GPU") if here.architecture == "arm64" else None
    if (root / "proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        return _nvidia()
    cards = list((root / "dev/dri").glob("renderD*"))
    if cards and (ctypes.util.find_library("vulkan") or shutil.which("vulkaninfo")):
        return Gpu("Vulkan", "a GPU with a Vulkan driver")
    return None


def _nvidia() -> Gpu:
    """What the driver's own program says of the first card. Unlike CUDA it takes no memory there,
    and it sees cards that CUDA_VISIBLE_DEVICES hides."""
    unnamed = "an NVIDIA GPU"
    try:
        done = subprocess.run(
            (
                "nvidia-smi",
                "--query-gpu=name,memory.free,memory.total",
                "--format=csv,noheader,nounits",
            ),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return Gpu("CUDA", unnamed)
    first = next(iter(done.stdout.strip().splitlines()), "")
    if done.returncode:
        return Gpu("CUDA", unnamed, trouble=first.rstrip("."))
    name, *sizes = (part.strip() for part in first.split(","))
    try:
        free, total = (int(size) * 2**20 for size in sizes)
    except ValueError:  # some have memory that cannot be told
        return Gpu("CUDA", name or unnamed)
    return Gpu("CUDA", name or unnamed, (free, total))


def report(
    gpu: Gpu | None,
    *,
    compiled: Collection[str],
    asked: int,
    got: int,
    card: str = "",
    free: int = 0,
    why: str = "",
    visible: str | None = None,
) -> Report:
    """What to tell of a GPU.

    `compiled` are the backends that llama.cpp was built with; of the `asked` layers of a loaded
    model the `card` that it can use took `got`, and `why` says why not all; `free` bytes were free
    there before. `visible` is the value of CUDA_VISIBLE_DEVICES, where it is set.

    >>> report(None, compiled=(), asked=31, got=0).found
    'none was found; the model runs on the processor'
    >>> report(Gpu("CUDA", "an NVIDIA GPU"), compiled=(), asked=31, got=0).found
    'asked 31 layers, got 0: there is an NVIDIA GPU, and this build of llama.cpp has no CUDA'
    >>> report(Gpu("CUDA", "an NVIDIA GPU"), compiled=("CUDA",), asked=31, got=31).found
    'all 31 layers are on an NVIDIA GPU'
    """
    name = card or (gpu.description if gpu else "the GPU")
    if got >= asked:
        had = f" ({free / 1e9:.1f} GB were free)" if free else ""
        return Report(True, f"all {got} layers are on {name}{had}")
    told = f"asked {asked} layers, got {got}"
    if got or card:
        reason = f": {why}" if why else ""
        rest = "the rest" if got else "all"
        return Report(
            False,
            f"{told} on {name}{reason}",
            f"{name} had {free / 1e9:.1f} GB free; close what uses it, or {_FEWER}. Or leave it: "
            f"{rest} runs on the processor, more slowly.",
        )
    if gpu is None:
        return Report(True, "none was found; the model runs on the processor")
    if gpu.backend not in compiled:
        return Report(
            False,
            f"{told}: there is {gpu.shown}, and this build of llama.cpp has no {gpu.backend}",
            f"Install one that has: {gpu.install} ({_NEEDS[gpu.backend]}.)",
        )
    if gpu.backend == "CUDA" and visible is not None and visible.strip() in {"", "-1"}:
        # Somebody wanted it so: nothing is wrong.
        return Report(
            True,
            f"{told}: CUDA_VISIBLE_DEVICES={visible} hides {gpu.shown}; the model runs on the "
            "processor, and on the GPU once that is unset",
        )
    said = why or gpu.trouble or "llama.cpp found no use for it"
    return Report(
        False,
        f"{told}: there is {gpu.shown}, and {said}",
        _driver_remedy(gpu, f"{why} {gpu.trouble}"),
    )


def _driver_remedy(gpu: Gpu, said: str) -> str:
    """What to do where llama.cpp was compiled for the GPU and cannot use it."""
    if "insufficient" in said:
        return (
            "Its driver is older than the CUDA that llama.cpp was compiled with: update the "
            f"driver, or compile llama.cpp with an older CUDA toolkit: {gpu.install}"
        )
    if "mismatch" in said:
        return "Its driver was updated while it was in use: start the machine again."
    if "memory" in said:
        return f"Close what uses it, or {_FEWER}. Or leave it: all runs on the processor."
    return (
        "Look whether its driver works (nvidia-smi, vulkaninfo), and start the machine again after "
        f"an update of it; or compile llama.cpp anew: {gpu.install}"
    )
