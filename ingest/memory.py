"""Memory that was freed, and that the C library keeps for later."""

import contextlib
import ctypes
import sys


def give_back_memory() -> None:
    """Have it given to the system, after something large: glibc keeps up to 64 MB in each thread,
    and more where small things lie between. Elsewhere nothing is done."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
