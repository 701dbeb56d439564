"""Which GPU this machine has, whether the model is on it, and the command that gets it there.

llama.cpp decides at its compilation which GPUs it can use, and loads a model on the processor
without a word where that is none. So what is there is looked for here, and compared with what
llama.cpp has taken.
"""

import ctypes.util
import shutil
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


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU that is there, and what llama.cpp must be compiled for to use it."""

    backend: Backend
    description: str

    @property
    def install(self) -> str:
        """The command that compiles llama.cpp for it, in the environment of Quire."""
        return f'CMAKE_ARGS="{_OPTIONS[self.backend]}" {_INSTALL}'


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
        return Gpu("CUDA", "an NVIDIA GPU")
    cards = list((root / "dev/dri").glob("renderD*"))
    if cards and (ctypes.util.find_library("vulkan") or shutil.which("vulkaninfo")):
        return Gpu("Vulkan", "a GPU with a Vulkan driver")
    return None


def report(gpu: Gpu | None, *, supported: bool, asked: int, got: int) -> Report:
    """What to tell of a GPU. `supported` says that llama.cpp was compiled for one; of the `asked`
    layers of a loaded model it took `got`.

    >>> report(None, supported=False, asked=31, got=0).found
    'none was found; the model runs on the processor'
    >>> report(Gpu("CUDA", "an NVIDIA GPU"), supported=False, asked=31, got=0).found
    'asked 31 layers, got 0: there is an NVIDIA GPU, and this build has no CUDA'
    >>> report(Gpu("CUDA", "an NVIDIA GPU"), supported=True, asked=31, got=31).found
    'all 31 layers are on an NVIDIA GPU'
    """
    if got:
        where = gpu.description if gpu else "the GPU"
        if got >= asked:
            return Report(True, f"all {got} layers are on {where}")
        return Report(
            False,
            f"asked {asked} layers, got {got}: the rest does not fit on {where}",
            "Choose a smaller model or a shorter context, or leave it: it works, more slowly.",
        )
    if gpu is None:
        return Report(True, "none was found; the model runs on the processor")
    if supported:
        return Report(
            False,
            f"asked {asked} layers, got 0: llama.cpp found no use for {gpu.description}",
            "Look whether its driver works (nvidia-smi, vulkaninfo), or compile llama.cpp for it: "
            f"{gpu.install}",
        )
    return Report(
        False,
        f"asked {asked} layers, got 0: there is {gpu.description}, and this build has no "
        f"{gpu.backend}",
        f"Install one that has: {gpu.install} ({_NEEDS[gpu.backend]}.)",
    )
