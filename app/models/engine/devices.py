"""The GPUs that this build of llama.cpp can use, and the memory that is free on them."""

import ctypes
from pathlib import Path

import llama_cpp
import llama_cpp.llama_cpp
from llama_cpp._ctypes_extensions import load_shared_library

_GPUS = {1, 2}  # ggml's numbers for a GPU with memory of its own, and one that shares the system's


def free_gpu_memory() -> int:
    """Bytes that are free on all of them together, as their drivers tell; 0 where there is none."""
    folder = Path(llama_cpp.__file__).parent / "lib"
    ggml, base = (load_shared_library(name, folder) for name in ("ggml", "ggml-base"))
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    total_free = 0
    for number in range(ggml.ggml_backend_dev_count()):
        device = ctypes.c_void_p(ggml.ggml_backend_dev_get(ctypes.c_size_t(number)))
        if base.ggml_backend_dev_type(device) in _GPUS:
            free, total = ctypes.c_size_t(), ctypes.c_size_t()
            base.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
            total_free += free.value
    return total_free
