"""Memory of a GPU that is held by another program, through the driver's own library."""

import ctypes
import time

_STEP = 2**20


class Ballast:
    """Holds memory of the first card until `close`; the process has a context there from now on."""

    def __init__(self) -> None:
        self._driver = ctypes.CDLL("libcuda.so.1")
        self._held: list[ctypes.c_uint64] = []
        device, context = ctypes.c_int(), ctypes.c_void_p()
        self._call("cuInit", 0)
        self._call("cuDeviceGet", ctypes.byref(device), 0)
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self._call("cuCtxSetCurrent", context)

    @property
    def free(self) -> int:
        """Bytes that are free on the card now."""
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        self._call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
        return free.value

    def leave(self, wanted: int) -> None:
        """Take all but `wanted` bytes, in pieces that get smaller where none is left."""
        piece = max(0, self.free - wanted)
        while piece >= _STEP and self.free - wanted >= _STEP:
            address = ctypes.c_uint64()
            size = ctypes.c_size_t(min(piece, self.free - wanted) // _STEP * _STEP)
            if self._driver.cuMemAlloc_v2(ctypes.byref(address), size):
                piece //= 2
            else:
                self._held.append(address)

    def settled(self, seconds: float = 20.0) -> int:
        """Free bytes once a process that has ended has given back what it had."""
        last, until = -1, time.monotonic() + seconds
        while (now := self.free) != last and time.monotonic() < until:
            last = now
            time.sleep(0.5)
        return now

    def close(self) -> None:
        while self._held:
            self._call("cuMemFree_v2", self._held.pop())

    def _call(self, name: str, *arguments: object) -> None:
        if code := getattr(self._driver, name)(*arguments):
            raise OSError(f"{name} failed with CUDA's code {code}")
