"""The GPUs that llama.cpp can use here, and the memory that is free on them.

With CUDA, to ask how much memory is free makes a context on the card, which takes some 550 MB of it
for as long as the process lives, and ends the process where it finds no room. So a child asks, is
gone with its context, and tells what a process finds free once it has its own.
"""

import ctypes
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import llama_cpp
import llama_cpp.llama_cpp as api
from llama_cpp._ctypes_extensions import load_shared_library

from quire.models.engine import runtime

_OWN_MEMORY, _SHARED_MEMORY = 1, 2  # ggml's numbers for GPUs, by whether their memory is their own
# Backends of llama.cpp that compute on a GPU, by the names that it and its libraries have for them.
_GPU_BACKENDS = {
    "cuda": "CUDA",
    "hip": "ROCm",
    "rocm": "ROCm",
    "musa": "MUSA",
    "metal": "Metal",
    "mtl": "Metal",
    "vulkan": "Vulkan",
    "sycl": "SYCL",
    "opencl": "OpenCL",
    "cann": "CANN",
}
COMMAND = (sys.executable, "-P", "-m", "quire.models.engine.devices")
_SECONDS = 60.0  # the first program after the start of a machine wakes the card, which takes some
_NOT_TOLD = "the GPU's free memory could not be asked, as happens where it is full"


@dataclass(frozen=True, slots=True)
class Card:
    """A GPU, and the bytes that are free there beside the context of one process."""

    name: str
    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Look:
    """The GPUs that llama.cpp can use; `problem` says why where there is none."""

    cards: tuple[Card, ...]
    problem: str = ""

    @property
    def free(self) -> int:
        """Bytes on all of them."""
        return sum(card.free for card in self.cards)

    @property
    def names(self) -> str:
        return " and ".join(card.name for card in self.cards)


def compiled() -> tuple[str, ...]:
    """The GPU backends that this build of llama.cpp has, whether or not there is such a GPU."""
    ggml, base = _libraries()
    ggml.ggml_backend_reg_count.restype = ctypes.c_size_t
    ggml.ggml_backend_reg_get.restype = ctypes.c_void_p
    base.ggml_backend_reg_name.restype = ctypes.c_char_p
    names = [
        base.ggml_backend_reg_name(ctypes.c_void_p(ggml.ggml_backend_reg_get(ctypes.c_size_t(n))))
        for n in range(ggml.ggml_backend_reg_count())
    ]
    # One that finds no GPU may not register at all; its library is there all the same.
    files = [path.name for path in _folder().glob("*ggml-*")]
    found = {name.decode(errors="replace").lower() for name in names}
    found |= {match[1] for file in files if (match := re.search(r"ggml-([a-z]+)", file))}
    return tuple(sorted({_GPU_BACKENDS[name] for name in found if name in _GPU_BACKENDS}))


def look(*, command: Sequence[str] = COMMAND, timeout: float = _SECONDS) -> Look:
    """Which GPUs there are now. Never raises: where they cannot be asked, there is none.

    `command` starts the child that asks them.
    """
    if not (backends := compiled()):
        return Look((), "this build of llama.cpp has no GPU")
    if not runtime.supports_gpu():
        return Look((), runtime.TROUBLE or f"llama.cpp found no GPU for {' or '.join(backends)}")
    return asked(command, timeout=timeout)


def asked(command: Sequence[str], *, timeout: float) -> Look:
    """What the child says of the GPUs, or how it ended."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )
        cards = tuple(Card(**card) for card in json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        return Look((), f"the GPU did not answer within {timeout:.0f} seconds")
    except OSError as exc:
        return Look((), f"the GPU could not be asked ({exc})")
    except (ValueError, TypeError):
        return Look((), f"{_NOT_TOLD} (the test ended with code {done.returncode})")
    # Where CUDA finds no room for a context, ggml says that there are 0 bytes in all.
    told = tuple(card for card in cards if card.total)
    return Look(told, "" if told else _NOT_TOLD if cards else "llama.cpp found no GPU")


def present() -> list[Card]:
    """Ask each GPU, in this process, which makes a context on each and may end the process.

    A GPU that shares the memory of the system counts only where there is no other: llama.cpp puts
    layers on it only then.
    """
    found = [(kind, card) for kind, card in _devices() if kind in {_OWN_MEMORY, _SHARED_MEMORY}]
    wanted = min((kind for kind, _ in found), default=0)
    return [card for kind, card in found if kind == wanted]


def _devices() -> list[tuple[int, Card]]:
    """All devices of ggml, the processor included, with the number of their kind."""
    ggml, base = _libraries()
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    base.ggml_backend_dev_description.restype = ctypes.c_char_p
    devices = []
    for number in range(ggml.ggml_backend_dev_count()):
        device = ctypes.c_void_p(ggml.ggml_backend_dev_get(ctypes.c_size_t(number)))
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        base.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
        name = base.ggml_backend_dev_description(device).decode(errors="replace").strip()
        card = Card(name or "a GPU", free.value, total.value)
        devices.append((int(base.ggml_backend_dev_type(device)), card))
    return devices


def _libraries() -> tuple[Any, Any]:
    folder = _folder()
    return load_shared_library("ggml", folder), load_shared_library("ggml-base", folder)


def _folder() -> Path:
    return Path(llama_cpp.__file__).parent / "lib"


def main() -> None:
    """The child: ask, and say what was found."""
    api.llama_supports_gpu_offload()  # makes llama.cpp look for its devices
    sys.stdout.write(json.dumps([asdict(card) for card in present()]))


if __name__ == "__main__":
    main()
